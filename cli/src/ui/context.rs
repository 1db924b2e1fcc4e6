//! `GET /tellr/context`: what the page needs to know of where it is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::server::Server;
use crate::origin;

/// Everything but the token.
pub(super) async fn show(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({
        "host": server.client.host().as_str(),
        "user_name": server.user_name,
        "auth_type": server.client.config().credentials.auth_type(),
        "version": env!("CARGO_PKG_VERSION"),
        "origin": origin::origin().name,
        "schema_setup": "engine",
        "sources": server.sources.describe(),
    }))
}
