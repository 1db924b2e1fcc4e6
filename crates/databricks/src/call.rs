//! One call of the API, before it is signed.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;

use crate::client::Client;
use crate::error::{Error, InvalidArgument};
use crate::path;
use crate::transport::Request;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ANY: HeaderValue = HeaderValue::from_static("*/*");

/// A call before it is signed. The path is encoded already and may be absolute (`https://…`) for OAuth.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    query: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Bytes,
    pub(crate) budget: Option<Duration>,
    /// Whether a second attempt after one whose fate is unknown could do the same thing twice.
    pub(crate) once: bool,
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, JSON)]);
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers,
            body: Bytes::new(),
            budget: None,
            once: false,
        }
    }

    /// For a method that is known only at run time.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn of(method: Method, path: impl Into<String>) -> Self {
        Self::new(method, path)
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// For answers that are not JSON.
    pub(crate) fn accept_any(mut self) -> Self {
        self.headers.insert(ACCEPT, ANY);
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn body(mut self, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, content_type);
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &impl Serialize) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body).map_err(|error| InvalidArgument {
            what: "JSON body",
            given: error.to_string(),
            rule: "it must be expressible as JSON",
        })?;
        Ok(self.body(JSON, bytes))
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.headers.get(ACCEPT) == Some(&JSON)
    }

    /// For what no name keeps from being done twice: an attempt whose fate is unknown is the last one.
    pub(crate) fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Limits the call with its retries more than the client's options do.
    pub(crate) fn within(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// `GET /api/…`, for messages.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The request as it goes out, with `signature` among its headers.
    pub(crate) fn request(&self, client: &Client, signature: &HeaderMap) -> Request {
        let base = if self.path.starts_with('/') { client.host().as_str() } else { "" };
        let mut headers = self.headers.clone();
        headers.extend(signature.clone());
        Request {
            method: self.method.clone(),
            url: format!("{base}{}{}", self.path, path::query(&self.query)),
            headers,
            body: self.body.clone(),
        }
    }
}
