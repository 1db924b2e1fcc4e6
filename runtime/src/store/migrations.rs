//! The migrations that this version carries, and the table that records them.

use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use super::StoreError;
use crate::config::SchemaName;

static EMBEDDED: Migrator = sqlx::migrate!("./migrations");

/// Name of the table that records what was applied. It is ours alone: `_sqlx_migrations`, the library's default, may
/// belong to another program in the same database.
const TABLE: &str = "tellr_migrations";

/// Number of the newest migration that this version carries.
pub(super) fn newest() -> i64 {
    EMBEDDED.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// The recording table, as SQL writes it.
pub(super) fn table(schema: &SchemaName) -> String {
    format!("{}.{TABLE}", schema.quoted())
}

/// Applies what is missing. The caller holds the schema's lock and a transaction, of which this becomes a part.
///
/// A schema that a newer version has migrated is left as it is: migrations only add, so an older version runs on it,
/// which is what makes going back to it possible.
pub(super) async fn apply(connection: &mut PgConnection, schema: &SchemaName) -> Result<(), StoreError> {
    let mut migrator = Migrator::with_migrations(EMBEDDED.iter().cloned().collect());
    migrator.dangerous_set_table_name(table(schema));
    migrator.set_locking(false).set_ignore_missing(true);
    let applied = migrator.run_direct(None, connection, false).await;
    applied.map_err(|source| StoreError::Migrate { schema: schema.to_string(), source })
}
