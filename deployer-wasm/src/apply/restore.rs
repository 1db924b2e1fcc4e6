//! After a failed step: the end of the run, and the return of the former version where that was asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use databricks::apps::{App, ApplicationState};
use databricks::{Clock, SystemClock};

use super::Run;
use crate::engine::Engine;
use crate::error::DeployError;
use crate::event::Event;
use crate::journal::{End, Keeper};
use crate::plan::{Action, Plan, plan as make_plan};
use crate::spec::{Request, RollbackSpec};
use crate::timing::Stopwatch;

/// The longest pause between two looks at whether the app runs.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Engine {
    /// Ends a run in which a step failed, and gives the error that the caller gets.
    pub(super) async fn after_failure(
        &self,
        keeper: &Keeper,
        mut run: Run<'_>,
        failure: DeployError,
        away: &Availability,
    ) -> DeployError {
        let last_step = run.unwritten.take();
        let wanted = self.rollback && matches!(run.plan.request, Request::Update(_));
        let possible = run.touched && !self.cancel.is_cancelled();
        if matches!(failure, DeployError::Overtaken { .. }) {
            return failure;
        }
        let mut end =
            End::Failed { last_step, error: failure.to_string(), deployment_id: None, restored: None };
        let told = if wanted && possible {
            match self.restore(keeper, &run).await {
                Ok((restored, now_runs)) => {
                    if let End::Failed { deployment_id, restored: kept, .. } = &mut end {
                        (*deployment_id, *kept) = (now_runs.clone(), Some(restored.clone()));
                    }
                    let unavailable_ms = away.milliseconds();
                    DeployError::RolledBack {
                        failure: Box::new(failure),
                        restored,
                        deployment_id: now_runs,
                        unavailable_ms,
                    }
                }
                Err(rollback) => {
                    DeployError::NotRolledBack { failure: Box::new(failure), rollback: Box::new(rollback) }
                }
            }
        } else if matches!(run.plan.request, Request::Create(_)) && !run.made.is_empty() {
            DeployError::Unfinished { failure: Box::new(failure), made: run.made }
        } else {
            failure
        };
        keeper.close(end).await;
        told
    }

    /// Puts the version back that ran before the run. Gives its deployment, and the one that runs it now if it had to be
    /// deployed again.
    async fn restore(&self, keeper: &Keeper, run: &Run<'_>) -> Result<(String, Option<String>), DeployError> {
        let app_name = run.plan.request.app_name().clone();
        let request = Request::Rollback(RollbackSpec { app_name, to: run.plan.deployment_before.clone() });
        let observation = self.observe(&request).await?;
        let mut plan: Plan = make_plan(&request, &observation);
        if !plan.refusals.is_empty() {
            return Err(DeployError::Refused(plan.refusals));
        }
        let keeps_running =
            !run.reset && still_runs(observation.app.as_ref(), run.plan.deployment_before.as_deref());
        plan.rows.retain(|row| match row.action {
            // What has just failed is not worth keeping.
            Some(Action::SaveVersion { .. }) => false,
            Some(Action::Deploy { .. }) => !keeps_running,
            _ => true,
        });
        if let Some(version) = &plan.saved_version {
            keeper.begin_to_restore(&version.deployment_id).await;
            let message = format!("putting the version of deployment {} back", version.deployment_id);
            self.tell(Event::Notice { message });
        }
        let restored = plan.saved_version.as_ref().map(|version| version.deployment_id.clone());
        let mut back = Run::new(self, &plan, Some(keeper));
        back.all_steps().await?;
        if let Some(last) = back.unwritten.take() {
            keeper.confirm(last).await;
        }
        Ok((restored.unwrap_or_default(), back.deployment_id))
    }
}

/// Counts for how long the platform does not report an app as running.
#[derive(Debug, Default)]
pub(super) struct Availability {
    away_ms: AtomicU64,
}

impl Availability {
    /// Looks again and again for as long as it is polled; never ends.
    pub(super) async fn watch(&self, engine: &Engine, app_name: &str) {
        let mut last = Stopwatch::start();
        loop {
            SystemClock.sleep(LOOK_EVERY.min(engine.timing.poll)).await;
            let seen = engine.client.apps().get(app_name).await;
            let since = last.elapsed_ms();
            last = Stopwatch::start();
            if seen.is_ok_and(|app| !runs(&app)) {
                self.away_ms.fetch_add(since, Ordering::Relaxed);
            }
        }
    }

    fn milliseconds(&self) -> u64 {
        self.away_ms.load(Ordering::Relaxed)
    }
}

/// Whether the former version has never stopped: a deployment that fails in its build replaces nothing.
fn still_runs(app: Option<&App>, deployment: Option<&str>) -> bool {
    let active = |app: &App| app.active_deployment.as_ref().and_then(|active| active.deployment_id.clone());
    app.is_some_and(|app| runs(app) && active(app).as_deref() == deployment)
}

fn runs(app: &App) -> bool {
    app.app_status.as_ref().and_then(|status| status.state.as_ref()) == Some(&ApplicationState::Running)
}
