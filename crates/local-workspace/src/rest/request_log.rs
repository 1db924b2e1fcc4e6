//! The last API requests, kept in memory for tests that compare them with recordings.
//!
//! Field names are those of the recordings: `body_json`, `body_form`, `body_multipart`. Secrets are taken out
//! before anything is kept; the log is bounded in entries and in bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ApiError;
use super::received_body::{MAX_BODY, ReceivedBody, receive};
use crate::workspace::Workspace;

const MAX_ENTRIES: usize = 2000;
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Longer texts are kept up to here.
const MAX_TEXT: usize = 64 * 1024;

/// One request and the status of its answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    seq: u64,
    method: String,
    path: String,
    query: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_json: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_form: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_multipart: Option<Vec<Part>>,
    status: u16,
}

/// One part of a multipart body; `text` is missing when the content is not UTF-8.
#[derive(Debug, Clone, Serialize)]
struct Part {
    name: Option<String>,
    filename: Option<String>,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Debug, Default)]
struct Kept {
    next_seq: u64,
    bytes: usize,
    entries: VecDeque<(usize, Entry)>,
}

/// The log; cheap to share.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<Kept>);

impl RequestLog {
    /// The kept entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entries
            .iter()
            .map(|(_, entry)| entry.clone())
            .collect()
    }

    /// Forgets all entries.
    pub(crate) fn clear(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.clear();
        kept.bytes = 0;
    }

    fn add(&self, mut entry: Entry) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.next_seq += 1;
        entry.seq = kept.next_seq;
        let size = serde_json::to_vec(&entry).map_or(MAX_TEXT, |json| json.len());
        kept.bytes += size;
        kept.entries.push_back((size, entry));
        while kept.entries.len() > MAX_ENTRIES || kept.bytes > MAX_BYTES {
            let Some((size, _)) = kept.entries.pop_front() else { break };
            kept.bytes -= size;
        }
    }
}

/// Takes in the body whole, so that nothing further in waits for the client.
pub(crate) async fn take_in(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match receive(body).await {
        Ok(ReceivedBody::Whole(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(ReceivedBody::TooLarge) => too_large(&parts).into_response(),
        Err(error) => ApiError::malformed(format!("The body broke off: {error}")).into_response(),
    }
}

/// Hands the request on, and notes it and the status of its answer. Its body has been taken in already.
pub(crate) async fn record(
    State(workspace): State<Arc<Workspace>>,
    request: Request,
    next: Next,
) -> Response {
    if !["/api/", "/oidc/", "/.well-known/"].iter().any(|prefix| request.uri().path().starts_with(prefix)) {
        return next.run(request).await;
    }
    let (entry, request) = describe(request).await;
    let response = next.run(request).await;
    workspace.request_log.add(Entry { status: response.status().as_u16(), ..entry });
    response
}

/// Notes a request that was answered with `status` before it came here.
pub(crate) async fn note(workspace: &Workspace, request: Request, status: StatusCode) {
    let (entry, _) = describe(request).await;
    workspace.request_log.add(Entry { status: status.as_u16(), ..entry });
}

fn too_large(parts: &Parts) -> ApiError {
    if parts.uri.path().ends_with("/workspace/import") {
        return crate::workspace_files::too_large();
    }
    let message = format!("The request body is larger than {MAX_BODY} bytes.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST", message)
}

/// What is noted of a request, and the request again. Its body has been taken in already.
async fn describe(request: Request) -> (Entry, Request) {
    let (parts, body) = request.into_parts();
    // in memory, so there is nothing that could fail
    let body = axum::body::to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let entry = entry_of(&parts, &body).await;
    (entry, Request::from_parts(parts, Body::from(body)))
}

async fn entry_of(parts: &Parts, body: &Bytes) -> Entry {
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut entry = Entry {
        seq: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or("").as_bytes()),
        body_json: None,
        body_form: None,
        body_multipart: None,
        status: 0,
    };
    if content_type.starts_with("multipart/form-data") {
        entry.body_multipart = Some(multipart(parts, body).await);
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        entry.body_form = Some(pairs(body));
    } else if let Ok(mut json) = serde_json::from_slice::<Value>(body) {
        redact(&mut json);
        entry.body_json = Some(json);
    }
    entry
}

fn pairs(query: &[u8]) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in url::form_urlencoded::parse(query) {
        let value = Value::from(if is_secret(&key) { "[redacted]".to_owned() } else { shorten(&value) });
        match map.get_mut(key.as_ref()) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::from(vec![first.clone(), value]),
            None => {
                map.insert(key.into_owned(), value);
            }
        }
    }
    map
}

async fn multipart(parts: &Parts, body: &Bytes) -> Vec<Part> {
    let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
    let mut found = Vec::new();
    let Ok(mut multipart) = Multipart::from_request(request, &()).await else { return found };
    // a malformed body ends the list here; the handler is who answers for it
    while let Ok(Some(field)) = multipart.next_field().await {
        let name = field.name().map(str::to_owned);
        let filename = field.file_name().map(str::to_owned);
        let Ok(content) = field.bytes().await else { break };
        let text = std::str::from_utf8(&content).ok().map(shorten);
        found.push(Part { name, filename, size: content.len(), text });
    }
    found
}

fn redact(json: &mut Value) {
    match json {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if is_secret(key) {
                    *value = Value::from("[redacted]");
                } else if key == "env_vars" {
                    redact_env(value);
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::String(text) if text.len() > MAX_TEXT => *text = shorten(text),
        _ => {}
    }
}

fn redact_env(env: &mut Value) {
    for variable in env.as_array_mut().into_iter().flatten() {
        if let Some(value) = variable.get_mut("value") {
            *value = Value::from("[redacted]");
        }
    }
}

fn is_secret(key: &str) -> bool {
    const SECRETS: [&str; 10] = [
        "token",
        "access_token",
        "refresh_token",
        "subject_token",
        "client_secret",
        "password",
        "string_value",
        "code",
        "code_verifier",
        "assertion",
    ];
    SECRETS.contains(&key)
}

fn shorten(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_TEXT);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_taken_out() {
        let mut body =
            json!({"a": {"client_secret": "s"}, "env_vars": [{"name": "X", "value": "s"}], "b": 1});
        redact(&mut body);
        assert_eq!(
            body,
            json!({"a": {"client_secret": "[redacted]"}, "env_vars": [{"name": "X", "value": "[redacted]"}], "b": 1})
        );
        assert_eq!(
            pairs(b"code=1&a=x&a=y"),
            json!({"code": "[redacted]", "a": ["x", "y"]}).as_object().cloned().unwrap_or_default()
        );
    }

    #[test]
    fn the_log_is_bounded() {
        let log = RequestLog::default();
        for _ in 0..MAX_ENTRIES + 5 {
            log.add(Entry {
                seq: 0,
                method: "GET".to_owned(),
                path: "/api/2.0/apps".to_owned(),
                query: Map::new(),
                body_json: None,
                body_form: None,
                body_multipart: None,
                status: 200,
            });
        }
        let entries = log.entries();
        assert_eq!(entries.len(), MAX_ENTRIES);
        assert_eq!(entries.first().map(|entry| entry.seq), Some(6));
        log.clear();
        assert!(log.entries().is_empty());
    }
}
