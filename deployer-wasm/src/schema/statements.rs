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

/// Owner of the schema `$1`, its tables, and whether the Python original made them.
pub(super) const INSPECT: &str = "SELECT pg_get_userbyid(n.nspowner)::text AS owner, \
     (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) AS tables, \
     EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'slide_style_library') AS original \
     FROM pg_namespace n WHERE n.nspname = $1";

/// Whether the role `$1` exists.
pub(super) const HAS_ROLE: &str = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)";

/// Whether the role `$1` may use the schema `$2` and create in it.
pub(super) const HAS_RIGHTS: &str =
    "SELECT has_schema_privilege($1::name, $2, 'USAGE') AND has_schema_privilege($1::name, $2, 'CREATE')";
