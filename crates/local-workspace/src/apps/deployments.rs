//! Deployments: begin, read, list.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::api::{find, find_mut};
use super::permissions::{Level, require};
use super::record::{AppRecord, ComputeState, Deployment, DeploymentState, EnvVar};
use super::{deploy_job, lifecycle, present};
use crate::auth::Caller;
use crate::rest::{ApiError, ApiJson, ApiQuery, PageQuery, page};
use crate::workspace::Workspace;
use crate::workspace_files::{WorkspacePath, check_access};

#[derive(Deserialize)]
pub(super) struct DeploymentBody {
    source_code_path: Option<String>,
    mode: Option<String>,
    command: Option<Vec<String>>,
    #[serde(default)]
    env_vars: Vec<EnvVar>,
    git_source: Option<Value>,
    health_check: Option<Value>,
}

pub(super) async fn create(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiJson(body): ApiJson<DeploymentBody>,
) -> Result<Json<Value>, ApiError> {
    let deployment = workspace.store.write(|records| {
        let app = find_mut(records, &name)?;
        require(app, &caller, Level::CanManage)?;
        lifecycle::refuse_while_deleting(app)?;
        if app.pending_deployment.is_some() {
            let message = format!("Cannot deploy app {name} as there is an active deployment in progress");
            return Err(ApiError::bad_request(message));
        }
        if app.compute != ComputeState::Active {
            let state = app.compute.as_str();
            let message = format!(
                "Cannot deploy app {name} as its compute is in state {state}. Start the app compute to deploy the app."
            );
            return Err(ApiError::bad_request(message));
        }
        let deployment = accept(app, &caller, body)?;
        app.add_deployment(deployment.clone());
        Ok(deployment)
    })?;
    let shown = present::deployment(&deployment);
    deploy_job::spawn(&workspace, &name, deployment);
    Ok(Json(shown))
}

fn accept(app: &AppRecord, caller: &Caller, body: DeploymentBody) -> Result<Deployment, ApiError> {
    if body.git_source.is_some() {
        return Err(ApiError::not_implemented("deploy from a Git repository"));
    }
    let given = body.source_code_path.filter(|path| !path.is_empty());
    let source_code_path = given
        .or_else(|| app.default_source_code_path.clone())
        .ok_or_else(|| ApiError::invalid_parameter("source_code_path is required to deploy the app."))?;
    check_access(caller, &WorkspacePath::parse(&source_code_path)?)?;
    let deployment_id = Uuid::new_v4().simple().to_string();
    let now = Timestamp::now();
    Ok(Deployment {
        artifacts_path: format!("/Workspace/Users/{}/src/{deployment_id}", app.service_principal_client_id),
        deployment_id,
        source_code_path,
        mode: body.mode.unwrap_or_else(|| "SNAPSHOT".to_owned()),
        command: body.command.filter(|command| !command.is_empty()),
        env_vars: body.env_vars,
        git_source: body.git_source,
        health_check: body.health_check,
        creator: caller.name.clone(),
        create_time: now,
        update_time: now,
        state: DeploymentState::InProgress,
        message: "Preparing source code for new app deployment.".to_owned(),
    })
}

pub(super) async fn get(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let app = find(records, &name)?;
        require(app, &caller, Level::CanUse)?;
        let deployment = app.deployment(&id);
        let missing = || ApiError::not_found(format!("Deployment {id} of app {name} does not exist."));
        deployment.map(|deployment| Json(present::deployment(deployment))).ok_or_else(missing)
    })
}

/// The latest first.
pub(super) async fn list(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let app = find(records, &name)?;
        require(app, &caller, Level::CanUse)?;
        let latest_first = app.deployments.iter().rev().map(|deployment| {
            // descending time as an ascending key
            let age = i64::MAX - deployment.create_time.as_microsecond();
            (format!("{age:020}-{}", deployment.deployment_id), present::deployment(deployment))
        });
        page("app_deployments", &query, latest_first).map(Json)
    })
}
