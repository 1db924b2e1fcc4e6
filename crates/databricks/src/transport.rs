//! One HTTP exchange, and what can go wrong before there is an answer.

#[cfg(target_arch = "wasm32")]
mod fetch;
#[cfg(not(target_arch = "wasm32"))]
mod native;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

#[cfg(target_arch = "wasm32")]
pub use fetch::FetchTransport;
#[cfg(not(target_arch = "wasm32"))]
pub use native::HttpTransport;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::UpgradingTransport;

/// The most that is read of one answer; the largest known one is an export of 10 MiB in base64.
pub(crate) const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// A request as it goes out. `Debug` shows neither headers nor body, which hold tokens.
#[derive(Clone)]
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// Absolute, with query.
    pub url: String,
    /// Including `Authorization`.
    pub headers: HeaderMap,
    /// Empty when there is none.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method, self.url, self.body.len())
    }
}

/// An answer as it came in, of any status. `Debug` shows neither headers nor body, which may hold tokens.
#[derive(Clone)]
pub struct Response {
    /// The status of the HTTP exchange.
    pub status: StatusCode,
    /// All headers that the transport may see.
    pub headers: HeaderMap,
    /// Whole.
    pub body: Bytes,
}

impl Response {
    /// A header's text, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Sends one request and reads the whole answer. It neither retries nor follows redirects nor judges the status;
/// dropping the future abandons the exchange.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Transport: MaybeSendSync {
    /// Any answer is `Ok`, whatever its status.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// `Send + Sync` natively, nothing in a browser, whose objects belong to one thread.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSendSync: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> MaybeSendSync for T {}
/// `Send + Sync` natively, nothing in a browser, whose objects belong to one thread.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSendSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSendSync for T {}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {kind}{}", if message.is_empty() { String::new() } else { format!(" ({message})") })]
pub struct TransportError {
    /// What kind of failure, as far as it can be told.
    pub kind: TransportErrorKind,
    /// `GET https://…/path`, without query.
    pub call: String,
    /// The words of the HTTP library or the browser.
    pub message: String,
}

/// The kinds of failure, which decide whether trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No machine has that name.
    UnknownHost,
    /// No connection came about: the request did not reach the server.
    Connect,
    /// The server's certificate is not trusted, or TLS failed otherwise.
    Tls,
    /// The connection ended before the answer was whole: the request may have taken effect.
    Interrupted,
    /// No answer in time: the request may have taken effect.
    Timeout,
    /// The browser refused to say: the network is down, or the server does not allow calls from this page (CORS).
    Opaque,
    /// The answer is larger than this client reads.
    TooLarge,
    /// The request could not be built.
    InvalidRequest,
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownHost => "no machine has that name",
            Self::Connect => "could not connect",
            Self::Tls => "no trusted TLS connection",
            Self::Interrupted => "the connection was lost before the answer was complete",
            Self::Timeout => "no answer in time",
            Self::Opaque => "the browser got no answer it may show to this page",
            Self::TooLarge => "the answer is larger than 64 MiB",
            Self::InvalidRequest => "the request could not be built",
        })
    }
}

impl TransportError {
    /// For `request`, with the words of whoever failed.
    pub fn new(kind: TransportErrorKind, request: &Request, message: impl Into<String>) -> Self {
        let url = request.url.split('?').next().unwrap_or_default();
        Self { kind, call: format!("{} {url}", request.method), message: message.into() }
    }

    /// Whether the server may have acted on the request although no answer came.
    pub fn may_have_taken_effect(&self) -> bool {
        use TransportErrorKind as Kind;
        matches!(self.kind, Kind::Interrupted | Kind::Timeout | Kind::Opaque | Kind::TooLarge)
    }
}
