//! Deployed apps as their users see them: through the proxy, signed in, across crashes and restarts.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use local_workspace::Options;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use support::TestWorkspace;

const FOLDER: &str = "/Workspace/Users/deployer@example.com/.apps/shown";

/// Shows its headers and part of its environment; `/exit` ends it.
const SERVER: &str = r#"
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            print("leaving", flush=True)
            os._exit(3)
        shown = {"headers": {k.lower(): v for k, v in self.headers.items()}, "env": dict(os.environ)}
        content = json.dumps(shown).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["DATABRICKS_APP_PORT"])), Handler).serve_forever()
"#;

async fn upload(workspace: &TestWorkspace, name: &str, content: &str) {
    workspace.ok(Method::POST, "/api/2.0/workspace/mkdirs", json!({"path": FOLDER})).await;
    let (status, answer) = workspace.import_multipart(&format!("{FOLDER}/{name}"), content.as_bytes()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// An app with an active compute and uploaded source.
async fn prepare(workspace: &TestWorkspace) -> Value {
    upload(workspace, "server.py", SERVER).await;
    upload(
        workspace,
        "app.yaml",
        "command: [python, server.py]\nenv:\n  - {name: SHOWN, value: from the file}\n",
    )
    .await;
    let body = json!({"name": "shown", "user_api_scopes": ["sql"]});
    let app = workspace.ok(Method::POST, "/api/2.0/apps", body).await;
    workspace.until_compute("shown", "ACTIVE").await;
    app
}

/// The deployment when it has ended.
async fn deploy(workspace: &TestWorkspace, body: Value) -> Value {
    let begun = workspace.ok(Method::POST, "/api/2.0/apps/shown/deployments", body).await;
    let path = format!("/api/2.0/apps/shown/deployments/{}", begun["deployment_id"].as_str().unwrap());
    workspace.until(async || workspace.get(&path).await.1["status"]["state"] != "IN_PROGRESS").await;
    workspace.get(&path).await.1
}

fn location(response: &Response) -> String {
    response.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

async fn browse(workspace: &TestWorkspace, url: &str, cookie: Option<&str>) -> Response {
    let mut request = workspace.http().get(url).header(header::ACCEPT, "text/html");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.send().await.unwrap()
}

/// Signs a browser in and gives its cookie.
async fn sign_in(workspace: &TestWorkspace, app_url: &str) -> String {
    let redirect = browse(workspace, &format!("{app_url}/deck?x=1"), None).await;
    assert_eq!(redirect.status(), StatusCode::FOUND);
    let sign_in = location(&redirect);
    assert!(
        sign_in.starts_with(&format!("{}/local/sign-in?app=shown&", workspace.ready().host)),
        "{sign_in}"
    );
    let form = browse(workspace, &sign_in, None).await.text().await.unwrap();
    assert!(form.contains("LOCAL WORKSPACE") && form.contains("value=\"/deck?x=1\""), "{form}");
    let submit = async |token: &str| {
        let fields = [("app", "shown"), ("next", "/deck?x=1"), ("token", token)];
        let url = format!("{}/local/sign-in", workspace.ready().host);
        workspace.http().post(url).form(&fields).send().await.unwrap()
    };
    assert_eq!(submit("dapi-wrong").await.status(), StatusCode::FORBIDDEN);
    let callback = location(&submit(&workspace.ready().token).await);
    assert!(callback.starts_with(app_url), "{callback}");
    let welcome = browse(workspace, &callback, None).await;
    assert_eq!(location(&welcome), "/deck?x=1");
    let cookie = welcome.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let spent = browse(workspace, &callback, None).await;
    assert!(!spent.headers().contains_key(header::SET_COOKIE), "a code works once");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_the_app_learns_who_it_is() {
    let workspace = TestWorkspace::start().await;
    let app = prepare(&workspace).await;
    let deployed = deploy(&workspace, json!({"source_code_path": FOLDER})).await;
    assert_eq!(deployed["status"], json!({"state": "SUCCEEDED", "message": "App started successfully"}));
    let url = app["url"].as_str().unwrap();
    let cookie = sign_in(&workspace, url).await;
    let shown: Value = browse(&workspace, &format!("{url}/"), Some(&cookie)).await.json().await.unwrap();
    let headers = &shown["headers"];
    assert_eq!(headers["x-forwarded-email"], workspace.ready().user.as_str());
    assert!(headers["cookie"].is_null(), "the session is the proxy's secret");

    // the forwarded token may do what the app's scopes say, in the user's name, and no more
    let token = headers["x-forwarded-access-token"].as_str().unwrap();
    let (status, me) = workspace.call_as(token, Method::GET, "/api/2.0/preview/scim/v2/Me", None).await;
    assert_eq!((status, &me["userName"]), (StatusCode::OK, &json!(workspace.ready().user)));
    let (status, error) = workspace.call_as(token, Method::GET, "/api/2.0/apps", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(error["message"], "Provided OAuth token does not have required scopes: apps");

    // the app's own identity works, from the variables it was given
    let env = &shown["env"];
    assert_eq!((&env["SHOWN"], &env["DATABRICKS_APP_NAME"]), (&json!("from the file"), &json!("shown")));
    let secret = env["DATABRICKS_CLIENT_SECRET"].as_str().unwrap();
    let (status, _) = workspace.token(env["DATABRICKS_CLIENT_ID"].as_str().unwrap(), secret).await;
    assert_eq!(status, StatusCode::OK);

    // another app may not use this one until it is told so
    let other = workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "other"})).await;
    let client_id = other["service_principal_client_id"].as_str().unwrap();
    let open_as_other = async || {
        let token = workspace.token_of_app(client_id).await;
        workspace.http().get(url).bearer_auth(token).send().await.unwrap().status()
    };
    assert_eq!(open_as_other().await, StatusCode::FORBIDDEN);
    let grant = json!({"access_control_list": [{"service_principal_name": client_id, "permission_level": "CAN_USE"}]});
    workspace.ok(Method::PATCH, "/api/2.0/permissions/apps/shown", grant).await;
    assert_eq!(open_as_other().await, StatusCode::OK);

    let link = workspace
        .ok(Method::POST, "/local/sign-in-links", json!({"app": "shown", "next": "//evil.example"}))
        .await;
    let opened = browse(&workspace, link["url"].as_str().unwrap(), None).await;
    assert_eq!(location(&opened), "/", "nobody is sent to another site");
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_with_a_deployment_overrides_the_file() {
    let workspace = TestWorkspace::start().await;
    let app = prepare(&workspace).await;
    let env = json!([{"name": "SHOWN", "value": "given"}, {"name": "MORE", "value": "1"}]);
    deploy(&workspace, json!({"source_code_path": FOLDER, "env_vars": env})).await;
    let link = workspace.ok(Method::POST, "/local/sign-in-links", json!({"app": "shown"})).await;
    let opened = browse(&workspace, link["url"].as_str().unwrap(), None).await;
    let cookie = opened.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let shown = browse(&workspace, app["url"].as_str().unwrap(), Some(&cookie)).await;
    let shown: Value = shown.json().await.unwrap();
    assert_eq!((&shown["env"]["SHOWN"], &shown["env"]["MORE"]), (&json!("given"), &json!("1")));
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deployment_leaves_the_running_one_alone_and_a_crash_is_told() {
    let workspace = TestWorkspace::start().await;
    let app = prepare(&workspace).await;
    let url = app["url"].as_str().unwrap();
    let good = deploy(&workspace, json!({"source_code_path": FOLDER})).await;
    upload(&workspace, "app.yaml", "command: not a list of words").await;
    let bad = deploy(&workspace, json!({"source_code_path": FOLDER})).await;
    assert_eq!(bad["status"]["state"], "FAILED", "{bad}");
    let (_, found) = workspace.get("/api/2.0/apps/shown").await;
    assert_eq!(found["active_deployment"]["deployment_id"], good["deployment_id"]);
    assert_eq!(found["app_status"]["state"], "RUNNING");

    let cookie = sign_in(&workspace, url).await;
    browse(&workspace, &format!("{url}/exit"), Some(&cookie)).await;
    let state = async || workspace.get("/api/2.0/apps/shown").await.1["app_status"]["state"].clone();
    workspace.until(async || state().await == "CRASHED").await;
    let (_, logs) = workspace.get("/local/apps/shown/logs").await;
    let said = logs["logs"].as_array().unwrap().iter().any(|line| line["message"] == "leaving");
    assert!(said, "{logs}");
    let asked = browse(&workspace, &format!("{url}/"), Some(&cookie)).await;
    assert_eq!(asked.status(), StatusCode::BAD_GATEWAY);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deployment_at_a_time_and_a_stop_cancels_it() {
    let workspace = TestWorkspace::start().await;
    prepare(&workspace).await;
    // never listens, so that the deployment stays in progress
    upload(&workspace, "app.yaml", "command: [sleep, '600']").await;
    let begun = workspace
        .ok(Method::POST, "/api/2.0/apps/shown/deployments", json!({"source_code_path": FOLDER}))
        .await;
    let second = json!({"source_code_path": FOLDER});
    let (status, error) = workspace.call(Method::POST, "/api/2.0/apps/shown/deployments", Some(second)).await;
    let conflict = json!("Cannot deploy app shown as there is an active deployment in progress");
    assert_eq!((status, &error["message"]), (StatusCode::BAD_REQUEST, &conflict));
    workspace.ok(Method::POST, "/api/2.0/apps/shown/stop", json!({})).await;
    workspace.until_compute("shown", "STOPPED").await;
    let path = format!("/api/2.0/apps/shown/deployments/{}", begun["deployment_id"].as_str().unwrap());
    assert_eq!(workspace.get(&path).await.1["status"]["state"], "CANCELLED");
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_above_the_limit_fails_the_deployment() {
    let workspace = TestWorkspace::start().await;
    prepare(&workspace).await;
    let url = format!(
        "{}/api/2.0/workspace-files/import-file{FOLDER}/big.bin?overwrite=true",
        workspace.ready().host
    );
    let content = vec![0; 10_485_761];
    let sent =
        workspace.http().post(url).bearer_auth(&workspace.ready().token).body(content).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::OK);
    let failed = deploy(&workspace, json!({"source_code_path": FOLDER})).await;
    assert_eq!(failed["status"]["state"], "FAILED");
    let message = failed["status"]["message"].as_str().unwrap();
    assert!(message.contains("File is larger than 10485760 bytes"), "{message}");
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_come_back_after_a_restart_of_the_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let running = local_workspace::start(Options::new(folder.path().join("data"))).await.unwrap();
        TestWorkspace::around(running, None)
    };
    let workspace = start().await;
    let app = prepare(&workspace).await;
    deploy(&workspace, json!({"source_code_path": FOLDER})).await;
    workspace.stop().await;

    let workspace = start().await;
    let running = async || workspace.get("/api/2.0/apps/shown").await.1["app_status"]["state"] == "RUNNING";
    workspace.until(running).await;
    let (_, found) = workspace.get("/api/2.0/apps/shown").await;
    assert_eq!(found["url"], app["url"]);
    let ready = workspace.ready();
    let (_, granted) = workspace.token(&ready.client_id, &ready.client_secret).await;
    let token = granted["access_token"].as_str().unwrap();
    let answer = workspace.http().get(app["url"].as_str().unwrap()).bearer_auth(token).send().await.unwrap();
    let shown: Value = answer.json().await.unwrap();
    assert_eq!(shown["headers"]["x-forwarded-email"], ready.client_id.as_str());
    workspace.stop().await;
}
