//! The answers that the proxy gives itself: a page for browsers, JSON for others.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

/// Whether the caller would rather read a page.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepts.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}

/// The app has no process that listens.
pub(super) fn unavailable(app_name: &str, request: &Request) -> Response {
    let text = "The app is not running. See its logs, or deploy it.";
    answer(StatusCode::BAD_GATEWAY, app_name, "App Not Available", text, request.headers())
}

/// The app did not answer as HTTP wants it.
pub(super) fn bad_gateway(app_name: &str, headers: &HeaderMap) -> Response {
    let text = "The app closed the connection without an answer.";
    answer(StatusCode::BAD_GATEWAY, app_name, "Bad Gateway", text, headers)
}

/// The app took too long.
pub(super) fn gateway_timeout(app_name: &str, headers: &HeaderMap) -> Response {
    let text = "The app did not answer within the platform's limit for one request.";
    answer(StatusCode::GATEWAY_TIMEOUT, app_name, "Gateway Timeout", text, headers)
}

/// The caller is known, but may not.
pub(super) fn forbidden(app_name: &str, request: &Request) -> Response {
    let text = "You do not have permission to use this app, or the request comes from another site.";
    answer(StatusCode::FORBIDDEN, app_name, "Forbidden", text, request.headers())
}

/// The caller has to prove who they are.
pub(super) fn unauthorized(app_name: &str, headers: &HeaderMap) -> Response {
    let text =
        "Credential was not sent or was of an unsupported type for this app: an OAuth token is needed.";
    let mut response = answer(StatusCode::UNAUTHORIZED, app_name, "Unauthorized", text, headers);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Something about the request itself is wrong.
pub(super) fn bad_request(app_name: &str, text: &str, headers: &HeaderMap) -> Response {
    answer(StatusCode::BAD_REQUEST, app_name, "Bad Request", text, headers)
}

/// `title` and `text` are ours and `app_name` holds letters, digits and hyphens, so nothing needs escaping.
fn answer(status: StatusCode, app_name: &str, title: &str, text: &str, headers: &HeaderMap) -> Response {
    let body = if wants_page(headers) {
        Html(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
             <main><h1>{title}</h1><p>{text}</p><p><small>App {app_name} on a local workspace, which is not \
             Databricks.</small></p></main></html>"
        ))
        .into_response()
    } else {
        axum::Json(json!({"error_code": code(status), "message": text})).into_response()
    };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "BAD_REQUEST",
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::GATEWAY_TIMEOUT => "DEADLINE_EXCEEDED",
        _ => "TEMPORARILY_UNAVAILABLE",
    }
}
