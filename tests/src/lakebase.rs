//! Connections to the workspace's Lakebase, as a deployer or an app makes them: a fresh token as password, TLS.

use anyhow::Context;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use uuid::Uuid;

use crate::checks::Kind;
use crate::local_workspace::LocalWorkspace;

/// A service principal that can sign in: an app's, or another of the workspace.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Its client id, which is also its Postgres role.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl LocalWorkspace {
    /// A connection as a service principal to a Lakebase of either kind.
    pub async fn connect_as(
        &self,
        principal: &Principal,
        kind: Kind,
        lakebase: &str,
    ) -> anyhow::Result<PgConnection> {
        let bearer = self.oauth_token_of(&principal.client_id, &principal.client_secret).await?;
        let endpoint = format!("projects/{lakebase}/branches/production/endpoints/primary");
        let (at, host, service, wanted) = match kind {
            Kind::Autoscaling => {
                let at = format!("/api/2.0/postgres/{endpoint}");
                (at, "/status/hosts/host", "postgres", json!({ "endpoint": endpoint }))
            }
            Kind::Provisioned => {
                let at = format!("/api/2.0/database/instances/{lakebase}");
                let wanted = json!({ "instance_names": [lakebase], "request_id": Uuid::new_v4() });
                (at, "/read_write_dns", "database", wanted)
            }
        };
        let described = self.get(&at).await?;
        let url = format!("{}/api/2.0/{service}/credentials", self.ready().host);
        let answer = self.client().post(url).bearer_auth(bearer).json(&wanted).send().await?;
        let credential: Value = answer.error_for_status()?.json().await?;
        let (host, token) = (text(&described, host)?, text(&credential, "/token")?);
        self.connect(&principal.client_id, host, token).await
    }

    /// A connection as the workspace's user to a Lakebase Autoscaling project.
    pub async fn connect_autoscaling(&self, project: &str) -> anyhow::Result<PgConnection> {
        let endpoint = format!("projects/{project}/branches/production/endpoints/primary");
        let described = self.get(&format!("/api/2.0/postgres/{endpoint}")).await?;
        let credential = self.post("/api/2.0/postgres/credentials", &json!({ "endpoint": endpoint })).await?;
        self.connect(
            &self.ready().user,
            text(&described, "/status/hosts/host")?,
            text(&credential, "/token")?,
        )
        .await
    }

    /// A connection as the workspace's user to a Lakebase Provisioned instance.
    pub async fn connect_provisioned(&self, instance: &str) -> anyhow::Result<PgConnection> {
        let described = self.get(&format!("/api/2.0/database/instances/{instance}")).await?;
        let wanted = json!({ "instance_names": [instance], "request_id": Uuid::new_v4() });
        let credential = self.post("/api/2.0/database/credentials", &wanted).await?;
        self.connect(&self.ready().user, text(&described, "/read_write_dns")?, text(&credential, "/token")?)
            .await
    }

    async fn connect(&self, user: &str, host: &str, token: &str) -> anyhow::Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(5432)
            .username(user)
            .password(token)
            .database("databricks_postgres")
            .ssl_mode(PgSslMode::Require);
        options.connect().await.with_context(|| format!("no connection to {host}:5432"))
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {value}"))
}
