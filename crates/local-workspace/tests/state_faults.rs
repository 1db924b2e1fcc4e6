//! States that never settle, or settle otherwise.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::TestWorkspace;

const APP: &str = "/api/2.0/apps/shaky";
const FOLDER: &str = "/Workspace/Users/deployer@example.com/.apps/shaky";
const PROJECT: &str = "/api/2.0/postgres/projects/shaky-db";

async fn add(workspace: &TestWorkspace, id: &str, state: Value) {
    workspace.ok(Method::POST, "/local/faults", json!({"id": id, "state": state})).await;
}

async fn remove(workspace: &TestWorkspace, id: &str) {
    let response = workspace.send(Method::DELETE, &format!("/local/faults/{id}"), None).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

async fn hits(workspace: &TestWorkspace, id: &str) -> u64 {
    let faults = workspace.get("/local/faults").await.1;
    let rule = faults["faults"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap().clone();
    rule["hits"].as_u64().unwrap()
}

async fn create_app(workspace: &TestWorkspace) {
    workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "shaky"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compute_that_never_settles_or_fails() {
    let workspace = TestWorkspace::start().await;
    add(&workspace, "slow", json!({"of": "app_compute", "name": "shaky", "never_settles": true})).await;
    create_app(&workspace).await;
    workspace.until(async || hits(&workspace, "slow").await == 1).await;
    let app = workspace.get(APP).await.1;
    assert_eq!(app["compute_status"]["state"], "STARTING");
    remove(&workspace, "slow").await;
    workspace.until_compute("shaky", "ACTIVE").await;

    workspace.ok(Method::POST, &format!("{APP}/stop"), json!({})).await;
    workspace.until_compute("shaky", "STOPPED").await;
    let becomes = json!({"state": "ERROR", "message": "No capacity in this region"});
    add(&workspace, "broken", json!({"of": "app_compute", "name": "shaky", "becomes": becomes})).await;
    workspace.ok(Method::POST, &format!("{APP}/start"), json!({})).await;
    workspace.until_compute("shaky", "ERROR").await;
    let status = workspace.get(APP).await.1["compute_status"].clone();
    assert_eq!(status["message"], "No capacity in this region");
    workspace.ok(Method::POST, &format!("{APP}/start"), json!({})).await;
    workspace.until_compute("shaky", "ACTIVE").await;
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_said_to_have_crashed() {
    let workspace = TestWorkspace::start().await;
    create_app(&workspace).await;
    workspace.until_compute("shaky", "ACTIVE").await;
    let becomes = json!({"state": "CRASHED", "message": "App has status: gone"});
    add(&workspace, "said", json!({"of": "app", "name": "shaky", "becomes": becomes})).await;
    assert_eq!(workspace.get(APP).await.1["app_status"], becomes);
    assert_eq!(workspace.get("/api/2.0/apps").await.1["apps"][0]["app_status"], becomes);
    remove(&workspace, "said").await;
    assert_eq!(workspace.get(APP).await.1["app_status"]["state"], "UNAVAILABLE");
    workspace.stop().await;
}

async fn deploy(workspace: &TestWorkspace) -> String {
    let body = json!({"source_code_path": FOLDER});
    let begun = workspace.ok(Method::POST, &format!("{APP}/deployments"), body).await;
    format!("{APP}/deployments/{}", begun["deployment_id"].as_str().unwrap())
}

async fn until_ended(workspace: &TestWorkspace, deployment: &str) -> Value {
    workspace.until(async || workspace.get(deployment).await.1["status"]["state"] != "IN_PROGRESS").await;
    workspace.get(deployment).await.1["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_fails_or_is_cancelled_changes_nothing() {
    let workspace = TestWorkspace::start().await;
    create_app(&workspace).await;
    workspace.until_compute("shaky", "ACTIVE").await;
    workspace.ok(Method::POST, "/api/2.0/workspace/mkdirs", json!({"path": FOLDER})).await;
    let command = "command: [sh, -c, 'exec python3 -m http.server $DATABRICKS_APP_PORT']\n";
    workspace.import_multipart(&format!("{FOLDER}/app.yaml"), command.as_bytes()).await;
    let first = deploy(&workspace).await;
    assert_eq!(until_ended(&workspace, &first).await["state"], "SUCCEEDED");
    for state in ["FAILED", "CANCELLED"] {
        let becomes = json!({"state": state, "message": "the platform says so"});
        add(&workspace, state, json!({"of": "deployment", "name": "shaky", "becomes": becomes})).await;
        let deployment = deploy(&workspace).await;
        assert_eq!(until_ended(&workspace, &deployment).await, becomes);
        let app = workspace.get(APP).await.1;
        assert_eq!(app["app_status"]["state"], "RUNNING");
        assert!(first.ends_with(app["active_deployment"]["deployment_id"].as_str().unwrap()));
        assert!(app["pending_deployment"].is_null());
    }
    add(&workspace, "hangs", json!({"of": "deployment", "name": "shaky", "never_settles": true})).await;
    let deployment = deploy(&workspace).await;
    workspace.until(async || hits(&workspace, "hangs").await == 1).await;
    assert_eq!(workspace.get(&deployment).await.1["status"]["state"], "IN_PROGRESS");
    remove(&workspace, "hangs").await;
    assert_eq!(until_ended(&workspace, &deployment).await["state"], "SUCCEEDED");
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_fails_changes_nothing() {
    let workspace = TestWorkspace::start().await;
    create_app(&workspace).await;
    workspace.until_compute("shaky", "ACTIVE").await;
    let becomes = json!({"state": "FAILED", "message": "cannot grant"});
    add(&workspace, "fails", json!({"of": "app_update", "name": "shaky", "becomes": becomes})).await;
    let body = json!({"update_mask": "description", "app": {"description": "new"}});
    workspace.ok(Method::POST, &format!("{APP}/update"), body).await;
    workspace
        .until(async || workspace.get(&format!("{APP}/update")).await.1["status"]["state"] != "IN_PROGRESS")
        .await;
    assert_eq!(workspace.get(&format!("{APP}/update")).await.1["status"], becomes);
    assert_ne!(workspace.get(APP).await.1["description"], "new");
    workspace.stop().await;
}

async fn create_project(workspace: &TestWorkspace) -> String {
    let path = "/api/2.0/postgres/projects?project_id=shaky-db";
    let operation = workspace.ok(Method::POST, path, json!({"spec": {}})).await;
    format!("/api/2.0/postgres/{}", operation["name"].as_str().unwrap())
}

async fn until_done(workspace: &TestWorkspace, operation: &str) -> Value {
    workspace.until(async || workspace.get(operation).await.1["done"] == true).await;
    workspace.get(operation).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_fails_leaves_nothing_behind_and_one_that_hangs_can_be_let_go() {
    let workspace = TestWorkspace::start().await;
    let becomes = json!({"state": "RESOURCE_EXHAUSTED", "message": "no compute left"});
    add(&workspace, "fails", json!({"of": "operation", "name": "shaky-db", "becomes": becomes})).await;
    let failed = create_project(&workspace).await;
    let error = json!({"error_code": "RESOURCE_EXHAUSTED", "message": "no compute left"});
    assert_eq!(until_done(&workspace, &failed).await["error"], error);
    assert_eq!(workspace.get(PROJECT).await.0, StatusCode::NOT_FOUND);

    add(&workspace, "hangs", json!({"of": "operation", "name": "shaky-db", "never_settles": true})).await;
    let operation = create_project(&workspace).await;
    workspace.until(async || hits(&workspace, "hangs").await == 1).await;
    assert_eq!(workspace.get(&operation).await.1["done"], false);
    remove(&workspace, "hangs").await;
    assert!(until_done(&workspace, &operation).await["error"].is_null());

    let endpoint = format!("{PROJECT}/branches/production/endpoints/primary");
    add(&workspace, "cold", json!({"of": "lakebase", "name": "shaky-db", "never_settles": true})).await;
    let status = workspace.get(&endpoint).await.1["status"].clone();
    assert_eq!((&status["current_state"], &status["hosts"]), (&json!("INIT"), &Value::Null));
    remove(&workspace, "cold").await;
    assert_eq!(workspace.get(&endpoint).await.1["status"]["current_state"], "ACTIVE");

    add(&workspace, "kept", json!({"of": "operation", "name": "shaky-db", "becomes": becomes})).await;
    let delete = workspace.ok(Method::DELETE, PROJECT, Value::Null).await;
    let failed = format!("/api/2.0/postgres/{}", delete["name"].as_str().unwrap());
    assert_eq!(until_done(&workspace, &failed).await["error"], error);
    let delete = workspace.ok(Method::DELETE, PROJECT, Value::Null).await;
    until_done(&workspace, &format!("/api/2.0/postgres/{}", delete["name"].as_str().unwrap())).await;
    assert_eq!(workspace.get(PROJECT).await.0, StatusCode::NOT_FOUND);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_stays_starting() {
    let workspace = TestWorkspace::start().await;
    let path = "/api/2.0/database/instances/shaky-db";
    add(&workspace, "slow", json!({"of": "lakebase", "name": "shaky-db", "never_settles": true})).await;
    let body = json!({"name": "shaky-db", "capacity": "CU_1"});
    workspace.ok(Method::POST, "/api/2.0/database/instances", body).await;
    let shown = workspace.get(path).await.1;
    assert_eq!((&shown["state"], &shown["read_write_dns"]), (&json!("STARTING"), &Value::Null));
    remove(&workspace, "slow").await;
    workspace.until(async || workspace.get(path).await.1["state"] == "AVAILABLE").await;
    let becomes = json!({"of": "lakebase", "name": "shaky-db", "becomes": {"state": "STOPPED"}});
    add(&workspace, "stopped", becomes).await;
    assert_eq!(workspace.get(path).await.1["state"], "STOPPED");
    workspace.stop().await;
}
