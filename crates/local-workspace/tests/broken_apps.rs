//! Apps that do not come up, as the platform reports them, and what becomes of the version that ran.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use std::time::Duration;

use local_workspace::Options;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::TestWorkspace;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

const FOLDER: &str = "/Workspace/Users/deployer@example.com/.apps/fragile";
const APP: &str = "/api/2.0/apps/fragile";

/// Answers with its version.
const SERVER: &str = r#"
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = os.environ["VERSION"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

const GOOD: &str = "command: [python, server.py, $DATABRICKS_APP_PORT]\nenv: [{name: VERSION, value: one}]\n";

async fn upload(workspace: &TestWorkspace, name: &str, content: &str) {
    workspace.ok(Method::POST, "/api/2.0/workspace/mkdirs", json!({"path": FOLDER})).await;
    let (status, answer) = workspace.import_multipart(&format!("{FOLDER}/{name}"), content.as_bytes()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

async fn begin(workspace: &TestWorkspace) -> String {
    let body = json!({"source_code_path": FOLDER});
    let begun = workspace.ok(Method::POST, &format!("{APP}/deployments"), body).await;
    format!("{APP}/deployments/{}", begun["deployment_id"].as_str().unwrap())
}

async fn ended(workspace: &TestWorkspace, deployment: &str) -> Value {
    workspace.until(async || workspace.get(deployment).await.1["status"]["state"] != "IN_PROGRESS").await;
    workspace.get(deployment).await.1["status"].clone()
}

/// A workspace with the app running in version one.
async fn start(choose: impl FnOnce(&mut Options)) -> TestWorkspace {
    let workspace = TestWorkspace::start_with(choose).await;
    workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "fragile"})).await;
    workspace.until_compute("fragile", "ACTIVE").await;
    upload(&workspace, "server.py", SERVER).await;
    upload(&workspace, "app.yaml", GOOD).await;
    let first = begin(&workspace).await;
    assert_eq!(ended(&workspace, &first).await["state"], "SUCCEEDED");
    workspace
}

/// What the app answers.
async fn answer(workspace: &TestWorkspace) -> (StatusCode, String) {
    let ready = workspace.ready();
    let token = workspace.token(&ready.client_id, &ready.client_secret).await.1;
    let url = workspace.get(APP).await.1["url"].as_str().unwrap().to_owned();
    let request = workspace.http().get(url).bearer_auth(token["access_token"].as_str().unwrap());
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn log(workspace: &TestWorkspace) -> String {
    workspace.get("/local/apps/fragile/logs").await.1.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_ends_at_once() {
    let workspace = start(|_| ()).await;
    upload(&workspace, "app.yaml", "command: [sh, -c, 'echo I cannot go on; exit 3']\n").await;
    let deployment = begin(&workspace).await;
    let message = "Error: app crashed unexpectedly. Please check /logz for more details";
    assert_eq!(ended(&workspace, &deployment).await, json!({"state": "FAILED", "message": message}));
    let app = workspace.get(APP).await.1;
    let crashed = json!({"state": "CRASHED", "message": "App has status: App crashed unexpectedly"});
    assert_eq!(app["app_status"], crashed);
    assert_eq!(app["compute_status"]["state"], "ACTIVE");
    assert!(log(&workspace).await.contains("I cannot go on"));
    assert_eq!(answer(&workspace).await.0, StatusCode::BAD_GATEWAY);

    upload(&workspace, "app.yaml", GOOD).await;
    let again = begin(&workspace).await;
    assert_eq!(ended(&workspace, &again).await["state"], "SUCCEEDED");
    assert_eq!(answer(&workspace).await, (StatusCode::OK, "one".to_owned()));
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_does_not_listen_or_listens_elsewhere() {
    let workspace = start(|options| options.start_deadline = Duration::from_secs(2)).await;
    let elsewhere = SERVER.replace("int(sys.argv[1])", "0");
    upload(&workspace, "elsewhere.py", &elsewhere).await;
    for command in ["[sleep, '600']", "[python, elsewhere.py]"] {
        upload(&workspace, "app.yaml", &format!("command: {command}\n")).await;
        let deployment = begin(&workspace).await;
        let status = ended(&workspace, &deployment).await;
        assert_eq!(status["state"], "FAILED", "{command}");
        let message = status["message"].as_str().unwrap();
        assert!(message.contains("DATABRICKS_APP_PORT") && message.contains("after 2 s"), "{message}");
        assert_eq!(workspace.get(APP).await.1["app_status"]["state"], "CRASHED", "{command}");
    }
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_version_serves_while_the_new_one_is_built() {
    let workspace = start(|_| ()).await;
    // a package index that takes the connection and says nothing
    let index = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = index.local_addr().unwrap();
    let requirements = format!("--index-url http://{address}/simple\nno-such-package-of-this-test==1.0\n");
    upload(&workspace, "requirements.txt", &requirements).await;
    upload(&workspace, "app.yaml", &GOOD.replace("one", "two")).await;
    let deployment = begin(&workspace).await;
    let asked = tokio::time::timeout(Duration::from_secs(60), index.accept()).await;
    let (mut asked, _) = asked.expect("pip asks the index").unwrap();
    assert_eq!(workspace.get(&deployment).await.1["status"]["state"], "IN_PROGRESS");
    let app = workspace.get(APP).await.1;
    assert_eq!(app["app_status"]["state"], "RUNNING");
    assert!(deployment.ends_with(app["pending_deployment"]["deployment_id"].as_str().unwrap()));
    assert_eq!(answer(&workspace).await, (StatusCode::OK, "one".to_owned()));
    let nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    asked.write_all(nothing).await.unwrap();

    let message = "Error installing packages. Please check /logz for more details";
    assert_eq!(ended(&workspace, &deployment).await, json!({"state": "FAILED", "message": message}));
    assert!(log(&workspace).await.contains("no-such-package-of-this-test"));
    let app = workspace.get(APP).await.1;
    assert_eq!(app["app_status"]["state"], "RUNNING");
    assert!(!deployment.ends_with(app["active_deployment"]["deployment_id"].as_str().unwrap()));
    assert_eq!(
        answer(&workspace).await,
        (StatusCode::OK, "one".to_owned()),
        "a failed build changes nothing"
    );
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_run() {
    let workspace = TestWorkspace::start().await;
    workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "fragile"})).await;
    workspace.until_compute("fragile", "ACTIVE").await;
    let status = workspace.get(APP).await.1["app_status"].clone();
    let message = "App has status: App has not been deployed yet. Run your app by deploying source code";
    assert_eq!(status, json!({"state": "UNAVAILABLE", "message": message}));
    upload(&workspace, "app.yaml", "env: []\n").await;
    let deployment = begin(&workspace).await;
    let message = "No command to run. Please check your app.yaml file";
    assert_eq!(ended(&workspace, &deployment).await, json!({"state": "FAILED", "message": message}));
    workspace.stop().await;
}
