//! Signing in against a real server: where the token comes from, how long it is kept, what happens when it is refused.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use databricks::apps::App;
use databricks::{
    AuthError, Client, Config, Credentials, Error, Host, HttpTransport, Secret, TransportErrorKind,
};
use futures::future::join_all;
use serde_json::json;
use support::{Script, Step, TestClock, answer, options};

/// A workspace with one service principal, `app` with secret `s3cret`.
#[derive(Default)]
struct Workspace {
    host: Mutex<String>,
    discoveries: AtomicUsize,
    tokens: AtomicUsize,
    calls: AtomicUsize,
    accepted: Mutex<String>,
    token_endpoint_down: AtomicBool,
    seen: Mutex<Vec<(String, HeaderMap)>>,
}

impl Workspace {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let workspace = Arc::new(Self::default());
        *workspace.host.lock().unwrap() = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/.well-known/databricks-config", get(describe))
            .route("/oidc/.well-known/oauth-authorization-server", get(oauth_metadata))
            .route("/oidc/v1/token", post(token))
            .route("/api/2.0/preview/scim/v2/Me", get(me))
            .with_state(workspace.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        workspace
    }

    fn see(&self, path: &str, headers: &HeaderMap) {
        self.seen.lock().unwrap().push((path.to_owned(), headers.clone()));
    }

    fn client(&self, secret: &str, clock: &Arc<TestClock>) -> Client {
        let credentials =
            Credentials::OAuthM2m { client_id: "app".to_owned(), client_secret: Secret::new(secret) };
        let config = Config::new(Host::parse(&self.host.lock().unwrap()).unwrap(), credentials);
        Client::new(config, Arc::new(HttpTransport::new().unwrap()), options(clock.clone()))
    }

    /// Makes every token so far worthless.
    fn revoke(&self) {
        self.accepted.lock().unwrap().clear();
    }

    fn counts(&self) -> (usize, usize) {
        (self.tokens.load(Ordering::SeqCst), self.calls.load(Ordering::SeqCst))
    }
}

async fn describe(State(workspace): State<Arc<Workspace>>, headers: HeaderMap) -> Response {
    workspace.see("config", &headers);
    workspace.discoveries.fetch_add(1, Ordering::SeqCst);
    let oidc = format!("{}/oidc", workspace.host.lock().unwrap());
    Json(json!({"oidc_endpoint": oidc, "workspace_id": 42, "cloud": "AWS"})).into_response()
}

async fn oauth_metadata(State(workspace): State<Arc<Workspace>>, headers: HeaderMap) -> Response {
    workspace.see("oauth", &headers);
    let endpoint = format!("{}/oidc/v1/token", workspace.host.lock().unwrap());
    Json(json!({"token_endpoint": endpoint, "authorization_endpoint": "x"})).into_response()
}

async fn token(State(workspace): State<Arc<Workspace>>, headers: HeaderMap, form: String) -> Response {
    workspace.see("token", &headers);
    let number = workspace.tokens.fetch_add(1, Ordering::SeqCst) + 1;
    if workspace.token_endpoint_down.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, "later").into_response();
    }
    assert_eq!(form, "grant_type=client_credentials&scope=all-apis");
    if headers["authorization"] != "Basic YXBwOnMzY3JldA==" {
        let refusal = json!({"error": "invalid_client", "error_description": "Client authentication failed"});
        return (StatusCode::UNAUTHORIZED, Json(refusal)).into_response();
    }
    let token = format!("token-{number}");
    workspace.accepted.lock().unwrap().clone_from(&token);
    Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600})).into_response()
}

async fn me(State(workspace): State<Arc<Workspace>>, headers: HeaderMap) -> Response {
    workspace.see("me", &headers);
    workspace.calls.fetch_add(1, Ordering::SeqCst);
    let expected = format!("Bearer {}", workspace.accepted.lock().unwrap());
    if headers["authorization"] != expected {
        let body = json!({"error_code": "UNAUTHENTICATED", "message": "the token is expired"});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    Json(json!({"userName": "app", "id": 7})).into_response()
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_service_principal_is_signed_in_once_and_the_calls_say_who_they_are() {
    let (workspace, clock) = (Workspace::start().await, TestClock::new());
    let client = workspace.client("s3cret", &clock);
    let user = client.current_user().me().await.unwrap();
    assert_eq!((user.user_name.as_deref(), user.id.as_deref()), (Some("app"), Some("7")));
    client.clone().current_user().me().await.unwrap();
    assert_eq!(client.workspace_id().await.unwrap().as_deref(), Some("42"));
    assert_eq!(workspace.counts(), (1, 2));

    let seen = workspace.seen.lock().unwrap().clone();
    let paths: Vec<&str> = seen.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["config", "oauth", "token", "me", "me"]);
    let agent = |at: usize| seen[at].1["user-agent"].to_str().unwrap();
    assert!(
        agent(0).starts_with("tests/1.2.3 databricks-rust/") && !agent(0).contains("auth/"),
        "{}",
        agent(0)
    );
    assert!(agent(3).ends_with(" auth/oauth-m2m"), "{}", agent(3));
    assert_eq!(seen[3].1["x-databricks-workspace-id"], "42");
    assert!(!seen[0].1.contains_key("authorization") && !seen[1].1.contains_key("authorization"));
}

#[tokio::test]
async fn callers_at_once_share_one_token_request() {
    let (workspace, clock) = (Workspace::start().await, TestClock::new());
    let client = workspace.client("s3cret", &clock);
    let calls = (0..8).map(|_| async { client.current_user().me().await.unwrap() });
    join_all(calls).await;
    assert_eq!(workspace.counts(), (1, 8));
    assert_eq!(workspace.discoveries.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_kept_when_that_fails() {
    let (workspace, clock) = (Workspace::start().await, TestClock::new());
    let client = workspace.client("s3cret", &clock);
    let call = || async { client.current_user().me().await.map(drop) };
    call().await.unwrap();
    clock.advance(40 * MINUTE - Duration::from_secs(1));
    call().await.unwrap();
    assert_eq!(workspace.counts().0, 1, "20 minutes before expiry it is not renewed");
    clock.advance(Duration::from_secs(1));
    workspace.token_endpoint_down.store(true, Ordering::SeqCst);
    call().await.unwrap();
    call().await.unwrap();
    assert_eq!(workspace.counts().0, 2, "a failed renewal is not tried again at once");
    clock.advance(MINUTE);
    workspace.token_endpoint_down.store(false, Ordering::SeqCst);
    call().await.unwrap();
    assert_eq!(workspace.counts().0, 3);

    clock.advance(60 * MINUTE - Duration::from_secs(40));
    workspace.token_endpoint_down.store(true, Ordering::SeqCst);
    let error = call().await.unwrap_err();
    assert!(
        matches!(&error, Error::Auth(AuthError::Endpoint { reason, .. }) if reason.contains("503")),
        "{error}"
    );
    assert_eq!(workspace.counts().0, 4, "the token endpoint is asked once");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let (workspace, clock) = (Workspace::start().await, TestClock::new());
    let client = workspace.client("s3cret", &clock);
    client.current_user().me().await.unwrap();
    workspace.revoke();
    client.current_user().me().await.unwrap();
    assert_eq!(workspace.counts(), (2, 3));

    // a token that is refused although it is new is not renewed for ever
    let fixed = Config {
        credentials: Credentials::PersonalAccessToken(Secret::new("dapi-wrong")),
        ..client.config().clone()
    };
    let fixed = Client::new(fixed, Arc::new(HttpTransport::new().unwrap()), options(clock));
    let error = fixed.current_user().me().await.unwrap_err();
    assert!(error.is_unauthenticated());
    assert_eq!(workspace.counts(), (2, 4));
}

#[tokio::test]
async fn a_wrong_secret_is_refused_without_being_told() {
    let (workspace, clock) = (Workspace::start().await, TestClock::new());
    let error = workspace.client("wr0ng", &clock).current_user().me().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "OAuth sign-in as service principal app was refused: invalid_client (Client authentication failed)"
    );
    assert!(error.is_unauthenticated() && error.hint().unwrap().contains("DATABRICKS_CLIENT_SECRET"));
    assert!(!format!("{error:?}").contains("wr0ng"));
    assert_eq!(workspace.counts(), (1, 0));
}

/// The secret must not go to an address that is less safe than the workspace's own.
#[tokio::test]
async fn the_secret_is_not_sent_over_plain_http() {
    let credentials =
        || Credentials::OAuthM2m { client_id: "app".to_owned(), client_secret: Secret::new("s3cret") };
    let config = || Config::new(Host::parse("https://workspace.example.com").unwrap(), credentials());
    let downgraded = [
        vec![answer(200, &json!({"oidc_endpoint": "http://evil.example.com/oidc"}))],
        vec![
            answer(
                200,
                &json!({"oidc_endpoint": "https://workspace.example.com/{account_id}", "account_id": "a1"}),
            ),
            answer(200, &json!({"token_endpoint": "http://evil.example.com/token"})),
        ],
        vec![answer(200, &json!({}))],
    ];
    for steps in downgraded {
        let script = Script::new(steps);
        let client = Client::new(config(), script.clone(), options(TestClock::new()));
        let error = client.current_user().me().await.unwrap_err();
        assert!(matches!(error, Error::Auth(AuthError::Discovery { .. })), "{error}");
        assert_eq!(script.left(), 0);
        let urls: Vec<String> = script.sent().into_iter().map(|sent| sent.url).collect();
        assert!(urls.iter().all(|url| url.starts_with("https://workspace.example.com/")), "{urls:?}");
        if let Some(metadata) = urls.get(1) {
            assert!(metadata.ends_with("/a1/.well-known/oauth-authorization-server"), "{metadata}");
        }
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_an_error_without_the_token() {
    let credentials = Credentials::PersonalAccessToken(Secret::new("dapi\r\nX-Evil: 1"));
    let config = Config::new(Host::parse("https://workspace.example.com").unwrap(), credentials);
    let script = Script::new([]);
    let error = Client::new(config, script, options(TestClock::new())).current_user().me().await.unwrap_err();
    assert!(matches!(error, Error::Auth(AuthError::UnsendableToken)));
    assert!(!format!("{error} {error:?}").contains("X-Evil"));
}

/// The token expires between an attempt whose reply was lost and the next one.
#[tokio::test]
async fn a_renewed_token_does_not_hide_that_an_earlier_attempt_may_have_taken_effect() {
    let credentials =
        Credentials::OAuthM2m { client_id: "app".to_owned(), client_secret: Secret::new("s3cret") };
    let config = Config {
        discovery_url: Some("https://workspace.example.com/oauth".to_owned()),
        workspace_id: Some("42".to_owned()),
        ..Config::new(Host::parse("https://workspace.example.com").unwrap(), credentials)
    };
    let token = |name: &str| answer(200, &json!({"access_token": name, "expires_in": 3600}));
    let script = Script::new([
        answer(200, &json!({"token_endpoint": "https://workspace.example.com/token"})),
        token("first"),
        Step::Fail(TransportErrorKind::Interrupted),
        answer(401, &json!({"error_code": "UNAUTHENTICATED", "message": "expired"})),
        token("second"),
        answer(
            409,
            &json!({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "An app with the same name already exists"}),
        ),
    ]);
    let client = Client::new(config, script.clone(), options(TestClock::new()));
    let app = App { name: "tellr".to_owned(), ..App::default() };
    let error = client.apps().create(&app).await.unwrap_err();
    assert!(error.is_already_exists() && error.may_have_taken_effect(), "{error}");
    assert_eq!(script.left(), 0);
    assert_eq!(script.sent().last().unwrap().headers["authorization"], "Bearer second");
}
