//! Deploying the folder and waiting until the app runs.

use std::sync::atomic::{AtomicU32, Ordering};

use databricks::Error;
use databricks::apps::{App, AppDeployment, ApplicationState};

use super::wait::Look;
use super::{Run, Step};
use crate::error::{AppLog, Cause};

/// How many deployments of others are waited for.
const MOST_OTHERS: u32 = 2;

/// How many lines of the app's log an error shows.
const LOG_LINES: usize = 20;

impl Run<'_> {
    /// Starts a deployment, or takes up one that an interrupted run has started; waits for its end, and then until the app
    /// itself reports that it runs.
    pub(super) async fn deploy(
        &mut self,
        step: &Step<'_>,
        source_code_path: &str,
        started: Option<&str>,
    ) -> Result<String, Cause> {
        let taken_up = match started {
            Some(id) => self.take_up(step, id).await?,
            None => None,
        };
        let id = match taken_up {
            Some(id) => id,
            None => {
                let id = self.start_deployment(step, source_code_path, started).await?;
                self.await_deployment(step, &id).await?;
                id
            }
        };
        let app = self.await_running(step, &id).await?;
        let message = format!("{} runs at {}", app.name, app.url.as_deref().unwrap_or("an unknown address"));
        self.app = Some(app);
        self.deployment_id = Some(id);
        Ok(message)
    }

    /// Waits for a deployment that was started before. One that has failed is no reason not to try again.
    async fn take_up(&self, step: &Step<'_>, id: &str) -> Result<Option<String>, Cause> {
        match self.await_deployment(step, id).await {
            Ok(()) => Ok(Some(id.to_owned())),
            Err(Cause::AppDown { message, .. }) => {
                step.progress(&format!("{message}; starting another deployment"));
                Ok(None)
            }
            Err(cause) => Err(cause),
        }
    }

    /// Only one deployment may be in flight: if there is another, it is waited for and ours is started after it.
    async fn start_deployment(
        &self,
        step: &Step<'_>,
        source_code_path: &str,
        started: Option<&str>,
    ) -> Result<String, Cause> {
        let name = self.plan.request.app_name().as_str();
        let apps = self.engine.client.apps();
        let mut known = self.known_deployments(started);
        let mut others = 0;
        loop {
            let attempt = step.certainly(
                || {
                    let wanted = AppDeployment {
                        source_code_path: Some(source_code_path.to_owned()),
                        ..AppDeployment::default()
                    };
                    async move { apps.deploy(name, &wanted).await }
                },
                || async {
                    let app = apps.get(name).await?;
                    Ok(latest(&app).filter(|found| !is_known(&known, found)).cloned())
                },
            );
            let error = match attempt.await {
                Ok(started) => {
                    return started
                        .deployment_id
                        .ok_or_else(|| Cause::NotAsExpected("the deployment has no id".into()));
                }
                Err(Cause::Databricks(error)) if is_in_flight(&error) => error,
                Err(cause) => return Err(cause),
            };
            let pending = apps.get(name).await?.pending_deployment.and_then(|pending| pending.deployment_id);
            match pending {
                Some(id) if others < MOST_OTHERS => {
                    others += 1;
                    step.progress(&format!("waiting for deployment {id}, which is in progress"));
                    // How the other deployment ends is not ours to judge.
                    _ = self.await_deployment(step, &id).await;
                    known.push(id);
                }
                _ => return Err(error.into()),
            }
        }
    }

    /// The deployments of which it is known that they are not this run's.
    fn known_deployments(&self, started: Option<&str>) -> Vec<String> {
        let app = self.app.as_ref();
        let of_app = [
            app.and_then(|app| app.pending_deployment.as_ref()),
            app.and_then(|app| app.active_deployment.as_ref()),
        ];
        let mut known: Vec<String> =
            of_app.into_iter().flatten().filter_map(|deployment| deployment.deployment_id.clone()).collect();
        known.extend(self.plan.deployment_before.clone());
        known.extend(started.map(str::to_owned));
        known
    }

    async fn await_deployment(&self, step: &Step<'_>, id: &str) -> Result<(), Cause> {
        let name = self.plan.request.app_name().as_str();
        let progress = |news: &str| step.progress(news);
        let wait = step.wait(self.engine.timing.deployment, &progress);
        match self.engine.client.apps().wait_deployment(name, id, &wait).await {
            Ok(_) => Ok(()),
            Err(Error::FailedState(failed)) => Err(self.app_down(failed.to_string()).await),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the app runs deployment `id`. A single look that shows a crash may show the version before.
    async fn await_running(&self, step: &Step<'_>, id: &str) -> Result<App, Cause> {
        let name = self.plan.request.app_name().as_str();
        let what = format!("app {name} to run");
        let crashes = AtomicU32::new(0);
        let outcome = step
            .until(self.engine.timing.deployment, &what, || async {
                let app = self.engine.client.apps().get(name).await?;
                let status = app.app_status.clone().unwrap_or_default();
                let message = status.message.unwrap_or_default();
                let active =
                    app.active_deployment.as_ref().and_then(|active| active.deployment_id.as_deref());
                match status.state {
                    Some(ApplicationState::Running) if active == Some(id) => Ok(Look::Done(Ok(app))),
                    Some(ApplicationState::Crashed) => {
                        let seen_before = crashes.fetch_add(1, Ordering::Relaxed) > 0;
                        let words = format!("the app {name} has crashed: {message}");
                        Ok(if seen_before { Look::Done(Err(words)) } else { Look::NotYet(words) })
                    }
                    _ => Ok(Look::NotYet(message)),
                }
            })
            .await;
        match outcome {
            Ok(Ok(app)) => Ok(app),
            Ok(Err(crashed)) => Err(self.app_down(crashed).await),
            Err(Cause::Databricks(error @ Error::Timeout(_))) => Err(self.app_down(error.to_string()).await),
            Err(cause) => Err(cause),
        }
    }

    /// The failure of an app to come up, with the end of its log where that can be read.
    async fn app_down(&self, message: String) -> Cause {
        let name = self.plan.request.app_name().as_str();
        let app = match &self.app {
            Some(app) if app.url.is_some() => Some(app.clone()),
            _ => self.engine.client.apps().get(name).await.ok(),
        };
        let log = match app.and_then(|app| Some((app.url.clone()?, app))) {
            None => AppLog::Nowhere,
            Some((url, app)) => {
                let url = format!("{url}/logz");
                match &self.engine.logs {
                    None => AppLog::At { url, reason: "it cannot be read from here".into() },
                    Some(logs) => match logs.tail(&app, LOG_LINES).await {
                        Ok(lines) => AppLog::Lines(lines),
                        Err(reason) => AppLog::At { url, reason },
                    },
                }
            }
        };
        Cause::AppDown { message, log }
    }
}

/// The newest deployment of an app.
fn latest(app: &App) -> Option<&AppDeployment> {
    app.pending_deployment.as_ref().or(app.active_deployment.as_ref())
}

fn is_known(known: &[String], deployment: &AppDeployment) -> bool {
    deployment.deployment_id.as_ref().is_none_or(|id| known.contains(id))
}

fn is_in_flight(error: &Error) -> bool {
    error.api().is_some_and(|api| api.message.contains("active deployment in progress"))
}
