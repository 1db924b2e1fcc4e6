//! The fault control API: what a rule does to a call, and on which side of the call's effect.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::TestWorkspace;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FOLDER: &str = "/Workspace/Users/deployer@example.com/folder";
const MKDIRS: &str = "/api/2.0/workspace/mkdirs";

async fn add(workspace: &TestWorkspace, rule: Value) -> String {
    workspace.ok(Method::POST, "/local/faults", rule).await["id"].as_str().unwrap().to_owned()
}

async fn exists(workspace: &TestWorkspace) -> bool {
    workspace.get(&format!("/api/2.0/workspace/get-status?path={FOLDER}")).await.0 == StatusCode::OK
}

async fn mkdirs(workspace: &TestWorkspace) -> (StatusCode, Value) {
    workspace.call(Method::POST, MKDIRS, Some(json!({"path": FOLDER}))).await
}

/// A call in the background; it fails when its connection ends without an answer.
fn mkdirs_in_background(workspace: &TestWorkspace) -> tokio::task::JoinHandle<reqwest::Result<StatusCode>> {
    let request = reqwest::Client::new()
        .post(format!("{}{MKDIRS}", workspace.ready().host))
        .bearer_auth(&workspace.ready().token)
        .json(&json!({"path": FOLDER}));
    tokio::spawn(async move { request.send().await.map(|response| response.status()) })
}

async fn held(workspace: &TestWorkspace, id: &str) -> Value {
    let (status, call) = workspace.get(&format!("/local/faults/{id}/held?timeout_ms=20000")).await;
    assert_eq!(status, StatusCode::OK, "{call}");
    call
}

async fn rule(workspace: &TestWorkspace, id: &str) -> Value {
    let faults = workspace.get("/local/faults").await.1;
    faults["faults"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap().clone()
}

async fn remove(workspace: &TestWorkspace, id: &str, query: &str) {
    let response = workspace.send(Method::DELETE, &format!("/local/faults/{id}{query}"), None).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

async fn request_log(workspace: &TestWorkspace, path: &str) -> Vec<u64> {
    let log = workspace.get("/local/requests").await.1;
    let entries = log["requests"].as_array().unwrap().iter();
    entries.filter(|entry| entry["path"] == path).map(|entry| entry["status"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_before_or_after_the_effect() {
    let workspace = TestWorkspace::start().await;
    let answer = json!({"answer": {
        "status": 503,
        "body": {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"},
        "headers": {"Retry-After": "7"},
    }});
    let on = json!({"method": "POST", "path": "/api/2.0/workspace/*"});
    let id = add(&workspace, json!({"id": "storm", "on": on, "times": 2, "do": answer})).await;
    assert_eq!(id, "storm");
    for _ in 0..2 {
        let response = workspace.send(Method::POST, MKDIRS, Some(json!({"path": FOLDER}))).await;
        assert_eq!(response.headers()["retry-after"], "7");
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.json::<Value>().await.unwrap()["message"], "later");
    }
    assert!(!exists(&workspace).await, "nothing has happened");
    let shown = rule(&workspace, "storm").await;
    assert_eq!((&shown["hits"], &shown["seen"]), (&json!(2), &json!(2)));

    let rule = json!({"on": {"method": "mutating", "path": "**"}, "skip": 1, "when": "after", "do": answer});
    add(&workspace, rule).await;
    assert_eq!(mkdirs(&workspace).await.0, StatusCode::OK, "the first one is let by");
    let delete = json!({"path": FOLDER});
    let (status, _) = workspace.call(Method::POST, "/api/2.0/workspace/delete", Some(delete)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!exists(&workspace).await, "it is deleted although the answer says otherwise");
    assert_eq!(mkdirs(&workspace).await.0, StatusCode::OK, "once is enough");
    assert_eq!(request_log(&workspace, MKDIRS).await, [503, 503, 200, 200]);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_held_before_its_effect_dies_with_its_client() {
    let workspace = TestWorkspace::start().await;
    let on = json!({"method": "mutating", "path": "/api/**"});
    add(&workspace, json!({"id": "one", "on": on, "do": "hold"})).await;
    let client = mkdirs_in_background(&workspace);
    assert_eq!(held(&workspace, "one").await, json!({"method": "POST", "path": MKDIRS}));
    assert_eq!(rule(&workspace, "one").await["held"], json!([{"method": "POST", "path": MKDIRS}]));
    client.abort();
    // the workspace notices by itself
    workspace.until(async || rule(&workspace, "one").await["held"] == json!([])).await;
    remove(&workspace, "one", "").await;
    assert!(!exists(&workspace).await);

    add(&workspace, json!({"id": "two", "on": on, "do": "hold"})).await;
    let client = mkdirs_in_background(&workspace);
    held(&workspace, "two").await;
    remove(&workspace, "two", "?held=drop").await;
    assert!(client.await.unwrap().is_err(), "its connection is closed");
    assert!(!exists(&workspace).await);

    add(&workspace, json!({"id": "three", "on": on, "do": "hold"})).await;
    let client = mkdirs_in_background(&workspace);
    held(&workspace, "three").await;
    remove(&workspace, "three", "").await;
    assert_eq!(client.await.unwrap().unwrap(), StatusCode::OK);
    assert!(exists(&workspace).await);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_held_after_its_effect_has_had_it() {
    let workspace = TestWorkspace::start().await;
    let on = json!({"method": "POST", "path": MKDIRS});
    add(&workspace, json!({"id": "one", "on": on, "when": "after", "do": "hold"})).await;
    let client = mkdirs_in_background(&workspace);
    held(&workspace, "one").await;
    assert!(!client.is_finished());
    assert!(exists(&workspace).await);
    let cleared = workspace.send(Method::DELETE, "/local/faults?held=drop", None).await;
    assert_eq!(cleared.status(), StatusCode::NO_CONTENT);
    assert!(client.await.unwrap().is_err());
    assert_eq!(request_log(&workspace, MKDIRS).await, [200]);
    assert_eq!(workspace.get("/local/faults").await.1, json!({"faults": []}));
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_held_call_ends_in_time_and_with_the_rule() {
    let workspace = TestWorkspace::start().await;
    add(&workspace, json!({"id": "idle", "do": "hold"})).await;
    let response = workspace.send(Method::GET, "/local/faults/idle/held?timeout_ms=1", None).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(workspace.get("/local/faults/other/held").await.0, StatusCode::NOT_FOUND);
    let waiting = workspace.get("/local/faults/idle/held?timeout_ms=60000");
    let (waited, ()) = tokio::join!(waiting, remove(&workspace, "idle", ""));
    assert_eq!(waited.0, StatusCode::NOT_FOUND);
    workspace.stop().await;
}

/// Sends a request by hand and reads to the end of the connection.
async fn by_hand(workspace: &TestWorkspace) -> std::io::Result<Vec<u8>> {
    let address = workspace.ready().host.strip_prefix("http://").unwrap();
    let body = json!({"path": FOLDER}).to_string();
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "POST {MKDIRS} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        workspace.ready().token,
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_closed_or_reset_on_either_side_of_the_effect() {
    let workspace = TestWorkspace::start().await;
    let on = json!({"path": MKDIRS});
    for (when, made) in [("before", false), ("after", true)] {
        for (what, expected) in [("drop", None), ("reset", Some(std::io::ErrorKind::ConnectionReset))] {
            add(&workspace, json!({"on": on, "when": when, "do": what})).await;
            let answer = by_hand(&workspace).await;
            match expected {
                None => assert_eq!(answer.unwrap(), b"", "{when} {what}"),
                Some(kind) => assert_eq!(answer.unwrap_err().kind(), kind, "{when} {what}"),
            }
            assert_eq!(exists(&workspace).await, made, "{when} {what}");
        }
    }
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_reads_do_not_see_the_call() {
    let workspace = TestWorkspace::start().await;
    let path = "/api/2.0/workspace/get-status";
    add(&workspace, json!({"on": {"path": MKDIRS}, "do": {"stale": {"path": path, "times": 2}}})).await;
    assert_eq!(mkdirs(&workspace).await.0, StatusCode::OK);
    assert!(!exists(&workspace).await);
    let list = format!("/api/2.0/workspace/list?path={FOLDER}");
    assert_eq!(workspace.get(&list).await.0, StatusCode::OK, "another path is read as it is");
    assert!(!exists(&workspace).await);
    assert!(exists(&workspace).await, "twice is enough");
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_in_the_middle() {
    let workspace = TestWorkspace::start().await;
    let (id, secret) = (workspace.ready().client_id.clone(), workspace.ready().client_secret.clone());
    let token = async || workspace.token(&id, &secret).await.1["access_token"].as_str().unwrap().to_owned();
    let me = "/api/2.0/preview/scim/v2/Me";
    let first = token().await;
    add(&workspace, json!({"on": {"path": me}, "skip": 1, "do": "expire_token"})).await;
    let status = async |token: &str| workspace.call_as(token, Method::GET, me, None).await;
    assert_eq!(status(&first).await.0, StatusCode::OK);
    let (code, error) = status(&first).await;
    assert_eq!((code, &error["message"]), (StatusCode::UNAUTHORIZED, &json!("Access token has expired.")));
    assert_eq!(
        workspace.call_as(&first, Method::GET, "/api/2.0/apps", None).await.0,
        StatusCode::UNAUTHORIZED
    );
    let second = token().await;
    assert_eq!(status(&second).await.0, StatusCode::OK);

    let ended = workspace.send(Method::POST, "/local/expire-tokens", Some(json!({"kind": "access"}))).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(status(&second).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&token().await).await.0, StatusCode::OK);

    // a personal token cannot be renewed: it is good again when the rule is gone, and always for the control API
    add(&workspace, json!({"id": "mine", "on": {"path": me}, "do": "expire_token"})).await;
    let (code, error) = workspace.get(me).await;
    assert_eq!((code, &error["message"]), (StatusCode::FORBIDDEN, &json!("Invalid access token.")));
    remove(&workspace, "mine", "").await;
    assert_eq!(workspace.get(me).await.0, StatusCode::OK);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_are_listed_and_given() {
    let workspace = TestWorkspace::start().await;
    let presets = workspace.get("/local/faults/presets").await.1["presets"].as_array().unwrap().clone();
    assert!(presets.iter().any(|preset| preset["text"] == "recorded"));
    for preset in presets {
        let name = preset["name"].as_str().unwrap();
        add(&workspace, json!({"id": name, "on": {"path": MKDIRS}, "do": {"preset": name}})).await;
        let (status, error) = mkdirs(&workspace).await;
        assert_eq!(json!(status.as_u16()), preset["status"], "{name}");
        assert_eq!(error["error_code"], preset["error_code"], "{name}");
    }
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_ends_its_work_when_its_client_has_gone() {
    let workspace = TestWorkspace::start().await;
    let address = workspace.ready().host.strip_prefix("http://").unwrap();
    let body = json!({"name": "orphan"}).to_string();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /api/2.0/apps HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        workspace.ready().token,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // as soon as the handler has begun, and before it can have ended its last step
    workspace.until(async || workspace.get("/api/2.0/apps/orphan").await.0 == StatusCode::OK).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    workspace.until_compute("orphan", "ACTIVE").await;
    assert_eq!(request_log(&workspace, "/api/2.0/apps").await, [200]);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_user_controls_faults() {
    let workspace = TestWorkspace::start().await;
    let app = workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "nosy"})).await;
    let token = workspace.token_of_app(app["service_principal_client_id"].as_str().unwrap()).await;
    for (method, path) in [
        (Method::GET, "/local/faults"),
        (Method::POST, "/local/faults"),
        (Method::DELETE, "/local/faults"),
        (Method::GET, "/local/faults/presets"),
        (Method::GET, "/local/faults/x/held"),
        (Method::DELETE, "/local/faults/x"),
        (Method::POST, "/local/expire-tokens"),
    ] {
        let body = match path {
            "/local/faults" => json!({"do": "drop"}),
            _ => json!({"kind": "all"}),
        };
        let request = workspace.http().request(method.clone(), format!("{}{path}", workspace.ready().host));
        assert_eq!(request.json(&body).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        let (status, _) = workspace.call_as(&token, method.clone(), path, Some(body)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    let (status, error) = workspace.call(Method::POST, "/local/faults", Some(json!({"do": "burn"}))).await;
    assert_eq!((status, &error["error_code"]), (StatusCode::BAD_REQUEST, &json!("MALFORMED_REQUEST")));
    workspace.stop().await;
}
