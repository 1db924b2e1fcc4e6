//! Reading error answers in all the shapes in which the platform and what stands in front of it send them.

use http::header::LOCATION;
use serde_json::{Map, Value};

use super::api::ApiError;
use super::code::ErrorCode;
use super::detail::ErrorDetail;
use crate::transport::Response;

/// Longer texts (a whole HTML page, a stack) help nobody.
const MAX_MESSAGE_CHARS: usize = 4000;
const MAX_EXCERPT_CHARS: usize = 300;
const MAX_DETAILS: usize = 50;

/// What an error body says.
struct Said {
    code: Option<ErrorCode>,
    message: String,
    details: Vec<ErrorDetail>,
}

impl ApiError {
    /// Reads an answer that is not a success. Never fails: an unreadable body is quoted.
    pub(crate) fn read(method: &str, path: &str, response: &Response) -> Self {
        let said = redirect(response).unwrap_or_else(|| body(response));
        Self::from_said(method, path, response, said)
    }

    /// A success whose content is a web page: a login page, or the host is not a workspace.
    pub(crate) fn web_page(method: &str, path: &str, response: &Response) -> Self {
        let text = String::from_utf8_lossy(&response.body);
        let title = between(&text, "<title", "</title>").unwrap_or_default();
        let said = Said {
            code: Some(ErrorCode::new(WEB_PAGE)),
            message: format!("a web page came instead of an API answer: {}", excerpt(&title)),
            details: Vec::new(),
        };
        Self::from_said(method, path, response, said)
    }

    fn from_said(method: &str, path: &str, response: &Response, said: Said) -> Self {
        let status = response.status.as_u16();
        Self {
            status,
            code: said.code.unwrap_or_else(|| ErrorCode::from_status(status)),
            message: printable(&said.message, MAX_MESSAGE_CHARS),
            request_id: request_id(response, &said.details),
            details: said.details,
            method: method.to_owned(),
            path: path.to_owned(),
            after_retry: false,
        }
    }
}

/// Our own codes for what has none on the wire.
pub(super) const WEB_PAGE: &str = "WEB_PAGE";
pub(super) const REDIRECTED: &str = "REDIRECTED";
pub(super) const PRIVATE_LINK: &str = "PRIVATE_LINK_VALIDATION_ERROR";

fn redirect(response: &Response) -> Option<Said> {
    if !response.status.is_redirection() {
        return None;
    }
    let location = response.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (address, query) = location.split_once('?').unwrap_or((location, ""));
    let private_link =
        address.ends_with("/login.html") && query.contains("error=private-link-validation-error");
    let (code, message) = if private_link {
        let words = "the workspace has Private Link enabled and does not accept calls from this network";
        (PRIVATE_LINK, words.to_owned())
    } else {
        (REDIRECTED, format!("the call was redirected to {}", excerpt(address)))
    };
    Some(Said { code: Some(ErrorCode::new(code)), message, details: Vec::new() })
}

fn body(response: &Response) -> Said {
    let text = String::from_utf8_lossy(&response.body);
    let text = text.trim();
    if text.is_empty() {
        let reason = response.status.canonical_reason().unwrap_or("no explanation was given");
        return Said { code: None, message: reason.to_owned(), details: Vec::new() };
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => json(&object, text),
        Ok(Value::String(message)) => coded_text(&message).unwrap_or_else(|| plain(&message)),
        _ => coded_text(text).or_else(|| html(text)).unwrap_or_else(|| plain(text)),
    }
}

fn json(object: &Map<String, Value>, text: &str) -> Said {
    let scim = is_scim(object);
    let code = ["error_code", "errorCode"].iter().find_map(|key| word(object.get(*key)?)).map(ErrorCode::new);
    let code = code.or_else(|| scim.then(|| ErrorCode::new(format!("SCIM_{}", scim_status(object)))));
    let message = ["message", "error_message"].iter().find_map(|key| word(object.get(*key)?));
    let message = message.or_else(|| scim_message(object)).or_else(|| object.get("error").and_then(nested));
    let details = object.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Said {
        code: code.or_else(|| object.get("error").and_then(nested_code)),
        message: message.unwrap_or_else(|| excerpt(text)),
        details: details.iter().take(MAX_DETAILS).map(ErrorDetail::read).collect(),
    }
}

/// `"error": "words"`, or `"error": {"message": "words"}` as gateways in front of model servers write it.
fn nested(error: &Value) -> Option<String> {
    word(error).or_else(|| word(error.get("message")?))
}

fn nested_code(error: &Value) -> Option<ErrorCode> {
    let code = error.get("error_code").or_else(|| error.get("code"))?;
    word(code).map(ErrorCode::new)
}

fn is_scim(object: &Map<String, Value>) -> bool {
    let schemas = object.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|schemas| {
        schemas.iter().any(|schema| schema == "urn:ietf:params:scim:api:messages:2.0:Error")
    }) || (object.contains_key("detail") && object.contains_key("status"))
}

fn scim_status(object: &Map<String, Value>) -> String {
    object.get("status").and_then(word).unwrap_or_else(|| "UNKNOWN".to_owned())
}

/// `scimType` and `detail` joined; the platform writes the word "null" for an absent part.
fn scim_message(object: &Map<String, Value>) -> Option<String> {
    let part = |key: &str| object.get(key).and_then(word).filter(|text| text != "null");
    let parts: Vec<String> = ["scimType", "detail"].into_iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A non-empty text, or a number as text (old services send the status as `error_code`).
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `CODE: words`, the way some services answer in plain text.
fn coded_text(text: &str) -> Option<Said> {
    let (code, message) = text.split_once(": ")?;
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then(|| Said {
        code: Some(ErrorCode::new(code)),
        message: message.to_owned(),
        details: Vec::new(),
    })
}

fn html(text: &str) -> Option<Said> {
    let words = between(text, "<pre", "</pre>").or_else(|| between(text, "<title", "</title>"))?;
    Some(plain(&words))
}

fn plain(text: &str) -> Said {
    Said { code: None, message: excerpt(text), details: Vec::new() }
}

/// The text of the first element that starts with `open` (`<pre`), any case, with its white space folded.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let tag = lower.find(open)?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find(close)?;
    let words = text[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

fn request_id(response: &Response, details: &[ErrorDetail]) -> Option<String> {
    let told = details.iter().find_map(|detail| match detail {
        ErrorDetail::RequestInfo { request_id, .. } if !request_id.is_empty() => Some(request_id.clone()),
        _ => None,
    });
    told.or_else(|| response.header("x-request-id").map(str::to_owned))
        .map(|id| printable(&id, MAX_EXCERPT_CHARS))
}

fn excerpt(text: &str) -> String {
    printable(text, MAX_EXCERPT_CHARS)
}

/// Cuts a long text and takes out control characters, which could drive the reader's terminal.
fn printable(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c };
    let mut short: String = text.chars().take(most).map(clean).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}
