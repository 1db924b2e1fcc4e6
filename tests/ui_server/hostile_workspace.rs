//! A workspace, or somebody in its place, that answers with more than an answer.

use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::ui::Ui;
use crate::upstream::{TOKEN, Upstream};

async fn ask(answer: &str) -> (Upstream, Ui, tempfile::TempDir, Response) {
    let home = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(answer).await.unwrap();
    let ui = upstream.ui(home.path()).await.unwrap();
    let response = ui.get("/api/2.0/apps/tellr").await.unwrap();
    (upstream, ui, home, response)
}

#[tokio::test]
async fn a_redirect_is_neither_followed_nor_passed_on() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let answer =
            format!("HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:{port}/latest/meta-data\r\n\r\n");
        let (upstream, _ui, _home, response) = ask(&answer).await;
        assert_eq!(response.status(), 421, "{status}");
        assert!(response.headers().get("location").is_none());
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error_code"], "REDIRECTED", "{body}");
        assert_eq!(upstream.received().len(), 1);
    }
    let visited = tokio::time::timeout(Duration::from_millis(1), elsewhere.accept()).await;
    assert!(visited.is_err(), "the redirect was followed");
}

#[tokio::test]
async fn only_headers_about_the_body_come_back() {
    let (_, _ui, _home, response) = ask(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\nAccess-Control-Allow-Origin: *\r\n\
         Access-Control-Allow-Credentials: true\r\nContent-Security-Policy: script-src *\r\nX-Request-Id: 17\r\n\
         Keep-Alive: timeout=5\r\nUpgrade: h2c\r\nRefresh: 0; url=http://evil.example\r\nX-Databricks-Org-Id: 1\r\n\
         Clear-Site-Data: \"*\"\r\nService-Worker-Allowed: /\r\nLink: <http://evil.example>; rel=preload\r\n\r\n<script>",
    )
    .await;
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    for name in [
        "set-cookie",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "keep-alive",
        "upgrade",
        "refresh",
        "x-databricks-org-id",
        "clear-site-data",
        "service-worker-allowed",
        "link",
    ] {
        assert_eq!(header(name), None, "{name}");
    }
    assert_eq!(header("x-request-id"), Some("17"));
    assert_eq!(header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(header("content-disposition"), Some("attachment"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn the_workspace_gets_the_token_and_nothing_of_the_page() {
    let home = tempfile::tempdir().unwrap();
    let upstream =
        Upstream::start("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}").await.unwrap();
    let ui = upstream.ui(home.path()).await.unwrap();
    let request = ui
        .request(Method::POST, "/api/2.0/workspace/mkdirs")
        .header("authorization", "Bearer forged")
        .header("x-forwarded-for", "10.0.0.1")
        .header("x-databricks-workspace-id", "666")
        .header("te", "trailers")
        .header("content-type", "application/json")
        .body(r#"{"path": "/Workspace/x"}"#);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let received = upstream.received();
    let [request] = received.as_slice() else { panic!("{received:?}") };
    let head = request.to_ascii_lowercase();
    assert!(head.starts_with("post /api/2.0/workspace/mkdirs http/1.1"), "{request}");
    assert!(request.contains(&format!("Bearer {TOKEN}")) && !request.contains("forged"), "{request}");
    assert!(request.ends_with(r#"{"path": "/Workspace/x"}"#), "{request}");
    for part in ["cookie", "origin:", "sec-fetch", "x-forwarded", "666", "trailers", "referer", &ui.secret] {
        assert!(!head.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn the_secrets_are_in_no_log() {
    let (upstream, ui, _home, response) =
        ask("HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n{\"message\": \"no\"}").await;
    assert_eq!(response.status(), 403);
    assert!(!response.text().await.unwrap().contains(TOKEN));
    assert_eq!(upstream.received().len(), 1);
    let (secret, cookie) = (ui.secret.clone(), ui.cookie.split_once('=').unwrap().1.to_owned());
    let ended = ui.end(Signal::SIGINT).await.unwrap();
    for secret in [&secret, &cookie, TOKEN] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
    assert!(!ended.stdout.contains(&cookie) && !ended.stdout.contains(TOKEN), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches(&secret).count(), 1, "only in the address: {}", ended.stdout);
    assert!(!ended.stderr.is_empty(), "nothing was logged, so nothing was shown");
}

#[tokio::test]
async fn a_workspace_that_is_gone_is_said_to_be_gone() {
    let home = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let ui = upstream.ui(home.path()).await.unwrap();
    upstream.stop().await;
    let response = ui.get("/api/2.0/apps/tellr").await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error_code"], "TEMPORARILY_UNAVAILABLE", "{body}");
}
