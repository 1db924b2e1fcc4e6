//! The embedded files, asked for in every way.

use axum::body::to_bytes;

use super::*;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/tests/fixtures/frontend"]
struct Files;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/tests/fixtures/no-such-folder"]
#[allow_missing = true]
struct NoFiles;

const SCRIPT: &str = "/assets/app-0123456789abcdef.js";

fn ask_with(method: &Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    respond::<Files>(method, &path.parse().unwrap(), &map)
}

fn ask(path: &str) -> Response {
    ask_with(&Method::GET, path, &[])
}

fn ask_encoded(accept: &str) -> Response {
    ask_with(&Method::GET, SCRIPT, &[(header::ACCEPT_ENCODING, accept)])
}

fn header_of(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_hashed_file_is_served_for_good() {
    let response = ask(SCRIPT);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header_of(&response, header::CONTENT_TYPE), Some("text/javascript; charset=utf-8"));
    assert_eq!(header_of(&response, header::CACHE_CONTROL), Some("public, max-age=31536000, immutable"));
    assert_eq!(header_of(&response, header::VARY), Some("accept-encoding"));
    assert!(text(response).await.contains("plain script"));
    let wasm = ask("/assets/app-0123456789abcdef_bg.wasm");
    assert_eq!(header_of(&wasm, header::CONTENT_TYPE), Some("application/wasm"), "compiled while it streams");
}

#[tokio::test]
async fn every_navigation_gets_the_page_and_asks_again_next_time() {
    for path in ["/", "/help", "/sessions/abc/edit", "/view/%C3%A9", "/index.html"] {
        let response = ask(path);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header_of(&response, header::CONTENT_TYPE), Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(header_of(&response, header::CACHE_CONTROL), Some("no-cache"), "{path}");
        assert!(text(response).await.contains("plain page"), "{path}");
    }
    assert_eq!(header_of(&ask("/favicon.svg"), header::CONTENT_TYPE), Some("image/svg+xml"));
}

#[test]
fn what_is_missing_is_missing() {
    for path in [
        "/assets/app-fedcba9876543210.js",
        "/assets/",
        "/assets/nothing",
        "/robots.txt",
        "/assets/app-0123456789abcdef.js.br",
        "/index.html.gz",
        "/../Cargo.toml",
        "/assets/../../../../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets\\..\\Cargo.toml",
    ] {
        let uri = path.replace('\\', "%5c");
        assert_eq!(ask(&uri).status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ask_with(&Method::POST, "/", &[]).status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn the_client_gets_the_encoding_it_likes_best() {
    for (accept, expected) in [
        ("br", Some("br")),
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip", Some("gzip")),
        ("GZIP", Some("gzip")),
        ("gzip;q=1.0, br;q=0.5", Some("gzip")),
        ("br;q=0, gzip", Some("gzip")),
        ("br;q=0, gzip;q=0", None),
        ("*", Some("br")),
        ("*;q=0.5, br;q=0", Some("gzip")),
        ("*;q=0", None),
        ("identity", None),
        ("br;q=nonsense", None),
        ("", None),
    ] {
        let response = ask_encoded(accept);
        assert_eq!(header_of(&response, header::CONTENT_ENCODING), expected, "accept-encoding: {accept}");
        assert_eq!(header_of(&response, header::CONTENT_TYPE), Some("text/javascript; charset=utf-8"));
    }
    let wasm =
        ask_with(&Method::GET, "/assets/app-0123456789abcdef_bg.wasm", &[(header::ACCEPT_ENCODING, "br")]);
    assert_eq!(header_of(&wasm, header::CONTENT_ENCODING), None, "no variant was made");
}

#[test]
fn each_encoding_has_its_own_tag_and_a_held_tag_saves_the_body() {
    let tags: Vec<_> = ["identity", "gzip", "br"]
        .map(|accept| header_of(&ask_encoded(accept), header::ETAG).unwrap().to_owned())
        .to_vec();
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
    for held in [tags[2].clone(), format!("W/{}", tags[2]), format!("\"other\", {}", tags[2]), "*".to_owned()]
    {
        let headers = [(header::ACCEPT_ENCODING, "br"), (header::IF_NONE_MATCH, held.as_str())];
        let response = ask_with(&Method::GET, SCRIPT, &headers);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{held}");
        assert_eq!(header_of(&response, header::ETAG), Some(tags[2].as_str()));
    }
    let stale = [(header::ACCEPT_ENCODING, "br"), (header::IF_NONE_MATCH, tags[0].as_str())];
    assert_eq!(ask_with(&Method::GET, SCRIPT, &stale).status(), StatusCode::OK);
}

#[tokio::test]
async fn head_says_what_get_would_say() {
    let (get, head) = (ask(SCRIPT), ask_with(&Method::HEAD, SCRIPT, &[]));
    assert_eq!(get.headers(), head.headers());
    assert_eq!(header_of(&head, header::CONTENT_LENGTH), Some("40"));
    assert_eq!(text(head).await, "");
}

#[tokio::test]
async fn a_build_without_a_front_end_says_so() {
    let response = respond::<NoFiles>(&Method::GET, &Uri::from_static("/"), &HeaderMap::new());
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(response).await.contains("cargo xtask frontend"));
}
