//! `tellr-app serve` over a socket.

use reqwest::Version;
use reqwest::header::{self, HeaderMap};

use crate::postgres::Database;
use crate::program::{Server, builder, client, init_db, run, text};

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name} in {headers:?}")).to_str().unwrap()
}

#[tokio::test]
async fn the_database_becomes_ready_without_a_restart() {
    let database = Database::create().await;
    let url = database.url();
    let mut server = Server::start(&[("DATABASE_URL", &url)]).await;
    let (code, body) = server.get_json("/api/health/ready").await;
    assert_eq!(code, 503);
    assert_eq!(body["status"], "unavailable");
    assert_eq!(body["database"]["state"], "unprepared");
    assert_eq!(body["database"]["message"], "the schema is not prepared: run `tellr-app init-db`");

    init_db(&[("DATABASE_URL", &url)]).await;
    let (code, body) = server.get_json("/api/health/ready").await;
    assert_eq!(code, 200, "{body}");
    assert_eq!(body["status"], "ready");
    assert_eq!(body["database"]["state"], "ready");
    assert_eq!(body["database"]["schema"], "app_data");
    assert_eq!(body["database"]["schema_version"], 1);
    let searched = "SELECT to_regclass('tellr_migrations') IS NULL";
    assert_eq!(
        database.ask(searched).await.unwrap(),
        "true",
        "only the app's own connections look into its schema"
    );
    assert!(body["database"]["latency_ms"].as_f64().unwrap() > 0.0);
    server.next_log_line("the database is ready").await;
}

#[tokio::test]
async fn connections_that_the_database_drops_are_replaced() {
    let database = Database::create().await;
    let url = database.url();
    init_db(&[("DATABASE_URL", &url)]).await;
    let server = Server::start(&[("DATABASE_URL", &url)]).await;
    assert_eq!(server.get_json("/api/health/ready").await.0, 200);
    let dropped = database
        .ask(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = '{}' AND application_name = 'tellr-app'",
            database.name
        ))
        .await;
    assert_ne!(dropped.as_deref(), Some("0"));
    assert_eq!(server.get_json("/api/health/ready").await.0, 200);
}

#[tokio::test]
async fn health_does_not_wait_for_the_database() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/none", silent.local_addr().unwrap());
    let server = Server::start(&[("DATABASE_URL", &url)]).await;
    let (code, body) = server.get_json("/api/health").await;
    assert_eq!((code, body["status"].as_str()), (200, Some("healthy")));
    let (code, body) = server.get_json("/api/health/ready").await;
    assert_eq!(code, 503);
    assert_eq!(body["database"]["message"], "the database did not answer within 2 s");
}

#[tokio::test]
async fn http_2_without_tls_is_spoken_as_well_as_http_1() {
    let server = Server::start(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let http_2 = builder().http2_prior_knowledge().build().unwrap();
    let response = http_2
        .get(server.url("/api/user/current"))
        .header("x-forwarded-email", "ann@example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.status(), 200);
    let many = (0..50).map(|_| http_2.get(server.url("/api/health")).send());
    for response in futures::future::join_all(many).await {
        assert_eq!(response.unwrap().version(), Version::HTTP_2);
    }
    let http_1 = builder().http1_only().build().unwrap();
    let response = http_1.get(server.url("/api/health")).send().await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
}

#[tokio::test]
async fn the_page_is_served_with_its_policy_and_its_tag() {
    let server = Server::start(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let response = server.get("/sessions/42/edit").await;
    if response.status() == 503 {
        // the front end is built by `cargo xtask frontend`; without it the server says so instead of failing
        assert!(response.text().await.unwrap().contains("cargo xtask frontend"));
        return;
    }
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(value(&headers, "content-type"), "text/html; charset=utf-8");
    assert!(value(&headers, "content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval';"));
    let page = response.text().await.unwrap();
    assert!(!page.contains("<script>") && page.contains("<script type=\"module\" src=\"/assets/"), "{page}");

    let again = client().get(server.url("/")).header(header::IF_NONE_MATCH, value(&headers, "etag"));
    assert_eq!(again.send().await.unwrap().status(), 304);
    assert_eq!(server.get("/favicon.svg").await.headers()["content-type"], "image/svg+xml");

    for asset in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let response = server.get(asset).await;
        assert_eq!(response.status(), 200, "{asset}");
        assert!(value(response.headers(), "cache-control").contains("immutable"), "{asset}");
        let head = client().head(server.url(asset)).send().await.unwrap();
        assert_eq!(value(head.headers(), "etag"), value(response.headers(), "etag"), "{asset}");
    }
    assert_eq!(server.get("/assets/missing.js").await.status(), 404);
}

#[tokio::test]
async fn who_calls_is_decided_by_the_proxys_headers_alone() {
    let server = Server::start(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let (code, body) = server.get_json("/api/user/current").await;
    assert_eq!(code, 401);
    assert!(body["detail"].as_str().unwrap().starts_with("Your Databricks identity could not be resolved"));
    let response = client()
        .get(server.url("/api/user/current"))
        .header("x-forwarded-preferred-username", "ann")
        .header("x-forwarded-user", "123@456")
        .send()
        .await
        .unwrap();
    let user: serde_json::Value = response.json().await.unwrap();
    assert_eq!(user, serde_json::json!({"username": "ann", "display_name": "ann", "user_id": "123@456"}));
}

#[tokio::test]
async fn a_development_identity_works_on_loopback_only() {
    let environment =
        [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), ("TELLR_DEV_USER", "dev@example.com")];
    let server = Server::start(&environment).await;
    let (code, body) = server.get_json("/api/user/current").await;
    assert_eq!((code, body["username"].as_str()), (200, Some("dev@example.com")));
    let rebound = client()
        .get(server.url("/api/user/current"))
        .header("host", "evil.example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(rebound.status(), 401);

    let refused = run(&["serve", "--host", "0.0.0.0", "--port", "0"], &environment).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused).contains("TELLR_DEV_USER") && text(&refused).contains("--host 127.0.0.1"),
        "{}",
        text(&refused)
    );
}

#[tokio::test]
async fn a_port_in_use_is_explained() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let environment =
        [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), ("DATABRICKS_APP_PORT", &port)];
    let refused = run(&["serve", "--host", "127.0.0.1"], &environment).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("Is another process using the port?"), "{}", text(&refused));
}

#[tokio::test]
async fn requests_are_logged_with_their_id_and_without_their_headers() {
    let mut server = Server::start(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let request = client()
        .get(server.url("/api/user/current?secret=in-the-query"))
        .header("x-request-id", "request-7")
        .header("x-forwarded-access-token", "token-of-ann")
        .header("x-forwarded-email", "ann@example.com");
    request.send().await.unwrap();
    let line = server.next_log_line("answered").await;
    assert_eq!(line["status"], 200);
    assert_eq!(line["span"]["request_id"], "request-7");
    assert_eq!(line["span"]["path"], "/api/user/current");
    let line = line.to_string();
    assert!(!line.contains("token-of-ann") && !line.contains("in-the-query"), "{line}");
}

#[tokio::test]
async fn help_lists_every_variable() {
    let help = run(&["--help"], &[]).await;
    assert!(help.status.success());
    for variable in ["DATABRICKS_APP_PORT", "LAKEBASE_SCHEMA", "TELLR_DATABASE_RESET_ID", "PGSSLMODE"] {
        assert!(text(&help).contains(variable), "{variable}");
    }
}
