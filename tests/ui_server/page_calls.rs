//! What the page itself asks `tellr ui` for.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{LocalWorkspace, Settings, binaries};

use crate::ui::Ui;

fn bare() -> LocalWorkspace {
    LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap()
}

#[tokio::test]
async fn the_context_says_everything_but_the_token() {
    let workspace = bare();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    let response = ui.get("/tellr/context").await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    assert!(!text.contains(&workspace.ready().token), "{text}");
    let context: Value = serde_json::from_str(&text).unwrap();
    let expected = json!({
        "host": workspace.ready().host, "user_name": workspace.ready().user, "auth_type": "pat",
        "version": env!("CARGO_PKG_VERSION"), "origin": context["origin"], "schema_setup": "engine", "sources": [],
    });
    assert_eq!(context, expected);
    assert!(context["origin"].as_str().is_some_and(|origin| !origin.is_empty()));
}

#[tokio::test]
async fn the_files_of_the_command_line_are_offered_and_no_others() {
    let workspace = bare();
    let wheel = binaries::wheel("databricks-tellr-app").unwrap();
    let ui = Ui::start(&workspace, &["--wheel", wheel.to_str().unwrap()]).await.unwrap();
    let content = std::fs::read(&wheel).unwrap();
    let context: Value = ui.get("/tellr/context").await.unwrap().json().await.unwrap();
    let source = &context["sources"][0];
    assert_eq!(source["kind"], "wheel");
    assert_eq!(source["file_name"], wheel.file_name().unwrap().to_str().unwrap());
    assert_eq!(source["size"], content.len());
    assert_eq!(source["sha256"].as_str().unwrap().len(), 64);
    let sent = ui.get("/tellr/source/0").await.unwrap().bytes().await.unwrap();
    assert!(sent == content, "{} bytes came of {}", sent.len(), content.len());
    for path in
        ["/tellr/source/1", "/tellr/source/-1", "/tellr/source/..%2f..%2fetc%2fpasswd", "/tellr/source/"]
    {
        let status = ui.get(path).await.unwrap().status();
        assert!(status.is_client_error(), "{path}: {status}");
    }
}

#[tokio::test]
async fn what_is_no_wheel_is_refused_before_anything_is_served() {
    let workspace = bare();
    let file = workspace.scratch().unwrap().join("databricks_tellr_app-1.0.0-py3-none-any.whl");
    std::fs::write(&file, "no zip").unwrap();
    let error = Ui::start(&workspace, &["--wheel", file.to_str().unwrap()]).await.err().unwrap().to_string();
    assert!(error.contains("local_wheel_path"), "{error}");
}

#[tokio::test]
async fn a_log_that_cannot_be_had_is_explained() {
    let workspace = bare();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    let response = ui.get("/tellr/logs/tellr?lines=10").await.unwrap();
    assert_eq!(response.status(), 424);
    let body: Value = response.json().await.unwrap();
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    for path in [
        "/tellr/logs/..%2fx",
        "/tellr/logs/A",
        "/tellr/logs/tellr?lines=x",
        "/tellr/logs/tellr?lines=9999999",
    ] {
        assert_eq!(ui.get(path).await.unwrap().status(), 400, "{path}");
    }
}

#[tokio::test]
async fn a_database_token_stays_here() {
    let workspace = bare();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    workspace.post("/api/2.0/postgres/projects?project_id=tellr-db", &json!({"spec": {}})).await.unwrap();
    let branch = "/api/2.0/postgres/projects/tellr-db/branches/production/endpoints";
    let endpoints = workspace
        .await_body(branch, "the endpoint", |body| {
            body["endpoints"][0]["status"]["current_state"] == "ACTIVE"
        })
        .await
        .unwrap();
    let endpoint = endpoints["endpoints"][0]["name"].as_str().unwrap();
    let asked =
        ui.request(Method::POST, "/api/2.0/postgres/credentials").json(&json!({"endpoint": endpoint}));
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["token"], format!("relayed:endpoint:{endpoint}"));
    assert!(answer["expire_time"].is_string(), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
}

#[tokio::test]
async fn every_answer_carries_the_policy_and_none_lets_other_pages_in() {
    let workspace = bare();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    for path in ["/", "/nothing", "/tellr/context", "/api/2.0/apps", "/api/2.0/clusters/list"] {
        let response = ui.get(path).await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("'unsafe-"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            !response.headers().keys().any(|name| name.as_str().starts_with("access-control-")),
            "{path}"
        );
    }
}
