//! Databricks Apps: the REST API, the states, and the deployments that the [app host](crate::app_host) runs.

mod api;
mod deploy_job;
mod deployments;
mod environment;
mod inline_overrides;
mod lifecycle;
mod names;
mod permissions;
mod present;
pub(crate) mod record;
mod resources;
pub(crate) mod restore;
mod scopes;
mod settings;
mod source;
mod update;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use permissions::level_of;
pub(crate) use scopes::effective as effective_scopes;

use crate::workspace::Workspace;

/// `/2.0/apps…` and `/2.0/permissions/apps/…`
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/2.0/apps", get(api::list).post(api::create))
        .route("/2.0/apps/{name}", get(api::get).patch(api::replace).delete(api::delete))
        .route("/2.0/apps/{name}/update", get(update::get).post(update::create))
        .route("/2.0/apps/{name}/start", post(lifecycle::start))
        .route("/2.0/apps/{name}/stop", post(lifecycle::stop))
        .route("/2.0/apps/{name}/deployments", get(deployments::list).post(deployments::create))
        .route("/2.0/apps/{name}/deployments/{id}", get(deployments::get))
        .route(
            "/2.0/permissions/apps/{name}",
            get(permissions::get).put(permissions::replace).patch(permissions::add),
        )
        .route("/2.0/permissions/apps/{name}/permissionLevels", get(permissions::levels))
}
