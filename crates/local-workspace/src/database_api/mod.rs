//! Lakebase Provisioned: `/2.0/database`.

mod credentials;
pub(crate) mod instances;
mod record;
pub(crate) mod roles;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use record::InstanceRecord;
pub(crate) use roles::grant_connect_and_create;

use crate::records::Records;
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// The one database of every instance and branch.
pub(crate) const DATABASE_NAME: &str = "databricks_postgres";

/// `/2.0/database/…`
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/2.0/database/instances", get(instances::list).post(instances::create))
        .route("/2.0/database/instances:findByUid", get(instances::find_by_uid))
        .route(
            "/2.0/database/instances/{name}",
            get(instances::get).patch(instances::update).delete(instances::delete),
        )
        .route("/2.0/database/instances/{name}/roles", get(roles::list).post(roles::create))
        .route("/2.0/database/instances/{name}/roles/{role}", get(roles::get).delete(roles::delete))
        .route("/2.0/database/credentials", post(credentials::generate))
}

/// The instance called `name`.
pub(crate) fn find<'a>(records: &'a Records, name: &str) -> Result<&'a InstanceRecord, ApiError> {
    records.instances.get(name).ok_or_else(|| missing(name))
}

fn find_mut<'a>(records: &'a mut Records, name: &str) -> Result<&'a mut InstanceRecord, ApiError> {
    records.instances.get_mut(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ApiError {
    ApiError::not_found(format!("Database instance '{name}' not found."))
}
