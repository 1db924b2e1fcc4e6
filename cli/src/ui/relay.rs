//! The page's calls, on to the one workspace.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use databricks::RelayRoute;

use super::refusal::Refusal;
use super::server::Server;

/// How long a page may take to send a body.
const BODY_DEADLINE: Duration = Duration::from_secs(60);

/// A file of the workspace must not become a page of ours, whatever it holds.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Any path that is nobody else's: on to the workspace if the engine calls it.
pub(super) async fn forward(
    State(server): State<Arc<Server>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let route = RelayRoute::find(&head.method, head.uri.path(), head.uri.query()).ok_or_else(|| {
        let message =
            format!("{} {} is not among the calls that are passed on", head.method, head.uri.path());
        Refusal::new(StatusCode::FORBIDDEN, "NOT_RELAYED", message)
    })?;
    let _turn = server.relaying.acquire().await;
    let body = read_body(body, route.body_limit()).await?;
    let call = route.call(&head.headers, body).map_err(Refusal::malformed)?;
    let relayed = server.client.relay(&call).await;
    if let Some((resource, credential)) = relayed.credential {
        server.databases.keep(resource, credential).await;
    }
    let answer = relayed.answer;
    let mut headers: HeaderMap = answer.headers;
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok((answer.status, headers, answer.body).into_response())
}

/// A body of at most `limit` bytes.
pub(super) async fn read_body(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let read = tokio::time::timeout(BODY_DEADLINE, to_bytes(body, limit)).await;
    read.ok().and_then(Result::ok).ok_or_else(|| Refusal::unread_body(limit))
}
