//! Opening the WebSocket over the HTTP client that everything else uses: the same certificates, the same proxies.

use futures::SinkExt as _;
use http::header::{
    CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{LogStream, PATH, transport};
use crate::client::Client;
use crate::error::{ApiError, AuthError, DecodeError, Error};
use crate::host::Host;
use crate::secret::Secret;
use crate::transport::{Request, Response, TransportErrorKind, UpgradingTransport};

/// Largest message that is taken.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;
/// Longest answer of a server that does not switch to the WebSocket.
const LARGEST_REFUSAL: usize = 64 * 1024;

/// Connects as whoever the client is; a token that is refused is renewed once.
pub(super) async fn connect(client: &Client, name: &str, search: &str) -> Result<LogStream, Error> {
    let address = address(client, name).await?;
    if !client.config().credentials.can_read_app_logs() {
        let what = format!("the log of the app {name}");
        return Err(AuthError::OAuthNeeded { what, url: format!("{address}/logz") }.into());
    }
    let budget = client.options().retry_budget;
    let token = client.authenticator().token(client, budget).await?;
    match open(client, &address, &token, search).await {
        Err(Error::Api(error)) if is_about_token(error.status) && client.authenticator().renew(&token) => {
            let token = client.authenticator().token(client, budget).await?;
            open(client, &address, &token, search).await
        }
        outcome => outcome,
    }
}

/// The proxy in front of an app sends browsers to a sign-in page, and may do so to others.
fn is_about_token(status: u16) -> bool {
    matches!(status, 401 | 403 | 302 | 303 | 307)
}

/// Where the app is. The token goes there, so that it may be plain http only when the workspace itself is.
async fn address(client: &Client, name: &str) -> Result<Host, Error> {
    let app = client.apps().get(name).await?;
    let wrong = |reason: String| Error::from(DecodeError::new(format!("GET the app {name}"), reason));
    let url = app.url.ok_or_else(|| wrong("it has no url".to_owned()))?;
    let host = Host::parse(&url).map_err(|error| wrong(error.to_string()))?;
    if host.is_plaintext() && !(client.host().is_plaintext() && host.is_loopback()) {
        return Err(wrong(format!("its url `{host}` is not an https address")));
    }
    Ok(host)
}

async fn open(client: &Client, address: &Host, token: &Secret, search: &str) -> Result<LogStream, Error> {
    let key = generate_key();
    let request = Request {
        method: Method::GET,
        url: format!("{address}{PATH}"),
        headers: headers(client, address, token, &key)?,
        body: bytes::Bytes::new(),
    };
    let call = format!("GET {}", request.url);
    let limit = client.options().request_timeout;
    let late =
        |_| transport(TransportErrorKind::Timeout, &call, format!("gave up after {} s", limit.as_secs()));
    let transporter = UpgradingTransport::new()?;
    let response = timeout(limit, transporter.send(&request)).await.map_err(late)??;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refusal(&request, response, limit).await);
    }
    let expected = derive_accept_key(key.as_bytes());
    let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
    if accepted != Some(expected.as_str()) {
        return Err(DecodeError::new(&call, "the server did not open a WebSocket").into());
    }
    let upgraded = timeout(limit, response.upgrade()).await.map_err(late)?;
    let upgraded = upgraded.map_err(|error| {
        transport(TransportErrorKind::Interrupted, &call, error.without_url().to_string())
    })?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
    // the first message is the search term
    let sent = timeout(limit, socket.send(Message::text(search))).await.map_err(late)?;
    sent.map_err(|error| transport(TransportErrorKind::Interrupted, &call, error.to_string()))?;
    Ok(LogStream { socket, call, heard: Instant::now() })
}

fn headers(client: &Client, address: &Host, token: &Secret, key: &str) -> Result<HeaderMap, Error> {
    let mut headers = client.anonymous(Some(client.config().credentials.auth_type()));
    let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()));
    let mut bearer = bearer.map_err(|_| AuthError::UnsendableToken)?;
    bearer.set_sensitive(true);
    headers.insert(http::header::AUTHORIZATION, bearer);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    let text = |value: &str| HeaderValue::try_from(value).map_err(|_| AuthError::UnsendableToken);
    headers.insert(SEC_WEBSOCKET_KEY, text(key)?);
    headers.insert(ORIGIN, text(address.as_str())?);
    Ok(headers)
}

/// The error that the server answered with, read up to a bound.
async fn refusal(request: &Request, mut response: reqwest::Response, limit: std::time::Duration) -> Error {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = bytes::BytesMut::new();
    while let Ok(Ok(Some(chunk))) = timeout(limit, response.chunk()).await {
        let room = LARGEST_REFUSAL.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == LARGEST_REFUSAL {
            break;
        }
    }
    let answer = Response { status, headers, body: body.freeze() };
    ApiError::read(request.method.as_str(), PATH, &answer).into()
}
