//! Connections to the workspace's Lakebase, as a deployer or an app makes them: a fresh token as password, TLS.

use anyhow::Context;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use uuid::Uuid;

use crate::local_workspace::LocalWorkspace;

impl LocalWorkspace {
    /// A connection as the workspace's user to a Lakebase Autoscaling project.
    pub async fn connect_autoscaling(&self, project: &str) -> anyhow::Result<PgConnection> {
        let endpoint = format!("projects/{project}/branches/production/endpoints/primary");
        let described = self.get(&format!("/api/2.0/postgres/{endpoint}")).await?;
        let credential = self.post("/api/2.0/postgres/credentials", &json!({ "endpoint": endpoint })).await?;
        self.connect(text(&described, "/status/hosts/host")?, text(&credential, "/token")?).await
    }

    /// A connection as the workspace's user to a Lakebase Provisioned instance.
    pub async fn connect_provisioned(&self, instance: &str) -> anyhow::Result<PgConnection> {
        let described = self.get(&format!("/api/2.0/database/instances/{instance}")).await?;
        let wanted = json!({ "instance_names": [instance], "request_id": Uuid::new_v4() });
        let credential = self.post("/api/2.0/database/credentials", &wanted).await?;
        self.connect(text(&described, "/read_write_dns")?, text(&credential, "/token")?).await
    }

    async fn connect(&self, host: &str, token: &str) -> anyhow::Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(5432)
            .username(&self.ready().user)
            .password(token)
            .database("databricks_postgres")
            .ssl_mode(PgSslMode::Require);
        options.connect().await.with_context(|| format!("no connection to {host}:5432"))
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {value}"))
}
