//! The router as a whole, without a socket. The database's port is closed, so readiness fails here; the tests in
//! `runtime/tests` have a real one.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use tower::ServiceExt;

use super::*;
use crate::config::Config;

fn app(policy: IdentityPolicy) -> App {
    // nobody listens on port 1, and asking takes no time
    let values =
        BTreeMap::from([("DATABASE_URL".to_owned(), "postgres://nobody@127.0.0.1:1/none".to_owned())]);
    let config = Config::from_map(&values).unwrap();
    App::new(Arc::new(Store::new(&config).unwrap()), policy)
}

async fn ask_in(environment: Environment, request: Request<Body>) -> Response {
    router(app(IdentityPolicy::ProxyOnly), environment).oneshot(request).await.unwrap()
}

async fn ask(request: Request<Body>) -> Response {
    ask_in(Environment::Production, request).await
}

fn get_request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn json(response: Response) -> serde_json::Value {
    serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn health_needs_neither_identity_nor_database() {
    let response = ask(get_request("/api/health")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let version = env!("CARGO_PKG_VERSION");
    let expected =
        serde_json::json!({"status": "healthy", "service": "AI Slide Generator", "version": version});
    assert_eq!(json(response).await, expected);
}

#[tokio::test]
async fn unknown_api_paths_are_404_in_json() {
    for path in ["/api", "/api/", "/api/nothing", "/api/health/nothing", "/api/assets/app.js"] {
        let response = ask(get_request(path)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(json(response).await, serde_json::json!({"detail": "Not Found"}), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_in_json() {
    let response = ask(Request::delete("/api/health").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(json(response).await, serde_json::json!({"detail": "Method Not Allowed"}));
}

#[tokio::test]
async fn without_an_identity_the_caller_is_refused() {
    let response = ask(get_request("/api/user/current")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let detail = json(response).await["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        detail,
        "Your Databricks identity could not be resolved for this request. Please refresh the page to re-authenticate."
    );
}

#[tokio::test]
async fn the_caller_is_who_the_proxy_says() {
    let request = Request::get("/api/user/current")
        .header("x-forwarded-email", "ann@example.com")
        .header("x-forwarded-user", "123@456")
        .body(Body::empty())
        .unwrap();
    let response = ask(request).await;
    assert_eq!(value(response.headers(), "cache-control"), Some("no-store"));
    let expected = serde_json::json!({
        "username": "ann@example.com", "display_name": "ann@example.com",
        "user_id": "123@456", "email": "ann@example.com",
    });
    assert_eq!(json(response).await, expected);
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_503_without_its_address() {
    let response = ask(get_request("/api/health/ready")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = json(response).await;
    assert_eq!(body["status"], "unavailable");
    assert_eq!(body["database"]["state"], "unavailable");
    assert_eq!(body["database"]["schema"], "app_data");
    assert!(!body.to_string().contains("127.0.0.1"), "{body}");
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    for path in ["/api/health", "/api/nothing", "/", "/assets/nothing.js"] {
        let response = ask(get_request(path)).await;
        let headers = response.headers();
        assert_eq!(value(headers, "x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(value(headers, "x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(value(headers, "referrer-policy"), Some("same-origin"), "{path}");
        assert!(value(headers, "strict-transport-security").is_some(), "{path}");
        assert!(value(headers, "x-request-id").is_some(), "{path}");
        let policy = value(headers, "content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn a_page_may_run_our_wasm_and_data_may_run_nothing() {
    let around = |content_type: &'static str| {
        let routes = Router::new()
            .route("/", get(move || async move { ([(header::CONTENT_TYPE, content_type)], "") }));
        layers::around(routes, Environment::Production, small_limits())
    };
    let page = around("text/html; charset=utf-8").oneshot(get_request("/")).await.unwrap();
    let policy = value(page.headers(), "content-security-policy").unwrap().to_owned();
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'; "), "{policy}");
    assert!(policy.contains("connect-src 'self'; "), "{policy}");
    let data = around("application/json").oneshot(get_request("/")).await.unwrap();
    let policy = value(data.headers(), "content-security-policy").unwrap();
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
}

#[tokio::test]
async fn the_request_id_of_the_proxy_is_kept_and_a_missing_one_is_made() {
    let request =
        Request::get("/api/health").header("x-request-id", "from-the-proxy").body(Body::empty()).unwrap();
    assert_eq!(value(ask(request).await.headers(), "x-request-id"), Some("from-the-proxy"));
    let (one, two) = (ask(get_request("/api/health")).await, ask(get_request("/api/health")).await);
    assert_ne!(value(one.headers(), "x-request-id"), value(two.headers(), "x-request-id"));
}

fn preflight(origin: &str) -> Request<Body> {
    Request::builder()
        .method(Method::OPTIONS)
        .uri("/api/user/current")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn pages_from_localhost_may_call_the_api_in_development_only() {
    let allowed = |environment, origin: &'static str| async move {
        let response = ask_in(environment, preflight(origin)).await;
        value(response.headers(), "access-control-allow-origin").map(str::to_owned)
    };
    for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080", "http://localhost"]
    {
        assert_eq!(allowed(Environment::Development, origin).await.as_deref(), Some(origin));
        assert_eq!(allowed(Environment::Production, origin).await, None, "{origin}");
    }
    for origin in ["https://evil.example.com", "http://localhost.evil.com", "null", "http://10.0.0.1:3000"] {
        assert_eq!(allowed(Environment::Development, origin).await, None, "{origin}");
    }
}

fn small_limits() -> layers::Limits {
    layers::Limits { request_timeout: Duration::from_secs(5), body: 16 }
}

/// Routes that misbehave, under the layers of the real ones.
fn misbehaving() -> Router {
    async fn panic() -> &'static str {
        panic!("secret of the handler")
    }
    async fn hang() -> &'static str {
        std::future::pending().await
    }
    async fn echo(body: String) -> String {
        body
    }
    let routes = Router::new()
        .route("/api/panic", get(panic))
        .route("/api/hang", get(hang))
        .route("/api/echo", post(echo));
    layers::around(routes, Environment::Production, small_limits())
}

#[tokio::test]
async fn a_panic_is_500_in_json_without_its_cause() {
    let response = misbehaving().oneshot(get_request("/api/panic")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.headers().contains_key("x-request-id"));
    assert!(response.headers().contains_key("content-security-policy"));
    let body = json(response).await;
    assert!(body["detail"].as_str().unwrap().contains("X-Request-Id"));
    assert!(!body.to_string().contains("secret"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_504_in_json() {
    let response = misbehaving().oneshot(get_request("/api/hang")).await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(json(response).await, serde_json::json!({"detail": "Gateway Timeout"}));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_in_json_announced_or_not() {
    let announced =
        Request::post("/api/echo").header(header::CONTENT_LENGTH, "17").body(Body::from("x".repeat(17)));
    let chunks = futures::stream::iter(["x".repeat(10), "x".repeat(10)].map(Ok::<_, std::io::Error>));
    let streamed = Request::post("/api/echo").body(Body::from_stream(chunks));
    for request in [announced.unwrap(), streamed.unwrap()] {
        let response = misbehaving().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(json(response).await["detail"].is_string());
    }
    let small = Request::post("/api/echo").body(Body::from("x".repeat(16))).unwrap();
    assert_eq!(misbehaving().oneshot(small).await.unwrap().status(), StatusCode::OK);
}
