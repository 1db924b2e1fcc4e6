//! A workspace in memory, just enough of one to drive the engine natively and in a browser, and to fail on demand.
//! The real behaviour of the platform is tested against the local workspace; here it is the engine that is tested.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use databricks::{
    Client, ClientOptions, Config, Credentials, Host, Poll, Request, Response, Secret, Transport,
    TransportError,
};
use deployer_wasm::engine::Engine;
use deployer_wasm::event::Event;
use deployer_wasm::schema::{AppRole, DatabaseAddress, SchemaError, SchemaObservation, SchemaPort};
use deployer_wasm::spec::SchemaName;
use deployer_wasm::timing::Timing;
use serde_json::{Value, json};

pub(crate) const CLIENT_ID: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const USER: &str = "deployer@example.com";
pub(crate) const FOLDER: &str = "/Workspace/Users/deployer@example.com/.apps/tellr";

/// One mutating call, in the shape of the recordings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) app: Option<Value>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) directory: bool,
    pub(crate) project: bool,
    pub(crate) instance: bool,
    pub(crate) no_autoscaling_api: bool,
    pub(crate) calls: Vec<Call>,
    pub(crate) reads: Vec<String>,
    pub(crate) sql: Vec<String>,
    pub(crate) events: Vec<Event>,
    /// Answers that come instead of the next ones to calls that start with this text: status, body, after the effect.
    pub(crate) faults: Vec<(String, u16, Value, bool)>,
    pub(crate) deployment_state: Option<(String, String)>,
    pub(crate) app_state: Option<(String, String)>,
}

#[derive(Clone, Default)]
pub(crate) struct Workspace(Arc<Mutex<State>>);

impl Workspace {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the state")
    }

    pub(crate) fn client(&self) -> Client {
        let config = Config::new(
            Host::parse("https://dbc-x.cloud.databricks.com").expect("a host"),
            Credentials::PersonalAccessToken(Secret::new("dapi-test".to_owned())),
        );
        let poll = Poll { max_interval: Duration::from_millis(1) };
        let options = ClientOptions { poll, ..ClientOptions::default() };
        Client::new(config, Arc::new(self.clone()), options)
    }

    pub(crate) fn engine(&self) -> Engine {
        let moment = Duration::from_millis(1);
        let sink = self.clone();
        Engine::new(self.client())
            .with_schema_port(Arc::new(self.clone()))
            .with_timing(Timing { poll: moment, role: moment, ..Timing::default() })
            .with_events(Arc::new(move |event| sink.state().events.push(event)))
    }

    pub(crate) fn mutating_paths(&self) -> Vec<String> {
        self.state().calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    fn answer(&self, method: &str, path: &str, query: &str, body: &[u8]) -> (u16, Value) {
        let line = format!("{method} {path}");
        let fault = {
            let mut state = self.state();
            let hit = state.faults.iter().position(|(start, ..)| line.starts_with(start.as_str()));
            hit.map(|index| state.faults.remove(index))
        };
        match fault {
            Some((_, status, answer, false)) => (status, answer),
            Some((_, status, answer, true)) => {
                self.act(method, path, query, body);
                (status, answer)
            }
            None => self.act(method, path, query, body),
        }
    }

    fn act(&self, method: &str, path: &str, query: &str, body: &[u8]) -> (u16, Value) {
        let mut state = self.state();
        let json: Value = match serde_json::from_slice(body) {
            Ok(json) => json,
            Err(_) if path.ends_with("/import") => Value::Array(parts(body)),
            Err(_) => Value::Null,
        };
        if method == "GET" {
            state.reads.push(path.to_owned());
        } else {
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            state.calls.push(Call {
                method: method.into(),
                path: format!("{path}{query}"),
                body: json.clone(),
            });
        }
        let missing =
            |what: &str| (404, json!({"error_code": "NOT_FOUND", "message": format!("{what} not found")}));
        match (method, path) {
            ("GET", "/.well-known/databricks-config") => (200, json!({"workspace_id": "900800700600"})),
            ("GET", "/api/2.0/preview/scim/v2/Me") => (200, json!({"id": "1", "userName": USER})),
            ("GET", "/api/2.0/postgres/projects/tellr-db") if state.no_autoscaling_api => (
                404,
                json!({"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found for 'GET /postgres/projects'"}),
            ),
            ("GET", "/api/2.0/postgres/projects/tellr-db") if !state.project => missing("project id"),
            ("GET", "/api/2.0/postgres/projects/tellr-db") => (200, json!({"name": "projects/tellr-db"})),
            ("POST", "/api/2.0/postgres/projects") => {
                state.project = true;
                (200, json!({"name": "projects/tellr-db/operations/1", "done": false}))
            }
            ("GET", "/api/2.0/postgres/projects/tellr-db/operations/1") => (
                200,
                json!({"name": "projects/tellr-db/operations/1", "done": true, "response": {"name": "projects/tellr-db"}}),
            ),
            ("GET", "/api/2.0/postgres/projects/tellr-db/branches/production/endpoints") => (
                200,
                json!({"endpoints": [{
                    "name": "projects/tellr-db/branches/production/endpoints/primary",
                    "status": {
                        "endpoint_type": "ENDPOINT_TYPE_READ_WRITE", "current_state": "ACTIVE",
                        "hosts": {"host": "ep-x.database.cloud.databricks.com"}
                    }
                }]}),
            ),
            ("GET", "/api/2.0/database/instances/tellr-db") if !state.instance => {
                missing("Database instance 'tellr-db'")
            }
            ("GET", "/api/2.0/database/instances/tellr-db") => (
                200,
                json!({"name": "tellr-db", "state": "AVAILABLE", "read_write_dns": "instance-x.database.example.com"}),
            ),
            ("POST", "/api/2.0/database/instances") => {
                state.instance = true;
                (200, json!({"name": "tellr-db", "state": "STARTING"}))
            }
            ("POST", "/api/2.0/postgres/credentials") => {
                (200, json!({"token": "pg", "expire_time": "2099-01-01T00:00:00Z"}))
            }
            ("POST", "/api/2.0/database/credentials") => {
                (200, json!({"token": "pg", "expiration_time": "2099-01-01T00:00:00Z"}))
            }
            ("GET", "/api/2.0/workspace/list") if !state.directory => {
                (404, json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Path (/x) doesn't exist."}))
            }
            ("GET", "/api/2.0/workspace/list") => {
                let objects: Vec<Value> =
                    state.files.keys().map(|path| json!({"object_type": "FILE", "path": path})).collect();
                (200, json!({ "objects": objects }))
            }
            ("POST", "/api/2.0/workspace/mkdirs") => {
                state.directory = true;
                (200, json!({}))
            }
            ("POST", "/api/2.0/workspace/import") => {
                let text = |name: &str| part(&json, name)["text"].as_str().unwrap_or_default().to_owned();
                state.files.insert(text("path"), text("content").into_bytes());
                (200, json!({"object_id": 1}))
            }
            ("POST", "/api/2.0/workspace/delete") => {
                let path = json["path"].as_str().unwrap_or_default().to_owned();
                state.files.remove(&path);
                (200, json!({}))
            }
            ("GET", "/api/2.0/apps/tellr") => match &state.app {
                None => (
                    404,
                    json!({"error_code": "NOT_FOUND", "message": "App with name tellr does not exist or is deleted."}),
                ),
                Some(app) => (200, app.clone()),
            },
            ("POST", "/api/2.0/apps") => {
                if state.app.is_some() {
                    let message = "An app with the same name already exists: tellr";
                    return (409, json!({"error_code": "RESOURCE_ALREADY_EXISTS", "message": message}));
                }
                let mut app = json;
                app["url"] = "https://tellr-1.aws.databricksapps.com".into();
                app["creator"] = USER.into();
                app["service_principal_client_id"] = CLIENT_ID.into();
                app["compute_status"] = json!({"state": "ACTIVE", "message": "App compute is running."});
                app["app_status"] = json!({"state": "UNAVAILABLE", "message": "App status is unavailable."});
                state.app = Some(app.clone());
                (200, app)
            }
            ("POST", "/api/2.0/apps/tellr/update") => {
                if let (Some(app), Some(mask)) = (state.app.as_mut(), json["update_mask"].as_str()) {
                    for field in mask.split(',') {
                        app[field] = json["app"][field].clone();
                    }
                }
                (200, json!({"status": {"state": "IN_PROGRESS"}}))
            }
            ("GET", "/api/2.0/apps/tellr/update") => (200, json!({"status": {"state": "SUCCEEDED"}})),
            ("POST", "/api/2.0/apps/tellr/start") => {
                if let Some(app) = state.app.as_mut() {
                    app["compute_status"] = json!({"state": "ACTIVE"});
                }
                (200, state.app.clone().unwrap_or_default())
            }
            ("POST", "/api/2.0/apps/tellr/deployments") => (
                200,
                json!({"deployment_id": "d1", "status": {"state": "IN_PROGRESS", "message": "Preparing source code"}}),
            ),
            ("GET", "/api/2.0/apps/tellr/deployments/d1") => {
                let (deployment, message) = state
                    .deployment_state
                    .clone()
                    .unwrap_or_else(|| ("SUCCEEDED".into(), "App started successfully".into()));
                let (running, words) =
                    state.app_state.clone().unwrap_or_else(|| ("RUNNING".into(), "App is running".into()));
                if let Some(app) = state.app.as_mut().filter(|_| deployment == "SUCCEEDED") {
                    app["app_status"] = json!({"state": running, "message": words});
                    app["active_deployment"] = json!({"deployment_id": "d1"});
                }
                (200, json!({"deployment_id": "d1", "status": {"state": deployment, "message": message}}))
            }
            ("PATCH", "/api/2.0/permissions/apps/tellr") => (200, json!({})),
            ("DELETE", "/api/2.0/apps/tellr") => match state.app.take() {
                Some(app) => (200, app),
                None => missing("App with name tellr"),
            },
            ("GET", "/api/2.0/workspace/export") => {
                (500, json!({"message": "answered as raw bytes elsewhere"}))
            }
            _ => (
                404,
                json!({"error_code": "ENDPOINT_NOT_FOUND", "message": format!("No API found for '{method} {path}'")}),
            ),
        }
    }

    fn exported(&self, query: &str) -> Option<Vec<u8>> {
        let path = query.split('&').find_map(|pair| pair.strip_prefix("path="))?;
        let path = path.replace("%2F", "/").replace("%40", "@");
        self.state().files.get(&path).cloned()
    }

    fn run(&self, line: &str) {
        self.state().sql.push(line.to_owned());
    }
}

/// The parts of a multipart body: name, file name if there is one, and text.
fn parts(body: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(body);
    let boundary = text.lines().next().unwrap_or_default();
    let mut all = Vec::new();
    for part in text.split(boundary).filter(|part| part.contains("\r\n\r\n")) {
        let (header, content) = part.split_once("\r\n\r\n").unwrap_or_default();
        let value = |key: &str| {
            let from = header.find(&format!(" {key}=\""))? + key.len() + 3;
            Some(header[from..].split('"').next().unwrap_or_default().to_owned())
        };
        let mut one = json!({"name": value("name"), "text": content.trim_end_matches("\r\n")});
        if let Some(file) = value("filename") {
            one["filename"] = file.into();
        }
        all.push(one);
    }
    all
}

/// The part called `name`.
fn part<'a>(parts: &'a Value, name: &str) -> &'a Value {
    let all = parts.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|part| part["name"] == name).unwrap_or(&Value::Null)
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Transport for Workspace {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let rest =
            request.url.strip_prefix("https://dbc-x.cloud.databricks.com").expect("the workspace's host");
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (status, body) = match (path, self.exported(query)) {
            ("/api/2.0/workspace/export", Some(content)) => (200, content),
            _ => {
                let (status, body) = self.answer(request.method.as_str(), path, query, &request.body);
                (status, body.to_string().into_bytes())
            }
        };
        let status = status.try_into().expect("a status");
        Ok(Response { status, headers: Default::default(), body: body.into() })
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl SchemaPort for Workspace {
    async fn inspect(
        &self,
        _: &DatabaseAddress,
        schema: &SchemaName,
    ) -> Result<SchemaObservation, SchemaError> {
        self.run(&format!("inspect {schema}"));
        Ok(SchemaObservation { owner: Some(USER.into()), tables: 3, python_original: false })
    }

    async fn has_role(&self, _: &DatabaseAddress, _: &AppRole) -> Result<bool, SchemaError> {
        Ok(true)
    }

    async fn prepare(
        &self,
        _: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
    ) -> Result<(), SchemaError> {
        self.run(&format!("prepare {schema} for {}", role.as_str()));
        Ok(())
    }

    async fn reset(
        &self,
        _: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
    ) -> Result<(), SchemaError> {
        self.run(&format!("reset {schema} for {}", role.as_str()));
        Ok(())
    }

    async fn drop_schema(&self, _: &DatabaseAddress, schema: &SchemaName) -> Result<(), SchemaError> {
        self.run(&format!("drop {schema}"));
        Ok(())
    }

    async fn keep_encryption_key(
        &self,
        _: &DatabaseAddress,
        schema: &SchemaName,
        _: &AppRole,
        key: &Secret,
    ) -> Result<(), SchemaError> {
        self.run(&format!("keep key of {} characters in {schema}", key.expose().len()));
        Ok(())
    }
}
