//! The part of a workspace that issues database credentials, over a real PostgreSQL role: each new token becomes the
//! role's password with an end that the database enforces. There is one password at a time, so a connection can be opened
//! with the newest token only.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::{Value, json};

use crate::postgres::{Database, unique};

/// What the service principal has to present; `app:app-secret` in base64.
const BASIC: &str = "Basic YXBwOmFwcC1zZWNyZXQ=";

/// A running stand-in.
pub(crate) struct Workspace {
    pub(crate) url: String,
    pub(crate) role: String,
    shared: Arc<Shared>,
}

struct Shared {
    database: Arc<Database>,
    role: String,
    life: Duration,
    issued: AtomicU32,
    failing: AtomicBool,
    calls: Mutex<Vec<(String, Value)>>,
}

impl Workspace {
    /// A workspace whose tokens open `database` for `life`.
    pub(crate) async fn start(database: &Arc<Database>, life: Duration) -> Self {
        let role = database.create_role("service_principal").await;
        database.run(&format!("GRANT CREATE ON DATABASE {} TO {role}", database.name)).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            database: Arc::clone(database),
            role: role.clone(),
            life,
            issued: AtomicU32::default(),
            failing: AtomicBool::default(),
            calls: Mutex::default(),
        });
        let router = router(&url).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, role, shared }
    }

    /// How many database credentials were issued.
    pub(crate) fn issued(&self) -> u32 {
        self.shared.issued.load(Ordering::SeqCst)
    }

    /// Whether credentials are refused from now on.
    pub(crate) fn fail(&self, failing: bool) {
        self.shared.failing.store(failing, Ordering::SeqCst);
    }

    /// Paths and bodies of the calls for the database.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.shared.calls.lock().unwrap().clone()
    }
}

fn router(url: &str) -> Router<Arc<Shared>> {
    let token_endpoint = format!("{url}/oidc/v1/token");
    let discovery = json!({"token_endpoint": token_endpoint, "authorization_endpoint": format!("{url}/oidc/v1/authorize")});
    let host = json!({"oidc_endpoint": format!("{url}/oidc"), "workspace_id": "1"});
    Router::new()
        .route("/.well-known/databricks-config", get(move || async move { Json(host) }))
        .route("/oidc/.well-known/oauth-authorization-server", get(move || async move { Json(discovery) }))
        .route("/oidc/v1/token", post(token))
        .route("/api/2.0/postgres/credentials", post(autoscaling_credential))
        .route("/api/2.0/database/credentials", post(provisioned_credential))
        .route("/api/2.0/database/instances/{name}", get(instance))
        .route("/api/2.0/postgres/{*name}", get(endpoint))
}

async fn token(headers: HeaderMap, Form(form): Form<Vec<(String, String)>>) -> Response {
    let granted = headers["authorization"] == BASIC
        && form.contains(&("grant_type".to_owned(), "client_credentials".to_owned()));
    if !granted {
        let body = json!({"error": "invalid_client", "error_description": "Client authentication failed"});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    Json(json!({"access_token": "workspace-token", "token_type": "Bearer", "expires_in": 3600}))
        .into_response()
}

async fn autoscaling_credential(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    shared.credential("/api/2.0/postgres/credentials", "expire_time", &headers, body).await
}

async fn provisioned_credential(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    shared.credential("/api/2.0/database/credentials", "expiration_time", &headers, body).await
}

async fn instance(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Json<Value> {
    shared.note(&format!("/api/2.0/database/instances/{name}"), Value::Null);
    Json(json!({"name": name, "state": "AVAILABLE", "read_write_dns": "127.0.0.1"}))
}

async fn endpoint(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Json<Value> {
    shared.note(&format!("/api/2.0/postgres/{name}"), Value::Null);
    Json(json!({"name": name, "status": {"current_state": "ACTIVE", "hosts": {"host": "127.0.0.1"}}}))
}

impl Shared {
    fn note(&self, path: &str, body: Value) {
        self.calls.lock().unwrap().push((path.to_owned(), body));
    }

    async fn credential(&self, path: &str, end: &str, headers: &HeaderMap, body: Value) -> Response {
        if headers["authorization"] != "Bearer workspace-token" {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        self.note(path, body);
        if self.failing.load(Ordering::SeqCst) {
            let body = json!({"error_code": "PERMISSION_DENIED", "message": "not for you, says the test"});
            return (StatusCode::FORBIDDEN, Json(body)).into_response();
        }
        let token = unique("database-token").replace('_', "-");
        let expires = jiff::Timestamp::now() + self.life;
        let role = &self.role;
        self.database.run(&format!("ALTER ROLE {role} PASSWORD '{token}' VALID UNTIL '{expires}'")).await;
        self.issued.fetch_add(1, Ordering::SeqCst);
        Json(json!({"token": token, end: expires.to_string()})).into_response()
    }
}
