//! A request that is refused here, in the form that the platform's own errors have.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is not answered.
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The body is larger than it may be, or did not come in time.
    pub(super) fn unread_body(limit: usize) -> Self {
        let message = format!("the body did not come whole, or is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_NOT_READ", message)
    }

    /// What was sent cannot be understood.
    pub(super) fn malformed(reason: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MALFORMED_REQUEST", reason.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error_code": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}
