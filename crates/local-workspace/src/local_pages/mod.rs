//! What only a local workspace has: its front page, the sign-in for browsers, and looks behind the scenes for tests.

mod index;
mod inspection;
mod page;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use page::{escape, page};

use crate::workspace::Workspace;

/// `/` and `/local/…`
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/", get(index::show))
        .route("/local/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/local/sign-in-links", post(sign_in::link))
        .route("/local/requests", get(inspection::requests).delete(inspection::clear_requests))
        .route("/local/apps/{name}/logs", get(inspection::app_logs))
}
