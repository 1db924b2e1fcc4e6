//! Headers that every answer carries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::workspace::Workspace;

/// Gives each answer of the API the id of the workspace: the SDKs learn it from there.
pub(crate) async fn org_id(
    State(workspace): State<Arc<Workspace>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let id = workspace.store.read(|records| records.identity.workspace_id.clone());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-databricks-org-id"), value);
    }
    response
}

/// Gives each answer an id of its own.
pub(crate) async fn request_id(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}
