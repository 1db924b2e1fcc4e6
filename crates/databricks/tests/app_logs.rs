//! An app's log over a real WebSocket: what is read, what ends it, how it is followed.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use databricks::apps::{LogLine, LogSelection, LogSource};
use databricks::{AuthError, Client, Config, Credentials, Error, Host, HttpTransport, Secret};
use serde_json::{Value, json};
use support::{TestClock, options};

/// What the server does with one connection to the log.
enum Script {
    /// Sends these messages, then closes with this code; without one it stays open.
    Send(Vec<Message>, Option<u16>),
    /// Does not open a WebSocket.
    Answer(StatusCode, &'static str),
}

#[derive(Default)]
struct Scene {
    host: String,
    scripts: VecDeque<Script>,
    /// Search terms and tokens, one for each connection.
    heard: Vec<(String, String)>,
    tokens: usize,
    compute: String,
}

#[derive(Clone)]
struct Workspace(Arc<Mutex<Scene>>);

impl Workspace {
    async fn start(scripts: Vec<Script>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let scene = Scene { host, scripts: scripts.into(), compute: "ACTIVE".to_owned(), ..Scene::default() };
        let workspace = Self(Arc::new(Mutex::new(scene)));
        let router = Router::new()
            .route("/api/2.0/apps/tellr", get(app))
            .route("/oauth", get(oauth_metadata))
            .route("/token", post(token))
            .route("/logz/stream", get(logs))
            .with_state(workspace.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        workspace
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.0.lock().unwrap()
    }

    fn heard(&self) -> Vec<(String, String)> {
        self.scene().heard.clone()
    }

    fn client(&self, credentials: Credentials) -> Client {
        let host = self.scene().host.clone();
        let config = Config {
            discovery_url: Some(format!("{host}/oauth")),
            workspace_id: Some("42".to_owned()),
            ..Config::new(Host::parse(&host).unwrap(), credentials)
        };
        Client::new(config, Arc::new(HttpTransport::new().unwrap()), options(TestClock::new()))
    }

    fn oauth(&self) -> Client {
        self.client(Credentials::OAuthM2m {
            client_id: "app".to_owned(),
            client_secret: Secret::new("s3cret"),
        })
    }
}

async fn app(State(workspace): State<Workspace>) -> Json<Value> {
    let scene = workspace.scene();
    Json(json!({"name": "tellr", "url": scene.host, "compute_status": {"state": scene.compute}}))
}

async fn oauth_metadata(State(workspace): State<Workspace>) -> Json<Value> {
    let endpoint = format!("{}/token", workspace.scene().host);
    Json(json!({"token_endpoint": endpoint}))
}

async fn token(State(workspace): State<Workspace>) -> Json<Value> {
    let mut scene = workspace.scene();
    scene.tokens += 1;
    Json(json!({"access_token": format!("token-{}", scene.tokens), "expires_in": 3600}))
}

async fn logs(State(workspace): State<Workspace>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let bearer = headers["authorization"].to_str().unwrap().to_owned();
    let script = {
        let mut scene = workspace.scene();
        assert_eq!(headers["origin"].to_str().unwrap(), scene.host);
        scene.scripts.pop_front().unwrap_or(Script::Answer(StatusCode::NOT_FOUND, "no script"))
    };
    match script {
        Script::Answer(status, body) => (status, body).into_response(),
        Script::Send(messages, code) => {
            upgrade.on_upgrade(move |socket| play(workspace, socket, bearer, messages, code))
        }
    }
}

async fn play(
    workspace: Workspace,
    mut socket: WebSocket,
    bearer: String,
    messages: Vec<Message>,
    code: Option<u16>,
) {
    let Some(Ok(Message::Text(term))) = socket.recv().await else { panic!("no search term") };
    workspace.scene().heard.push((term.as_str().to_owned(), bearer));
    for message in messages {
        socket.send(message).await.unwrap();
    }
    if let Some(code) = code {
        let frame = CloseFrame { code, reason: "bye\u{1b}[2J".into() };
        socket.send(Message::Close(Some(frame))).await.unwrap();
    }
    // until the client has left
    while let Some(Ok(_)) = socket.recv().await {}
}

fn line(source: &str, second: u32, message: &str) -> Message {
    Message::Text(json!({"source": source, "timestamp": second, "message": message}).to_string().into())
}

fn app_line(second: u32) -> Message {
    line("APP", second, &format!("line {second}"))
}

fn words(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.message.as_str()).collect()
}

fn nul() -> Message {
    Message::Text("\0".into())
}

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_tail_is_what_was_kept_without_keep_alives() {
    let messages = vec![
        app_line(1),
        nul(),
        line("SYSTEM", 2, "deployed"),
        Message::Text("a bare line".into()),
        Message::Binary(vec![0].into()),
        app_line(3),
    ];
    let workspace =
        Workspace::start(vec![Script::Send(messages.clone(), None), Script::Send(messages, Some(1000))])
            .await;
    let client = workspace.oauth();
    let everything = LogSelection { search: "e".to_owned(), source: None };
    let lines = client.apps().tail("tellr", &everything, 3, DEADLINE).await.unwrap();
    assert_eq!(words(&lines), ["deployed", "a bare line", "line 3"]);
    assert_eq!(lines[0].source, Some(LogSource::System));
    let of_app = LogSelection { source: Some(LogSource::App), ..LogSelection::default() };
    let lines = client.apps().tail("tellr", &of_app, 9, DEADLINE).await.unwrap();
    assert_eq!(words(&lines), ["line 1", "line 3"]);
    let heard = workspace.heard();
    assert_eq!(heard[0], ("e".to_owned(), "Bearer token-1".to_owned()));
}

#[tokio::test]
async fn a_personal_access_token_is_told_where_the_log_is() {
    let workspace = Workspace::start(Vec::new()).await;
    let client = workspace.client(Credentials::PersonalAccessToken(Secret::new("dapi123")));
    let error = client.apps().tail("tellr", &LogSelection::default(), 5, DEADLINE).await.unwrap_err();
    assert!(matches!(&error, Error::Auth(AuthError::OAuthNeeded { .. })), "{error}");
    let host = workspace.scene().host.clone();
    assert!(error.to_string().ends_with(&format!("in a browser it is at {host}/logz")), "{error}");
    assert!(error.hint().unwrap().contains("tellr login"));
    assert!(workspace.heard().is_empty());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_a_second_refusal_is_an_error() {
    let scripts = vec![
        Script::Answer(StatusCode::UNAUTHORIZED, ""),
        Script::Send(vec![app_line(1)], Some(1000)),
        Script::Answer(StatusCode::FORBIDDEN, r#"{"error_code":"PERMISSION_DENIED","message":"not yours"}"#),
        Script::Answer(StatusCode::FORBIDDEN, r#"{"error_code":"PERMISSION_DENIED","message":"not yours"}"#),
    ];
    let workspace = Workspace::start(scripts).await;
    let client = workspace.oauth();
    let lines = client.apps().tail("tellr", &LogSelection::default(), 5, DEADLINE).await.unwrap();
    assert_eq!(words(&lines), ["line 1"]);
    assert_eq!(workspace.heard()[0].1, "Bearer token-2");
    let error = client.apps().tail("tellr", &LogSelection::default(), 5, DEADLINE).await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
    assert_eq!(error.to_string(), "GET /logz/stream: not yours (403 PERMISSION_DENIED)");
}

#[tokio::test]
async fn close_codes_say_why_the_stream_ended() {
    let ends = [1000, 4401, 4403, 4500].map(|code| Script::Send(Vec::new(), Some(code)));
    let workspace = Workspace::start(ends.into()).await;
    let client = workspace.oauth();
    let next = || async { client.apps().logs("tellr", "").await.unwrap().next().await };
    assert_eq!(next().await.unwrap(), None);
    let error = next().await.unwrap_err();
    assert!(error.is_unauthenticated(), "{error}");
    let error = next().await.unwrap_err();
    assert!(error.is_permission_denied() && !error.to_string().contains('\u{1b}'), "{error}");
    let error = next().await.unwrap_err();
    assert!(error.to_string().contains("closed with code 4500 bye"), "{error}");
}

#[tokio::test]
async fn following_goes_on_after_expiry_and_shows_nothing_twice() {
    let scripts = vec![
        Script::Send(vec![app_line(1), app_line(2)], Some(4401)),
        Script::Answer(StatusCode::BAD_GATEWAY, "starting"),
        Script::Send(vec![app_line(1), app_line(2), app_line(3)], Some(1001)),
        Script::Send(
            vec![app_line(2), app_line(3), app_line(3), line("SYSTEM", 4, "stopping"), app_line(5)],
            Some(1000),
        ),
    ];
    let workspace = Workspace::start(scripts).await;
    let selection = LogSelection { search: String::new(), source: Some(LogSource::App) };
    let mut follower = workspace.oauth().apps().follow("tellr", selection);
    assert_eq!(words(&follower.begin(1, DEADLINE).await.unwrap()), ["line 2"]);
    for expected in ["line 3", "line 5"] {
        assert_eq!(follower.next().await.unwrap().unwrap().message, expected);
    }
    workspace.scene().compute = "STOPPED".to_owned();
    assert_eq!(follower.next().await.unwrap(), None);
    assert_eq!(workspace.heard().len(), 3);
}

#[tokio::test]
async fn following_gives_up_when_it_is_refused_for_good() {
    let refused = || Script::Answer(StatusCode::UNAUTHORIZED, "");
    let workspace =
        Workspace::start(vec![Script::Send(vec![app_line(1)], Some(4401)), refused(), refused()]).await;
    let mut follower = workspace.oauth().apps().follow("tellr", LogSelection::default());
    follower.begin(5, DEADLINE).await.unwrap();
    assert!(follower.next().await.unwrap_err().is_unauthenticated());
    // what cannot be reached ends as well, after some tries
    let mut follower = workspace.oauth().apps().follow("tellr", LogSelection::default());
    assert!(follower.next().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_message_without_end_is_not_read() {
    let huge = Message::Text("x".repeat(5 * 1024 * 1024).into());
    let workspace = Workspace::start(vec![Script::Send(vec![huge], None)]).await;
    let mut stream = workspace.oauth().apps().logs("tellr", "").await.unwrap();
    let error = stream.next().await.unwrap_err();
    assert!(matches!(&error, Error::Transport(_)), "{error}");
}
