//! Calls that a function of the host carries: a notebook's kernel, or a page around this one.

use async_trait::async_trait;
use bytes::Bytes;
use databricks::{Request, Response, Transport, TransportError, TransportErrorKind};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use serde_json::Map;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::to_js;

/// `(request) => Promise<response>`
pub(super) struct HostTransport {
    send: Function,
}

impl HostTransport {
    pub(super) fn new(send: Function) -> Self {
        Self { send }
    }
}

#[async_trait(?Send)]
impl Transport for HostTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let failed = |kind, error: &JsValue| TransportError::new(kind, &request, words(error));
        let outgoing =
            outgoing(&request).map_err(|error| failed(TransportErrorKind::InvalidRequest, &error))?;
        let called = self.send.call1(&JsValue::NULL, &outgoing);
        let promise = called.map_err(|error| failed(TransportErrorKind::InvalidRequest, &error))?;
        // whatever went wrong over there, the call may have got through
        let answer = JsFuture::from(Promise::resolve(&promise)).await;
        let answer = answer.map_err(|error| failed(TransportErrorKind::Interrupted, &error))?;
        incoming(&answer).ok_or_else(|| {
            let what = JsValue::from_str("the host's function gave no status, headers and body");
            failed(TransportErrorKind::Interrupted, &what)
        })
    }
}

fn outgoing(request: &Request) -> Result<Object, JsValue> {
    let headers: Map<String, serde_json::Value> = request
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
        .collect();
    let object = Object::new();
    let set = |name: &str, value: &JsValue| Reflect::set(&object, &JsValue::from_str(name), value);
    set("method", &request.method.as_str().into())?;
    set("url", &request.url.as_str().into())?;
    set("headers", &to_js(&headers)?)?;
    set("body", &Uint8Array::from(request.body.as_ref()))?;
    Ok(object)
}

fn incoming(answer: &JsValue) -> Option<Response> {
    let get = |name: &str| Reflect::get(answer, &JsValue::from_str(name)).ok();
    let status = http::StatusCode::from_u16(get("status")?.as_f64()? as u16).ok()?;
    let headers = get("headers")?.dyn_into::<Object>().ok()?;
    let headers = Object::entries(&headers).into_iter().filter_map(|entry| {
        let pair: Array = entry.dyn_into().ok()?;
        let name = http::HeaderName::try_from(pair.get(0).as_string()?).ok()?;
        Some((name, http::HeaderValue::try_from(pair.get(1).as_string()?).ok()?))
    });
    let body = get("body")?;
    let body = match body.as_string() {
        Some(text) => Bytes::from(text),
        None => Bytes::from(body.dyn_into::<Uint8Array>().ok()?.to_vec()),
    };
    Some(Response { status, headers: headers.collect(), body })
}

fn words(error: &JsValue) -> String {
    let message =
        Reflect::get(error, &JsValue::from_str("message")).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "no reason was given".into())
}
