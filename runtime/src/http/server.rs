//! Accepts connections, speaks HTTP/1.1 and HTTP/2 without TLS (h2c) on each, and stops gracefully.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// Connections at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// Requests at a time on one HTTP/2 connection: the platform's proxy may put all of its users on one.
const MAX_STREAMS: u32 = 1024;
/// How long a connection may sit without sending a request head. Longer than proxies keep idle connections, so that it is
/// the proxy that closes them and no request meets a closed door.
const HEAD_TIMEOUT: Duration = Duration::from_secs(180);
/// HTTP/2 peers that answer no ping for this long are gone.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Pause after the system refused a connection (out of descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The server could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    #[error("can't listen on {address}: {source}. Is another process using the port?")]
    Listen { address: SocketAddr, source: io::Error },
}

/// A listener on `address`.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })
}

/// Serves `router` on `listener` until `stop` completes; then accepts nothing more, gives the requests in progress `grace`
/// to finish, and cuts what is left.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let graceful = GracefulShutdown::new();
    let builder = builder();
    tokio::select! {
        () = accept_all(&listener, router, &builder, &graceful) => {}
        () = stop => {}
    }
    drop(listener);
    tracing::info!(connections = graceful.count(), grace_seconds = grace.as_secs(), "stopping");
    match tokio::time::timeout(grace, graceful.shutdown()).await {
        Ok(()) => tracing::info!("all requests finished"),
        Err(_) => tracing::warn!("some requests did not finish in time and are cut"),
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL);
    builder
}

/// Accepts connections for ever.
async fn accept_all(
    listener: &TcpListener,
    router: Router,
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // never closed, so there is always a permit to wait for
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = connection(stream, router.clone(), builder, graceful);
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

/// Speaks HTTP on one connection until it ends.
fn connection(
    stream: TcpStream,
    router: Router,
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection goes on with Nagle's algorithm");
    }
    let service = router.map_request(|request: hyper::Request<Incoming>| request.map(Body::new));
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
