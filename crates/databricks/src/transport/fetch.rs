//! HTTP over the browser's `fetch`, in pages and in workers.

use async_trait::async_trait;
use bytes::Bytes;
use gloo_net::http::{Headers, RequestBuilder};
use http::header::{HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::{MAX_RESPONSE_BYTES, Request, Response, Transport, TransportError, TransportErrorKind};

/// The browser's transport. A server that does not allow calls from this page (CORS) and a dead network look alike here:
/// both are [`TransportErrorKind::Opaque`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchTransport;

impl FetchTransport {
    /// Nothing to set up; the browser holds the connections.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait(?Send)]
impl Transport for FetchTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let controller = AbortController::new().map_err(|error| invalid(&request, &error))?;
        let abort = AbortOnDrop(controller);
        let outgoing = build(&request, &abort.0)?;
        let response = outgoing.send().await.map_err(|error| opaque(&request, &error))?;
        let body = response.binary().await.map_err(|error| {
            TransportError::new(TransportErrorKind::Interrupted, &request, error.to_string())
        })?;
        if body.len() > MAX_RESPONSE_BYTES {
            return Err(TransportError::new(TransportErrorKind::TooLarge, &request, ""));
        }
        let mut headers = read_headers(&response.headers());
        let mut status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::BAD_GATEWAY);
        // the browser has followed a redirect already; show it as native transports do, so that it is judged alike
        if response.redirected()
            && let Ok(location) = HeaderValue::from_str(&response.url())
        {
            status = StatusCode::FOUND;
            headers.insert(LOCATION, location);
        }
        Ok(Response { status, headers, body: Bytes::from(body) })
    }
}

/// Dropping the future of a request ends the exchange, as it does natively.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn build(request: &Request, controller: &AbortController) -> Result<gloo_net::http::Request, TransportError> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        let text = value.to_str().map_err(|error| invalid(request, &error))?;
        headers.set(name.as_str(), text);
    }
    let builder = RequestBuilder::new(&request.url)
        .method(request.method.clone())
        .headers(headers)
        .cache(web_sys::RequestCache::NoStore)
        .abort_signal(Some(&controller.signal()));
    let built = if request.body.is_empty() {
        builder.build()
    } else {
        builder.body(JsValue::from(js_sys::Uint8Array::from(request.body.as_ref())))
    };
    built.map_err(|error| invalid(request, &error))
}

fn read_headers(headers: &Headers) -> HeaderMap {
    headers
        .entries()
        .filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        })
        .collect()
}

fn opaque(request: &Request, error: &gloo_net::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Opaque, request, error.to_string())
}

fn invalid(request: &Request, error: &dyn std::fmt::Debug) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidRequest, request, format!("{error:?}"))
}
