//! The database: connections, migrations, and everything that is said in SQL.
//!
//! The only room that knows SQL and `sqlx`. It is told where the database is (`config`) and gets its passwords from
//! `credentials`; it must not know who asks (HTTP) or why.

mod connect;
mod encryption_key;
mod error;
mod init;
mod migrations;
mod reset;
mod schema_owner;
mod status;

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Postgres};

use crate::config::{Config, DatabaseConfig, SchemaName};
use crate::credentials::{Credentials, LakebaseLogins};

pub(crate) use error::StoreError;
pub(crate) use init::Order;

/// Connections of one process. A request holds one for milliseconds; more of them would only queue inside Postgres.
const MAX_CONNECTIONS: u32 = 20;
/// Longest wait for a connection, be it a free one or a new one.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a connection in use when closing.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The app's schema in its database.
pub(crate) struct Store {
    pool: PgPool,
    schema: SchemaName,
    /// Where passwords come from; absent when the configuration holds one.
    credentials: Option<Arc<Credentials>>,
}

impl Store {
    /// The store that `config` describes. Opens no connection and makes no call: both happen when first needed.
    pub(crate) fn new(config: &Config) -> Result<Self, StoreError> {
        let schema = config.schema.clone();
        let pool = pool_options(&schema);
        match &config.database {
            DatabaseConfig::Url(url) => {
                let pool = pool.connect_lazy_with(connect::to_url(url)?);
                Ok(Self { pool, schema, credentials: None })
            }
            DatabaseConfig::Lakebase(lakebase) => {
                let base = connect::to_lakebase(lakebase);
                let pool = pool.connect_lazy_with(base.clone());
                let logins = LakebaseLogins::new(lakebase).map_err(StoreError::Workspace)?;
                // connections that are open stay open: Postgres asks for the password only once
                let connecting = pool.clone();
                let credentials = Credentials::new(logins, move |login| {
                    connecting.set_connect_options(connect::with_login(base.clone(), login));
                });
                Ok(Self { pool, schema, credentials: Some(Arc::new(credentials)) })
            }
        }
    }

    /// Keeps the database's password valid, for ever. Returns at once when there is nothing to renew.
    pub(crate) async fn keep_credentials_fresh(&self) {
        if let Some(credentials) = &self.credentials {
            credentials.keep_fresh().await;
        }
    }

    /// Closes all connections, waiting a moment for those in use.
    pub(crate) async fn close(&self) {
        if tokio::time::timeout(CLOSE_TIMEOUT, self.pool.close()).await.is_err() {
            tracing::debug!("some connections were still in use");
        }
    }

    /// A connection whose `search_path` is the app's schema.
    async fn connection(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        if let Some(credentials) = &self.credentials {
            credentials.current().await?;
        }
        self.pool.acquire().await.map_err(StoreError::Connect)
    }
}

fn pool_options(schema: &SchemaName) -> PgPoolOptions {
    let settings = connect::session_settings(schema);
    PgPoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT).after_connect(
        move |connection, _| {
            let settings = AssertSqlSafe(settings.clone());
            Box::pin(async move { sqlx::raw_sql(settings).execute(connection).await.map(drop) })
        },
    )
}
