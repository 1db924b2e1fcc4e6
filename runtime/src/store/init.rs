//! Prepares the schema: everything `init-db` does, as one transaction under one lock.
//!
//! Either all of it happens or nothing does, so that a process killed half-way leaves what it found, and several
//! instances that start at once queue up: the first does the work, the others find it done.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use super::encryption_key::{self, KeyOrigin};
use super::{Store, StoreError, migrations, reset, schema_owner};
use crate::config::{EncryptionKey, ResetId, SchemaName};

/// Pause between attempts to connect.
const CONNECT_PAUSE: Duration = Duration::from_millis(500);
/// Longest run of one statement: a migration may rewrite a table.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What to prepare.
#[derive(Debug)]
pub(crate) struct Order {
    /// A reset to carry out unless it was already.
    pub(crate) reset_id: Option<ResetId>,
    /// A key to store when the schema holds none.
    pub(crate) encryption_key: Option<EncryptionKey>,
    /// Longest wait for another session's lock.
    pub(crate) lock_timeout: Duration,
    /// Longest wait for a database that is starting or waking up.
    pub(crate) connect_timeout: Duration,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) created_schema: bool,
    pub(crate) reset: bool,
    pub(crate) encryption_key: KeyOrigin,
    /// Number of the newest migration in the schema.
    pub(crate) schema_version: i64,
}

impl Store {
    /// Creates the schema if it is missing, resets it if that is ordered, migrates it and makes sure it holds an
    /// encryption key. Doing it again changes nothing.
    pub(crate) async fn prepare(&self, order: &Order) -> Result<Outcome, StoreError> {
        let mut connection = self.patient_connection(order.connect_timeout).await?;
        let mut transaction = connection.begin().await.map_err(failed("opening a transaction", order))?;
        let outcome = prepare(&mut transaction, &self.schema, order).await?;
        transaction.commit().await.map_err(failed("committing the prepared schema", order))?;
        Ok(outcome)
    }

    /// A connection, even if the database needs a while to start.
    async fn patient_connection(
        &self,
        timeout: Duration,
    ) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        let deadline = Instant::now() + timeout;
        loop {
            match self.connection().await {
                Err(error) if error.is_transient() && Instant::now() < deadline => {
                    tracing::info!(%error, "the database does not accept connections yet, will try again");
                    tokio::time::sleep(CONNECT_PAUSE).await;
                }
                result => return result,
            }
        }
    }
}

async fn prepare(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<Outcome, StoreError> {
    set_timeouts(connection, order).await?;
    lock(connection, schema, order).await?;
    let created_schema = create_schema_if_missing(connection, schema, order).await?;
    let reset = reset::carry_out_if_ordered(connection, schema, order).await?;
    migrations::apply(connection, schema).await?;
    if let Some(reset) = &reset {
        reset::record(connection, reset, order).await?;
    }
    let encryption_key = encryption_key::ensure(connection, schema, order).await?;
    schema_owner::share_with(connection, schema, order).await?;
    Ok(Outcome {
        created_schema,
        reset: reset.is_some(),
        encryption_key,
        schema_version: super::status::schema_version(connection, schema).await?.unwrap_or_default(),
    })
}

async fn set_timeouts(connection: &mut PgConnection, order: &Order) -> Result<(), StoreError> {
    let doing = "setting timeouts";
    for (setting, value) in [("lock_timeout", order.lock_timeout), ("statement_timeout", STATEMENT_TIMEOUT)] {
        sqlx::query("SELECT set_config($1, $2, true)")
            .bind(setting)
            .bind(value.as_millis().to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed(doing, order))?;
    }
    Ok(())
}

/// Takes the schema's lock until the transaction ends. Other schemas of the same database have locks of their own.
async fn lock(connection: &mut PgConnection, schema: &SchemaName, order: &Order) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('tellr init-db ' || $1, 0))")
        .bind(schema.as_str())
        .execute(connection)
        .await
        .map_err(failed(format!("locking schema \"{schema}\""), order))?;
    Ok(())
}

/// Looks before it creates: `CREATE SCHEMA IF NOT EXISTS` needs a privilege on the database that an app whose schema
/// the deployer made doesn't have.
async fn create_schema_if_missing(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<bool, StoreError> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)")
        .bind(schema.as_str())
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(format!("looking for schema \"{schema}\""), order))?;
    if !exists {
        create_schema(connection, schema, order).await?;
    }
    Ok(!exists)
}

/// Creates the schema; its owner is the role we are.
pub(super) async fn create_schema(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<(), StoreError> {
    // a name can't be a parameter; `SchemaName` has no character that needs escaping
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {}", schema.quoted())))
        .execute(connection)
        .await
        .map_err(failed(format!("creating schema \"{schema}\""), order))?;
    Ok(())
}

/// Turns an error of a statement that was run for `doing` into ours.
pub(super) fn failed(doing: impl Into<String>, order: &Order) -> impl FnOnce(sqlx::Error) -> StoreError {
    let (doing, lock_timeout) = (doing.into(), order.lock_timeout);
    move |source| StoreError::query(doing, lock_timeout, source)
}
