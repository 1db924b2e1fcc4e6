//! Carrying out a plan, action by action. Each action looks before it acts, so that what an interrupted run has left
//! behind is recognised, and looks again afterwards, so that "done" means seen.

mod app;
mod database;
mod deployment;
mod files;
mod schema;
mod wait;

use std::sync::atomic::{AtomicU64, Ordering};

use databricks::apps::App;

use crate::engine::Engine;
use crate::error::{Cause, DeployError};
use crate::event::Event;
use crate::lakebase::LakebaseDatabase;
use crate::outcome::Outcome;
use crate::plan::{Action, Plan, PlanRow};
use crate::schema::DatabaseAddress;
use crate::spec::{Deployment, Request};
use crate::timing::Stopwatch;

impl Engine {
    /// Applies `plan`; a plan with refusals is refused whole, before any call.
    ///
    /// When a step fails, the steps before it stay as they are, and running the same request again goes on from there.
    pub async fn apply(&self, plan: &Plan) -> Result<Outcome, DeployError> {
        if !plan.refusals.is_empty() {
            return Err(DeployError::Refused(plan.refusals.clone()));
        }
        let mut run = Run::new(self, plan);
        for row in &plan.rows {
            if let Some(action) = &row.action {
                run.step(row, action).await?;
            }
        }
        run.outcome()
    }
}

/// What is known so far in a run.
struct Run<'a> {
    engine: &'a Engine,
    plan: &'a Plan,
    lakebase: Option<LakebaseDatabase>,
    address: Option<DatabaseAddress>,
    app: Option<App>,
    deployment_id: Option<String>,
}

/// The step that is running: its name for events, and its clock.
struct Step<'a> {
    engine: &'a Engine,
    name: &'static str,
    clock: Stopwatch,
    told: AtomicU64,
}

impl Step<'_> {
    /// Passes on news from a wait, in the platform's words; the same news twice is told once.
    fn progress(&self, message: &str) {
        let digest = message.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if self.told.swap(digest, Ordering::Relaxed) == digest {
            return;
        }
        let elapsed_ms = self.clock.elapsed_ms();
        self.engine.tell(Event::Progress { step: self.name, message: message.to_owned(), elapsed_ms });
    }
}

impl<'a> Run<'a> {
    fn new(engine: &'a Engine, plan: &'a Plan) -> Self {
        Self {
            engine,
            plan,
            lakebase: plan.lakebase.clone(),
            address: plan.address.clone(),
            app: plan.app.clone(),
            deployment_id: None,
        }
    }

    async fn step(&mut self, row: &PlanRow, action: &Action) -> Result<(), DeployError> {
        let (name, title) = (name_of(action), title_of(row, action));
        self.engine.tell(Event::StepStarted { step: name, title: title.clone() });
        let step = Step { engine: self.engine, name, clock: Stopwatch::start(), told: AtomicU64::new(0) };
        match self.perform(&step, action).await {
            Ok(message) => {
                self.engine.tell(Event::StepDone {
                    step: name,
                    message,
                    elapsed_ms: step.clock.elapsed_ms(),
                });
                Ok(())
            }
            Err(cause) => {
                let error = DeployError::Step { step: name, title, cause };
                self.engine.tell(Event::StepFailed {
                    step: name,
                    message: error.to_string(),
                    hint: error.hint(),
                    elapsed_ms: step.clock.elapsed_ms(),
                });
                Err(error)
            }
        }
    }

    /// Does one action and says what is true afterwards.
    async fn perform(&mut self, step: &Step<'_>, action: &Action) -> Result<String, Cause> {
        match action {
            Action::CreateLakebase { name, lakebase_type, compute } => {
                self.create_lakebase(step, name, *lakebase_type, *compute).await
            }
            Action::AwaitLakebase => self.await_lakebase(step).await,
            Action::MakeDirectory { path } => self.make_directory(path).await,
            Action::WriteFile { path, content } => self.write_file(path, content).await,
            Action::DeleteFile { path } => self.delete_file(path).await,
            Action::CreateApp(app) => self.create_app(step, app).await,
            Action::UpdateApp { mask, app } => self.update_app(step, mask, app).await,
            Action::StartCompute { call } => self.start_compute(step, *call).await,
            Action::GrantPermissions(grants) => self.grant_permissions(grants).await,
            Action::PrepareSchema(schema) => self.prepare_schema(step, schema).await,
            Action::ResetSchema(schema) => self.reset_schema(step, schema).await,
            Action::DropSchema(schema) => self.drop_schema(schema).await,
            Action::KeepEncryptionKey { schema, key } => self.keep_encryption_key(step, schema, key).await,
            Action::Deploy { source_code_path } => self.deploy(step, source_code_path).await,
            Action::DeleteApp => self.delete_app(step).await,
        }
    }

    fn outcome(self) -> Result<Outcome, DeployError> {
        let lost = |what: &str| DeployError::Step {
            step: "result",
            title: "report the result".into(),
            cause: Cause::NotAsExpected(format!("the platform gave no {what} for the app")),
        };
        let app_name = self.plan.request.app_name().to_string();
        match &self.plan.request {
            Request::Delete(spec) => {
                Ok(Outcome::Deleted { app_name, status: "deleted", database_reset: spec.reset.is_some() })
            }
            Request::Create(spec) => {
                let (url, lakebase_type) =
                    self.address_of_app(&spec.deployment).ok_or_else(|| lost("address"))?;
                Ok(Outcome::Created {
                    url,
                    app_name,
                    lakebase_name: spec.deployment.lakebase_name.to_string(),
                    lakebase_type,
                    schema_name: spec.deployment.schema_name.to_string(),
                    status: "created",
                })
            }
            Request::Update(spec) => {
                let (url, lakebase_type) =
                    self.address_of_app(&spec.deployment).ok_or_else(|| lost("address"))?;
                let deployment_id = self.deployment_id.ok_or_else(|| lost("deployment id"))?;
                Ok(Outcome::Updated {
                    url,
                    app_name,
                    deployment_id,
                    lakebase_type,
                    status: "updated",
                    database_reset: spec.reset_database,
                })
            }
        }
    }

    fn address_of_app(&self, deployment: &Deployment) -> Option<(String, crate::spec::LakebaseType)> {
        let url = self.app.as_ref()?.url.clone()?;
        let seen = self.lakebase.as_ref().map(LakebaseDatabase::lakebase_type);
        Some((url, seen.or(deployment.lakebase_type)?))
    }
}

fn name_of(action: &Action) -> &'static str {
    match action {
        Action::CreateLakebase { .. } | Action::AwaitLakebase => "lakebase",
        Action::MakeDirectory { .. } | Action::WriteFile { .. } | Action::DeleteFile { .. } => "files",
        Action::CreateApp(_) | Action::UpdateApp { .. } => "app",
        Action::StartCompute { .. } => "compute",
        Action::GrantPermissions(_) => "permissions",
        Action::PrepareSchema(_) | Action::ResetSchema(_) | Action::DropSchema(_) => "schema",
        Action::KeepEncryptionKey { .. } => "encryption_key",
        Action::Deploy { .. } => "deploy",
        Action::DeleteApp => "delete",
    }
}

fn title_of(row: &PlanRow, action: &Action) -> String {
    let verb = match action {
        Action::CreateLakebase { .. } | Action::MakeDirectory { .. } | Action::CreateApp(_) => "Create",
        Action::AwaitLakebase => "Wait for",
        Action::WriteFile { .. } => "Write",
        Action::DeleteFile { .. } | Action::DeleteApp => "Delete",
        Action::UpdateApp { .. } | Action::GrantPermissions(_) => "Update",
        Action::StartCompute { .. } => "Start",
        Action::PrepareSchema(_) => "Prepare",
        Action::ResetSchema(_) => "Reset",
        Action::DropSchema(_) => "Drop",
        Action::KeepEncryptionKey { .. } => "Keep",
        Action::Deploy { .. } => "Run",
    };
    format!("{verb} {}", row.resource)
}
