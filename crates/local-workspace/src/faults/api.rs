//! `/local/faults`: setting rules, seeing what has come of them, taking them away.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::board::Release;
use super::call::Call;
use super::presets;
use super::rule::RuleBody;
use crate::auth::require_user;
use crate::rest::{ApiError, ApiJson, ApiQuery};
use crate::workspace::Workspace;

const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// The routes; only the workspace's user may use them.
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/local/faults", get(list).post(add).delete(clear))
        .route("/local/faults/presets", get(list_presets))
        .route("/local/faults/{id}", axum::routing::delete(remove))
        .route("/local/faults/{id}/held", get(held))
        .route("/local/expire-tokens", post(expire_tokens))
}

async fn list(State(workspace): State<Arc<Workspace>>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    require_user(&workspace, &headers)?;
    Ok(Json(workspace.faults.show()))
}

async fn list_presets(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    require_user(&workspace, &headers)?;
    Ok(Json(presets::list()))
}

async fn add(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<RuleBody>,
) -> Result<Json<Value>, ApiError> {
    require_user(&workspace, &headers)?;
    let id = workspace.faults.add(body)?;
    Ok(Json(json!({"id": id})))
}

#[derive(Deserialize)]
struct RemoveQuery {
    held: Option<HeldCalls>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeldCalls {
    GoOn,
    Drop,
}

impl RemoveQuery {
    fn release(&self) -> Release {
        match self.held {
            Some(HeldCalls::Drop) => Release::Drop,
            Some(HeldCalls::GoOn) | None => Release::GoOn,
        }
    }
}

async fn remove(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery<RemoveQuery>,
) -> Result<StatusCode, ApiError> {
    require_user(&workspace, &headers)?;
    workspace.faults.remove(Some(&id), query.release())?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<RemoveQuery>,
) -> Result<StatusCode, ApiError> {
    require_user(&workspace, &headers)?;
    workspace.faults.remove(None, query.release())?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct HeldQuery {
    timeout_ms: Option<u64>,
}

/// Answers as soon as the rule holds a call; 204 when it does not in time.
async fn held(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery<HeldQuery>,
) -> Result<Result<Json<Call>, StatusCode>, ApiError> {
    require_user(&workspace, &headers)?;
    let timeout = query.timeout_ms.map_or(Duration::from_secs(20), Duration::from_millis).min(LONGEST_WAIT);
    let held = tokio::select! {
        held = workspace.faults.wait_held(&id, timeout) => held?,
        () = workspace.stopping.cancelled() => None,
    };
    Ok(held.map(Json).ok_or(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct ExpireBody {
    kind: TokenKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenKind {
    Access,
    Lakebase,
    All,
}

/// Ends the tokens issued so far: OAuth access tokens, the passwords of Lakebase roles, or both.
async fn expire_tokens(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<ExpireBody>,
) -> Result<StatusCode, ApiError> {
    require_user(&workspace, &headers)?;
    if body.kind != TokenKind::Lakebase {
        workspace.access_tokens.expire_all();
    }
    if body.kind != TokenKind::Access {
        workspace.lakebase.expire_tokens().await.map_err(|error| ApiError::internal(error.to_string()))?;
    }
    Ok(StatusCode::NO_CONTENT)
}
