//! Deploying the folder and waiting until the app runs.

use databricks::apps::{App, AppDeployment, ApplicationState};

use super::wait::Look;
use super::{Run, Step};
use crate::error::Cause;

impl Run<'_> {
    /// Starts a deployment, waits for its end, and then until the app itself reports that it runs.
    pub(super) async fn deploy(&mut self, step: &Step<'_>, source_code_path: &str) -> Result<String, Cause> {
        let started = self.start_deployment(step, source_code_path).await?;
        let id =
            started.deployment_id.ok_or_else(|| Cause::NotAsExpected("the deployment has no id".into()))?;
        self.await_deployment(step, &id).await?;
        let app = self.await_running(step).await?;
        let message = format!("{} runs at {}", app.name, app.url.as_deref().unwrap_or("an unknown address"));
        self.app = Some(app);
        self.deployment_id = Some(id);
        Ok(message)
    }

    /// Only one deployment may be in flight: if there is another, it is waited for and ours is started after it.
    async fn start_deployment(
        &self,
        step: &Step<'_>,
        source_code_path: &str,
    ) -> Result<AppDeployment, Cause> {
        let name = self.plan.request.app_name().as_str();
        let apps = self.engine.client.apps();
        let wanted =
            AppDeployment { source_code_path: Some(source_code_path.to_owned()), ..AppDeployment::default() };
        let error = match apps.deploy(name, &wanted).await {
            Ok(started) => return Ok(started),
            Err(error) => error,
        };
        let in_flight = error.api().is_some_and(|api| api.message.contains("active deployment in progress"));
        if !in_flight {
            return Err(error.into());
        }
        let pending =
            apps.get(name).await?.pending_deployment.and_then(|deployment| deployment.deployment_id);
        if let Some(id) = pending {
            step.progress(&format!("waiting for deployment {id}, which is in progress"));
            // How the other deployment ends is not ours to judge.
            _ = self.await_deployment(step, &id).await;
        }
        Ok(apps.deploy(name, &wanted).await?)
    }

    async fn await_deployment(&self, step: &Step<'_>, id: &str) -> Result<(), Cause> {
        let name = self.plan.request.app_name().as_str();
        let progress = |news: &str| step.progress(news);
        let wait = step.wait(self.engine.timing.deployment, &progress);
        self.engine.client.apps().wait_deployment(name, id, &wait).await?;
        Ok(())
    }

    async fn await_running(&self, step: &Step<'_>) -> Result<App, Cause> {
        let name = self.plan.request.app_name().as_str();
        let what = format!("app {name} to run");
        step.until(self.engine.timing.deployment, &what, || async {
            let app = self.engine.client.apps().get(name).await?;
            let status = app.app_status.clone().unwrap_or_default();
            let message = status.message.unwrap_or_default();
            match status.state {
                Some(ApplicationState::Running) => Ok(Look::Done(app)),
                Some(ApplicationState::Crashed) => {
                    let logs = app.url.map(|url| format!("; its log is at {url}/logz")).unwrap_or_default();
                    Err(Cause::NotAsExpected(format!("the app {name} has crashed: {message}{logs}")))
                }
                _ => Ok(Look::NotYet(message)),
            }
        })
        .await
    }
}
