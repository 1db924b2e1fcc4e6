//! Errors of the token endpoint, as OAuth writes them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// `{"error", "error_description"}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) description: &'static str,
}

impl Refusal {
    /// 400
    pub(super) fn bad(error: &'static str, description: &'static str) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, error, description }
    }

    /// 400 `invalid_grant`
    pub(super) fn grant(description: &'static str) -> Refusal {
        Refusal::bad("invalid_grant", description)
    }

    /// 401 `invalid_client`
    pub(super) fn client() -> Refusal {
        let description = "Client authentication failed";
        Refusal { status: StatusCode::UNAUTHORIZED, error: "invalid_client", description }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        no_store((self.status, Json(body)).into_response())
    }
}

/// Tokens are not for caches.
pub(super) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
