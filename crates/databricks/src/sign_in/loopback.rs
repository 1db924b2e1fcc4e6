//! The loopback port to which the browser comes back.

use std::future::IntoFuture as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::channel::oneshot;
use futures::future::{join_all, select};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::auth::answer::harmless;
use crate::secret::Secret;

/// How long the browser may take to fetch the last page.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// How the browser came back.
pub(super) enum Redirected {
    /// The person agreed.
    Code(Secret),
    /// The person or the workspace did not; in its words.
    Refused(String),
}

/// A port that only this machine reaches.
pub(super) struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
    state: String,
}

impl Loopback {
    /// Takes the first of `ports` that is free. `state` is what a redirect must carry.
    pub(super) async fn bind(ports: RangeInclusive<u16>, state: String) -> Result<Self, String> {
        let mut reason = String::new();
        for port in ports.clone() {
            match listen(port).await {
                Ok((listeners, port)) => return Ok(Self { listeners, port, state }),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(format!(
            "none of the ports {} to {} on this machine is free ({reason})",
            ports.start(),
            ports.end()
        ))
    }

    /// The address that the browser is sent to, in the spelling that is registered for the official tool.
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Answers until a request with the right state has come.
    pub(super) async fn wait(self) -> Result<Redirected, String> {
        let (sender, receiver) = oneshot::channel();
        let expected =
            Arc::new(Expected { state: self.state, port: self.port, sender: Mutex::new(Some(sender)) });
        let router = Router::new().route("/", get(redirect)).with_state(expected);
        let (mut stops, mut servers) = (Vec::new(), Vec::new());
        for listener in self.listeners {
            let (stop, stopped) = oneshot::channel::<()>();
            stops.push(stop);
            let server = axum::serve(listener, router.clone()).with_graceful_shutdown(async move {
                // both a signal and a dropped sender mean: stop
                let _ = stopped.await;
            });
            servers.push(server.into_future());
        }
        drop(router);
        let servers = join_all(servers);
        futures::pin_mut!(servers);
        match select(receiver, servers.as_mut()).await {
            futures::future::Either::Left((redirected, _)) => {
                drop(stops);
                // the browser still gets its page; a connection that lingers is cut
                let _ = tokio::time::timeout(LAST_PAGE, servers).await;
                redirected.map_err(|_| "the loopback port was closed".to_owned())
            }
            futures::future::Either::Right((ended, _)) => {
                let reason = ended.into_iter().find_map(Result::err).map(|error| error.to_string());
                Err(format!("the loopback port was closed: {}", reason.unwrap_or_default()))
            }
        }
    }
}

/// Listens on both loopback addresses, for a browser may take either for `localhost`; nobody else shall have the other one.
async fn listen(port: u16) -> std::io::Result<(Vec<TcpListener>, u16)> {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = v4.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(v6) => Ok((vec![v4, v6], port)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(error),
        // this machine has no IPv6
        Err(_) => Ok((vec![v4], port)),
    }
}

struct Expected {
    state: String,
    port: u16,
    sender: Mutex<Option<oneshot::Sender<Redirected>>>,
}

#[derive(Deserialize)]
struct Parameters {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn redirect(
    State(expected): State<Arc<Expected>>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Response {
    if !is_for_us(&headers, expected.port) || parameters.state.as_deref() != Some(expected.state.as_str()) {
        // somebody else's request: the sign-in goes on waiting
        return page(StatusCode::BAD_REQUEST, FOREIGN);
    }
    let (redirected, answer) = match (parameters.error, parameters.code) {
        (None, Some(code)) if !code.is_empty() => {
            (Redirected::Code(Secret::new(code)), page(StatusCode::OK, SIGNED_IN))
        }
        (error, _) => {
            let words = [error, parameters.error_description].into_iter().flatten();
            let words = words.map(|text| harmless(&text)).collect::<Vec<_>>().join(": ");
            let words = if words.is_empty() { "without a code or a reason".to_owned() } else { words };
            (Redirected::Refused(words), page(StatusCode::BAD_REQUEST, REFUSED))
        }
    };
    let sender = expected.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    match sender.map(|sender| sender.send(redirected)) {
        Some(Ok(())) => answer,
        // a second redirect, or nobody waits any more
        _ => page(StatusCode::GONE, OVER),
    }
}

/// A page elsewhere may have its own name resolve to this machine.
fn is_for_us(headers: &HeaderMap, port: u16) -> bool {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host == format!("{name}:{port}"))
}

const SIGNED_IN: &str = "Signed in. You can close this page and go back to the terminal.";
const REFUSED: &str = "Not signed in. The terminal says why.";
const FOREIGN: &str = "This is not the answer to the sign-in that is waiting here.";
const OVER: &str = "This sign-in is over.";

/// A page with fixed words only: nothing of the request comes back.
fn page(status: StatusCode, words: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tellr</title><h1>Tellr</h1><p>{words}</p></html>"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, Html(html)).into_response()
}
