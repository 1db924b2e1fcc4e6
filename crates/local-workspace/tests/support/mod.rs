//! A workspace for tests, and calls to it.
#![allow(dead_code, reason = "each test file uses what it needs of this")]
#![expect(clippy::unwrap_used, reason = "support of tests")]

use std::time::{Duration, Instant};

use local_workspace::{Options, Ready, RunningWorkspace};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything here may take before a test gives up on it.
const DEADLINE: Duration = Duration::from_secs(90);

/// A running workspace in a folder of its own.
pub(crate) struct TestWorkspace {
    running: RunningWorkspace,
    http: Client,
    folder: Option<TempDir>,
}

impl TestWorkspace {
    /// One with default options.
    pub(crate) async fn start() -> TestWorkspace {
        TestWorkspace::start_with(|_| ()).await
    }

    /// One with options of the test's choice.
    pub(crate) async fn start_with(choose: impl FnOnce(&mut Options)) -> TestWorkspace {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path().join("data"));
        choose(&mut options);
        TestWorkspace::around(local_workspace::start(options).await.unwrap(), Some(folder))
    }

    /// One that is running already.
    pub(crate) fn around(running: RunningWorkspace, folder: Option<TempDir>) -> TestWorkspace {
        // every test does this; only the first one counts
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        TestWorkspace { running, http, folder }
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
        drop(self.folder);
    }

    pub(crate) fn ready(&self) -> &Ready {
        self.running.ready()
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// Sends a request with the user's token.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.ready().host))
            .bearer_auth(&self.ready().token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        read(self.send(method, path, body).await).await
    }

    pub(crate) async fn call_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request =
            self.http.request(method, format!("{}{path}", self.ready().host)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn anonymous(&self, method: Method, path: &str) -> (StatusCode, Value) {
        read(self.http.request(method, format!("{}{path}", self.ready().host)).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    /// A call that must succeed.
    pub(crate) async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let body = if body.is_null() { None } else { Some(body) };
        let (status, answer) = self.call(method.clone(), path, body).await;
        assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
        answer
    }

    /// What the token endpoint answers.
    pub(crate) async fn token(&self, client_id: &str, client_secret: &str) -> (StatusCode, Value) {
        let request = self
            .http
            .post(format!("{}/oidc/v1/token", self.ready().host))
            .basic_auth(client_id, Some(client_secret))
            .form(&[("grant_type", "client_credentials"), ("scope", "all-apis")]);
        read(request.send().await.unwrap()).await
    }

    /// The secret of a service principal.
    pub(crate) fn secret_of_app(&self, client_id: &str) -> String {
        let folder = self.folder.as_ref().unwrap().path();
        let state: Value =
            serde_json::from_slice(&std::fs::read(folder.join("data/state.json")).unwrap()).unwrap();
        state["service_principals"][client_id]["client_secret"].as_str().unwrap().to_owned()
    }

    /// An access token of an app's service principal, whose secret only the state file and the app know.
    pub(crate) async fn token_of_app(&self, client_id: &str) -> String {
        let folder = self.folder.as_ref().unwrap().path();
        let state: Value =
            serde_json::from_slice(&std::fs::read(folder.join("data/state.json")).unwrap()).unwrap();
        let secret = state["service_principals"][client_id]["client_secret"].as_str().unwrap();
        self.token(client_id, secret).await.1["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn import_json(
        &self,
        path: &str,
        content: &[u8],
        format: &str,
        overwrite: bool,
    ) -> (StatusCode, Value) {
        use base64::Engine;
        let content = base64::engine::general_purpose::STANDARD.encode(content);
        let body = json!({"path": path, "content": content, "format": format, "overwrite": overwrite});
        self.call(Method::POST, "/api/2.0/workspace/import", Some(body)).await
    }

    pub(crate) async fn import_multipart(&self, path: &str, content: &[u8]) -> (StatusCode, Value) {
        let name = path.rsplit('/').next().unwrap().to_owned();
        let form = reqwest::multipart::Form::new()
            .text("path", path.to_owned())
            .text("format", "AUTO")
            .text("overwrite", "true")
            .part("content", reqwest::multipart::Part::bytes(content.to_vec()).file_name(name));
        let request = self
            .http
            .post(format!("{}/api/2.0/workspace/import", self.ready().host))
            .bearer_auth(&self.ready().token)
            .multipart(form);
        read(request.send().await.unwrap()).await
    }

    /// Asks until `condition` holds.
    pub(crate) async fn until(&self, mut condition: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !condition().await {
            assert!(began.elapsed() < DEADLINE, "what the test waits for does not happen");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits for a state of an app's compute.
    pub(crate) async fn until_compute(&self, app: &str, state: &str) {
        let path = format!("/api/2.0/apps/{app}");
        self.until(async || self.get(&path).await.1["compute_status"]["state"] == state).await;
    }
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
