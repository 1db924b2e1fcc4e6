//! The SQL of the schema step. Names are validated types, and quoted all the same.

use super::AppRole;
use crate::spec::SchemaName;

/// An identifier in double quotes.
fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Makes the schema if it is missing.
pub(super) fn create(schema: &SchemaName) -> String {
    format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema.as_str()))
}

/// Drops the schema with everything in it.
pub(super) fn drop(schema: &SchemaName) -> String {
    format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(schema.as_str()))
}

/// What the app's role gets on the schema and on what is in it, now and later.
pub(super) fn grants(schema: &SchemaName, role: &AppRole) -> Vec<String> {
    let (schema, role) = (quoted(schema.as_str()), quoted(role.as_str()));
    let tables = "SELECT, INSERT, UPDATE, DELETE";
    let sequences = "USAGE, SELECT";
    vec![
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        format!("GRANT CREATE ON SCHEMA {schema} TO {role}"),
        format!("GRANT {tables} ON ALL TABLES IN SCHEMA {schema} TO {role}"),
        format!("GRANT {sequences} ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"),
        format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {tables} ON TABLES TO {role}"),
        format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {sequences} ON SEQUENCES TO {role}"),
    ]
}

/// The table of encryption keys, in the shape of the Python original.
pub(super) fn create_encryption_keys(schema: &SchemaName) -> String {
    let schema = quoted(schema.as_str());
    format!(
        "CREATE TABLE IF NOT EXISTS {schema}.encryption_keys \
         (id INTEGER PRIMARY KEY, key_value TEXT NOT NULL, created_at TIMESTAMP NOT NULL)"
    )
}

/// Keeps `$1` as the key, if there is none.
pub(super) fn insert_encryption_key(schema: &SchemaName) -> String {
    let schema = quoted(schema.as_str());
    format!(
        "INSERT INTO {schema}.encryption_keys (id, key_value, created_at) VALUES (1, $1, CURRENT_TIMESTAMP) \
         ON CONFLICT (id) DO NOTHING"
    )
}

/// Reads the key that is kept.
pub(super) fn select_encryption_key(schema: &SchemaName) -> String {
    format!("SELECT key_value FROM {}.encryption_keys WHERE id = 1", quoted(schema.as_str()))
}

/// Lets the app read and add keys, whoever owns the table.
pub(super) fn grant_encryption_keys(schema: &SchemaName, role: &AppRole) -> String {
    let (schema, role) = (quoted(schema.as_str()), quoted(role.as_str()));
    format!("GRANT SELECT, INSERT ON {schema}.encryption_keys TO {role}")
}

/// Keeps others that reset the schema `$1` waiting until the end of the transaction. The app's start takes the same lock.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('tellr init-db ' || $1, 0))";

/// Whether there is a record of resets in the schema `$1` that the caller may read.
pub(super) const HAS_RESETS: &str = "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = 'database_resets' AND has_schema_privilege(n.oid, 'USAGE') \
     AND has_table_privilege(c.oid, 'SELECT'))";

/// Reads the resets that are recorded: ids and times.
pub(super) fn select_resets(schema: &SchemaName) -> String {
    format!("SELECT id, reset_at::text FROM {}.database_resets ORDER BY reset_at", quoted(schema.as_str()))
}

/// The table of resets, in the shape of the app's own.
pub(super) fn create_resets(schema: &SchemaName) -> String {
    format!(
        "CREATE TABLE {}.database_resets (id TEXT PRIMARY KEY, reset_at TIMESTAMPTZ NOT NULL DEFAULT now())",
        quoted(schema.as_str())
    )
}

/// Records the reset `$1` at the time `$2`.
pub(super) fn insert_reset(schema: &SchemaName) -> String {
    format!(
        "INSERT INTO {}.database_resets (id, reset_at) VALUES ($1, $2::timestamptz)",
        quoted(schema.as_str())
    )
}

/// Owner of the schema `$1`, its tables, whether the Python original made them, and whether the role `$2` may use all that
/// the caller can grant: now, and by default privileges later. `granted` is null where `$2` is. The `CASE` keeps Postgres
/// from asking for a sequence's rights before it knows that it is one.
pub(super) const INSPECT: &str = "SELECT pg_get_userbyid(n.nspowner)::text AS owner, \
     (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) AS tables, \
     EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'slide_style_library') AS original, \
     CASE WHEN $2::text IS NULL THEN NULL \
          WHEN NOT EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = $2) THEN false \
          ELSE has_schema_privilege($2::name, n.oid, 'USAGE') AND has_schema_privilege($2::name, n.oid, 'CREATE') \
           AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') \
             AND has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION') \
             AND NOT (has_table_privilege($2::name, c.oid, 'SELECT') AND has_table_privilege($2::name, c.oid, 'INSERT') \
               AND has_table_privilege($2::name, c.oid, 'UPDATE') AND has_table_privilege($2::name, c.oid, 'DELETE'))) \
           AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid \
             AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE WITH GRANT OPTION') \
               AND NOT (has_sequence_privilege($2::name, c.oid, 'USAGE') \
                 AND has_sequence_privilege($2::name, c.oid, 'SELECT')) ELSE false END) \
           AND (SELECT count(DISTINCT d.defaclobjtype) FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) a \
             WHERE d.defaclnamespace = n.oid AND d.defaclobjtype IN ('r', 'S') \
             AND d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) \
             AND a.grantee = (SELECT oid FROM pg_roles WHERE rolname = $2)) = 2 \
     END AS granted FROM pg_namespace n WHERE n.nspname = $1";

/// Whether the role `$1` exists.
pub(super) const HAS_ROLE: &str = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)";
