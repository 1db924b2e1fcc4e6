//! The reset that a deployer orders by a one-time id: empties the schema once, however often the app starts.
//!
//! Runs inside the transaction of `init`, so the id is recorded if and only if the schema was emptied and rebuilt.

use sqlx::PgConnection;

use super::init::{Order, create_schema, failed};
use super::{StoreError, migrations};
use crate::config::{ResetId, SchemaName};

/// A reset that was carried out and now has to be recorded, with those that came before it.
pub(super) struct CarriedOut {
    id: ResetId,
    /// Ids and times, the latter as Postgres writes them.
    earlier: Vec<(String, String)>,
}

/// Empties the schema if `order` says so and its id isn't recorded yet.
pub(super) async fn carry_out_if_ordered(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<Option<CarriedOut>, StoreError> {
    let Some(id) = &order.reset_id else { return Ok(None) };
    let earlier = recorded(connection, schema, order).await?;
    if earlier.iter().any(|(recorded, _)| recorded == id.as_str()) {
        return Ok(None);
    }
    if owns_schema(connection, schema, order).await? {
        drop_schema(connection, schema, order).await?;
        create_schema(connection, schema, order).await?;
    } else {
        drop_own_objects(connection, schema, order).await?;
        refuse_if_data_is_left(connection, schema, order).await?;
    }
    Ok(Some(CarriedOut { id: id.clone(), earlier }))
}

/// Writes the reset down, and the earlier ones that it has just dropped: an older deployment that is started again
/// must find its own id.
pub(super) async fn record(
    connection: &mut PgConnection,
    reset: &CarriedOut,
    order: &Order,
) -> Result<(), StoreError> {
    let doing = "recording the reset";
    for (id, reset_at) in &reset.earlier {
        sqlx::query("INSERT INTO database_resets (id, reset_at) VALUES ($1, $2::timestamptz) ON CONFLICT (id) DO NOTHING")
            .bind(id)
            .bind(reset_at)
            .execute(&mut *connection)
            .await
            .map_err(failed(doing, order))?;
    }
    sqlx::query("INSERT INTO database_resets (id) VALUES ($1)")
        .bind(reset.id.as_str())
        .execute(connection)
        .await
        .map_err(failed(doing, order))?;
    Ok(())
}

async fn recorded(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<Vec<(String, String)>, StoreError> {
    let doing = "reading earlier resets";
    let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(format!("{}.database_resets", schema.quoted()))
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(doing, order))?;
    if !exists {
        return Ok(Vec::new());
    }
    sqlx::query_as("SELECT id, reset_at::text FROM database_resets ORDER BY reset_at")
        .fetch_all(connection)
        .await
        .map_err(failed(doing, order))
}

/// Whether we may drop the schema itself and make it again.
async fn owns_schema(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<bool, StoreError> {
    sqlx::query_scalar(
        "SELECT pg_get_userbyid(nspowner) = current_user
            AND has_database_privilege(current_database(), 'CREATE')
         FROM pg_namespace WHERE nspname = $1",
    )
    .bind(schema.as_str())
    .fetch_one(connection)
    .await
    .map_err(failed(format!("asking who owns schema \"{schema}\""), order))
}

async fn drop_schema(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<(), StoreError> {
    tracing::info!(%schema, "reset: dropping the schema");
    sqlx::query(sqlx::AssertSqlSafe(format!("DROP SCHEMA {} CASCADE", schema.quoted())))
        .execute(connection)
        .await
        .map_err(failed(format!("dropping schema \"{schema}\""), order))?;
    Ok(())
}

/// Everything that stands directly in a schema: kind and quoted name as `DROP` wants them, and whether it is ours to
/// drop. Objects of an extension go with their extension. An object without a recorded owner is the bootstrap
/// superuser's (role 10).
const OBJECTS: &str = "
    SELECT object.type, object.identity, pg_has_role(coalesce(owner.refobjid, 10), 'USAGE') AS ours
    FROM pg_depend AS place
    CROSS JOIN LATERAL pg_identify_object(place.classid, place.objid, place.objsubid) AS object
    LEFT JOIN pg_shdepend AS owner
        ON owner.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND owner.classid = place.classid AND owner.objid = place.objid AND owner.deptype = 'o'
    WHERE place.refclassid = 'pg_namespace'::regclass
        AND place.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = $1)
        AND place.deptype = 'n'
        AND NOT EXISTS (
            SELECT FROM pg_depend AS member
            WHERE member.classid = place.classid AND member.objid = place.objid AND member.deptype = 'e')
    ORDER BY object.type = 'table' DESC, object.type, object.identity";

/// Drops what we own in a schema that somebody else (the deployer) owns. What is left is named in the log.
async fn drop_own_objects(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<(), StoreError> {
    let objects: Vec<(String, String, bool)> = sqlx::query_as(OBJECTS)
        .bind(schema.as_str())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed(format!("listing the objects of schema \"{schema}\""), order))?;
    for (kind, name, ours) in objects {
        if !ours {
            tracing::warn!(%kind, %name, "reset: left in place, it belongs to another role");
            continue;
        }
        tracing::info!(%kind, %name, "reset: dropping");
        // both texts come from the catalog, quoted by Postgres itself; a table's cascade may have taken it already
        sqlx::query(sqlx::AssertSqlSafe(format!("DROP {kind} IF EXISTS {name} CASCADE")))
            .execute(&mut *connection)
            .await
            .map_err(failed(format!("dropping {kind} {name}"), order))?;
    }
    Ok(())
}

/// A reset that leaves the app's tables as they were is none: it happens when another role made them, such as that of an
/// earlier app.
async fn refuse_if_data_is_left(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<(), StoreError> {
    let owner: Option<String> =
        sqlx::query_scalar("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass($1)")
            .bind(migrations::table(schema))
            .fetch_optional(connection)
            .await
            .map_err(failed(format!("looking for what is left in schema \"{schema}\""), order))?;
    match owner {
        Some(owner) => Err(StoreError::ResetRefused { schema: schema.to_string(), owner }),
        None => Ok(()),
    }
}
