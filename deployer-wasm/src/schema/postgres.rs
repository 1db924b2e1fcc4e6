//! The schema operations over a Postgres connection.

use std::time::Duration;

use async_trait::async_trait;
use databricks::Secret;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use super::{AppRole, DatabaseAddress, ResetDone, SchemaError, SchemaObservation, SchemaPort, statements};
use crate::lakebase::DATABASE;
use crate::spec::SchemaName;

/// How long one connection attempt may take: an endpoint that has scaled to zero needs some seconds to wake.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);

/// How long one operation may take before Postgres gives it up, for example behind a lock of the running app.
const STATEMENT_TIMEOUT: &str = "60s";

/// Opens a connection for each operation and closes it at the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresSchema;

#[async_trait]
impl SchemaPort for PostgresSchema {
    async fn inspect(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: Option<&AppRole>,
    ) -> Result<SchemaObservation, SchemaError> {
        let mut connection = connect(at).await?;
        let seen = inspect(&mut connection, schema, role).await;
        close(connection).await;
        seen
    }

    async fn has_role(&self, at: &DatabaseAddress, role: &AppRole) -> Result<bool, SchemaError> {
        let mut connection = connect(at).await?;
        let found =
            sqlx::query_scalar(statements::HAS_ROLE).bind(role.as_str()).fetch_one(&mut connection).await;
        close(connection).await;
        found.map_err(|error| failure("look for the app's role", &error))
    }

    async fn prepare(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
    ) -> Result<(), SchemaError> {
        let mut batch = vec![statements::create(schema)];
        batch.extend(statements::grants(schema, role));
        let mut connection = connect(at).await?;
        run(&mut connection, "prepare the schema", &batch).await?;
        verify_rights(&mut connection, schema, role).await?;
        close(connection).await;
        Ok(())
    }

    async fn reset(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        reset_id: &str,
    ) -> Result<ResetDone, SchemaError> {
        let mut connection = connect(at).await?;
        let done = reset_once(&mut connection, schema, role, reset_id).await?;
        verify_rights(&mut connection, schema, role).await?;
        close(connection).await;
        Ok(done)
    }

    async fn drop_schema(&self, at: &DatabaseAddress, schema: &SchemaName) -> Result<(), SchemaError> {
        let mut connection = connect(at).await?;
        run(&mut connection, "drop the schema", &[statements::drop(schema)]).await?;
        close(connection).await;
        Ok(())
    }

    async fn keep_encryption_key(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        key: &Secret,
    ) -> Result<(), SchemaError> {
        const OPERATION: &str = "keep the encryption key";
        let failed = |error: sqlx::Error| failure(OPERATION, &error);
        let mut connection = connect(at).await?;
        let mut transaction = connection.begin().await.map_err(failed)?;
        let create = AssertSqlSafe(statements::create_encryption_keys(schema));
        sqlx::query(create).execute(&mut *transaction).await.map_err(failed)?;
        let insert = AssertSqlSafe(statements::insert_encryption_key(schema));
        sqlx::query(insert).bind(key.expose()).execute(&mut *transaction).await.map_err(failed)?;
        let select = AssertSqlSafe(statements::select_encryption_key(schema));
        let kept: String = sqlx::query_scalar(select).fetch_one(&mut *transaction).await.map_err(failed)?;
        if kept != key.expose() {
            return Err(SchemaError::DifferentKey { schema: schema.to_string() });
        }
        let grant = AssertSqlSafe(statements::grant_encryption_keys(schema, role));
        sqlx::query(grant).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        close(connection).await;
        Ok(())
    }
}

async fn connect(at: &DatabaseAddress) -> Result<PgConnection, SchemaError> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&at.host)
        .port(5432)
        .username(&at.user_name)
        .password(at.token.expose())
        .database(DATABASE)
        .ssl_mode(PgSslMode::Require)
        .application_name("tellr-deployer")
        .options([("statement_timeout", STATEMENT_TIMEOUT)]);
    let refused = |reason: String| SchemaError::Connect {
        host: at.host.clone(),
        user_name: at.user_name.clone(),
        reason,
    };
    match tokio::time::timeout(CONNECT_DEADLINE, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(refused(reason(&error))),
        Err(_) => Err(refused(format!("no answer within {} s", CONNECT_DEADLINE.as_secs()))),
    }
}

/// Says goodbye. What was done is committed already, so a failure here changes nothing.
async fn close(connection: PgConnection) {
    _ = connection.close().await;
}

async fn run(connection: &mut PgConnection, operation: &str, batch: &[String]) -> Result<(), SchemaError> {
    let failed = |error: sqlx::Error| failure(operation, &error);
    let mut transaction = connection.begin().await.map_err(failed)?;
    for statement in batch {
        let statement = AssertSqlSafe(statement.clone());
        sqlx::query(statement).execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

async fn inspect(
    connection: &mut PgConnection,
    schema: &SchemaName,
    role: Option<&AppRole>,
) -> Result<SchemaObservation, SchemaError> {
    let failed = |error: sqlx::Error| failure("look at the schema", &error);
    let query = sqlx::query(statements::INSPECT).bind(schema.as_str()).bind(role.map(AppRole::as_str));
    let Some(row) = query.fetch_optional(connection).await.map_err(failed)? else {
        return Ok(SchemaObservation::default());
    };
    Ok(SchemaObservation {
        owner: row.try_get("owner").map_err(failed)?,
        tables: u64::try_from(row.try_get::<i64, _>("tables").map_err(failed)?).unwrap_or(0),
        python_original: row.try_get("original").map_err(failed)?,
        app_granted: row.try_get("granted").map_err(failed)?,
    })
}

/// The reset and the record of it, in one transaction. Resets that were recorded before are recorded again, as the app
/// does: an older version that is put back must find its own.
async fn reset_once(
    connection: &mut PgConnection,
    schema: &SchemaName,
    role: &AppRole,
    reset_id: &str,
) -> Result<ResetDone, SchemaError> {
    let failed = |error: sqlx::Error| failure("reset the schema", &error);
    let mut transaction = connection.begin().await.map_err(failed)?;
    // Two that reset at once queue up here, and the second finds the first one's record.
    sqlx::query(statements::LOCK).bind(schema.as_str()).execute(&mut *transaction).await.map_err(failed)?;
    let readable: bool = sqlx::query_scalar(statements::HAS_RESETS)
        .bind(schema.as_str())
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
    let mut recorded: Vec<(String, String)> = Vec::new();
    if readable {
        let select = AssertSqlSafe(statements::select_resets(schema));
        recorded = sqlx::query_as(select).fetch_all(&mut *transaction).await.map_err(failed)?;
    }
    if recorded.iter().any(|(id, _)| id == reset_id) {
        return Ok(ResetDone::Before);
    }
    let mut batch =
        vec![statements::drop(schema), statements::create(schema), statements::create_resets(schema)];
    batch.extend(statements::grants(schema, role));
    for statement in batch {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *transaction).await.map_err(failed)?;
    }
    let now = databricks::now().to_string();
    for (id, at) in recorded.iter().chain([&(reset_id.to_owned(), now)]) {
        let insert = AssertSqlSafe(statements::insert_reset(schema));
        sqlx::query(insert).bind(id).bind(at).execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(ResetDone::Now)
}

async fn verify_rights(
    connection: &mut PgConnection,
    schema: &SchemaName,
    role: &AppRole,
) -> Result<(), SchemaError> {
    if inspect(connection, schema, Some(role)).await?.app_granted == Some(true) {
        return Ok(());
    }
    let reason = format!("the role {role} still lacks rights on the schema {schema}", role = role.as_str());
    Err(SchemaError::Failed { operation: "verify the grants".into(), reason })
}

fn failure(operation: &str, error: &sqlx::Error) -> SchemaError {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let denied =
        error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == INSUFFICIENT_PRIVILEGE);
    let (operation, reason) = (operation.to_owned(), reason(error));
    if matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_)) {
        return SchemaError::Lost { operation, reason };
    }
    if denied { SchemaError::Denied { operation, reason } } else { SchemaError::Failed { operation, reason } }
}

/// The server's own message where there is one.
fn reason(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => database.message().to_owned(),
        None => error.to_string(),
    }
}
