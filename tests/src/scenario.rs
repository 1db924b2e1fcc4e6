//! The operations: how the workspace is made ready for one, the command, and what must be true afterwards.

use anyhow::{bail, ensure};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection};

use crate::checks::{Deployment, Kind, SCHEMA};
use crate::local_workspace::LocalWorkspace;
use crate::state::FolderCopy;
use crate::tellr::Finished;

/// Made before the run; only a reset takes it away.
const MARK_BEFORE: &str = "mark_before";
/// Made after the kill, if the reset was done by then; a second reset would take it away.
const MARK_AFTER: &str = "mark_after";

/// More former versions than are kept.
const VERSIONS: usize = 6;

/// What is run and killed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// `tellr create`.
    Create,
    /// `tellr update`.
    Update,
    /// `tellr update --reset-database`.
    UpdateWithReset,
    /// `tellr delete`.
    Delete,
    /// `tellr delete --reset-database`.
    DeleteWithReset,
}

impl Operation {
    /// The command. Its signs of life are far apart, so that no run that is counted gives any.
    pub fn flags(self, deployment: &Deployment) -> Vec<String> {
        let reset = ["--reset-database"];
        match self {
            Self::Create => deployment.flags("create", &[]),
            Self::Update => deployment.flags("update", &[]),
            Self::UpdateWithReset => deployment.flags("update", &reset),
            Self::Delete => deployment.flags("delete", &[]),
            Self::DeleteWithReset => deployment.flags("delete", &reset),
        }
    }

    /// Whether the next point goes on from the state in which the last one ended.
    pub fn is_repeatable(self) -> bool {
        matches!(self, Self::Update | Self::UpdateWithReset)
    }

    /// What there is before the first of its points: for an update an app with as many former versions as are kept, so
    /// that each run makes the same calls.
    pub async fn begin(
        self,
        workspace: &LocalWorkspace,
        deployment: &Deployment,
    ) -> anyhow::Result<Option<FolderCopy>> {
        if !self.is_repeatable() {
            return Ok(None);
        }
        create(workspace, deployment).await?;
        for _ in 0..VERSIONS {
            age(workspace, deployment).await?;
            workspace.tellr(&Self::Update.flags(deployment)).await?.successful()?;
        }
        Ok(Some(FolderCopy::take(workspace, &format!("{}.history", deployment.path)).await?))
    }

    /// What there is before each run.
    pub async fn prepare(
        self,
        workspace: &LocalWorkspace,
        deployment: &Deployment,
        history: Option<&FolderCopy>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Create => return Ok(()),
            Self::Delete | Self::DeleteWithReset => create(workspace, deployment).await?,
            Self::Update | Self::UpdateWithReset => {
                if let Some(history) = history {
                    history.put_back(workspace).await?;
                }
                age(workspace, deployment).await?;
            }
        }
        if self == Self::UpdateWithReset {
            mark(workspace, deployment, MARK_BEFORE).await?;
        }
        Ok(())
    }

    /// Called between the kill and the second run; gives what the second run must not destroy.
    pub async fn note(self, workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<Noted> {
        let was_complete =
            deployment.last_run(workspace).await?.is_some_and(|run| run["state"] == "succeeded");
        let mut was_reset = false;
        if self == Self::UpdateWithReset && !was_complete {
            was_reset = !deployment.tables(workspace).await?.contains(&MARK_BEFORE.to_owned());
            if was_reset {
                mark(workspace, deployment, MARK_AFTER).await?;
            }
        }
        Ok(Noted { was_complete, was_reset })
    }

    /// Whether the second run ended as it should.
    pub fn check_result(self, noted: Noted, second: &Finished) -> anyhow::Result<()> {
        let message = second.result["error"]["message"].as_str().unwrap_or_default();
        match second.code {
            Some(0) => Ok(()),
            // the first run was done but for telling so
            Some(3) if self == Self::Create && noted.was_complete && message.contains("already exists") => {
                Ok(())
            }
            _ => bail!("the second run failed: {} {}", second.result, second.stderr),
        }
    }

    /// What must hold beside the state.
    pub async fn check_database(
        self,
        workspace: &LocalWorkspace,
        deployment: &Deployment,
        noted: Noted,
    ) -> anyhow::Result<()> {
        if self != Self::UpdateWithReset {
            return Ok(());
        }
        let tables = deployment.tables(workspace).await?;
        ensure!(!tables.contains(&MARK_BEFORE.to_owned()), "the database was not reset: {tables:?}");
        if noted.was_reset {
            ensure!(tables.contains(&MARK_AFTER.to_owned()), "the database was reset twice: {tables:?}");
            let mut database = deployment.database(workspace).await?;
            sqlx::query(AssertSqlSafe(format!("DROP TABLE {SCHEMA}.{MARK_AFTER}")))
                .execute(&mut database)
                .await?;
            database.close().await?;
        }
        Ok(())
    }

    /// Takes away what the next point does not need.
    pub async fn clean(self, workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<()> {
        if self != Self::Create {
            return Ok(());
        }
        workspace.delete(&format!("/api/2.0/apps/{}", deployment.app)).await?;
        let purge = if deployment.kind == Kind::Provisioned { "?purge=true" } else { "" };
        workspace.delete(&format!("{}{purge}", deployment.lakebase_path())).await
    }

    /// What is there after the run that was not there before, as [`LocalWorkspace::inventory`] names it.
    pub fn makes(self, deployment: &Deployment) -> Vec<String> {
        let database = match deployment.kind {
            Kind::Autoscaling => "projects",
            Kind::Provisioned => "database_instances",
        };
        let mut names =
            vec![format!("apps {}", deployment.app), format!("{database} {}", deployment.lakebase)];
        names.sort();
        if self == Self::Create { names } else { Vec::new() }
    }
}

/// What was found between the two runs.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// The journal says that the first run has succeeded: the second is a new one.
    pub was_complete: bool,
    /// The first run has reset the database.
    was_reset: bool,
}

async fn create(workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<()> {
    workspace.tellr(&Operation::Create.flags(deployment)).await?.successful()?;
    Ok(())
}

/// Brings the app into a state in which an update has something to do in each of its steps.
async fn age(workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<()> {
    let path = format!("/api/2.0/apps/{}", deployment.app);
    let body = json!({"update_mask": "user_api_scopes", "app": {"name": deployment.app, "user_api_scopes": ["sql"]}});
    workspace.post(&format!("{path}/update"), &body).await?;
    let done = |body: &Value| body["status"]["state"] == "SUCCEEDED";
    workspace.await_body(&format!("{path}/update"), "the update", done).await?;
    let old = b"# an older version\ndatabricks-tellr-app\n";
    workspace.import(&format!("{}/requirements.txt", deployment.path), old).await?;
    let role = deployment.role(workspace).await?;
    let mut database = deployment.database(workspace).await?;
    let statement = format!("REVOKE CREATE ON SCHEMA {SCHEMA} FROM \"{role}\"");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut database).await?;
    database.close().await?;
    Ok(())
}

/// A table in the schema.
async fn mark(workspace: &LocalWorkspace, deployment: &Deployment, table: &str) -> anyhow::Result<()> {
    let mut database = deployment.database(workspace).await?;
    let statement = format!("CREATE TABLE IF NOT EXISTS {SCHEMA}.{table} (id integer)");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut database).await?;
    database.close().await?;
    Ok(())
}
