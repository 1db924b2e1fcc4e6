//! The proxy in front of an app: asks who is calling, says so to the app in headers, and cuts what takes too long.

mod answers;
mod credentials;
mod deadline;
mod forward;
mod headers;
mod logs;
mod sign_in;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::app::App;
use super::authenticate::{AppCredential, Authenticate, AuthenticationFailure};
use super::log_ring::LogRing;
use super::status::Status;

/// Below the idle limits of usual servers, so that no request meets a connection they are just closing.
const IDLE_CONNECTION: Duration = Duration::from_secs(2);
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

/// What every request needs.
#[derive(Clone)]
struct Context {
    app_name: Arc<str>,
    status: Arc<Status>,
    log: LogRing,
    identity: Arc<dyn Authenticate>,
    request_timeout: Duration,
    client: Client<HttpConnector, Body>,
    /// upgraded connections
    tunnels: TaskTracker,
    closing: CancellationToken,
}

/// A listening proxy.
pub(crate) struct Proxy {
    address: SocketAddr,
    server: JoinHandle<()>,
    tunnels: TaskTracker,
    closing: CancellationToken,
}

impl Proxy {
    /// Listens for `app` on loopback, at `preferred_port` if that is free.
    pub(crate) async fn open(
        app: &App,
        preferred_port: Option<u16>,
        identity: Arc<dyn Authenticate>,
        request_timeout: Duration,
    ) -> std::io::Result<Proxy> {
        let listener = listen(preferred_port).await?;
        let address = listener.local_addr()?;
        let (tunnels, closing) = (TaskTracker::new(), CancellationToken::new());
        let context = Context {
            app_name: app.name.as_str().into(),
            status: app.status.clone(),
            log: app.log.clone(),
            identity,
            request_timeout,
            client: Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_CONNECTION).build_http(),
            tunnels: tunnels.clone(),
            closing: closing.clone(),
        };
        let service = Router::new()
            .fallback(handle)
            .with_state(context)
            .into_make_service_with_connect_info::<SocketAddr>();
        let stop = closing.clone();
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
            if let Err(error) = serving.await {
                tracing::error!(%address, %error, "an app's proxy has ended");
            }
        });
        Ok(Proxy { address, server, tunnels, closing })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening; requests in flight get a moment.
    pub(crate) async fn close(mut self) {
        self.closing.cancel();
        self.tunnels.close();
        if timeout(CLOSE_DEADLINE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        self.tunnels.wait().await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

async fn listen(preferred_port: Option<u16>) -> std::io::Result<TcpListener> {
    if let Some(port) = preferred_port {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => tracing::warn!(port, %error, "an app's earlier port is taken; it gets another"),
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

async fn handle(
    State(context): State<Context>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let deadline = Instant::now() + context.request_timeout;
    if request.uri().path() == sign_in::CALLBACK_PATH {
        let (parts, _) = request.into_parts();
        return sign_in::callback(&context, &parts).await;
    }
    // first what needs the request, then what waits
    let credential = admissible_credential(&context, &request);
    let caller = match credential {
        Ok(credential) => context.identity.authenticate(credential).await,
        Err(failure) => Err(failure),
    };
    if caller.is_ok() && logs::is_for_logs(request.uri().path()) {
        return logs::answer(&context, request).await;
    }
    match (caller, context.status.port()) {
        (Err(AuthenticationFailure::Forbidden), _) => answers::forbidden(&context.app_name, &request),
        (Err(AuthenticationFailure::Missing), _) => sign_in::ask(&context, &request),
        (Ok(_), None) => answers::unavailable(&context.app_name, &request),
        (Ok(caller), Some(port)) => forward::forward(&context, port, &caller, peer, request, deadline).await,
    }
}

fn admissible_credential(
    context: &Context,
    request: &Request,
) -> Result<AppCredential, AuthenticationFailure> {
    let credential =
        credentials::find(request.headers(), &context.app_name).ok_or(AuthenticationFailure::Missing)?;
    if matches!(credential, AppCredential::Session(_)) && credentials::is_cross_origin(request) {
        return Err(AuthenticationFailure::Forbidden);
    }
    Ok(credential)
}
