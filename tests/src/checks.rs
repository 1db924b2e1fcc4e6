//! A deployment of Tellr under test: its names, the flags that mean it, and what is true of it, looked up in the database
//! and through the API.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::local_workspace::LocalWorkspace;

/// Kind of Lakebase under test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A project of Lakebase Autoscaling.
    Autoscaling,
    /// An instance of Lakebase Provisioned.
    Provisioned,
}

impl Kind {
    /// As the flag `--lakebase-type` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Autoscaling => "autoscaling",
            Self::Provisioned => "provisioned",
        }
    }
}

/// The deployer's pause between two looks, in milliseconds.
const POLL_MS: &str = "50";
/// The schema of all deployments here.
pub const SCHEMA: &str = "app_data";

/// A deployment of one test.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Name of the app.
    pub app: String,
    /// Name of the database.
    pub lakebase: String,
    /// Folder of the app's files.
    pub path: String,
    /// Kind of the database.
    pub kind: Kind,
}

impl Deployment {
    /// Names that follow from `name`.
    pub fn new(workspace: &LocalWorkspace, name: &str, kind: Kind) -> Self {
        Self {
            app: name.to_owned(),
            lakebase: format!("{name}-db"),
            path: format!("/Workspace/Users/{}/.apps/{name}", workspace.ready().user),
            kind,
        }
    }

    /// `tellr <operation>` for this deployment, with short pauses and the flags of `extra`.
    pub fn flags(&self, operation: &str, extra: &[&str]) -> Vec<String> {
        let named = [
            operation,
            "--app-name",
            &self.app,
            "--lakebase-name",
            &self.lakebase,
            "--lakebase-type",
            self.kind.as_str(),
            "--schema-name",
            SCHEMA,
            "--poll-ms",
            POLL_MS,
        ];
        let path = ["--workspace-path", &self.path];
        let path = if operation == "delete" { &path[..0] } else { &path[..] };
        named.iter().chain(path).chain(extra).map(|&flag| flag.to_owned()).collect()
    }

    /// The API's path of the database.
    pub fn lakebase_path(&self) -> String {
        match self.kind {
            Kind::Autoscaling => format!("/api/2.0/postgres/projects/{}", self.lakebase),
            Kind::Provisioned => format!("/api/2.0/database/instances/{}", self.lakebase),
        }
    }

    /// A connection to the database as the workspace's user.
    pub async fn database(&self, workspace: &LocalWorkspace) -> anyhow::Result<PgConnection> {
        match self.kind {
            Kind::Autoscaling => workspace.connect_autoscaling(&self.lakebase).await,
            Kind::Provisioned => workspace.connect_provisioned(&self.lakebase).await,
        }
    }

    /// The app, as the API shows it.
    pub async fn app(&self, workspace: &LocalWorkspace) -> anyhow::Result<Value> {
        workspace.get(&format!("/api/2.0/apps/{}", self.app)).await
    }

    /// The app answers through its proxy: the page, and a database that is ready.
    pub async fn assert_healthy(&self, workspace: &LocalWorkspace) -> anyhow::Result<()> {
        let page = workspace.get_from_app(&self.app, "/").await?;
        ensure!(page.status().is_success(), "the page answered {}", page.status());
        let text = page.text().await?;
        ensure!(text.contains("<html"), "no page: {text}");
        let ready = workspace.get_from_app(&self.app, "/api/health/ready").await?;
        let status = ready.status();
        let body: Value = ready.json().await?;
        ensure!(status.is_success() && body["status"] == "ready", "not ready: {status} {body}");
        ensure!(body["database"]["schema"] == SCHEMA, "another schema: {body}");
        Ok(())
    }

    /// Files, scopes, resource and app state are what a deployment needs.
    pub async fn assert_registered(&self, workspace: &LocalWorkspace) -> anyhow::Result<()> {
        let app = self.app(workspace).await?;
        ensure!(
            app["compute_status"]["state"] == "ACTIVE" && app["app_status"]["state"] == "RUNNING",
            "{app}"
        );
        let scopes: Vec<&str> =
            app["user_api_scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for scope in ["sql", "dashboards.genie", "catalog.tables:read", "serving.serving-endpoints"] {
            ensure!(scopes.contains(&scope), "no scope {scope} in {scopes:?}");
        }
        let resource = &app["resources"][0];
        ensure!(resource["name"] == "app_database", "{resource}");
        match self.kind {
            Kind::Autoscaling => {
                ensure!(resource["postgres"]["permission"] == "CAN_CONNECT_AND_CREATE", "{resource}");
            }
            Kind::Provisioned => {
                ensure!(resource["database"]["instance_name"] == self.lakebase.as_str(), "{resource}")
            }
        }
        let app_yaml = workspace.export(&format!("{}/app.yaml", self.path)).await?;
        ensure!(app_yaml.contains("tellr-app init-db && exec tellr-app serve"), "{app_yaml}");
        ensure!(!app_yaml.contains("None") && !app_yaml.contains("TOKEN"), "{app_yaml}");
        let requirements = workspace.export(&format!("{}/requirements.txt", self.path)).await?;
        ensure!(requirements.contains("databricks-tellr-app"), "{requirements}");
        Ok(())
    }

    /// The schema exists, belongs to the deploying person, and the app's role may use it and no more than that.
    pub async fn assert_schema(&self, workspace: &LocalWorkspace) -> anyhow::Result<()> {
        let mut database = self.database(workspace).await?;
        let owner: Option<String> =
            sqlx::query_scalar("SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = $1")
                .bind(SCHEMA)
                .fetch_optional(&mut database)
                .await?;
        ensure!(owner.as_deref() == Some(workspace.ready().user.as_str()), "owner is {owner:?}");
        let role = self.role(workspace).await?;
        for right in ["USAGE", "CREATE"] {
            let granted: bool = sqlx::query_scalar("SELECT has_schema_privilege($1::name, $2, $3)")
                .bind(&role)
                .bind(SCHEMA)
                .bind(right)
                .fetch_one(&mut database)
                .await?;
            ensure!(granted, "the app lacks {right}");
        }
        let superuser: bool = sqlx::query_scalar(
            "SELECT rolsuper OR pg_has_role(oid, 'databricks_superuser', 'MEMBER') FROM pg_roles WHERE rolname = $1",
        )
        .bind(&role)
        .fetch_one(&mut database)
        .await?;
        ensure!(!superuser, "the app's role has more rights than it needs");
        let defaults: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace \
             WHERE n.nspname = $1 AND d.defaclobjtype IN ('r', 'S')",
        )
        .bind(SCHEMA)
        .fetch_one(&mut database)
        .await?;
        ensure!(defaults == 2, "default privileges on tables and sequences, not {defaults}");
        database.close().await?;
        Ok(())
    }

    /// The app's Postgres role.
    pub async fn role(&self, workspace: &LocalWorkspace) -> anyhow::Result<String> {
        let app = self.app(workspace).await?;
        app["service_principal_client_id"].as_str().map(str::to_owned).context("the app has no client id")
    }

    /// Leaves a table behind that only a reset takes away.
    pub async fn leave_mark(&self, workspace: &LocalWorkspace) -> anyhow::Result<()> {
        let mut database = self.database(workspace).await?;
        let statement = AssertSqlSafe(format!("CREATE TABLE {SCHEMA}.mark (id integer)"));
        sqlx::query(statement).execute(&mut database).await?;
        database.close().await?;
        Ok(())
    }

    /// Tables of the schema; none if there is no such schema.
    pub async fn tables(&self, workspace: &LocalWorkspace) -> anyhow::Result<Vec<String>> {
        let mut database = self.database(workspace).await?;
        let tables =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1 ORDER BY 1")
                .bind(SCHEMA)
                .fetch_all(&mut database)
                .await?;
        database.close().await?;
        Ok(tables)
    }

    /// Neither app nor schema are there any more; the database and the files are.
    pub async fn assert_deleted_with_schema(&self, workspace: &LocalWorkspace) -> anyhow::Result<()> {
        let answer = workspace.call(Method::GET, &format!("/api/2.0/apps/{}", self.app), None).await?;
        ensure!(answer.status.as_u16() == 404, "the app is still there: {answer:?}");
        let mut database = self.database(workspace).await?;
        let schemas: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname = $1")
            .bind(SCHEMA)
            .fetch_one(&mut database)
            .await?;
        ensure!(schemas == 0, "the schema is still there");
        database.close().await?;
        workspace.export(&format!("{}/app.yaml", self.path)).await?;
        Ok(())
    }
}
