//! The app: registering, changing, starting, deleting.

use databricks::apps::{App, AppAccessControlRequest, AppPermissions, AppResource, ComputeState};
use databricks::{Clock, Error, SystemClock};

use super::wait::Look;
use super::{Run, Step};
use crate::error::Cause;
use crate::plan::{grants, principal};

/// How often the compute is told to start before its being stopped counts as a failure.
const ATTEMPTS: u32 = 3;

impl Run<'_> {
    /// Registers the app and waits for its compute.
    ///
    /// "Already exists" is a success if the app is the caller's own, was made for the same folder and has never run
    /// anything: then an earlier attempt took effect and its answer was lost.
    pub(super) async fn create_app(&mut self, step: &Step<'_>, wanted: &App) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        let look = || async {
            let found = match apps.get(&wanted.name).await {
                Err(error) if error.is_not_found() => return Ok(None),
                found => found?,
            };
            let ours = found.creator.as_deref() == Some(self.plan.user_name.as_str())
                && found.default_source_code_path == wanted.default_source_code_path
                && found.active_deployment.is_none();
            Ok(ours.then_some(found))
        };
        step.certainly(|| apps.create(wanted), look).await?;
        let app = self.compute_active(step, &wanted.name).await?;
        verify(&app, wanted, &["resources", "user_api_scopes"]).map_err(Cause::NotAsExpected)?;
        let message = format!("{} is active", app.name);
        self.app = Some(app);
        Ok(message)
    }

    /// Changes the fields of `mask`, waits for the platform and looks until they show.
    pub(super) async fn update_app(
        &mut self,
        step: &Step<'_>,
        mask: &[&'static str],
        wanted: &App,
    ) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        step.repeatedly(|| apps.update_masked(&wanted.name, mask, wanted)).await?;
        apps.wait_update(&wanted.name, &step.wait(self.engine.timing.compute, &|news| step.progress(news)))
            .await?;
        let what = format!("app {} to show its new {}", wanted.name, mask.join(", "));
        let mut app = step
            .until(self.engine.timing.visible, &what, || async {
                let app = apps.get(&wanted.name).await?;
                Ok(match verify(&app, wanted, mask) {
                    Ok(()) => Look::Done(app),
                    Err(missing) => Look::NotYet(missing),
                })
            })
            .await?;
        // A new compute size restarts the compute, and no deployment starts before it is back.
        if compute_state(&app)
            .is_some_and(|state| matches!(state, ComputeState::Updating | ComputeState::Starting))
        {
            app = self.compute_active(step, &wanted.name).await?;
        }
        self.app = Some(app);
        Ok(format!("changed {}", mask.join(", ")))
    }

    async fn compute_active(&self, step: &Step<'_>, name: &str) -> Result<App, Cause> {
        let progress = |news: &str| step.progress(news);
        let wait = step.wait(self.engine.timing.compute, &progress);
        Ok(self.engine.client.apps().wait_active(name, &wait).await?)
    }

    /// Starts the compute, or waits for it. A look just after the start may still show it stopped.
    pub(super) async fn start_compute(&mut self, step: &Step<'_>, call: bool) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        let name = self.plan.request.app_name().as_str();
        let mut attempt = 0;
        let app = loop {
            attempt += 1;
            if call {
                step.repeatedly(|| apps.start(name)).await?;
            }
            match self.compute_active(step, name).await {
                Err(Cause::Databricks(Error::FailedState(failed)))
                    if call && failed.state == "STOPPED" && attempt < ATTEMPTS =>
                {
                    SystemClock.sleep(self.engine.timing.pause(attempt)).await;
                }
                app => break app?,
            }
        };
        self.app = Some(app);
        Ok("compute is active".into())
    }

    /// Gives rights and looks until they show.
    pub(super) async fn grant_permissions(
        &self,
        step: &Step<'_>,
        wanted: &[AppAccessControlRequest],
    ) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        let name = self.plan.request.app_name().as_str();
        let mut seen = step.repeatedly(|| apps.update_permissions(name, wanted)).await?;
        let missing = |seen: &AppPermissions| {
            let missing: Vec<&str> =
                wanted.iter().filter(|wanted| !grants(seen, wanted)).map(principal).collect();
            missing.join(", ")
        };
        if !missing(&seen).is_empty() {
            let what = format!("the permissions of app {name} to show");
            seen = step
                .until(self.engine.timing.visible, &what, || async {
                    let seen = apps.permissions(name).await?;
                    let missing = missing(&seen);
                    let all = missing.is_empty();
                    Ok(if all { Look::Done(seen) } else { Look::NotYet(format!("not yet for {missing}")) })
                })
                .await?;
        }
        Ok(format!("{} given, {} in all", wanted.len(), seen.access_control_list.len()))
    }

    /// Deletes the app and waits until it is gone, so that its name is free when this returns.
    pub(super) async fn delete_app(&self, step: &Step<'_>) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        let name = self.plan.request.app_name().as_str();
        if self.app.as_ref().and_then(compute_state) != Some(ComputeState::Deleting) {
            let deleted = step.repeatedly(|| async {
                match apps.delete(name).await {
                    Err(error) if error.is_not_found() || is_being_deleted(&error) => Ok(()),
                    other => other.map(drop),
                }
            });
            deleted.await?;
        }
        let progress = |news: &str| step.progress(news);
        let wait = step.wait(self.engine.timing.deletion, &progress);
        apps.wait_deleted(name, &wait).await?;
        Ok(format!("{name} is gone"))
    }
}

fn compute_state(app: &App) -> Option<ComputeState> {
    app.compute_status.as_ref()?.state.clone()
}

/// What the platform says to a second deletion while the first one goes on.
fn is_being_deleted(error: &Error) -> bool {
    error.api().is_some_and(|api| api.message.contains("not terminal with state DELETING"))
}

/// Fails, with what is missing, if a field that was written does not show what was written.
fn verify(found: &App, wanted: &App, mask: &[&str]) -> Result<(), String> {
    let mut missing = Vec::new();
    if mask.contains(&"resources") {
        let shows = |wanted: &AppResource| {
            found.resources.iter().any(|found| {
                found.name == wanted.name
                    && found.postgres == wanted.postgres
                    && found.database == wanted.database
            })
        };
        let lost = wanted.resources.iter().filter(|resource| !shows(resource));
        missing.extend(lost.map(|resource| format!("resource {}", resource.name)));
    }
    if mask.contains(&"user_api_scopes") {
        let lost = wanted.user_api_scopes.iter().filter(|scope| !found.user_api_scopes.contains(scope));
        missing.extend(lost.map(|scope| format!("scope {scope}")));
    }
    if mask.contains(&"compute_size") && found.compute_size != wanted.compute_size {
        missing.push("compute size".into());
    }
    if mask.contains(&"description") && found.description != wanted.description {
        missing.push("description".into());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("the app {} does not show its {}", found.name, missing.join(", ")))
}
