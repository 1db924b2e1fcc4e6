//! Making a database, or waiting for one.

use databricks::database::DatabaseInstance;
use databricks::postgres::{EndpointSettings, ProjectSpec};

use super::wait::Look;
use super::{Run, Step};
use crate::error::Cause;
use crate::lakebase::{DEFAULT_BRANCH, LakebaseDatabase, LakebaseKind};
use crate::observe::{autoscaling, provisioned};
use crate::spec::{LakebaseCompute, LakebaseName, LakebaseType};
use crate::timing::Stopwatch;

/// Major version of Postgres that a new project gets.
const PG_VERSION: i64 = 17;

impl Run<'_> {
    pub(super) async fn create_lakebase(
        &mut self,
        step: &Step<'_>,
        name: &LakebaseName,
        lakebase_type: LakebaseType,
        compute: LakebaseCompute,
    ) -> Result<String, Cause> {
        match lakebase_type {
            LakebaseType::Autoscaling => self.create_project(step, name, compute).await?,
            LakebaseType::Provisioned => self.create_instance(step, name, compute).await?,
        }
        let kind = match lakebase_type {
            LakebaseType::Autoscaling => LakebaseKind::Autoscaling {
                branch: format!("projects/{name}/branches/{DEFAULT_BRANCH}"),
                endpoint: None,
            },
            LakebaseType::Provisioned => LakebaseKind::Provisioned,
        };
        self.lakebase =
            Some(LakebaseDatabase { name: name.clone(), kind, host: None, state: "STARTING".into() });
        self.await_lakebase(step).await
    }

    /// Makes the project. One of that name that appeared meanwhile, or through a call whose answer was lost, is taken.
    async fn create_project(
        &self,
        step: &Step<'_>,
        name: &LakebaseName,
        compute: LakebaseCompute,
    ) -> Result<(), Cause> {
        let (least, most) = compute.autoscaling_limits();
        let spec = ProjectSpec {
            display_name: Some(name.to_string()),
            pg_version: Some(PG_VERSION),
            default_endpoint_settings: Some(EndpointSettings {
                autoscaling_limit_min_cu: Some(least),
                autoscaling_limit_max_cu: Some(most),
                ..EndpointSettings::default()
            }),
            ..ProjectSpec::default()
        };
        let postgres = self.engine.client.postgres();
        let full_name = format!("projects/{name}");
        let made = step.certainly(
            || async { postgres.create_project(name.as_str(), &spec).await.map(Some) },
            || async {
                match postgres.project(&full_name).await {
                    Err(error) if error.is_not_found() => Ok(None),
                    found => found.map(|_| Some(None)),
                }
            },
        );
        // A project that an earlier attempt has made is awaited by looking at its endpoint.
        let Some(operation) = made.await? else { return Ok(()) };
        let progress = |news: &str| step.progress(news);
        let wait = step.wait(self.engine.timing.lakebase, &progress);
        postgres.wait_operation(operation, &wait).await?;
        Ok(())
    }

    async fn create_instance(
        &self,
        step: &Step<'_>,
        name: &LakebaseName,
        compute: LakebaseCompute,
    ) -> Result<(), Cause> {
        let instance = DatabaseInstance {
            name: name.to_string(),
            capacity: Some(compute.as_str().to_owned()),
            ..DatabaseInstance::default()
        };
        let database = self.engine.client.database();
        let made = step.certainly(
            || database.create_instance(&instance),
            || async {
                match database.instance(name.as_str()).await {
                    Err(error) if error.is_not_found() => Ok(None),
                    found => found.map(Some),
                }
            },
        );
        made.await.map(drop)
    }

    /// Looks at the database until it can be connected to.
    pub(super) async fn await_lakebase(&mut self, step: &Step<'_>) -> Result<String, Cause> {
        let Some(known) = self.lakebase.clone() else {
            return Err(Cause::NotAsExpected("there is no database to wait for".into()));
        };
        let what = format!("Lakebase {} to become ready", known.name);
        let client = &self.engine.client;
        let (clock, visible) = (Stopwatch::start(), self.engine.timing.visible_ms());
        let ready = step
            .until(self.engine.timing.lakebase, &what, || async {
                let seen = match &known.kind {
                    LakebaseKind::Autoscaling { branch, .. } => {
                        autoscaling(client, &known.name, branch.clone()).await
                    }
                    LakebaseKind::Provisioned => {
                        let instance = client.database().instance(known.name.as_str()).await;
                        instance.map(|instance| provisioned(&known.name, &instance))
                    }
                };
                let seen = match seen {
                    // What has just been made may not show yet.
                    Err(error) if error.is_not_found() && clock.elapsed_ms() < visible => {
                        return Ok(Look::NotYet(error.to_string()));
                    }
                    seen => seen?,
                };
                let state = format!("Lakebase {} is {}", seen.name, seen.state);
                Ok(if seen.is_ready() { Look::Done(seen) } else { Look::NotYet(state) })
            })
            .await?;
        let message = format!("{} is {}", ready.name, ready.state);
        self.lakebase = Some(ready);
        Ok(message)
    }
}
