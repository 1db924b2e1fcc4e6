//! One look at the database: does it answer, and does it hold the schema that this version needs?

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tellr_api::{DatabaseState, DatabaseStatus};

use super::{Store, StoreError, migrations};
use crate::config::SchemaName;

/// A database that takes longer is no use to a request that waits for it.
const DEADLINE: Duration = Duration::from_secs(2);
/// Sessions that one look uses, each after the server has ended the one before.
const MOST_SESSIONS: usize = 4;

impl Store {
    /// Looks at the database, for two seconds at most. What is wrong goes into the answer in words fit for everyone, and
    /// into the second value in full.
    pub(crate) async fn status(&self) -> (DatabaseStatus, Option<StoreError>) {
        let start = Instant::now();
        let looked = tokio::time::timeout(DEADLINE, self.look()).await;
        let latency_ms = start.elapsed().as_secs_f64() * 1000.0;
        let (state, schema_version, message, error) = match looked {
            Ok(Ok(Some(version))) if version >= migrations::newest() => {
                (DatabaseState::Ready, Some(version), None, None)
            }
            Ok(Ok(version)) => (DatabaseState::Unprepared, version, Some(unprepared(version)), None),
            Ok(Err(error)) => {
                (DatabaseState::Unavailable, None, Some(error.public_message().to_owned()), Some(error))
            }
            Err(_) => {
                let message = format!("the database did not answer within {} s", DEADLINE.as_secs());
                (DatabaseState::Unavailable, None, Some(message), None)
            }
        };
        let schema = self.schema.to_string();
        (DatabaseStatus { state, schema, schema_version, latency_ms, message }, error)
    }

    /// Lakebase may end any session at any time, and several at once. That is no news about the database: another session
    /// tells more.
    async fn look(&self) -> Result<Option<i64>, StoreError> {
        for _ in 1..MOST_SESSIONS {
            match self.look_once().await {
                Err(error) if error.is_lost_session() => {}
                result => return result,
            }
        }
        self.look_once().await
    }

    async fn look_once(&self) -> Result<Option<i64>, StoreError> {
        let mut connection = self.connection().await?;
        match schema_version(&mut connection, &self.schema).await {
            Err(error) if error.is_missing_table() => Ok(None),
            result => result,
        }
    }
}

/// Number of the newest migration recorded in the schema.
pub(super) async fn schema_version(
    connection: &mut PgConnection,
    schema: &SchemaName,
) -> Result<Option<i64>, StoreError> {
    let sql = format!("SELECT max(version) FROM {} WHERE success", migrations::table(schema));
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
        .map_err(|source| StoreError::Query { doing: "reading the schema's version".to_owned(), source })
}

fn unprepared(version: Option<i64>) -> String {
    let newest = migrations::newest();
    match version {
        Some(version) => {
            format!(
                "the schema is at version {version}, this program needs {newest}: run `tellr-app init-db`"
            )
        }
        None => "the schema is not prepared: run `tellr-app init-db`".to_owned(),
    }
}
