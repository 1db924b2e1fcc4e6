//! Static files out of the binary: compressed beforehand, tagged by content, `index.html` for every navigation.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Folder whose files have a hash of their content in their names.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";
/// Encodings by preference, with the ending of the file that holds one.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The answer of the files `Files` to a request: the file, `index.html` for a page of the app, or 404.
pub(super) fn respond<Files: RustEmbed>(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(variant) = is_servable(path).then(|| Variant::choose::<Files>(path, headers)).flatten() {
        return variant.respond(method, headers);
    }
    if !is_navigation(path) {
        return (StatusCode::NOT_FOUND, "Not Found").into_response();
    }
    match Variant::choose::<Files>(INDEX, headers) {
        Some(index) => index.respond(method, headers),
        None => {
            let explanation =
                "This build of tellr-app carries no front end. `cargo xtask frontend` makes it.";
            (StatusCode::SERVICE_UNAVAILABLE, explanation).into_response()
        }
    }
}

/// Whether `path` may name a file: no way out of the folder, no compressed variant asked for by its own name.
fn is_servable(path: &str) -> bool {
    let climbs = path.split('/').any(|segment| segment.is_empty() || segment == "." || segment == "..");
    !climbs && !path.contains('\\') && !ENCODINGS.iter().any(|(_, ending)| path.ends_with(ending))
}

/// Whether `path` is a page of the app. A file that is missing stays missing: HTML in place of a script only confuses.
fn is_navigation(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !path.starts_with(HASHED) && !name.contains('.')
}

/// One file in the encoding that the client likes best.
struct Variant<'a> {
    path: &'a str,
    encoding: Option<&'static str>,
    file: EmbeddedFile,
}

impl<'a> Variant<'a> {
    fn choose<Files: RustEmbed>(path: &'a str, headers: &HeaderMap) -> Option<Self> {
        let plain = Files::get(path)?;
        let mut best: Option<(f32, &'static str, EmbeddedFile)> = None;
        for (encoding, ending) in ENCODINGS {
            let quality = quality(headers, encoding);
            if quality <= best.as_ref().map_or(0.0, |(quality, ..)| *quality) {
                continue;
            }
            if let Some(file) = Files::get(&format!("{path}{ending}")) {
                best = Some((quality, encoding, file));
            }
        }
        Some(match best {
            Some((_, encoding, file)) => Self { path, encoding: Some(encoding), file },
            None => Self { path, encoding: None, file: plain },
        })
    }

    fn respond(self, method: &Method, headers: &HeaderMap) -> Response {
        let tag = entity_tag(&self.file);
        let mut response = HeaderMap::new();
        set(&mut response, header::ETAG, &tag);
        set(&mut response, header::VARY, "accept-encoding");
        set(&mut response, header::CACHE_CONTROL, cache_control(self.path));
        if holds(headers, &tag) {
            return (StatusCode::NOT_MODIFIED, response).into_response();
        }
        set(&mut response, header::CONTENT_TYPE, &content_type(self.path));
        if let Some(encoding) = self.encoding {
            set(&mut response, header::CONTENT_ENCODING, encoding);
        }
        response.insert(header::CONTENT_LENGTH, self.file.data.len().into());
        let body = match self.file.data {
            _ if method == Method::HEAD => Body::empty(),
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        (response, body).into_response()
    }
}

/// Every value we set is printable ASCII; one that weren't is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A strong tag: each encoding of a file has bytes, and so a tag, of its own.
fn entity_tag(file: &EmbeddedFile) -> String {
    let digest: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

fn cache_control(path: &str) -> &'static str {
    if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(path: &str) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    match (kind.type_().as_str(), kind.subtype().as_str()) {
        ("text", _) | (_, "javascript") => format!("{}; charset=utf-8", kind.essence_str()),
        _ => kind.essence_str().to_owned(),
    }
}

/// Whether the client already holds the bytes that `tag` stands for.
fn holds(headers: &HeaderMap, tag: &str) -> bool {
    listed(headers, header::IF_NONE_MATCH).any(|held| held == "*" || held.trim_start_matches("W/") == tag)
}

/// How much the client likes an encoding, 0 to 1: its own weight, else that of `*`, else 0.
fn quality(headers: &HeaderMap, encoding: &str) -> f32 {
    let weight_of = |name: &str| {
        listed(headers, header::ACCEPT_ENCODING).find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next().filter(|coding| coding.eq_ignore_ascii_case(name))?;
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            Some(weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0)))
        })
    };
    weight_of(encoding).or_else(|| weight_of("*")).unwrap_or(0.0)
}

/// The items of a header that is a comma-separated list, however many times it was sent.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests;
