//! Errors as responses: every failure under `/api` has the body `{"detail": "…"}`.

use std::any::Any;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tellr_api::ErrorBody;

/// A failed call: a status and a sentence for the user.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    detail: String,
}

impl ApiError {
    /// 401: the platform's proxy did not say who is calling.
    pub(super) fn unidentified() -> Self {
        let detail = "Your Databricks identity could not be resolved for this request. \
                      Please refresh the page to re-authenticate.";
        Self { status: StatusCode::UNAUTHORIZED, detail: detail.to_owned() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody::new(self.detail))).into_response()
    }
}

/// Answer for a path under `/api` that no route has.
pub(super) async fn unknown_api_path() -> ApiError {
    ApiError { status: StatusCode::NOT_FOUND, detail: "Not Found".to_owned() }
}

/// Answer for a request whose handler panicked; the cause goes to the log only.
#[expect(clippy::needless_pass_by_value, reason = "this is how the layer calls it")]
pub(super) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(cause, "a request's handler panicked");
    let detail =
        "The server made a mistake. Its log says more, under this response's X-Request-Id.".to_owned();
    ApiError { status: StatusCode::INTERNAL_SERVER_ERROR, detail }.into_response()
}

/// Gives failures under `/api` that came without a JSON body (a wrong method, a body too large, a timeout) one.
pub(super) async fn as_json(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if !is_api || !failed || is_json(&response) {
        return response;
    }
    let detail = response.status().canonical_reason().unwrap_or("Error").to_owned();
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::CONTENT_TYPE);
    (head, Json(ErrorBody::new(detail))).into_response()
}

fn is_json(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static("application/json"))
}
