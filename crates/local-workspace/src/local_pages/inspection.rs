//! Looks behind the scenes, for tests: the request log and the apps' logs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::auth::require_user;
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// `{"requests": [..]}`, oldest first.
pub(super) async fn requests(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    require_user(&workspace, &headers)?;
    Ok(Json(json!({"requests": workspace.request_log.entries()})))
}

/// Forgets the requests so far.
pub(super) async fn clear_requests(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    require_user(&workspace, &headers)?;
    workspace.request_log.clear();
    Ok(StatusCode::NO_CONTENT)
}

/// `{"logs": [{"source", "timestamp", "message"}]}`: the last lines of an app.
pub(super) async fn app_logs(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    require_user(&workspace, &headers)?;
    if !workspace.store.read(|records| records.apps.contains_key(&name)) {
        return Err(ApiError::not_found(format!("App with name {name} does not exist or is deleted.")));
    }
    let lines: Vec<Value> = workspace
        .app_host
        .logs(&name)
        .into_iter()
        .map(|line| json!({"source": line.source, "timestamp": line.timestamp, "message": line.message}))
        .collect();
    Ok(Json(json!({"logs": lines})))
}
