//! The REST API as a client sees it: real requests against a running workspace, without apps and databases.

mod support;

use std::time::Duration;

use local_workspace::{CorsMode, Options};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::TestWorkspace;

const HOME: &str = "/Workspace/Users/deployer@example.com";

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let workspace = TestWorkspace::start().await;
    let (_, config) = workspace.anonymous(Method::GET, "/.well-known/databricks-config").await;
    assert_eq!(config["workspace_id"], workspace.ready().workspace_id.as_str());
    let oidc =
        config["oidc_endpoint"].as_str().unwrap().trim_start_matches(&workspace.ready().host).to_owned();
    let (_, server) =
        workspace.anonymous(Method::GET, &format!("{oidc}/.well-known/oauth-authorization-server")).await;
    assert_eq!(server["token_endpoint"], format!("{}/oidc/v1/token", workspace.ready().host));
    workspace.stop().await;
}

#[tokio::test]
async fn machine_tokens_work_until_they_expire() {
    let workspace = TestWorkspace::start_with(|options| options.token_ttl = Duration::from_secs(3)).await;
    let ready = workspace.ready().clone();
    let (status, refused) = workspace.token(&ready.client_id, "wrong").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused,
        json!({"error": "invalid_client", "error_description": "Client authentication failed"})
    );
    let (_, granted) = workspace.token(&ready.client_id, &ready.client_secret).await;
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(3)));
    let token = granted["access_token"].as_str().unwrap();
    let me = "/api/2.0/preview/scim/v2/Me";
    let (status, principal) = workspace.call_as(token, Method::GET, me, None).await;
    assert_eq!((status, &principal["userName"]), (StatusCode::OK, &json!(ready.client_id)));
    let expired =
        workspace.until(async || workspace.call_as(token, Method::GET, me, None).await.0 != StatusCode::OK);
    expired.await;
    let (status, error) = workspace.call_as(token, Method::GET, me, None).await;
    assert_eq!((status, &error["error_code"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHENTICATED")));
    workspace.stop().await;
}

#[tokio::test]
async fn calls_need_a_token_and_an_api() {
    let workspace = TestWorkspace::start().await;
    let (status, error) = workspace.anonymous(Method::GET, "/api/2.0/apps").await;
    assert_eq!((status, &error["error_code"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    let (status, error) = workspace.call_as("dapi0", Method::GET, "/api/2.0/apps", None).await;
    assert_eq!((status, &error["message"]), (StatusCode::FORBIDDEN, &json!("Invalid access token.")));
    let (status, error) = workspace.get("/api/2.0/nonsense").await;
    let expected = json!({"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found for 'GET /nonsense'"});
    assert_eq!((status, error), (StatusCode::NOT_FOUND, expected));
    let (status, error) = workspace.call(Method::PUT, "/api/2.0/apps", Some(json!({}))).await;
    assert_eq!((status, &error["message"]), (StatusCode::NOT_FOUND, &json!("No API found for 'PUT /apps'")));
    let response = workspace.send(Method::GET, "/api/2.0/preview/scim/v2/Me", None).await;
    assert_eq!(response.headers()["x-databricks-org-id"], workspace.ready().workspace_id.as_str());
    assert!(response.headers().contains_key("x-request-id"));
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    workspace.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_get_in_where_the_switch_says() {
    let workspace = TestWorkspace::start_with(|options| options.cors = CorsMode::Star).await;
    let preflight = workspace
        .http()
        .request(Method::OPTIONS, format!("{}/api/2.0/apps", workspace.ready().host))
        .header("Origin", "https://page.example")
        .header("Access-Control-Request-Method", "GET")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let answer = workspace.send(Method::GET, "/api/2.0/apps", None).await;
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    workspace.stop().await;
}

#[tokio::test]
async fn files_come_back_as_they_went_in() {
    let workspace = TestWorkspace::start().await;
    let folder = format!("{HOME}/.apps/tellr");
    let (status, error) = workspace.import_json(&format!("{folder}/app.yaml"), b"x", "AUTO", true).await;
    let message = json!(format!("The parent folder ({folder}) does not exist."));
    assert_eq!((status, &error["message"]), (StatusCode::NOT_FOUND, &message));
    workspace.ok(Method::POST, "/api/2.0/workspace/mkdirs", json!({"path": folder})).await;
    workspace.ok(Method::POST, "/api/2.0/workspace/mkdirs", json!({"path": folder})).await;
    let content = b"env:\n  - name: A\n".to_vec();
    let (status, imported) = workspace.import_multipart(&format!("{folder}/app.yaml"), &content).await;
    assert_eq!(status, StatusCode::OK);
    assert!(imported["object_id"].as_i64().unwrap() > 0);
    let unprefixed = folder.trim_start_matches("/Workspace");
    let path = format!("/api/2.0/workspace/export?path={unprefixed}/app.yaml&direct_download=true");
    let raw = workspace.send(Method::GET, &path, None).await.bytes().await.unwrap();
    assert_eq!(raw, content);
    let (_, exported) = workspace.get(&format!("/api/2.0/workspace/export?path={folder}/app.yaml")).await;
    assert_eq!(exported, json!({"content": "ZW52OgogIC0gbmFtZTogQQo=", "file_type": "yaml"}));
    let (_, list) = workspace.get(&format!("/api/2.0/workspace/list?path={folder}")).await;
    assert_eq!(list["objects"][0]["path"], format!("{folder}/app.yaml"));
    assert_eq!(list["objects"][0]["size"], content.len());
    let (status, error) = workspace.import_json(&format!("{folder}/app.yaml"), b"x", "AUTO", false).await;
    assert_eq!((status, &error["error_code"]), (StatusCode::BAD_REQUEST, &json!("RESOURCE_ALREADY_EXISTS")));
    let (status, error) =
        workspace.call(Method::POST, "/api/2.0/workspace/delete", Some(json!({"path": folder}))).await;
    assert_eq!((status, &error["error_code"]), (StatusCode::BAD_REQUEST, &json!("DIRECTORY_NOT_EMPTY")));
    workspace.ok(Method::POST, "/api/2.0/workspace/delete", json!({"path": folder, "recursive": true})).await;
    let (status, error) = workspace.get(&format!("/api/2.0/workspace/get-status?path={folder}")).await;
    let missing = json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": format!("Path ({folder}) doesn't exist.")});
    assert_eq!((status, error), (StatusCode::NOT_FOUND, missing));
    workspace.stop().await;
}

#[tokio::test]
async fn imports_keep_to_the_limit_in_both_forms() {
    let workspace = TestWorkspace::start().await;
    let limit = 10_485_760;
    let path = format!("{HOME}/big.bin");
    for (size, expected) in
        [(limit, StatusCode::OK), (limit + 1, StatusCode::BAD_REQUEST), (limit * 4, StatusCode::BAD_REQUEST)]
    {
        let content = vec![b'x'; size];
        let answers = [
            workspace.import_json(&path, &content, "RAW", true).await,
            workspace.import_multipart(&path, &content).await,
        ];
        for (status, body) in answers {
            assert_eq!(status, expected, "{size}");
            if expected != StatusCode::OK {
                assert_eq!(body["error_code"], "MAX_NOTEBOOK_SIZE_EXCEEDED");
            }
        }
    }
    workspace.stop().await;
}

#[tokio::test]
async fn notebooks_are_recognised_and_homes_are_private() {
    let workspace = TestWorkspace::start().await;
    let source = b"# Databricks notebook source\nprint(1)\n";
    workspace.import_json(&format!("{HOME}/nb.py"), source, "AUTO", true).await;
    let (_, info) = workspace.get(&format!("/api/2.0/workspace/get-status?path={HOME}/nb")).await;
    assert_eq!((&info["object_type"], &info["language"]), (&json!("NOTEBOOK"), &json!("PYTHON")));
    workspace.import_json(&format!("{HOME}/raw.py"), source, "RAW", true).await;
    let (_, info) = workspace.get(&format!("/api/2.0/workspace/get-status?path={HOME}/raw.py")).await;
    assert_eq!(info["object_type"], "FILE");
    for path in ["/Workspace/Users/other@example.com/x", "/Users/other@example.com"] {
        let (status, error) =
            workspace.call(Method::POST, "/api/2.0/workspace/mkdirs", Some(json!({"path": path}))).await;
        assert_eq!(
            (status, &error["error_code"]),
            (StatusCode::FORBIDDEN, &json!("PERMISSION_DENIED")),
            "{path}"
        );
    }
    let climbing = json!({"path": format!("{HOME}/../other@example.com")});
    let (status, _) = workspace.call(Method::POST, "/api/2.0/workspace/mkdirs", Some(climbing)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    workspace.stop().await;
}

#[tokio::test]
async fn an_app_goes_through_its_states() {
    let workspace =
        TestWorkspace::start_with(|options| options.state_delay = Duration::from_millis(300)).await;
    let scopes = ["sql"];
    let body = json!({"name": "tellr", "description": "d", "user_api_scopes": scopes, "unknown_field": 1});
    let app = workspace.ok(Method::POST, "/api/2.0/apps", body.clone()).await;
    assert_eq!(
        app["compute_status"],
        json!({"state": "STARTING", "message": "App compute is starting.", "active_instances": 0})
    );
    assert_eq!(app["app_status"], json!({"state": "UNAVAILABLE", "message": "App status is unavailable."}));
    assert_eq!(
        app["effective_user_api_scopes"],
        json!(["iam.access-control:read", "iam.current-user:read", "sql"])
    );
    assert_eq!(app["compute_size"], "MEDIUM");
    let (status, error) = workspace.call(Method::POST, "/api/2.0/apps", Some(body)).await;
    let taken = json!({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "An app with the same name already exists: tellr"});
    assert_eq!((status, error), (StatusCode::CONFLICT, taken));
    let (status, _) = workspace
        .call(Method::POST, "/api/2.0/apps/tellr/deployments", Some(json!({"source_code_path": HOME})))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the compute is not active yet");
    workspace.until_compute("tellr", "ACTIVE").await;
    workspace.ok(Method::POST, "/api/2.0/apps/tellr/stop", json!({})).await;
    workspace.until_compute("tellr", "STOPPED").await;
    let started = workspace.ok(Method::POST, "/api/2.0/apps/tellr/start", json!({})).await;
    assert_eq!(started["compute_status"]["state"], "STARTING");
    let deleted = workspace.ok(Method::DELETE, "/api/2.0/apps/tellr", Value::Null).await;
    assert_eq!(deleted["compute_status"]["state"], "DELETING");
    let (status, error) = workspace.call(Method::DELETE, "/api/2.0/apps/tellr", None).await;
    assert_eq!((status, &error["error_code"]), (StatusCode::BAD_REQUEST, &json!("BAD_REQUEST")));
    let (status, _) = workspace.call(Method::POST, "/api/2.0/apps", Some(json!({"name": "tellr"}))).await;
    assert_eq!(status, StatusCode::CONFLICT, "the name is taken until the app is gone");
    workspace.until(async || workspace.get("/api/2.0/apps/tellr").await.0 == StatusCode::NOT_FOUND).await;
    let (_, error) = workspace.get("/api/2.0/apps/tellr").await;
    assert_eq!(error["message"], "App with name tellr does not exist or is deleted.");
    workspace.stop().await;
}

#[tokio::test]
async fn replacing_clears_and_updating_with_a_mask_does_not() {
    let workspace = TestWorkspace::start().await;
    let warehouse = json!({"name": "w", "sql_warehouse": {"id": "1", "permission": "CAN_USE"}});
    let body =
        json!({"name": "tellr", "description": "d", "user_api_scopes": ["sql"], "resources": [warehouse]});
    workspace.ok(Method::POST, "/api/2.0/apps", body).await;
    let update = json!({"update_mask": "description", "app": {"description": "new"}});
    let begun = workspace.ok(Method::POST, "/api/2.0/apps/tellr/update", update).await;
    assert_eq!((&begun["status"]["state"], &begun["description"]), (&json!("IN_PROGRESS"), &json!("new")));
    let update = "/api/2.0/apps/tellr/update";
    workspace.until(async || workspace.get(update).await.1["status"]["state"] == "SUCCEEDED").await;
    let (_, app) = workspace.get("/api/2.0/apps/tellr").await;
    assert_eq!((&app["description"], &app["resources"]), (&json!("new"), &json!([warehouse])));
    workspace.until_compute("tellr", "ACTIVE").await;
    let larger = json!({"update_mask": "compute_size", "app": {"compute_size": "LARGE"}});
    workspace.ok(Method::POST, update, larger).await;
    workspace.until(async || workspace.get("/api/2.0/apps/tellr").await.1["compute_size"] == "LARGE").await;
    let (_, app) = workspace.get("/api/2.0/apps/tellr").await;
    assert_eq!((&app["compute_status"]["state"], &app["description"]), (&json!("ACTIVE"), &json!("new")));
    let app = workspace
        .ok(Method::PATCH, "/api/2.0/apps/tellr", json!({"name": "tellr", "description": "only"}))
        .await;
    assert_eq!(app["description"], "only");
    assert!(app.get("resources").is_none() && app.get("user_api_scopes").is_none());
    workspace.stop().await;
}

#[tokio::test]
async fn an_app_may_do_what_its_permissions_say() {
    let workspace = TestWorkspace::start().await;
    let app = workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "first"})).await;
    workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "second"})).await;
    let client_id = app["service_principal_client_id"].as_str().unwrap();
    let token = workspace.token_of_app(client_id).await;
    let path = "/api/2.0/apps/second";
    assert_eq!(workspace.call_as(&token, Method::GET, path, None).await.0, StatusCode::FORBIDDEN);
    let entry = json!({"service_principal_name": client_id, "permission_level": "CAN_USE"});
    let permissions = "/api/2.0/permissions/apps/second";
    let list = json!({"access_control_list": [entry]});
    let granted = workspace.ok(Method::PATCH, permissions, list.clone()).await;
    assert_eq!(
        granted["access_control_list"].as_array().unwrap().len(),
        3,
        "creator, service principal, admins"
    );
    let token = workspace.token_of_app(client_id).await;
    assert_eq!(workspace.call_as(&token, Method::GET, path, None).await.0, StatusCode::OK);
    assert_eq!(workspace.call_as(&token, Method::DELETE, path, None).await.0, StatusCode::FORBIDDEN);
    let replaced = workspace.ok(Method::PUT, permissions, json!({"access_control_list": []})).await;
    assert_eq!(replaced["access_control_list"].as_array().unwrap().len(), 1);
    let stranger = json!({"access_control_list": [{"user_name": "x@y.z", "permission_level": "CAN_USE"}]});
    let (status, error) = workspace.call(Method::PATCH, permissions, Some(stranger)).await;
    assert_eq!((status, &error["error_code"]), (StatusCode::NOT_FOUND, &json!("RESOURCE_DOES_NOT_EXIST")));
    workspace.stop().await;
}

#[tokio::test]
async fn a_missing_source_fails_the_deployment_and_not_the_call() {
    let workspace = TestWorkspace::start().await;
    workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "tellr"})).await;
    workspace.until_compute("tellr", "ACTIVE").await;
    let source = format!("{HOME}/nowhere");
    let env = json!([{"name": "PLAIN", "value": "secret-value"}]);
    let begun = json!({"source_code_path": source, "env_vars": env});
    let begun = workspace.ok(Method::POST, "/api/2.0/apps/tellr/deployments", begun).await;
    assert_eq!(begun["status"]["message"], "Preparing source code for new app deployment.");
    assert_eq!(begun["env_vars"], json!([{"name": "PLAIN", "value": "********"}]));
    let path = format!("/api/2.0/apps/tellr/deployments/{}", begun["deployment_id"].as_str().unwrap());
    workspace.until(async || workspace.get(&path).await.1["status"]["state"] == "FAILED").await;
    let (_, failed) = workspace.get(&path).await;
    assert_eq!(failed["status"]["message"], format!("Path ({source}) doesn't exist."));
    let (_, app) = workspace.get("/api/2.0/apps/tellr").await;
    assert!(app.get("pending_deployment").is_none() && app.get("active_deployment").is_none());
    workspace.stop().await;
}

#[tokio::test]
async fn bad_names_and_missing_databases_are_refused() {
    let workspace = TestWorkspace::start().await;
    for name in ["", "Tellr", "a'; drop", "../etc", &"a".repeat(31)] {
        let (status, error) =
            workspace.call(Method::POST, "/api/2.0/apps", Some(json!({"name": name}))).await;
        assert_eq!(
            (status, &error["error_code"]),
            (StatusCode::BAD_REQUEST, &json!("INVALID_PARAMETER_VALUE")),
            "{name}"
        );
    }
    let database = json!({"instance_name": "tellr-db", "database_name": "databricks_postgres", "permission": "CAN_CONNECT_AND_CREATE"});
    let body = json!({"name": "tellr", "resources": [{"name": "db", "database": database}]});
    let (status, error) = workspace.call(Method::POST, "/api/2.0/apps", Some(body)).await;
    assert_eq!(
        (status, &error["message"]),
        (StatusCode::NOT_FOUND, &json!("Database instance tellr-db does not exist"))
    );
    assert_eq!(workspace.get("/api/2.0/apps").await.1, json!({}), "nothing is left of the refused app");
    let (_, error) = workspace.get("/api/2.0/database/instances/tellr-db").await;
    assert_eq!(
        error,
        json!({"error_code": "NOT_FOUND", "message": "Database instance 'tellr-db' not found."})
    );
    let (_, error) = workspace.get("/api/2.0/postgres/projects/tellr-db").await;
    assert!(error["message"].as_str().unwrap().starts_with("project id not found [TraceId: "));
    let (status, error) =
        workspace.call(Method::POST, "/api/2.0/postgres/projects", Some(json!({"spec": {}}))).await;
    let required = json!("Field 'project_id' is required, expected non-default value (not \"\")!");
    assert_eq!((status, &error["message"]), (StatusCode::BAD_REQUEST, &required));
    workspace.stop().await;
}

#[tokio::test]
async fn requests_are_logged_without_secrets() {
    let workspace = TestWorkspace::start().await;
    let ready = workspace.ready().clone();
    workspace.token(&ready.client_id, &ready.client_secret).await;
    let host = &ready.host;
    let status = workspace.http().get(format!("{host}/local/requests")).send().await.unwrap().status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    workspace.import_multipart(&format!("{HOME}/a.txt"), b"text").await;
    let (_, log) = workspace.get("/local/requests").await;
    let text = log.to_string();
    assert!(!text.contains(&ready.client_secret) && !text.contains(&ready.token));
    let import = log["requests"].as_array().unwrap().last().unwrap();
    assert_eq!((&import["method"], &import["path"]), (&json!("POST"), &json!("/api/2.0/workspace/import")));
    let parts = import["body_multipart"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().filter_map(|part| part["name"].as_str()).collect();
    assert_eq!(names, ["path", "format", "overwrite", "content"]);
    assert_eq!((&parts[3]["text"], &parts[3]["filename"]), (&json!("text"), &json!("a.txt")));
    assert_eq!(
        workspace.send(Method::DELETE, "/local/requests", None).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(workspace.get("/local/requests").await.1, json!({"requests": []}));
    workspace.stop().await;
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ready_file = folder.path().join("ready.json");
    let options = || {
        let mut options = Options::new(folder.path().join("data"));
        options.ready_file = Some(ready_file.clone());
        options
    };
    let first = local_workspace::start(options()).await.unwrap();
    let workspace = TestWorkspace::around(first, None);
    workspace.ok(Method::POST, "/api/2.0/apps", json!({"name": "tellr"})).await;
    workspace.import_json(&format!("{HOME}/a.txt"), b"text", "AUTO", true).await;
    workspace.until_compute("tellr", "ACTIVE").await;
    let (_, app) = workspace.get("/api/2.0/apps/tellr").await;
    let ready = workspace.ready().clone();
    let written: local_workspace::Ready =
        serde_json::from_slice(&std::fs::read(&ready_file).unwrap()).unwrap();
    assert_eq!(written, ready);
    workspace.stop().await;
    assert!(!ready_file.exists());
    let again = TestWorkspace::around(local_workspace::start(options()).await.unwrap(), None);
    assert_eq!(again.ready(), &ready);
    assert_eq!(again.get("/api/2.0/apps/tellr").await.1, app);
    let export = format!("/api/2.0/workspace/export?path={HOME}/a.txt&direct_download=true");
    let raw = again.send(Method::GET, &export, None).await;
    assert_eq!(raw.bytes().await.unwrap(), "text");
    again.stop().await;
}
