//! Waiting for an app's machine, deployment or update.

use super::deployments::deployment_path;
use super::{
    App, AppDeployment, AppDeploymentState, AppUpdate, AppUpdateState, Apps, ComputeState, app_path,
    update_path,
};
use crate::call::Call;
use crate::error::Error;
use crate::wait::{Seen, Wait, poll};

impl Apps<'_> {
    /// Waits until the machine runs. ERROR and STOPPED end the wait as failures.
    pub async fn wait_active(self, name: &str, wait: &Wait<'_>) -> Result<App, Error> {
        let judge = |app: &App| match compute_state(app) {
            Some(ComputeState::Active) => Seen::Reached,
            Some(ComputeState::Error | ComputeState::Stopped) => compute_failed(app),
            _ => compute_pending(app),
        };
        self.wait_compute(name, format!("app {name} to become ACTIVE"), wait, judge).await
    }

    /// Waits until the machine has stopped. ERROR ends the wait as a failure.
    pub async fn wait_stopped(self, name: &str, wait: &Wait<'_>) -> Result<App, Error> {
        let judge = |app: &App| match compute_state(app) {
            Some(ComputeState::Stopped) => Seen::Reached,
            Some(ComputeState::Error) => compute_failed(app),
            _ => compute_pending(app),
        };
        self.wait_compute(name, format!("app {name} to become STOPPED"), wait, judge).await
    }

    async fn wait_compute(
        self,
        name: &str,
        what: String,
        wait: &Wait<'_>,
        judge: impl Fn(&App) -> Seen,
    ) -> Result<App, Error> {
        let path = app_path(name)?;
        let look = |left| self.client.json(Call::get(path.clone()).within(left));
        poll(self.client, what, wait, look, judge).await
    }

    /// Waits until the app is gone: the name can be used again only then.
    pub async fn wait_deleted(self, name: &str, wait: &Wait<'_>) -> Result<(), Error> {
        let path = app_path(name)?;
        let look = |left| {
            let call = Call::get(path.clone()).within(left);
            async move {
                match self.client.json::<App>(call).await {
                    Ok(app) => Ok(Some(app)),
                    Err(error) if error.is_not_found() => Ok(None),
                    Err(error) => Err(error),
                }
            }
        };
        let judge = |app: &Option<App>| app.as_ref().map_or(Seen::Reached, compute_pending);
        poll(self.client, format!("app {name} to be deleted"), wait, look, judge).await.map(drop)
    }

    /// Waits until a deployment runs. FAILED and CANCELLED end the wait as failures, with the platform's message.
    pub async fn wait_deployment(
        self,
        name: &str,
        id: &str,
        wait: &Wait<'_>,
    ) -> Result<AppDeployment, Error> {
        let path = deployment_path(name, id)?;
        let look = |left| self.client.json(Call::get(path.clone()).within(left));
        let judge = |deployment: &AppDeployment| {
            let status = deployment.status.clone().unwrap_or_default();
            let (state, message) =
                (word(status.state.as_ref().map(AppDeploymentState::as_str)), status.message);
            match status.state {
                Some(AppDeploymentState::Succeeded) => Seen::Reached,
                Some(AppDeploymentState::Failed | AppDeploymentState::Cancelled) => {
                    Seen::Failed { state, message }
                }
                _ => Seen::Pending { state, message },
            }
        };
        poll(self.client, format!("deployment {id} of app {name}"), wait, look, judge).await
    }

    /// Waits until the latest masked update is done. FAILED ends the wait as a failure.
    pub async fn wait_update(self, name: &str, wait: &Wait<'_>) -> Result<AppUpdate, Error> {
        let path = update_path(name)?;
        let look = |left| self.client.json(Call::get(path.clone()).within(left));
        let judge = |update: &AppUpdate| {
            let status = update.status.clone().unwrap_or_default();
            let (state, message) = (word(status.state.as_ref().map(AppUpdateState::as_str)), status.message);
            match status.state {
                Some(AppUpdateState::Succeeded) => Seen::Reached,
                Some(AppUpdateState::Failed) => Seen::Failed { state, message },
                _ => Seen::Pending { state, message },
            }
        };
        poll(self.client, format!("update of app {name}"), wait, look, judge).await
    }
}

fn compute_state(app: &App) -> Option<&ComputeState> {
    app.compute_status.as_ref()?.state.as_ref()
}

fn compute_words(app: &App) -> (String, Option<String>) {
    let message = app.compute_status.as_ref().and_then(|status| status.message.clone());
    (word(compute_state(app).map(ComputeState::as_str)), message)
}

fn compute_pending(app: &App) -> Seen {
    let (state, message) = compute_words(app);
    Seen::Pending { state, message }
}

fn compute_failed(app: &App) -> Seen {
    let (state, message) = compute_words(app);
    Seen::Failed { state, message }
}

fn word(state: Option<&str>) -> String {
    state.unwrap_or("no state").to_owned()
}
