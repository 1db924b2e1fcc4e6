//! Lakebase of both kinds: passwords that the workspace issues and the database lets expire after seconds.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::postgres::Database;
use crate::program::{Server, init_db, run, text};
use crate::workspace::Workspace;

const AUTOSCALING: &[(&str, &str)] = &[
    ("LAKEBASE_TYPE", "autoscaling"),
    ("LAKEBASE_ENDPOINT_NAME", "projects/tellr-db/branches/production/endpoints/primary"),
];
const PROVISIONED: &[(&str, &str)] = &[
    ("LAKEBASE_TYPE", "provisioned"),
    ("LAKEBASE_INSTANCE", "tellr-db"),
    ("LAKEBASE_PG_HOST", "None"),
    ("LAKEBASE_ENDPOINT_NAME", "None"),
];

/// The environment of an app on the platform. `DATABRICKS_HOST` has a scheme because the stand-in has no TLS.
fn environment<'a>(
    workspace: &'a Workspace,
    database: &'a Database,
    port: &'a str,
    kind: &'a [(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut environment = vec![
        ("DATABRICKS_HOST", workspace.url.as_str()),
        ("DATABRICKS_CLIENT_ID", "app"),
        ("DATABRICKS_CLIENT_SECRET", "app-secret"),
        ("PGUSER", workspace.role.as_str()),
        ("PGPORT", port),
        ("PGDATABASE", database.name.as_str()),
    ];
    environment.extend(kind);
    environment
}

/// Asks until the answer is yes; the deadline is only for a test that fails.
async fn eventually<F: Future<Output = bool>>(what: &str, mut question: impl FnMut() -> F) {
    let asking = async {
        while !question().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// The process ids of the app's connections.
async fn connections(database: &Database) -> String {
    let sql = format!(
        "SELECT coalesce(string_agg(pid::text, ' ' ORDER BY pid), '') FROM pg_stat_activity
         WHERE datname = '{}' AND application_name = 'tellr-app'",
        database.name
    );
    database.ask(&sql).await.unwrap()
}

async fn drop_connections(database: &Database) {
    database
        .run(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{}' AND application_name = 'tellr-app'",
            database.name
        ))
        .await;
}

#[tokio::test]
async fn both_kinds_ask_the_workspace_for_host_and_password() {
    let endpoint = "projects/tellr-db/branches/production/endpoints/primary";
    for (kind, host_path, credential_path, field, expected) in [
        (
            AUTOSCALING,
            format!("/api/2.0/postgres/{endpoint}"),
            "/api/2.0/postgres/credentials",
            "endpoint",
            json!(endpoint),
        ),
        (
            PROVISIONED,
            "/api/2.0/database/instances/tellr-db".to_owned(),
            "/api/2.0/database/credentials",
            "instance_names",
            json!(["tellr-db"]),
        ),
    ] {
        let database = Arc::new(Database::create_with_tls().await);
        let workspace = Workspace::start(&database, Duration::from_secs(3600)).await;
        let port = database.port().to_string();
        let done = init_db(&environment(&workspace, &database, &port, kind)).await;
        assert_eq!(done["created_schema"], true);
        let calls = workspace.calls();
        let paths: Vec<_> = calls.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, [host_path.as_str(), credential_path], "each is asked once");
        assert_eq!(calls[1].1[field], expected);
        let owner = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'app_data'";
        assert_eq!(database.ask(owner).await.unwrap(), workspace.role);
    }
}

#[tokio::test]
async fn new_connections_use_the_newest_token_and_open_ones_need_none() {
    let database = Arc::new(Database::create_with_tls().await);
    let workspace = Workspace::start(&database, Duration::from_secs(3)).await;
    let port = database.port().to_string();
    let environment = environment(&workspace, &database, &port, AUTOSCALING);
    init_db(&environment).await;
    let server = Server::start(&environment).await;
    assert_eq!(server.get_json("/api/health/ready").await.0, 200);
    let opened = connections(&database).await;
    let in_use = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tellr-app'";
    assert_eq!(database.ask(in_use).await.unwrap(), "true", "never without TLS");

    let before = workspace.issued();
    eventually("the token is renewed without anybody asking", || async { workspace.issued() >= before + 2 })
        .await;
    assert_eq!(server.get_json("/api/health/ready").await.0, 200);
    assert_eq!(connections(&database).await, opened, "the open connection outlived its token");

    drop_connections(&database).await;
    assert_eq!(server.get_json("/api/health/ready").await.0, 200, "a new connection with a new token");
    assert_ne!(connections(&database).await, opened);
}

#[tokio::test]
async fn while_the_workspace_refuses_the_server_lives_and_it_recovers() {
    let database = Arc::new(Database::create_with_tls().await);
    let workspace = Workspace::start(&database, Duration::from_secs(2)).await;
    let port = database.port().to_string();
    let environment = environment(&workspace, &database, &port, PROVISIONED);
    init_db(&environment).await;
    let mut server = Server::start(&environment).await;
    assert_eq!(server.get_json("/api/health/ready").await.0, 200);

    workspace.fail(true);
    let failure = server.next_log_line("could not renew the database credential, will try again").await;
    assert!(failure["error"].as_str().unwrap().contains("not for you, says the test"), "{failure}");
    assert_eq!(failure["still_valid"], true, "the first attempt comes before the end");
    assert_eq!(server.get_json("/api/health/ready").await.0, 200, "open connections go on");
    eventually("the token has expired and there is no way in", || async {
        drop_connections(&database).await;
        server.get_json("/api/health/ready").await.0 == 503
    })
    .await;
    let (_, body) = server.get_json("/api/health/ready").await;
    assert!(!body.to_string().contains("database-token"), "{body}");
    assert_eq!(server.get_json("/api/health").await.0, 200);

    workspace.fail(false);
    eventually("the server is ready again", || async { server.get_json("/api/health/ready").await.0 == 200 })
        .await;
}

#[tokio::test]
async fn a_workspace_that_refuses_is_quoted_with_a_hint_and_without_secrets() {
    let database = Arc::new(Database::create_with_tls().await);
    let workspace = Workspace::start(&database, Duration::from_secs(60)).await;
    let port = database.port().to_string();
    let mut environment = environment(&workspace, &database, &port, AUTOSCALING);
    environment.retain(|(name, _)| *name != "DATABRICKS_CLIENT_SECRET");
    environment.push(("DATABRICKS_CLIENT_SECRET", "wrong-secret"));
    let refused = run(&["init-db"], &environment).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused);
    assert!(said.contains("Client authentication failed"), "{said}");
    assert!(!said.contains("wrong-secret"), "{said}");
}
