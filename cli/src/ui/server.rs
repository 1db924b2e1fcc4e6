//! What is served where, and what all of it shares.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use databricks::Client;
use tokio::sync::Semaphore;
use tower::util::MapRequestLayer;
use tower::{Layer as _, Service};

use super::behind::Behind;
use super::databases::Databases;
use super::guard::{self, OwnOrigin};
use super::session::Session;
use super::source::Sources;
use super::{context, logs, page, relay, schema, session, source};

/// How many calls are relayed at once; a browser has six connections to a server.
const RELAYED_AT_ONCE: usize = 16;

/// What all requests share.
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) user_name: String,
    pub(super) own: OwnOrigin,
    pub(super) session: Session,
    pub(super) databases: Databases,
    pub(super) sources: Sources,
    pub(super) relaying: Semaphore,
}

impl Server {
    /// For the page at `port`, which proxies may show at other addresses. Fails where the machine gives no random numbers.
    pub(super) fn new(
        client: Client,
        user_name: String,
        port: u16,
        behind: Vec<Behind>,
        sources: Sources,
    ) -> Result<Self, String> {
        Ok(Self {
            databases: Databases::new(client.clone(), user_name.clone()),
            client,
            user_name,
            own: OwnOrigin::of(port, behind),
            session: Session::new(port)?,
            sources,
            relaying: Semaphore::new(RELAYED_AT_ONCE),
        })
    }
}

/// The router for requests whose paths begin with the part of a proxy, as well as for those that do not.
pub(super) fn service(
    server: Arc<Server>,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone {
    let strip = {
        let server = server.clone();
        move |request: Request| without_prefix(server.own.behind(), request)
    };
    MapRequestLayer::new(strip).layer(router(server))
}

fn without_prefix(behind: &[Behind], mut request: Request) -> Request {
    let mut parts = request.uri().clone().into_parts();
    let known = parts.path_and_query.as_ref().and_then(|whole| {
        let path = behind.iter().find_map(|behind| behind.strip(whole.path()))?;
        let query = whole.query().map(|query| format!("?{query}")).unwrap_or_default();
        PathAndQuery::try_from(format!("{path}{query}")).ok()
    });
    if known.is_some() {
        parts.path_and_query = known;
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// Everything that is served. Only the page's files and `/session` are for those who have not shown the secret.
fn router(server: Arc<Server>) -> Router {
    let guarded = Router::new()
        .route("/tellr/context", get(context::show))
        .route("/tellr/schema/{operation}", post(schema::perform))
        .route("/tellr/source/{index}", get(source::send))
        .route("/tellr/logs/{app}", get(logs::tail))
        .fallback(relay::forward)
        .layer(middleware::from_fn_with_state(server.clone(), guard::members_only));
    Router::new()
        .route("/session", post(session::begin))
        .fallback(page_or_else)
        .with_state((server.clone(), guarded.with_state(server.clone())))
        .layer(middleware::from_fn_with_state(server, guard::own_machine_only))
}

/// A file of the page, or else what needs a session.
async fn page_or_else(State((_, guarded)): State<(Arc<Server>, Router)>, request: Request) -> Response {
    use tower::ServiceExt as _;
    match page::respond(&request) {
        Some(response) => response,
        None => match guarded.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
    }
}
