//! The HTTP side: routes, identity, the embedded single-page app, and the server that speaks HTTP/1.1 and h2c.
//!
//! The only room that knows axum, hyper and tower. It asks `store` for what it shows and never says SQL.

mod assets;
mod errors;
mod health;
mod identity;
mod layers;
mod security_headers;
mod server;
mod spa;
mod user;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_extractor_with_state;
use axum::routing::{any, get};

use crate::config::Environment;
use crate::store::Store;
use health::LastReadiness;
use identity::Identity;
pub(crate) use identity::{IdentityPolicy, NotLoopback};
pub(crate) use server::{ServerError, listen, serve};

/// Longest time that an answer may take; the platform's proxy gives up at 120 s and would answer in our place.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(110);
/// Largest body of a request. No route takes one yet; those that take files will say so themselves.
const BODY_LIMIT: usize = 1024 * 1024;

/// What the routes share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) identity: IdentityPolicy,
    readiness: Arc<LastReadiness>,
}

impl App {
    /// An app that works on `store` and believes identities as `identity` says.
    pub(crate) fn new(store: Arc<Store>, identity: IdentityPolicy) -> Self {
        Self { store, identity, readiness: Arc::default() }
    }
}

/// Every route of the runtime, with everything that happens to each request on its way.
pub(crate) fn router(app: App, environment: Environment) -> Router {
    let limits = layers::Limits { request_timeout: REQUEST_TIMEOUT, body: BODY_LIMIT };
    layers::around(routes(app), environment, limits)
}

fn routes(app: App) -> Router {
    let open = Router::new().route("/health", get(health::health)).route("/health/ready", get(health::ready));
    // refused by default: a route added here can't forget to ask who is calling
    let identified = Router::new()
        .route("/user/current", get(user::current))
        .route_layer(from_extractor_with_state::<Identity, App>(app.clone()));
    Router::new()
        .nest("/api", open.merge(identified).fallback(errors::unknown_api_path))
        // a nest takes in everything below its path but not the path with only a slash
        .route("/api/", any(errors::unknown_api_path))
        .fallback(spa::serve)
        .with_state(app)
}

#[cfg(test)]
mod tests;
