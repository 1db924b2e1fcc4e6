//! The schema operations over a Postgres connection.

use std::time::Duration;

use async_trait::async_trait;
use databricks::Secret;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use super::{AppRole, DatabaseAddress, SchemaError, SchemaObservation, SchemaPort, statements};
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
    ) -> Result<SchemaObservation, SchemaError> {
        let mut connection = connect(at).await?;
        let row =
            sqlx::query(statements::INSPECT).bind(schema.as_str()).fetch_optional(&mut connection).await;
        let row = row.map_err(|error| failure("look at the schema", &error))?;
        close(connection).await;
        let Some(row) = row else { return Ok(SchemaObservation::default()) };
        let read = |error: sqlx::Error| failure("look at the schema", &error);
        Ok(SchemaObservation {
            owner: row.try_get("owner").map_err(read)?,
            tables: u64::try_from(row.try_get::<i64, _>("tables").map_err(read)?).unwrap_or(0),
            python_original: row.try_get("original").map_err(read)?,
        })
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
    ) -> Result<(), SchemaError> {
        let mut batch = vec![statements::drop(schema), statements::create(schema)];
        batch.extend(statements::grants(schema, role));
        let mut connection = connect(at).await?;
        run(&mut connection, "reset the schema", &batch).await?;
        verify_rights(&mut connection, schema, role).await?;
        close(connection).await;
        Ok(())
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

async fn verify_rights(
    connection: &mut PgConnection,
    schema: &SchemaName,
    role: &AppRole,
) -> Result<(), SchemaError> {
    let operation = "verify the grants";
    let query = sqlx::query_scalar(statements::HAS_RIGHTS).bind(role.as_str()).bind(schema.as_str());
    let granted: bool = query.fetch_one(connection).await.map_err(|error| failure(operation, &error))?;
    if granted {
        return Ok(());
    }
    let reason = format!("the role {role} still lacks USAGE or CREATE on {schema}", role = role.as_str());
    Err(SchemaError::Failed { operation: operation.into(), reason })
}

fn failure(operation: &str, error: &sqlx::Error) -> SchemaError {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let denied =
        error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == INSUFFICIENT_PRIVILEGE);
    let (operation, reason) = (operation.to_owned(), reason(error));
    if denied { SchemaError::Denied { operation, reason } } else { SchemaError::Failed { operation, reason } }
}

/// The server's own message where there is one.
fn reason(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => database.message().to_owned(),
        None => error.to_string(),
    }
}
