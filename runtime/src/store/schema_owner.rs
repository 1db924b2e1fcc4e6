//! What the owner of the schema may do with our tables.
//!
//! A schema that the deployer made belongs to the deploying person. If the app is deleted and made anew, it comes back with
//! another role; only somebody with the right to grant can let that role read what this one has made.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::StoreError;
use super::init::{Order, failed};
use crate::config::SchemaName;

/// Our own tables and sequences, and the owner of their schema if that is somebody else.
const OWN_RELATIONS: &str = "SELECT quote_ident(pg_get_userbyid(n.nspowner)) AS owner, quote_ident(c.relname) AS name, \
     c.relkind = 'S' AS is_sequence FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'S') \
     AND c.relowner = quote_ident(current_user)::regrole::oid \
     AND n.nspowner <> quote_ident(current_user)::regrole::oid ORDER BY c.relname";

/// Gives the schema's owner every right on what we own in it, with the right to pass it on. Does nothing in a schema of
/// our own.
pub(super) async fn share_with(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<(), StoreError> {
    let doing = || format!("sharing the tables with the owner of schema \"{schema}\"");
    let relations = sqlx::query(OWN_RELATIONS).bind(schema.as_str()).fetch_all(&mut *connection).await;
    for relation in relations.map_err(failed(doing(), order))? {
        let read = |column: &str| relation.try_get::<String, _>(column).map_err(failed(doing(), order));
        let (owner, name) = (read("owner")?, read("name")?);
        let is_sequence: bool = relation.try_get("is_sequence").map_err(failed(doing(), order))?;
        let kind = if is_sequence { "SEQUENCE" } else { "TABLE" };
        // names can't be parameters; Postgres itself has quoted these
        let grant = format!("GRANT ALL ON {kind} {}.{name} TO {owner} WITH GRANT OPTION", schema.quoted());
        sqlx::query(AssertSqlSafe(grant)).execute(&mut *connection).await.map_err(failed(doing(), order))?;
    }
    Ok(())
}
