//! The CORS switch: what a page of another origin may read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::options::CorsMode;
use crate::workspace::Workspace;

const ALLOWED_METHODS: &str = "GET, POST, PUT, PATCH, DELETE, HEAD";
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, X-Databricks-Workspace-Id, X-Databricks-Org-Id";

/// Adds CORS headers where the options say so, and answers preflights there.
pub(crate) async fn cors(State(workspace): State<Arc<Workspace>>, request: Request, next: Next) -> Response {
    if !applies(workspace.options.cors, request.uri().path()) {
        return next.run(request).await;
    }
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let mut add =
        |name: HeaderName, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
    add(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if preflight {
        add(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        add(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        add(header::ACCESS_CONTROL_MAX_AGE, "600");
    } else {
        add(header::ACCESS_CONTROL_EXPOSE_HEADERS, "X-Databricks-Org-Id, X-Request-Id, Retry-After");
    }
    response
}

/// The switch is about the platform's API and its sign-in; what is only local stays same-origin.
fn applies(mode: CorsMode, path: &str) -> bool {
    match mode {
        CorsMode::None => false,
        CorsMode::Star => ["/api/", "/oidc/", "/.well-known/"].iter().any(|prefix| path.starts_with(prefix)),
        CorsMode::FilesOnly => path.starts_with("/api/2.0/fs/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_chooses_paths() {
        let apps = "/api/2.0/apps";
        let files = "/api/2.0/fs/files/Volumes/c/s/v/f";
        let cases = [
            (CorsMode::None, apps, false),
            (CorsMode::None, files, false),
            (CorsMode::Star, apps, true),
            (CorsMode::Star, "/local/requests", false),
            (CorsMode::FilesOnly, apps, false),
            (CorsMode::FilesOnly, files, true),
        ];
        for (mode, path, expected) in cases {
            assert_eq!(applies(mode, path), expected, "{mode:?} {path}");
        }
    }
}
