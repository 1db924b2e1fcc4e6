//! Answers for the page: the platform's own, or ours in its form.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use crate::error::{ApiError, Error};
use crate::transport::{Response, TransportErrorKind};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// All others stay here: cookies, what concerns one connection only, what would let other pages in.
const PASSED: [HeaderName; 4] = [CONTENT_TYPE, DATE, RETRY_AFTER, REQUEST_ID];

/// The platform's answer with the headers that pass.
pub(super) fn of_platform(response: Response) -> Response {
    let mut headers = HeaderMap::new();
    for name in PASSED {
        if let Some(value) = response.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    Response { headers, ..response }
}

/// A redirect is not passed on: a browser would follow it.
pub(super) fn of_redirect(error: &ApiError) -> Response {
    ours(StatusCode::MISDIRECTED_REQUEST, error.code.as_str(), &error.message)
}

/// The engine tries again what is answered with 503, and takes a status from 500 on to mean that the call may have taken
/// effect.
pub(super) fn of_error(error: &Error) -> Response {
    use TransportErrorKind as Kind;
    let (status, code) = match error {
        Error::Api(error) => {
            (StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_GATEWAY), error.code.as_str())
        }
        Error::Auth(_) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        Error::Transport(error) => match error.kind {
            Kind::Connect | Kind::Interrupted | Kind::Timeout => {
                (StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE")
            }
            Kind::UnknownHost | Kind::Tls | Kind::InvalidRequest => {
                (StatusCode::FAILED_DEPENDENCY, "WORKSPACE_UNREACHABLE")
            }
            Kind::Opaque | Kind::TooLarge => (StatusCode::BAD_GATEWAY, "BAD_GATEWAY"),
        },
        Error::InvalidArgument(_) => (StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE"),
        _ => (StatusCode::BAD_GATEWAY, "BAD_GATEWAY"),
    };
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    let mut answer = ours(status, code, &format!("{error}{hint}"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

fn ours(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "error_code": code, "message": message });
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
    Response { status, headers, body: Bytes::from(body.to_string()) }
}
