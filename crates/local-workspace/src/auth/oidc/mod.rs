//! OAuth: discovery, the token endpoint, and the page where people agree.

mod authorization;
mod authorize;
mod grants;
mod refusal;
mod token;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub(crate) use authorization::AuthorizeQuery;
pub(crate) use authorize::approve;
pub(crate) use grants::PersonGrants;

use super::access_tokens::ALL_APIS;
use crate::workspace::Workspace;

/// The scope with which a client gets a refresh token.
pub(super) const OFFLINE_ACCESS: &str = "offline_access";

/// `/.well-known/databricks-config` and `/oidc/…`; none of them asks for a bearer token.
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/.well-known/databricks-config", get(host_metadata))
        .route("/oidc/.well-known/oauth-authorization-server", get(authorization_server))
        .route("/oidc/.well-known/openid-configuration", get(authorization_server))
        .route("/oidc/v1/authorize", get(authorize::form).post(authorize::submit))
        .route("/oidc/v1/token", post(token::token))
}

async fn host_metadata(State(workspace): State<Arc<Workspace>>) -> Json<Value> {
    let (workspace_id, account_id) = workspace
        .store
        .read(|records| (records.identity.workspace_id.clone(), records.identity.account_id.clone()));
    Json(json!({
        "oidc_endpoint": format!("{}/oidc", workspace.host),
        "workspace_id": workspace_id,
        "account_id": account_id,
        "cloud": "AWS",
    }))
}

async fn authorization_server(State(workspace): State<Arc<Workspace>>) -> Json<Value> {
    let issuer = format!("{}/oidc", workspace.host);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/v1/authorize"),
        "token_endpoint": format!("{issuer}/v1/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "scopes_supported": [ALL_APIS, OFFLINE_ACCESS],
    }))
}
