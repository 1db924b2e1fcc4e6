//! HTTP over `reqwest`, for everything that is not a browser.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use super::{MAX_RESPONSE_BYTES, Request, Response, Transport, TransportError, TransportErrorKind};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The native transport: HTTP/1.1 and HTTP/2, TLS by rustls with the machine's trusted roots, the usual proxy variables.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport with its own connection pool. Fails when the machine's TLS set-up cannot be read.
    pub fn new() -> Result<Self, TransportError> {
        Ok(Self { client: built(builder())? })
    }
}

fn builder() -> reqwest::ClientBuilder {
    // reqwest takes the process's provider; an error says that one is installed already
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        // a redirect of an API call is an answer to explain (login page, Private Link), not to follow with a token
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
}

fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
    builder.build().map_err(|error| TransportError {
        kind: TransportErrorKind::Tls,
        call: "setting up HTTP".to_owned(),
        message: chain(&error),
    })
}

/// For connections that switch to another protocol: HTTP/1.1 only, and the answer is not read.
pub(crate) struct UpgradingTransport {
    client: reqwest::Client,
}

impl UpgradingTransport {
    pub(crate) fn new() -> Result<Self, TransportError> {
        Ok(Self { client: built(builder().http1_only())? })
    }

    pub(crate) async fn send(&self, request: &Request) -> Result<reqwest::Response, TransportError> {
        let outgoing =
            self.client.request(request.method.clone(), &request.url).headers(request.headers.clone());
        outgoing.send().await.map_err(|error| explain(request, &error))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let outgoing = self
            .client
            .request(request.method.clone(), &request.url)
            .headers(request.headers.clone())
            .body(request.body.clone());
        let response = outgoing.send().await.map_err(|error| explain(&request, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(&request, response).await?;
        Ok(Response { status, headers, body })
    }
}

async fn read_body(request: &Request, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(request, &error))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(TransportError::new(TransportErrorKind::TooLarge, request, ""));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn explain(request: &Request, error: &reqwest::Error) -> TransportError {
    let message = chain(error);
    let kind = if error.is_builder() {
        TransportErrorKind::InvalidRequest
    } else if has_source::<rustls::Error>(error) {
        TransportErrorKind::Tls
    } else if is_unknown_host(&message) {
        TransportErrorKind::UnknownHost
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError::new(kind, request, message)
}

/// The resolver's final "no"; a resolver that is only unreachable says "temporary failure", which is worth another try.
fn is_unknown_host(message: &str) -> bool {
    [
        "Name or service not known",
        "nodename nor servname provided",
        "No such host is known",
        "No address associated",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Causes of an I/O error hide inside it: `io::Error::source` skips its own payload.
fn has_source<T: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<T>() {
            return true;
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    false
}

/// What went wrong, from the outermost cause to the innermost, without the URL (its query may be private).
fn chain(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !words.iter().any(|said: &String| said.contains(&text)) {
            words.push(text);
        }
        next = error.source();
    }
    if words.is_empty() {
        if error.is_timeout() { "timed out".to_owned() } else { String::new() }
    } else {
        words.join(": ")
    }
}
