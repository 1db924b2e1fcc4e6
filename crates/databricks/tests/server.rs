//! The native transport and the retries against real sockets.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use databricks::apps::App;
use databricks::{Client, Config, Error, HttpTransport, TransportErrorKind};
use support::{TestClock, config, options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    host
}

fn client(config: Config, clock: &Arc<TestClock>) -> Client {
    Client::new(config, Arc::new(HttpTransport::new().unwrap()), options(clock.clone()))
}

fn transport_kind(error: &Error) -> TransportErrorKind {
    match error {
        Error::Transport(error) => error.kind,
        Error::Timeout(timeout) => transport_kind(timeout.last_error.as_ref().unwrap()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_busy_server_gets_the_same_post_again_when_it_asked_for_it() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = bodies.clone();
    let create = post(move |body: String| async move {
        let mut seen = seen.lock().unwrap();
        seen.push(body);
        if seen.len() == 1 {
            let body = r#"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"busy"}"#;
            return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "9")], body).into_response();
        }
        r#"{"name":"tellr","service_principal_id":"7000000000000001"}"#.into_response()
    });
    let host = serve(Router::new().route("/api/2.0/apps", create)).await;
    let clock = TestClock::new();
    let app = App { name: "tellr".to_owned(), ..App::default() };
    let app = client(config(&host), &clock).apps().create(&app).await.unwrap();
    assert_eq!(app.service_principal_id, Some(7_000_000_000_000_001));
    assert_eq!(*bodies.lock().unwrap(), [r#"{"name":"tellr"}"#, r#"{"name":"tellr"}"#]);
    assert_eq!(clock.slept(), [9_250]);
}

/// Reads one request; the test's requests are small enough for one read of head and body each.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with('}') {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.unwrap();
        assert_ne!(length, 0, "the client hung up: {text}");
        text.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
    }
    text
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_effect_leads_to_a_marked_conflict() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        let created = read_request(&mut first).await;
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        let again = read_request(&mut second).await;
        let body = r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"An app with the same name already exists: tellr"}"#;
        let head = format!(
            "HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        second.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        (created, again)
    });
    let clock = TestClock::new();
    let app = App { name: "tellr".to_owned(), ..App::default() };
    let error = client(config(&host), &clock).apps().create(&app).await.unwrap_err();
    assert!(error.is_already_exists() && error.may_have_taken_effect(), "{error}");
    let (created, again) = server.await.unwrap();
    assert_eq!(created, again);
}

#[tokio::test]
async fn a_host_that_does_not_describe_itself_is_used_without_a_workspace_number() {
    let me = get(|headers: http::HeaderMap| async move {
        assert!(!headers.contains_key("x-databricks-workspace-id"));
        r#"{"userName":"a@example.com"}"#
    });
    let host = serve(Router::new().route("/api/2.0/preview/scim/v2/Me", me)).await;
    let clock = TestClock::new();
    let client = client(Config { workspace_id: None, ..config(&host) }, &clock);
    assert_eq!(client.current_user().me().await.unwrap().user_name.as_deref(), Some("a@example.com"));
    assert_eq!(client.workspace_id().await.unwrap(), None);
}

#[tokio::test]
async fn a_redirect_is_explained_and_the_token_stays_home() {
    let elsewhere = Arc::new(AtomicUsize::new(0));
    let counter = elsewhere.clone();
    let router = Router::new()
        .route(
            "/api/2.0/apps/tellr",
            get(|| async { Redirect::temporary("/login.html?error=private-link-validation-error:1") }),
        )
        .fallback(move || async move { counter.fetch_add(1, Ordering::SeqCst).to_string() });
    let clock = TestClock::new();
    let error = client(config(&serve(router).await), &clock).apps().get("tellr").await.unwrap_err();
    assert!(error.to_string().contains("Private Link"), "{error}");
    assert_eq!(elsewhere.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn failures_to_connect_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let clock = TestClock::new();
    let error = client(config(&format!("http://{closed}")), &clock).apps().get("x").await.unwrap_err();
    assert_eq!(transport_kind(&error), TransportErrorKind::Connect);
    assert!(error.to_string().starts_with("timed out after 300 s: GET /api/2.0/apps/x"), "{error}");
    assert!(!error.may_have_taken_effect());

    let plain = serve(Router::new()).await.replace("http://", "https://");
    let error = client(config(&plain), &clock).apps().get("x").await.unwrap_err();
    assert_eq!(transport_kind(&error), TransportErrorKind::Tls, "{error:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_end() {
    let endless = get(|| async {
        let chunk = axum::body::Bytes::from(vec![b'x'; 1 << 20]);
        let chunks = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        Body::from_stream(chunks)
    });
    let host = serve(Router::new().route("/api/2.0/workspace/export", endless)).await;
    let clock = TestClock::new();
    let error = client(config(&host), &clock).workspace_files().export("/x").await.unwrap_err();
    assert_eq!(transport_kind(&error), TransportErrorKind::TooLarge);
}
