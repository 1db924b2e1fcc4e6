//! Which request goes where.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::{Router, routing};
use http::{Method, StatusCode, Uri};
use tower_http::catch_panic::CatchPanicLayer;

use crate::rest::request_log;
use crate::rest::{ApiError, cors, org_id, request_id};
use crate::workspace::Workspace;
use crate::{apps, auth, database_api, faults, local_pages, postgres_api, scim, workspace_files};

/// The whole server.
pub(crate) fn router(workspace: Arc<Workspace>) -> Router {
    let api = Router::new()
        .merge(scim::routes())
        .merge(apps::routes())
        .merge(workspace_files::routes())
        .merge(database_api::routes())
        .merge(postgres_api::routes())
        .fallback(no_such_api)
        .method_not_allowed_fallback(no_such_api)
        .layer(from_fn_with_state(Arc::clone(&workspace), auth::require_bearer))
        .layer(from_fn_with_state(Arc::clone(&workspace), org_id));
    Router::new()
        .nest("/api", api)
        .merge(auth::oidc_routes())
        .merge(local_pages::routes())
        .merge(faults::routes())
        .fallback(routing::any(no_such_page))
        .layer(from_fn_with_state(Arc::clone(&workspace), request_log::record))
        .layer(from_fn_with_state(Arc::clone(&workspace), faults::intercept))
        .layer(from_fn(request_log::take_in))
        // bodies have been taken in whole, within the log's own limit
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&workspace), cors))
        .layer(from_fn(request_id))
        .layer(CatchPanicLayer::new())
        .with_state(workspace)
}

async fn no_such_api(method: Method, OriginalUri(uri): OriginalUri) -> ApiError {
    unknown_api(&method, &uri)
}

/// 404 for a call that the API does not have; `uri` as it was sent.
pub(crate) fn unknown_api(method: &Method, uri: &Uri) -> ApiError {
    let path = uri.path().strip_prefix("/api").unwrap_or(uri.path());
    let unversioned = path.strip_prefix("/2.").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let message = format!("No API found for '{method} {}'", unversioned.unwrap_or(path));
    ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message)
}

async fn no_such_page() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "This local workspace has no such page. Its REST API lies under /api.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_leaves_out_the_version() {
        for (uri, path) in [
            ("/api/2.0/postgres/projects?x=1", "/postgres/projects"),
            ("/api/2.1/unity-catalog/catalogs", "/unity-catalog/catalogs"),
            ("/api/nonsense", "/nonsense"),
        ] {
            let error = unknown_api(&Method::GET, &Uri::from_static(uri));
            assert_eq!(error.message(), format!("No API found for 'GET {path}'"));
        }
    }
}
