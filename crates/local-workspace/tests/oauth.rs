//! OAuth for people: the page, the code, the tokens, and what hostile input comes to.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::TestWorkspace;
use url::Url;

const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more.~_";
const REDIRECT: &str = "http://localhost:8020";

/// The query of a well-formed request, with `changes`.
fn query(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let fields = [
        ("response_type", "code"),
        ("client_id", "databricks-cli"),
        ("redirect_uri", REDIRECT),
        ("scope", "all-apis offline_access"),
        ("state", "a state&with=signs"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let changed = |name: &str, value: &str| {
        let change = changes.iter().find(|(changed, _)| *changed == name);
        change.map_or(value, |(_, value)| value).to_owned()
    };
    fields.iter().map(|(name, value)| ((*name).to_owned(), changed(name, value))).collect()
}

fn authorize_url(workspace: &TestWorkspace, changes: &[(&str, &str)]) -> String {
    let base = format!("{}/oidc/v1/authorize", workspace.ready().host);
    Url::parse_with_params(&base, query(changes)).unwrap().into()
}

/// The answer in the redirect's query.
fn told(location: &str) -> Vec<(String, String)> {
    let url = Url::parse(location).unwrap();
    assert_eq!((url.scheme(), url.host_str(), url.port()), ("http", Some("localhost"), Some(8020)));
    url.query_pairs().into_owned().collect()
}

fn value(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn location(response: &Response) -> Option<&str> {
    Some(response.headers().get(header::LOCATION)?.to_str().unwrap())
}

async fn exchange(workspace: &TestWorkspace, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let url = format!("{}/oidc/v1/token", workspace.ready().host);
    let response = workspace.http().post(url).form(fields).send().await.unwrap();
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    (response.status(), response.json().await.unwrap())
}

async fn redeem(workspace: &TestWorkspace, code: &str) -> (StatusCode, Value) {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "databricks-cli"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    exchange(workspace, &fields).await
}

async fn refresh(workspace: &TestWorkspace, token: &str, client: &str) -> (StatusCode, Value) {
    let fields = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    exchange(workspace, &fields).await
}

/// A code, without a browser.
async fn code(workspace: &TestWorkspace, changes: &[(&str, &str)]) -> String {
    let body = json!({"authorize_url": authorize_url(workspace, changes)});
    let link = workspace.ok(Method::POST, "/local/sign-in-links", body).await;
    value(&told(link["url"].as_str().unwrap()), "code").unwrap()
}

async fn me(workspace: &TestWorkspace, token: &Value) -> StatusCode {
    let path = "/api/2.0/preview/scim/v2/Me";
    workspace.call_as(token.as_str().unwrap(), Method::GET, path, None).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_agrees_in_a_browser() {
    let workspace = TestWorkspace::start().await;
    let (_, metadata) =
        workspace.anonymous(Method::GET, "/oidc/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    let endpoint = metadata["authorization_endpoint"].as_str().unwrap();
    let page = workspace.http().get(authorize_url(&workspace, &[])).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("LOCAL WORKSPACE") && html.contains("a state&amp;with=signs"), "{html}");

    let submit = async |token: &str| {
        let mut fields = query(&[]);
        fields.push(("token".to_owned(), token.to_owned()));
        workspace.http().post(endpoint).form(&fields).send().await.unwrap()
    };
    let refused = submit("dapi-wrong").await;
    assert_eq!((refused.status(), location(&refused)), (StatusCode::FORBIDDEN, None));
    let agreed = submit(&workspace.ready().token).await;
    assert_eq!(agreed.status(), StatusCode::SEE_OTHER);
    let pairs = told(location(&agreed).unwrap());
    assert_eq!(value(&pairs, "state").unwrap(), "a state&with=signs");
    let (status, tokens) = redeem(&workspace, &value(&pairs, "code").unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let me = "/api/2.0/preview/scim/v2/Me";
    let (_, user) = workspace.call_as(tokens["access_token"].as_str().unwrap(), Method::GET, me, None).await;
    assert_eq!(user["userName"], workspace.ready().user.as_str());
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_elsewhere() {
    let workspace = TestWorkspace::start().await;
    for changes in [
        [("redirect_uri", "https://evil.example/")],
        [("redirect_uri", "http://localhost.evil.example:8020/")],
        [("redirect_uri", "http://localhost@evil.example/")],
        [("redirect_uri", "//localhost:8020")],
        [("redirect_uri", "javascript:alert(1)")],
        [("redirect_uri", "")],
        [("client_id", "somebody-else")],
        [("client_id", "\"><script>alert(1)</script>")],
    ] {
        let url = authorize_url(&workspace, &changes);
        let page = workspace.http().get(&url).send().await.unwrap();
        assert_eq!((page.status(), location(&page)), (StatusCode::BAD_REQUEST, None), "{changes:?}");
        assert!(!page.text().await.unwrap().contains("<script>"), "{changes:?}");
        let mut fields = query(&changes);
        fields.push(("token".to_owned(), workspace.ready().token.clone()));
        let endpoint = format!("{}/oidc/v1/authorize", workspace.ready().host);
        let answer = workspace.http().post(endpoint).form(&fields).send().await.unwrap();
        assert_eq!((answer.status(), location(&answer)), (StatusCode::BAD_REQUEST, None), "{changes:?}");
        let (status, _) =
            workspace.call(Method::POST, "/local/sign-in-links", Some(json!({"authorize_url": url}))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{changes:?}");
    }
    // what is shown of the request is inert
    let changes = [("scope", "all-apis\"><script>alert(1)</script>"), ("state", "'\"><script>")];
    let html = workspace.http().get(authorize_url(&workspace, &changes)).send().await.unwrap().text().await;
    assert!(!html.unwrap().contains("<script>"));
    let foreign = json!({"authorize_url": "https://evil.example/oidc/v1/authorize?client_id=databricks-cli"});
    let (status, _) = workspace.call(Method::POST, "/local/sign-in-links", Some(foreign)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_what_is_wrong_with_its_request() {
    let workspace = TestWorkspace::start().await;
    for (change, expected) in [
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", " "), "invalid_scope"),
    ] {
        let answer = workspace.http().get(authorize_url(&workspace, &[change])).send().await.unwrap();
        let pairs = told(location(&answer).unwrap());
        assert_eq!(value(&pairs, "error").as_deref(), Some(expected), "{change:?}");
        assert_eq!(value(&pairs, "state").as_deref(), Some("a state&with=signs"));
        assert_eq!(value(&pairs, "code"), None);
    }
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_worth_nothing_to_others_or_twice() {
    let workspace = TestWorkspace::start().await;
    let with = async |code: &str, changes: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> = [
            ("grant_type", "authorization_code"),
            ("client_id", "databricks-cli"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]
        .map(|(name, value)| {
            changes.iter().find(|(changed, _)| *changed == name).copied().unwrap_or((name, value))
        })
        .to_vec();
        exchange(&workspace, &fields).await
    };
    for (change, status, error) in [
        (("code_verifier", "another-verifier-of-forty-three-characters-or-more"), 400, "invalid_grant"),
        (("code_verifier", ""), 400, "invalid_grant"),
        (("redirect_uri", "http://localhost:8021"), 400, "invalid_grant"),
        (("client_id", "another"), 401, "invalid_client"),
    ] {
        let code = code(&workspace, &[]).await;
        let (answered, body) = with(&code, &[change]).await;
        assert_eq!((answered.as_u16(), &body["error"]), (status, &json!(error)), "{change:?}");
    }
    // the challenge itself is no verifier
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let once = code(&workspace, &[]).await;
    assert_eq!(with(&once, &[("code_verifier", &challenge)]).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(redeem(&workspace, &once).await.0, StatusCode::BAD_REQUEST, "a misused code is spent");

    let once = code(&workspace, &[]).await;
    let (status, tokens) = redeem(&workspace, &once).await;
    assert_eq!(status, StatusCode::OK);
    let (status, again) = redeem(&workspace, &once).await;
    assert_eq!((status, &again["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&workspace, refresh_token, "databricks-cli").await.0, StatusCode::BAD_REQUEST);
    // a public client cannot pass for a service principal, nor the other way round
    let fields = [("grant_type", "client_credentials"), ("client_id", "databricks-cli")];
    assert_eq!(exchange(&workspace, &fields).await.1["error"], "invalid_client");
    let id = workspace.ready().client_id.clone();
    assert_eq!(refresh(&workspace, refresh_token, &id).await.0, StatusCode::UNAUTHORIZED);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_outlive_access_tokens_and_work_once() {
    let workspace = TestWorkspace::start().await;
    let first = code(&workspace, &[]).await;
    let (_, tokens) = redeem(&workspace, &first).await;
    assert_eq!(me(&workspace, &tokens["access_token"]).await, StatusCode::OK);
    let ended = workspace.send(Method::POST, "/local/expire-tokens", Some(json!({"kind": "all"}))).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(me(&workspace, &tokens["access_token"]).await, StatusCode::UNAUTHORIZED);
    let old = tokens["refresh_token"].as_str().unwrap();
    let (status, renewed) = refresh(&workspace, old, "databricks-cli").await;
    assert_eq!(status, StatusCode::OK, "{renewed}");
    assert_eq!(me(&workspace, &renewed["access_token"]).await, StatusCode::OK);
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    // who comes with the old one has stolen it, or was stolen from
    assert_eq!(refresh(&workspace, old, "databricks-cli").await.1["error"], "invalid_grant");
    let new = renewed["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&workspace, new, "databricks-cli").await.1["error"], "invalid_grant");

    let online = code(&workspace, &[("scope", "all-apis")]).await;
    assert!(redeem(&workspace, &online).await.1["refresh_token"].is_null(), "only with offline_access");
    workspace.stop().await;
}
