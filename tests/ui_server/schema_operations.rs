//! The schema step through `tellr ui`: the fixed operations, on databases that the workspace itself knows.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use crate::ui::Ui;

const ROLE: &str = "7c1b6f2e-6b0e-4a55-9d4b-0d4f0f3c1a11";

async fn start() -> (LocalWorkspace, Ui, String) {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    workspace
        .post("/api/2.0/database/instances", &json!({"name": "tellr-db", "capacity": "CU_1"}))
        .await
        .unwrap();
    let path = "/api/2.0/database/instances/tellr-db";
    let instance =
        workspace.await_body(path, "the instance", |body| body["state"] == "AVAILABLE").await.unwrap();
    let host = instance["read_write_dns"].as_str().unwrap().to_owned();
    (workspace, ui, host)
}

async fn ask(ui: &Ui, operation: &str, body: &Value) -> (u16, Value) {
    let request = ui.request(Method::POST, &format!("/tellr/schema/{operation}")).json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn the_operations_work_on_a_database_of_the_workspace() {
    let (workspace, ui, host) = start().await;
    let at = json!({"database": {"instance": "tellr-db"}, "host": host});
    let seen = ask(&ui, "inspect", &json!({"at": at, "schema": "app_data", "role": null})).await;
    let nothing = json!({"owner": null, "tables": 0, "python_original": false, "app_granted": null});
    assert_eq!(seen, (200, nothing));
    assert_eq!(ask(&ui, "has_role", &json!({"at": at, "role": ROLE})).await, (200, json!(false)));
    let (status, failed) = ask(&ui, "prepare", &json!({"at": at, "schema": "app_data", "role": ROLE})).await;
    assert_eq!(status, 422, "{failed}");
    assert!(failed["schema_error"]["failed"]["reason"].as_str().unwrap().contains(ROLE), "{failed}");
    let deployment = Deployment::new(&workspace, "tellr", Kind::Provisioned);
    let mut database = deployment.database(&workspace).await.unwrap();
    sqlx::query("CREATE SCHEMA app_data").execute(&mut database).await.unwrap();
    let (_, seen) = ask(&ui, "inspect", &json!({"at": at, "schema": "app_data", "role": null})).await;
    assert_eq!(seen["owner"], workspace.ready().user);
    assert_eq!(ask(&ui, "drop", &json!({"at": at, "schema": "app_data"})).await, (200, Value::Null));
    let (_, seen) = ask(&ui, "inspect", &json!({"at": at, "schema": "app_data", "role": null})).await;
    assert_eq!(seen["owner"], Value::Null);
}

#[tokio::test]
async fn no_other_host_is_connected_to() {
    let (_workspace, ui, host) = start().await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    let hosts = [
        format!("127.0.0.1:{port}"),
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        "localtest.me".to_owned(),
        "169.254.169.254".to_owned(),
        "evil.example".to_owned(),
        format!("{host}."),
        format!("{host},evil.example"),
        format!("/tmp/{host}"),
        String::new(),
    ];
    for host in &hosts {
        let at = json!({"database": {"instance": "tellr-db"}, "host": host});
        let (status, body) = ask(&ui, "drop", &json!({"at": at, "schema": "app_data"})).await;
        assert_eq!(
            (status, &body["error_code"]),
            (403, &json!("NOT_A_DATABASE_OF_THE_WORKSPACE")),
            "{host}: {body}"
        );
    }
    let databases = [
        json!({"instance": "another"}),
        json!({"instance": "../instances/tellr-db"}),
        json!({"instance": ".."}),
        json!({"endpoint": "tellr-db"}),
        json!({"endpoint": "projects/../../database/instances/tellr-db"}),
        json!({"endpoint": "projects/tellr-db/branches/production/endpoints/primary"}),
    ];
    for database in databases {
        let at = json!({"database": database, "host": host});
        let (status, body) = ask(&ui, "drop", &json!({"at": at, "schema": "app_data"})).await;
        assert_eq!(status, 403, "{database}: {body}");
    }
}

#[tokio::test]
async fn nothing_but_the_operations_is_done() {
    let (_workspace, ui, host) = start().await;
    let at = json!({"database": {"instance": "tellr-db"}, "host": host});
    for schema in ["public", "pg_catalog", "a; DROP SCHEMA b", "\"x\"", "", "A"] {
        assert_eq!(ask(&ui, "drop", &json!({"at": at, "schema": schema})).await.0, 400, "{schema}");
    }
    for role in ["postgres", "x\"; --", ""] {
        let body = json!({"at": at, "schema": "app_data", "role": role});
        assert_eq!(ask(&ui, "prepare", &body).await.0, 400, "{role}");
    }
    let with_more = json!({"at": at, "schema": "app_data", "sql": "SELECT 1"});
    assert_eq!(ask(&ui, "drop", &with_more).await.0, 400);
    let with_token =
        json!({"at": {"database": {"instance": "tellr-db"}, "host": host, "token": "x"}, "schema": "a"});
    assert_eq!(ask(&ui, "drop", &with_token).await.0, 400);
    for operation in ["query", "execute", "inspect%2f..%2fdrop", ".."] {
        let status = ask(&ui, operation, &json!({"at": at, "schema": "app_data"})).await.0;
        assert!((400..500).contains(&status), "{operation}: {status}");
    }
}
