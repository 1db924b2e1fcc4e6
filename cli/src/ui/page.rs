//! The page's files, out of the binary; a debug build reads `deployer-ui/dist` from disk instead.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `cargo xtask deployer-page` built; empty when nothing was.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../deployer-ui/dist"]
#[allow_missing = true]
struct Page;

const INDEX: &str = "index.html";
/// Encodings by preference, with the ending of the file that holds one.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Whether there is a page at all.
pub(super) fn is_built() -> bool {
    Page::get(INDEX).is_some()
}

/// The file that a request asks for, if it is one of the page's.
pub(super) fn respond(request: &Request) -> Option<Response> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return None;
    }
    let path = match request.uri().path().strip_prefix('/')? {
        "" => INDEX,
        path => path,
    };
    match plain(path) {
        Some(file) => Some(send(request, path, file)),
        None if path == INDEX => {
            let explanation = "This build of tellr carries no page. `cargo xtask deployer-page` makes it.";
            Some((StatusCode::SERVICE_UNAVAILABLE, explanation).into_response())
        }
        None => None,
    }
}

/// A file by its name: no way out of the folder, no compressed variant by its own name.
fn plain(path: &str) -> Option<EmbeddedFile> {
    let climbs = path.split('/').any(|segment| matches!(segment, "" | "." | ".."));
    let is_variant = ENCODINGS.iter().any(|(_, ending)| path.ends_with(ending));
    if climbs || is_variant || path.contains(['\\', '%']) { None } else { Page::get(path) }
}

fn send(request: &Request, path: &str, file: EmbeddedFile) -> Response {
    let variant = ENCODINGS.iter().find_map(|&(encoding, ending)| {
        let file = accepts(request.headers(), encoding).then(|| Page::get(&format!("{path}{ending}")))?;
        Some((Some(encoding), file?))
    });
    let (encoding, file) = variant.unwrap_or((None, file));
    let digest: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{digest}\"");
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        // all of them are printable ASCII
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(ETAG, &tag);
    set(VARY, "accept-encoding");
    set(CACHE_CONTROL, "no-cache");
    let held = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|held| held.to_str().ok());
    if held.flat_map(|held| held.split(',')).any(|held| held.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    set(CONTENT_TYPE, &content_type(path));
    if let Some(encoding) = encoding {
        set(CONTENT_ENCODING, encoding);
    }
    set(CONTENT_LENGTH, &file.data.len().to_string());
    if request.method() == Method::HEAD {
        return (headers, Body::empty()).into_response();
    }
    let body = match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    (headers, body).into_response()
}

/// Whether the browser takes an encoding: it is listed, and not with weight 0.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        named && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn content_type(path: &str) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    match (kind.type_().as_str(), kind.subtype().as_str()) {
        ("text", _) | (_, "javascript") => format!("{}; charset=utf-8", kind.essence_str()),
        _ => kind.essence_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        for path in
            ["../Cargo.toml", "./index.html", "a/../index.html", "/etc/passwd", "%2e%2e/Cargo.toml", "a\\b"]
        {
            assert!(plain(path).is_none(), "{path}");
        }
        assert!(plain("index.html.br").is_none());
    }

    #[test]
    fn encodings_are_taken_by_name_and_weight() {
        let accepts = |value: &'static str| {
            accepts(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]), "br")
        };
        assert!(accepts("gzip, deflate, br;q=0.5"));
        assert!(!accepts("gzip, br;q=0"));
        assert!(!accepts("gzip, brotli"));
    }
}
