//! Which call goes where: the paths after `/2.0/postgres/` are names of resources.

use std::sync::Arc;

use axum::extract::{OriginalUri, Path, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::credentials::{self, CredentialBody};
use super::paths::Resource;
use super::projects::{self, ProjectBody};
use super::roles::{self, RoleBody};
use super::{branches, endpoints, errors, operations};
use crate::auth::Caller;
use crate::rest::{ApiError, ApiJson, ApiQuery, PageQuery};
use crate::unknown_api;
use crate::workspace::Workspace;

/// `/2.0/postgres/…`
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/2.0/postgres/projects", get(list_projects).post(create_project))
        .route("/2.0/postgres/credentials", post(generate_credential))
        .route("/2.0/postgres/projects/{*rest}", get(read).post(create).patch(change).delete(delete))
}

async fn list_projects(
    State(workspace): State<Arc<Workspace>>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    projects::list(&workspace, &query).map(Json)
}

#[derive(Deserialize)]
struct CreateProjectQuery {
    #[serde(default)]
    project_id: String,
}

async fn create_project(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiQuery(query): ApiQuery<CreateProjectQuery>,
    ApiJson(body): ApiJson<ProjectBody>,
) -> Result<Json<Value>, ApiError> {
    projects::create(&workspace, &caller, &query.project_id, body).map(Json)
}

async fn generate_credential(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiJson(body): ApiJson<CredentialBody>,
) -> Result<Json<Value>, ApiError> {
    credentials::generate(&workspace, &caller, &body).await.map(Json)
}

async fn read(
    State(workspace): State<Arc<Workspace>>,
    OriginalUri(uri): OriginalUri,
    Path(rest): Path<String>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let name = format!("projects/{rest}");
    let unknown = || unknown_api(&Method::GET, &uri);
    let answer = match Resource::parse(&name).ok_or_else(unknown)? {
        Resource::Operation => operations::get(&workspace, &name),
        Resource::Project { project } => projects::get(&workspace, &project),
        Resource::Branches { project } => branches::list(&workspace, &project, &query),
        Resource::Branch { project, branch } => branches::get(&workspace, &project, &branch),
        Resource::Endpoints { project, branch } => endpoints::list(&workspace, &project, &branch, &query),
        Resource::Endpoint { project, branch, endpoint } => {
            endpoints::get(&workspace, &project, &branch, &endpoint)
        }
        Resource::Roles { project, branch } => roles::list(&workspace, &project, &branch, &query),
        Resource::Role { project, branch, role } => roles::get(&workspace, &project, &branch, &role),
        Resource::Databases { project, branch } => branches::databases(&workspace, &project, &branch, &query),
        Resource::Database { project, branch, database } => {
            branches::database(&workspace, &project, &branch, &database)
        }
    };
    answer.map(Json)
}

#[derive(Deserialize)]
struct CreateQuery {
    #[serde(default)]
    role_id: String,
}

async fn create(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path(rest): Path<String>,
    ApiQuery(query): ApiQuery<CreateQuery>,
    ApiJson(body): ApiJson<Value>,
) -> Result<Json<Value>, ApiError> {
    match Resource::parse(&format!("projects/{rest}")) {
        Some(Resource::Roles { project, branch }) => {
            let body: RoleBody = serde_json::from_value(body)
                .map_err(|error| ApiError::malformed(format!("Could not parse request object: {error}")))?;
            roles::create(&workspace, &caller, (&project, &branch), &query.role_id, body).map(Json)
        }
        Some(Resource::Branches { .. }) => {
            Err(ApiError::not_implemented("make further branches of a project"))
        }
        Some(Resource::Endpoints { .. }) => {
            Err(ApiError::not_implemented("make further endpoints of a branch"))
        }
        Some(Resource::Databases { .. }) => {
            Err(ApiError::not_implemented("make further databases of a branch"))
        }
        _ => Err(unknown_api(&Method::POST, &uri)),
    }
}

async fn change(OriginalUri(uri): OriginalUri, Path(rest): Path<String>) -> ApiError {
    match Resource::parse(&format!("projects/{rest}")) {
        Some(Resource::Project { .. } | Resource::Branch { .. } | Resource::Endpoint { .. }) => {
            ApiError::not_implemented("change a project, a branch or an endpoint")
        }
        _ => unknown_api(&Method::PATCH, &uri),
    }
}

async fn delete(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    OriginalUri(uri): OriginalUri,
    Path(rest): Path<String>,
) -> Result<Json<Value>, ApiError> {
    match Resource::parse(&format!("projects/{rest}")) {
        Some(Resource::Project { project }) => projects::delete(&workspace, &caller, &project).map(Json),
        Some(Resource::Role { project, branch, role }) => {
            roles::delete(&workspace, &caller, (&project, &branch), &role).map(Json)
        }
        Some(Resource::Branch { project, branch }) => {
            branches::get(&workspace, &project, &branch)?;
            Err(errors::managed_by_parent("the root branch"))
        }
        Some(Resource::Endpoint { project, branch, endpoint }) => {
            endpoints::get(&workspace, &project, &branch, &endpoint)?;
            Err(errors::managed_by_parent("the read-write endpoint"))
        }
        _ => Err(unknown_api(&Method::DELETE, &uri)),
    }
}
