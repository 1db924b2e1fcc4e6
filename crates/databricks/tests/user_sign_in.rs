//! People signing in with a browser, and their tokens being renewed: against a server that gives each refresh token once.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use databricks::sign_in::SignIn;
use databricks::{
    AuthError, CachedToken, Client, Config, Credentials, Error, Host, HttpTransport, Secret, TokenCache,
    UserSignIn,
};
use futures::future::{join, join_all};
use serde_json::json;
use support::{TestClock, options};

/// A workspace where one person signs in. Each refresh token works once; only the newest access token is accepted.
#[derive(Default)]
struct Workspace {
    host: String,
    state: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    challenges: BTreeMap<String, String>,
    refresh: String,
    access: String,
    made: usize,
    calls: usize,
    down: bool,
}

impl Workspace {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let workspace = Arc::new(Self { host, ..Self::default() });
        let router = Router::new()
            .route("/.well-known/databricks-config", get(describe))
            .route("/oidc/.well-known/oauth-authorization-server", get(oauth_metadata))
            .route("/oidc/v1/token", post(token))
            .route("/api/2.0/preview/scim/v2/Me", get(me))
            .with_state(workspace.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        workspace
    }

    fn host(&self) -> Host {
        Host::parse(&self.host).unwrap()
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.state.lock().unwrap()
    }

    /// How many tokens were made, how many calls came.
    fn counts(&self) -> (usize, usize) {
        let tokens = self.tokens();
        (tokens.made, tokens.calls)
    }

    /// A client like another program's: its own memory, the shared cache.
    fn client(&self, home: &Path, clock: &Arc<TestClock>) -> Client {
        let cache = TokenCache::in_home(home);
        let sign_in = UserSignIn { cache, keys: vec!["work".to_owned(), self.host.clone()] };
        let config = Config::new(self.host(), Credentials::OAuthU2m(sign_in));
        Client::new(config, Arc::new(HttpTransport::new().unwrap()), options(clock.clone()))
    }

    /// Signs in without a browser: puts a token that the workspace accepts into the cache.
    async fn sign_in(&self, home: &Path, expiry: &str) {
        let (access, refresh) = {
            let mut tokens = self.tokens();
            tokens.made += 1;
            (tokens.access, tokens.refresh) =
                (format!("access-{}", tokens.made), format!("refresh-{}", tokens.made));
            (tokens.access.clone(), tokens.refresh.clone())
        };
        let token = CachedToken {
            access_token: Secret::new(access),
            refresh_token: Some(Secret::new(refresh)),
            expiry: Some(expiry.parse().unwrap()),
        };
        TokenCache::in_home(home)
            .store(std::slice::from_ref(&self.host), &token, Duration::from_secs(5))
            .await
            .unwrap();
    }
}

async fn describe(State(workspace): State<Arc<Workspace>>) -> Response {
    Json(json!({"oidc_endpoint": format!("{}/oidc", workspace.host), "workspace_id": "42"})).into_response()
}

async fn oauth_metadata(State(workspace): State<Arc<Workspace>>) -> Response {
    let endpoint = |name: &str| format!("{}/oidc/v1/{name}", workspace.host);
    Json(json!({"token_endpoint": endpoint("token"), "authorization_endpoint": endpoint("authorize")}))
        .into_response()
}

async fn token(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    assert!(!headers.contains_key("authorization"), "a public client has no secret");
    assert_eq!(form["client_id"], "databricks-cli");
    let mut tokens = workspace.tokens();
    if tokens.down {
        return (StatusCode::SERVICE_UNAVAILABLE, "later").into_response();
    }
    let is_good = match form["grant_type"].as_str() {
        "authorization_code" => {
            let digest = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
            assert!(form["redirect_uri"].starts_with("http://localhost:"));
            tokens.challenges.remove(&form["code"]) == Some(URL_SAFE_NO_PAD.encode(digest))
        }
        "refresh_token" => form["refresh_token"] == tokens.refresh,
        other => panic!("{other}"),
    };
    if !is_good {
        let refusal =
            json!({"error": "invalid_grant", "error_description": "Refresh token is invalid\u{1b}[2J"});
        return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
    }
    tokens.made += 1;
    (tokens.access, tokens.refresh) = (format!("access-{}", tokens.made), format!("refresh-{}", tokens.made));
    Json(json!({"access_token": tokens.access, "refresh_token": tokens.refresh, "expires_in": 3600}))
        .into_response()
}

async fn me(State(workspace): State<Arc<Workspace>>, headers: HeaderMap) -> Response {
    let mut tokens = workspace.tokens();
    tokens.calls += 1;
    if headers["authorization"] != format!("Bearer {}", tokens.access) {
        let body = json!({"error_code": "UNAUTHENTICATED", "message": "the token is expired"});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    Json(json!({"userName": "a@example.com"})).into_response()
}

/// The browser of somebody who agrees: remembers the challenge, and comes back with a code.
async fn agree(workspace: &Workspace, url: &str, change: impl Fn(String) -> String) -> (StatusCode, String) {
    let url = reqwest::Url::parse(url).unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/oidc/v1/authorize");
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["scope"], "all-apis offline_access");
    assert_eq!(query["code_challenge_method"], "S256");
    workspace.tokens().challenges.insert("code-1".to_owned(), query["code_challenge"].clone());
    let back = change(format!("{}/?code=code-1&state={}", query["redirect_uri"], query["state"]));
    let response = reqwest::get(back).await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn begin(workspace: &Workspace) -> SignIn {
    let home = tempfile::tempdir().unwrap();
    SignIn::begin(&workspace.client(home.path(), &TestClock::new()), 0..=0).await.unwrap()
}

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_person_signs_in_and_the_token_works() {
    let (workspace, home, clock) = (Workspace::start().await, tempfile::tempdir().unwrap(), TestClock::new());
    let client = workspace.client(home.path(), &clock);
    let sign_in = SignIn::begin(&client, 0..=0).await.unwrap();
    let url = sign_in.url().to_owned();
    let (token, (status, page)) = join(sign_in.finish(DEADLINE), agree(&workspace, &url, |back| back)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Signed in"), "{page}");
    let token = token.unwrap();
    assert_eq!(token.expiry, Some("2026-11-23T13:00:00Z".parse().unwrap()));

    TokenCache::in_home(home.path()).store(&["work".to_owned()], &token, DEADLINE).await.unwrap();
    assert_eq!(client.current_user().me().await.unwrap().user_name.as_deref(), Some("a@example.com"));
    assert!(!format!("{token:?}").contains("access-1"));
}

#[tokio::test]
async fn what_others_send_to_the_port_neither_ends_the_sign_in_nor_comes_back() {
    let workspace = Workspace::start().await;
    let sign_in = begin(&workspace).await;
    let url = sign_in.url().to_owned();
    let browser = async {
        let foreign = |back: String| {
            back.split("&state=").next().unwrap().to_owned() + "&state=<script>alert(1)</script>"
        };
        let (status, page) = agree(&workspace, &url, foreign).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!page.contains("script"), "{page}");
        let (status, _) =
            agree(&workspace, &url, |back| back.replace("code=code-1&", "code=code-1&code=other&")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (status, _) = agree(&workspace, &url, |back| back.replace("/?", "/favicon.ico?")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        // a name that an attacker has pointed at this machine
        let back = reqwest::Url::parse(&url).unwrap();
        let query: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
        let port = query["redirect_uri"].rsplit(':').next().unwrap().to_owned();
        let request =
            reqwest::Client::new().get(format!("http://127.0.0.1:{port}/?code=x&state={}", query["state"]));
        let response = request.header("host", format!("evil.example.com:{port}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        agree(&workspace, &url, |back| back).await
    };
    let (token, (status, _)) = join(sign_in.finish(DEADLINE), browser).await;
    assert_eq!(status, StatusCode::OK);
    token.unwrap();
}

#[tokio::test]
async fn a_refusal_a_forged_code_and_nobody_are_told_apart() {
    let workspace = Workspace::start().await;

    let sign_in = begin(&workspace).await;
    let url = sign_in.url().to_owned();
    let denied =
        |back: String| back.replace("code=code-1", "error=access_denied&error_description=not%20you%1b%5b2J");
    let (outcome, (status, page)) = join(sign_in.finish(DEADLINE), agree(&workspace, &url, denied)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!page.contains("not you"), "{page}");
    let message = outcome.unwrap_err().to_string();
    assert!(message.ends_with("it was refused in the browser: access_denied: not you [2J"), "{message}");

    let sign_in = begin(&workspace).await;
    let url = sign_in.url().to_owned();
    let forged = |back: String| back.replace("code-1", "stolen");
    let (outcome, _) = join(sign_in.finish(DEADLINE), agree(&workspace, &url, forged)).await;
    let error = outcome.unwrap_err();
    assert!(matches!(&error, Error::Auth(AuthError::SignIn { .. })), "{error}");

    let error = begin(&workspace).await.finish(Duration::ZERO).await.unwrap_err();
    assert!(
        error.to_string().starts_with("timed out after 0 s: the sign-in to http://127.0.0.1:"),
        "{error}"
    );
}

#[tokio::test]
async fn a_cached_token_is_used_until_shortly_before_it_expires_and_the_renewed_one_is_cached() {
    let (workspace, home, clock) = (Workspace::start().await, tempfile::tempdir().unwrap(), TestClock::new());
    workspace.sign_in(home.path(), "2026-11-23T13:00:00Z").await;
    let client = workspace.client(home.path(), &clock);
    client.current_user().me().await.unwrap();
    clock.advance(Duration::from_secs(54 * 60));
    client.current_user().me().await.unwrap();
    assert_eq!(workspace.tokens().made, 1, "nothing was renewed yet");
    clock.advance(Duration::from_secs(2 * 60));
    client.current_user().me().await.unwrap();
    assert_eq!(workspace.tokens().made, 2);
    // another program finds it, without asking for one of its own
    workspace.client(home.path(), &clock).current_user().me().await.unwrap();
    assert_eq!(workspace.tokens().made, 2);
    let found =
        TokenCache::in_home(home.path()).find(std::slice::from_ref(&workspace.host)).unwrap().unwrap();
    assert_eq!(found.refresh_token, Some(Secret::new("refresh-2")));
}

#[tokio::test]
async fn a_token_refused_in_the_middle_of_a_run_is_renewed_once() {
    let (workspace, home, clock) = (Workspace::start().await, tempfile::tempdir().unwrap(), TestClock::new());
    workspace.sign_in(home.path(), "2026-11-23T13:00:00Z").await;
    let client = workspace.client(home.path(), &clock);
    client.current_user().me().await.unwrap();
    workspace.tokens().access.clear();
    client.current_user().me().await.unwrap();
    assert_eq!(workspace.counts(), (2, 3));

    // of programs at once, one renews and the others take its token
    workspace.tokens().access.clear();
    let clients: Vec<Client> = (0..4).map(|_| workspace.client(home.path(), &clock)).collect();
    let calls = clients.iter().map(|client| async { client.current_user().me().await.map(drop) });
    for outcome in join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(workspace.tokens().made, 3);
}

#[tokio::test]
async fn a_sign_in_that_is_over_says_how_to_sign_in_again() {
    let (workspace, home, clock) = (Workspace::start().await, tempfile::tempdir().unwrap(), TestClock::new());
    let client = workspace.client(home.path(), &clock);
    let error = client.current_user().me().await.unwrap_err();
    assert!(error.to_string().contains("token-cache.json holds no token for it"), "{error}");
    assert_eq!(error.hint().unwrap(), format!("run `tellr login --host {}`", workspace.host));

    workspace.sign_in(home.path(), "2026-11-23T11:00:00Z").await;
    workspace.tokens().refresh.clear();
    let error = client.current_user().me().await.unwrap_err();
    assert!(error.is_unauthenticated() && error.hint().unwrap().starts_with("run `tellr login"));
    let message = error.to_string();
    assert!(message.ends_with("(invalid_grant: Refresh token is invalid [2J)"), "{message}");
    assert!(!format!("{error:?}").contains("refresh-1"));
}

#[tokio::test]
async fn a_token_that_is_still_good_outlives_a_token_endpoint_that_is_down() {
    let (workspace, home, clock) = (Workspace::start().await, tempfile::tempdir().unwrap(), TestClock::new());
    workspace.sign_in(home.path(), "2026-11-23T12:03:00Z").await;
    workspace.tokens().down = true;
    let client = workspace.client(home.path(), &clock);
    client.current_user().me().await.unwrap();
    clock.advance(Duration::from_secs(4 * 60));
    let error = client.current_user().me().await.unwrap_err();
    assert!(error.to_string().contains("could not be renewed: the token endpoint answered 503"), "{error}");
    workspace.tokens().down = false;
    client.current_user().me().await.unwrap();
}
