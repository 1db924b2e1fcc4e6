//! The app: registering, changing, starting, deleting.

use databricks::apps::{App, AppAccessControlRequest, ComputeState};

use super::{Run, Step};
use crate::error::Cause;

impl Run<'_> {
    /// Registers the app and waits for its compute.
    ///
    /// "Already exists" is a success if the app is the caller's own and was made for the same folder: then an earlier
    /// attempt took effect and its answer was lost.
    pub(super) async fn create_app(&mut self, step: &Step<'_>, wanted: &App) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        match apps.create(wanted).await {
            Ok(_) => {}
            Err(error) if error.is_already_exists() => {
                let found = apps.get(&wanted.name).await?;
                let ours = found.creator.as_deref() == Some(self.plan.user_name.as_str())
                    && found.default_source_code_path == wanted.default_source_code_path;
                if !ours {
                    return Err(error.into());
                }
                step.progress("the app was registered by an earlier attempt");
            }
            Err(error) => return Err(error.into()),
        }
        let app = apps
            .wait_active(&wanted.name, &step.wait(self.engine.timing.compute, &|news| step.progress(news)))
            .await?;
        verify(&app, wanted, &["resources", "user_api_scopes"])?;
        let message = format!("{} is active", app.name);
        self.app = Some(app);
        Ok(message)
    }

    /// Changes the fields of `mask`, waits for the platform and reads them again.
    pub(super) async fn update_app(
        &mut self,
        step: &Step<'_>,
        mask: &[&'static str],
        wanted: &App,
    ) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        apps.update_masked(&wanted.name, mask, wanted).await?;
        apps.wait_update(&wanted.name, &step.wait(self.engine.timing.compute, &|news| step.progress(news)))
            .await?;
        let mut app = apps.get(&wanted.name).await?;
        // A new compute size restarts the compute, and no deployment starts before it is back.
        if compute_state(&app)
            .is_some_and(|state| matches!(state, ComputeState::Updating | ComputeState::Starting))
        {
            app = apps
                .wait_active(
                    &wanted.name,
                    &step.wait(self.engine.timing.compute, &|news| step.progress(news)),
                )
                .await?;
        }
        verify(&app, wanted, mask)?;
        self.app = Some(app);
        Ok(format!("changed {}", mask.join(", ")))
    }

    pub(super) async fn start_compute(&mut self, step: &Step<'_>, call: bool) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        let name = self.plan.request.app_name().as_str();
        if call {
            apps.start(name).await?;
        }
        let app = apps
            .wait_active(name, &step.wait(self.engine.timing.compute, &|news| step.progress(news)))
            .await?;
        self.app = Some(app);
        Ok("compute is active".into())
    }

    pub(super) async fn grant_permissions(
        &self,
        grants: &[AppAccessControlRequest],
    ) -> Result<String, Cause> {
        let name = self.plan.request.app_name().as_str();
        self.engine.client.apps().update_permissions(name, grants).await?;
        Ok(format!("{} given", grants.len()))
    }

    /// Deletes the app and waits until it is gone, so that its name is free when this returns.
    pub(super) async fn delete_app(&self, step: &Step<'_>) -> Result<String, Cause> {
        let apps = self.engine.client.apps();
        let name = self.plan.request.app_name().as_str();
        if self.app.as_ref().and_then(compute_state) != Some(ComputeState::Deleting) {
            match apps.delete(name).await {
                Err(error) if !error.is_not_found() => return Err(error.into()),
                _ => {}
            }
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

/// Fails if a field that was written does not show what was written.
fn verify(found: &App, wanted: &App, mask: &[&str]) -> Result<(), Cause> {
    let mut missing = Vec::new();
    if mask.contains(&"resources") {
        let lost = wanted.resources.iter().filter(|r| !found.resources.iter().any(|f| f.name == r.name));
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
    Err(Cause::NotAsExpected(format!("the app {} does not show its {}", found.name, missing.join(", "))))
}
