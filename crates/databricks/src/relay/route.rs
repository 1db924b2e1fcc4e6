//! From a foreign request line to a call that may pass, spelled anew.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::credential;
use super::resource::DatabaseResource;
use super::routes::{ROUTES, Route};
use crate::call::Call;
use crate::error::Error;
use crate::path;

/// The most bytes of an upload: an import of 10 MiB, in base64 if need be.
const MOST_UPLOADED: usize = 15 * 1024 * 1024;
/// The most bytes of any other body.
const MOST_SENT: usize = 1024 * 1024;

/// How a call is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Signed,
    Anonymous,
    Upload,
    EndpointCredential,
    InstanceCredential,
}

/// A request line that may pass.
#[derive(Clone, Debug)]
pub struct RelayRoute {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    kind: Kind,
}

/// A call that may pass, whole.
#[derive(Clone)]
pub struct RelayedCall {
    call: Call,
    kind: Kind,
    credential_of: Option<DatabaseResource>,
}

impl RelayRoute {
    /// Looks whether a call may pass. `path` and `query` are as they stood in the request line. The call is written anew
    /// from what was understood: no spelling of a path means one thing here and another thing to the platform.
    pub fn find(method: &Method, path: &str, query: Option<&str>) -> Option<Self> {
        let route_and_path = |route: &'static Route| {
            let path = (route.method == method).then(|| respelled(route.path, path)).flatten()?;
            Some((route, path))
        };
        let (route, path) = ROUTES.iter().find_map(route_and_path)?;
        let query = read_query(route.query, query.unwrap_or_default())?;
        Some(Self { method: method.clone(), path, query, kind: route.kind })
    }

    /// The most bytes that its body may have.
    pub fn body_limit(&self) -> usize {
        if self.kind == Kind::Upload { MOST_UPLOADED } else { MOST_SENT }
    }

    /// The call with its body. Of the headers only those count that say something about the bodies; a body that asks for
    /// a database credential must be one, and is written anew.
    pub fn call(self, headers: &HeaderMap, body: Bytes) -> Result<RelayedCall, Error> {
        let mut call = Call::of(self.method, self.path);
        for (key, value) in self.query {
            call = call.query(key, value);
        }
        if headers.get(ACCEPT).is_some_and(|accepted| accepted == "*/*") {
            call = call.accept_any();
        }
        let (call, credential_of) = match self.kind {
            Kind::EndpointCredential => credential::for_endpoint(call, &body)?,
            Kind::InstanceCredential => credential::for_instance(call, &body)?,
            _ if body.is_empty() => (call, None),
            _ => (call.body(content_type(headers), body), None),
        };
        Ok(RelayedCall { call, kind: self.kind, credential_of })
    }
}

impl RelayedCall {
    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.kind == Kind::Anonymous
    }

    pub(super) fn credential_of(&self) -> Option<&DatabaseResource> {
        self.credential_of.as_ref()
    }
}

fn content_type(headers: &HeaderMap) -> HeaderValue {
    headers.get(CONTENT_TYPE).cloned().unwrap_or_else(|| HeaderValue::from_static("application/json"))
}

/// The path in our own spelling if it is one of the pattern.
fn respelled(pattern: &str, path: &str) -> Option<String> {
    let mut spelled = String::with_capacity(path.len());
    let (mut wanted, mut given) = (pattern.split('/').skip(1), path.split('/'));
    if given.next() != Some("") {
        return None;
    }
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(spelled),
            (Some("*"), Some(segment)) => {
                spelled.push('/');
                spelled.push_str(&path::segment("path", &name(segment)?).ok()?);
            }
            (Some(wanted), Some(given)) if wanted == given => {
                spelled.push('/');
                spelled.push_str(wanted);
            }
            _ => return None,
        }
    }
}

/// The name that a segment spells, if no server could read it as more than one, or as a step up.
fn name(segment: &str) -> Option<String> {
    let name = percent_decode_str(segment).decode_utf8().ok()?;
    let ambiguous = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%' | '?' | '#' | ';');
    let dots = !name.is_empty() && name.chars().all(|c| c == '.');
    (name.len() <= 256 && !dots && !name.contains(ambiguous)).then(|| name.into_owned())
}

/// The parameters, each known and given once.
fn read_query(known: &[&'static str], query: &str) -> Option<Vec<(&'static str, String)>> {
    let mut read: Vec<(&'static str, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let key = known.iter().find(|known| **known == key)?;
        if read.iter().any(|(other, _)| other == key) {
            return None;
        }
        let value = value.replace('+', " ");
        read.push((key, percent_decode_str(&value).decode_utf8().ok()?.into_owned()));
    }
    Some(read)
}

#[cfg(test)]
mod tests;
