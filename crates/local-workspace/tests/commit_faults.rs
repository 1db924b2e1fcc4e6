//! Faults at the commits of a deployer's database connections.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::TestWorkspace;

const DEPLOYER: &str = "tellr-deployer";

/// A project with its host.
async fn project(workspace: &TestWorkspace) -> String {
    let operation = workspace
        .ok(Method::POST, "/api/2.0/postgres/projects?project_id=tellr-db", json!({"spec": {}}))
        .await;
    let path = format!("/api/2.0/postgres/{}", operation["name"].as_str().unwrap());
    workspace.until(async || workspace.get(&path).await.1["done"] == true).await;
    let endpoint = "/api/2.0/postgres/projects/tellr-db/branches/production/endpoints/primary";
    workspace.get(endpoint).await.1["status"]["hosts"]["host"].as_str().unwrap().to_owned()
}

async fn try_connect(
    workspace: &TestWorkspace,
    host: &str,
    token: &str,
    application: &str,
) -> sqlx::Result<PgConnection> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(host)
        .username(&workspace.ready().user)
        .password(token)
        .database("databricks_postgres")
        .application_name(application)
        .ssl_mode(PgSslMode::Require);
    PgConnection::connect_with(&options).await
}

async fn token(workspace: &TestWorkspace) -> String {
    let body = json!({"endpoint": "projects/tellr-db/branches/production/endpoints/primary"});
    let answer = workspace.ok(Method::POST, "/api/2.0/postgres/credentials", body).await;
    answer["token"].as_str().unwrap().to_owned()
}

async fn connect(workspace: &TestWorkspace, host: &str, application: &str) -> PgConnection {
    try_connect(workspace, host, &token(workspace).await, application).await.unwrap()
}

/// As the deployer does it: a transaction with an extended query in it.
async fn make_schema(mut connection: PgConnection, name: &'static str) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&mut *transaction).await?;
    transaction.commit().await?;
    connection.close().await
}

async fn has_schema(observer: &mut PgConnection, name: &str) -> bool {
    let query = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
    sqlx::query_scalar(query).bind(name).fetch_one(observer).await.unwrap()
}

async fn add(workspace: &TestWorkspace, rule: Value) {
    workspace.ok(Method::POST, "/local/faults", rule).await;
}

async fn held(workspace: &TestWorkspace, id: &str) {
    let call =
        workspace.ok(Method::GET, &format!("/local/faults/{id}/held?timeout_ms=20000"), Value::Null).await;
    assert_eq!(call, json!({"method": "COMMIT", "path": "/lakebase/tellr-db"}));
}

async fn rule(workspace: &TestWorkspace, id: &str) -> Value {
    let faults = workspace.get("/local/faults").await.1;
    faults["faults"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap().clone()
}

async fn remove(workspace: &TestWorkspace, id: &str, query: &str) {
    let response = workspace.send(Method::DELETE, &format!("/local/faults/{id}{query}"), None).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_held_on_either_side() {
    let workspace = TestWorkspace::start().await;
    let host = project(&workspace).await;
    let mut observer = connect(&workspace, &host, "observer").await;
    let on = json!({"method": "COMMIT", "path": "/lakebase/tellr-db"});

    add(&workspace, json!({"id": "gone", "on": on, "do": "hold"})).await;
    let client = tokio::spawn(make_schema(connect(&workspace, &host, DEPLOYER).await, "gone"));
    held(&workspace, "gone").await;
    client.abort();
    workspace.until(async || rule(&workspace, "gone").await["held"] == json!([])).await;
    remove(&workspace, "gone", "").await;
    assert!(!has_schema(&mut observer, "gone").await);

    add(&workspace, json!({"id": "dropped", "on": on, "do": "hold"})).await;
    let client = tokio::spawn(make_schema(connect(&workspace, &host, DEPLOYER).await, "dropped"));
    held(&workspace, "dropped").await;
    remove(&workspace, "dropped", "?held=drop").await;
    assert!(client.await.unwrap().is_err());
    assert!(!has_schema(&mut observer, "dropped").await);

    add(&workspace, json!({"id": "later", "on": on, "do": "hold"})).await;
    let client = tokio::spawn(make_schema(connect(&workspace, &host, DEPLOYER).await, "later"));
    held(&workspace, "later").await;
    assert!(!has_schema(&mut observer, "later").await);
    remove(&workspace, "later", "").await;
    client.await.unwrap().unwrap();
    assert!(has_schema(&mut observer, "later").await);

    add(&workspace, json!({"id": "silent", "on": on, "when": "after", "do": "hold"})).await;
    let client = tokio::spawn(make_schema(connect(&workspace, &host, DEPLOYER).await, "silent"));
    held(&workspace, "silent").await;
    assert!(has_schema(&mut observer, "silent").await, "it is committed, only the client does not know");
    assert!(!client.is_finished());
    remove(&workspace, "silent", "?held=drop").await;
    assert!(client.await.unwrap().is_err());
    assert!(has_schema(&mut observer, "silent").await);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_can_be_cut_off() {
    let workspace = TestWorkspace::start().await;
    let host = project(&workspace).await;
    let mut observer = connect(&workspace, &host, "observer").await;
    let cases = [
        ("a", "before", json!("drop"), false, false),
        ("b", "before", json!("reset"), false, false),
        ("c", "after", json!("drop"), false, true),
        ("d", "after", json!("reset"), false, true),
        ("e", "before", json!({"preset": "internal"}), false, false),
        ("f", "after", json!({"delay_ms": 1}), true, true),
    ];
    for (name, when, action, answered, made) in cases {
        add(&workspace, json!({"id": name, "on": {"method": "COMMIT"}, "when": when, "do": action})).await;
        let outcome = make_schema(connect(&workspace, &host, DEPLOYER).await, name).await;
        assert_eq!(outcome.is_ok(), answered, "{name} {outcome:?}");
        assert_eq!(has_schema(&mut observer, name).await, made, "{name}");
        assert_eq!(rule(&workspace, name).await["hits"], 1, "{name}");
    }
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_commits_are_counted_together() {
    let workspace = TestWorkspace::start().await;
    let host = project(&workspace).await;
    let mut connection = connect(&workspace, &host, DEPLOYER).await;
    let mut other = connect(&workspace, &host, "tellr-app").await;
    add(&workspace, json!({"id": "count", "on": {"method": "mutating"}, "times": 0, "do": "hold"})).await;
    let seen = async || rule(&workspace, "count").await["seen"].as_u64().unwrap();

    // two auto-committed writes, one by each protocol; reading and a rollback do not count
    sqlx::raw_sql("CREATE SCHEMA x").execute(&mut connection).await.unwrap();
    sqlx::query("CREATE TABLE x.t (id int)").execute(&mut connection).await.unwrap();
    assert_eq!(seen().await, 2);
    let _: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&mut connection).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query("INSERT INTO x.t VALUES ($1)").bind(1).execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(seen().await, 2);
    // somebody else's
    sqlx::raw_sql("BEGIN; SET LOCAL search_path = x; COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(seen().await, 2);
    workspace.ok(Method::POST, "/api/2.0/workspace/mkdirs", json!({"path": "/Shared/x"})).await;
    assert_eq!(seen().await, 3);
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query("INSERT INTO x.t VALUES ($1)").bind(2).execute(&mut *transaction).await.unwrap();
    // a large message is passed on as well
    let text = "x".repeat(300_000);
    let length: i32 =
        sqlx::query_scalar("SELECT length($1)").bind(text).fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(length, 300_000);
    transaction.commit().await.unwrap();
    assert_eq!(seen().await, 4);
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM x.t").fetch_one(&mut connection).await.unwrap();
    assert_eq!(count, 1);
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lakebase_tokens_can_be_ended() {
    let workspace = TestWorkspace::start().await;
    let host = project(&workspace).await;
    let old = token(&workspace).await;
    let mut open = try_connect(&workspace, &host, &old, DEPLOYER).await.unwrap();
    let ended = workspace.send(Method::POST, "/local/expire-tokens", Some(json!({"kind": "lakebase"}))).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    let refused = try_connect(&workspace, &host, &old, DEPLOYER).await.err().unwrap();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("28P01"), "{refused}");
    let _: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&mut open).await.unwrap();
    connect(&workspace, &host, DEPLOYER).await;
    workspace.stop().await;
}
