//! Carrying out a plan, action by action. Each action looks before it acts, so that what an interrupted run has left
//! behind is recognised, and looks again afterwards, so that "done" means seen.

mod app;
mod certain;
mod database;
mod deployment;
mod files;
mod open;
mod restore;
mod schema;
mod versions;
mod wait;

use std::sync::atomic::{AtomicU64, Ordering};

use databricks::apps::App;
use futures::future::{Either, select};
use futures::pin_mut;

use self::open::Opened;
use self::restore::Availability;
use crate::engine::Engine;
use crate::error::{Cause, DeployError};
use crate::event::Event;
use crate::journal::{End, Keeper, StepRecord};
use crate::lakebase::LakebaseDatabase;
use crate::outcome::Outcome;
use crate::plan::{Action, ApprovedPlan, Change, Plan, PlanRow};
use crate::schema::DatabaseAddress;
use crate::spec::{Deployment, Request};
use crate::timing::Stopwatch;

impl Engine {
    /// Applies exactly `plan`. A plan with refusals is refused whole, before any call; so is a plan that the workspace does
    /// not call for any more, with the difference, and one that another run stands in the way of.
    ///
    /// When a step fails, the steps before it stay as they are, and running the same request again goes on from there; a
    /// failed update puts the former version back if the engine was told to.
    pub async fn apply(&self, plan: &Plan) -> Result<Applied, DeployError> {
        self.apply_approved(&ApprovedPlan::from(plan), plan).await
    }

    /// Applies `plan` if it does what `approved` says.
    pub async fn apply_approved(&self, approved: &ApprovedPlan, plan: &Plan) -> Result<Applied, DeployError> {
        // The state of a whole run is large; on the heap it burdens no caller's stack.
        let Opened { plan, keeper } = Box::pin(self.open(approved, plan)).await?;
        let Some(keeper) = keeper else {
            let mut run = Run::new(self, &plan, None);
            run.all_steps().await?;
            return Ok(Applied { outcome: run.outcome()?, open: None });
        };
        let (outcome, end) = Box::pin(self.carry_out(&plan, &keeper)).await?;
        Ok(Applied { outcome, open: Some((keeper, end)) })
    }

    /// Does the steps, and beside them gives signs of life.
    async fn carry_out(&self, plan: &Plan, keeper: &Keeper) -> Result<(Outcome, End), DeployError> {
        let away = Availability::default();
        let steps = async {
            let mut run = Run::new(self, plan, Some(keeper));
            match run.all_steps().await {
                Ok(()) => Ok(run),
                Err(failure) => Err(Box::pin(self.after_failure(keeper, run, failure, &away)).await),
            }
        };
        let background = self.background(keeper, plan, &away);
        pin_mut!(steps, background);
        match select(steps, background).await {
            Either::Left((Ok(mut run), _)) => {
                let end = End::Succeeded {
                    last_step: run.unwritten.take(),
                    deployment_id: run.deployment_id.clone(),
                    restored: plan.saved_version.as_ref().map(|version| version.deployment_id.clone()),
                };
                Ok((run.outcome()?, end))
            }
            Either::Left((Err(failure), _)) => Err(failure),
            Either::Right((overtaken, _)) => Err(overtaken),
        }
    }

    /// What goes on beside the steps: signs of life, and where the former version may be put back, a look at whether the
    /// app runs. Ends only when another run has taken over.
    async fn background(&self, keeper: &Keeper, plan: &Plan, away: &Availability) -> DeployError {
        let lost = keeper.beat_until_lost();
        if !self.rollback {
            return lost.await;
        }
        let watch = away.watch(self, plan.request.app_name().as_str());
        pin_mut!(lost, watch);
        match select(lost, watch).await {
            Either::Left((overtaken, _)) => overtaken,
            Either::Right(((), lost)) => lost.await,
        }
    }
}

/// A plan that has been applied. Tell whoever asked for it, then [`close`](Applied::close) it: a run that is killed before
/// it could report is not done, and the same request run again goes on with it instead of doing everything once more.
#[must_use = "a run that is not closed counts as interrupted"]
pub struct Applied {
    /// What came of it.
    pub outcome: Outcome,
    open: Option<(Keeper, End)>,
}

impl Applied {
    /// Writes down that the run has succeeded, and gives its outcome.
    pub async fn close(self) -> Outcome {
        if let Some((keeper, end)) = self.open {
            keeper.close(end).await;
        }
        self.outcome
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
    keeper: Option<&'a Keeper>,
    /// The last confirmed step, until it is written down together with what comes next.
    unwritten: Option<StepRecord>,
    /// What has been made so far.
    made: Vec<String>,
    /// Whether the app, its files or its data have been touched.
    touched: bool,
    /// Whether the app's data has been dropped under it.
    reset: bool,
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
    fn new(engine: &'a Engine, plan: &'a Plan, keeper: Option<&'a Keeper>) -> Self {
        Self {
            engine,
            plan,
            lakebase: plan.lakebase.clone(),
            address: plan.address.clone(),
            app: plan.app.clone(),
            deployment_id: None,
            keeper,
            unwritten: None,
            made: Vec::new(),
            touched: false,
            reset: false,
        }
    }

    async fn all_steps(&mut self) -> Result<(), DeployError> {
        for row in &self.plan.rows {
            if let Some(action) = &row.action {
                self.step(row, action).await?;
            }
        }
        Ok(())
    }

    /// One step: written down once it is confirmed, and not begun by a run that was cancelled or that another one has taken
    /// over from.
    async fn step(&mut self, row: &PlanRow, action: &Action) -> Result<(), DeployError> {
        if let Some(keeper) = self.keeper {
            if let Some(last) = self.unwritten.take() {
                keeper.confirm(last).await;
            }
            keeper.check_held().await?;
        }
        let (name, title) = (name_of(action), title_of(row, action));
        if self.engine.cancel.is_cancelled() {
            let cause = databricks::Error::Cancelled { waiting_for: "its turn".into() }.into();
            return Err(DeployError::Step { step: name, title, cause });
        }
        self.engine.tell(Event::StepStarted { step: name, title: title.clone() });
        let step = Step { engine: self.engine, name, clock: Stopwatch::start(), told: AtomicU64::new(0) };
        self.reset |= matches!(action, Action::ResetSchema { .. });
        self.touched |= touches(action);
        match Box::pin(self.perform(&step, action)).await {
            Ok(message) => {
                let elapsed_ms = step.clock.elapsed_ms();
                self.engine.tell(Event::StepDone { step: name, message: message.clone(), elapsed_ms });
                self.made.extend((row.change == Change::Create).then(|| row.resource.clone()));
                self.unwritten =
                    Some(StepRecord { step: name.into(), title, message, done_at: databricks::now() });
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
            Action::MakeDirectory { path } => self.make_directory(step, path).await,
            Action::WriteFile { path, content } => self.write_file(step, path, content).await,
            Action::DeleteFile { path } => self.delete_file(step, path).await,
            Action::SaveVersion { .. } => self.save_version(step, action).await,
            Action::RestoreFile { from, to } => self.restore_file(step, from, to).await,
            Action::CreateApp(app) => self.create_app(step, app).await,
            Action::UpdateApp { mask, app } => self.update_app(step, mask, app).await,
            Action::StartCompute { call } => self.start_compute(step, *call).await,
            Action::GrantPermissions(grants) => self.grant_permissions(step, grants).await,
            Action::PrepareSchema(schema) => self.prepare_schema(step, schema).await,
            Action::ResetSchema { schema, reset_id } => self.reset_schema(step, schema, reset_id).await,
            Action::DropSchema(schema) => self.drop_schema(step, schema).await,
            Action::KeepEncryptionKey { schema, key } => self.keep_encryption_key(step, schema, key).await,
            Action::Deploy { source_code_path, started } => {
                self.deploy(step, source_code_path, started.as_deref()).await
            }
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
            Request::Rollback(_) => {
                let url = self.app.as_ref().and_then(|app| app.url.clone()).ok_or_else(|| lost("address"))?;
                let deployment_id = self.deployment_id.ok_or_else(|| lost("deployment id"))?;
                let version = self.plan.saved_version.as_ref().ok_or_else(|| lost("former version"))?;
                let restored = version.deployment_id.clone();
                Ok(Outcome::RolledBack { url, app_name, deployment_id, restored, status: "rolled_back" })
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

/// Whether an action changes what runs, or will run after the app's next start.
fn touches(action: &Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::WriteFile { .. }
            | A::RestoreFile { .. }
            | A::DeleteFile { .. }
            | A::ResetSchema { .. }
            | A::Deploy { .. }
    )
}

fn name_of(action: &Action) -> &'static str {
    match action {
        Action::CreateLakebase { .. } | Action::AwaitLakebase => "lakebase",
        Action::MakeDirectory { .. }
        | Action::WriteFile { .. }
        | Action::DeleteFile { .. }
        | Action::RestoreFile { .. } => "files",
        Action::SaveVersion { .. } => "history",
        Action::CreateApp(_) | Action::UpdateApp { .. } => "app",
        Action::StartCompute { .. } => "compute",
        Action::GrantPermissions(_) => "permissions",
        Action::PrepareSchema(_) | Action::ResetSchema { .. } | Action::DropSchema(_) => "schema",
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
        Action::SaveVersion { .. } => "Keep a",
        Action::RestoreFile { .. } => "Restore",
        Action::DeleteFile { .. } | Action::DeleteApp => "Delete",
        Action::UpdateApp { .. } | Action::GrantPermissions(_) => "Update",
        Action::StartCompute { .. } => "Start",
        Action::PrepareSchema(_) => "Prepare",
        Action::ResetSchema { .. } => "Reset",
        Action::DropSchema(_) => "Drop",
        Action::KeepEncryptionKey { .. } => "Keep",
        Action::Deploy { .. } => "Run",
    };
    format!("{verb} {}", row.resource)
}
