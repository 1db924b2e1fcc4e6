//! Deploying source to an app.

use super::{AppDeployment, Apps, app_path};
use crate::call::Call;
use crate::error::Error;
use crate::path;

impl Apps<'_> {
    /// Begins a deployment; returns before it runs (see [`Apps::wait_deployment`]). Refused while another one is on its way.
    /// Not tried again after an attempt whose fate is unknown, since deployments have no name of the caller's choice that
    /// would keep a second one from being made: look at the app then.
    pub async fn deploy(self, name: &str, deployment: &AppDeployment) -> Result<AppDeployment, Error> {
        self.client.json(Call::post(deployments_path(name)?).json(deployment)?.once()).await
    }

    /// One deployment.
    pub async fn deployment(self, name: &str, id: &str) -> Result<AppDeployment, Error> {
        self.client.json(Call::get(deployment_path(name, id)?)).await
    }

    /// All deployments, the latest first.
    pub async fn deployments(self, name: &str) -> Result<Vec<AppDeployment>, Error> {
        self.client.pages(Call::get(deployments_path(name)?), "app_deployments").await
    }
}

fn deployments_path(name: &str) -> Result<String, Error> {
    Ok(format!("{}/deployments", app_path(name)?))
}

pub(super) fn deployment_path(name: &str, id: &str) -> Result<String, Error> {
    Ok(format!("{}/{}", deployments_path(name)?, path::segment("deployment id", id)?))
}
