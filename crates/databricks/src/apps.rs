//! Databricks Apps: the apps themselves, their deployments, permissions and states.

mod deployments;
#[cfg(not(target_arch = "wasm32"))]
mod logs;
mod permissions;
mod resource;
mod types;
mod waits;

use serde::Serialize;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::path;

#[cfg(not(target_arch = "wasm32"))]
pub use logs::{LogFollower, LogLine, LogSelection, LogSource, LogStream};
pub use permissions::*;
pub use resource::*;
pub use types::*;

/// Calls about apps. `name` is always the app's name.
#[derive(Clone, Copy, Debug)]
pub struct Apps<'a> {
    client: &'a Client,
}

impl<'a> Apps<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Makes an app and starts its machine; returns before it is ready.
    pub async fn create(self, app: &App) -> Result<App, Error> {
        self.client.json(Call::post("/api/2.0/apps").json(app)?).await
    }

    /// One app.
    pub async fn get(self, name: &str) -> Result<App, Error> {
        self.client.json(Call::get(app_path(name)?)).await
    }

    /// All apps of the workspace.
    pub async fn list(self) -> Result<Vec<App>, Error> {
        self.client.pages(Call::get("/api/2.0/apps"), "apps").await
    }

    /// Replaces all that can be changed (PATCH): what `app` does not hold is cleared. Prefer [`Apps::update_masked`].
    pub async fn update(self, name: &str, app: &App) -> Result<App, Error> {
        self.client.json(Call::patch(app_path(name)?).json(app)?).await
    }

    /// Replaces the fields in `mask` and leaves the others; returns before it is done (see [`Apps::wait_update`]).
    pub async fn update_masked(self, name: &str, mask: &[&str], app: &App) -> Result<AppUpdate, Error> {
        let body = MaskedUpdate { update_mask: mask.join(","), app };
        self.client.json(Call::post(update_path(name)?).json(&body)?).await
    }

    /// The latest masked update.
    pub async fn get_update(self, name: &str) -> Result<AppUpdate, Error> {
        self.client.json(Call::get(update_path(name)?)).await
    }

    /// Begins to delete the app; it answers with state DELETING for a while (see [`Apps::wait_deleted`]).
    pub async fn delete(self, name: &str) -> Result<App, Error> {
        self.client.json(Call::delete(app_path(name)?)).await
    }

    /// Starts the app's machine; returns before it is ready.
    pub async fn start(self, name: &str) -> Result<App, Error> {
        self.client.json(Call::post(format!("{}/start", app_path(name)?)).json(&Nothing {})?).await
    }

    /// Stops the app's machine; returns before it has stopped.
    pub async fn stop(self, name: &str) -> Result<App, Error> {
        self.client.json(Call::post(format!("{}/stop", app_path(name)?)).json(&Nothing {})?).await
    }
}

#[derive(Serialize)]
struct MaskedUpdate<'a> {
    update_mask: String,
    app: &'a App,
}

#[derive(Serialize)]
struct Nothing {}

fn app_path(name: &str) -> Result<String, Error> {
    Ok(format!("/api/2.0/apps/{}", path::segment("app name", name)?))
}

fn update_path(name: &str) -> Result<String, Error> {
    Ok(format!("{}/update", app_path(name)?))
}
