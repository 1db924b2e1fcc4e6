//! A workspace in memory, just enough of one to drive the engine natively and in a browser, and to fail on demand.
//! The real behaviour of the platform is tested against the local workspace; here it is the engine that is tested.

pub(crate) mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use databricks::{
    Client, ClientOptions, Config, Credentials, Host, Poll, Request, Response, Secret, Transport,
    TransportError,
};
use deployer_wasm::engine::{Engine, LockPolicy, Origin};
use deployer_wasm::event::Event;
use deployer_wasm::schema::{
    AppRole, DatabaseAddress, ResetDone, SchemaError, SchemaObservation, SchemaPort,
};
use deployer_wasm::spec::SchemaName;
use deployer_wasm::timing::Timing;
use futures::channel::oneshot;
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

impl Call {
    /// Whether it writes beside the app's folder, and not in it.
    pub(crate) fn is_of_the_journal(&self) -> bool {
        let path = self.body["path"].as_str().or_else(|| part(&self.body, "path")["text"].as_str());
        path.is_some_and(|path| path.starts_with(&format!("{FOLDER}.history")))
    }
}

/// What happens at one mutating call or schema operation, before or after its effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Disturbance {
    /// The engine hears nothing any more, and is dropped by the test.
    Halt { after: bool },
    /// It hears of a failure that says nothing about the effect.
    Fail { after: bool },
}

#[derive(Default)]
pub(crate) struct State {
    /// Number of mutating calls and schema operations so far.
    pub(crate) changes: usize,
    /// At which of them something happens.
    pub(crate) disturbance: Option<(usize, Disturbance)>,
    /// Hears that the engine has been halted.
    pub(crate) halted: Option<oneshot::Sender<()>>,
    pub(crate) app: Option<Value>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) directories: BTreeSet<String>,
    pub(crate) project: bool,
    pub(crate) instance: bool,
    pub(crate) no_autoscaling_api: bool,
    pub(crate) calls: Vec<Call>,
    pub(crate) reads: Vec<String>,
    pub(crate) sql: Vec<String>,
    pub(crate) events: Vec<Event>,
    /// Answers that come instead of the next ones to calls that start with this text: status, body, after the effect.
    pub(crate) faults: Vec<(String, u16, Value, bool)>,
    /// Ids of the resets that the schema has a record of.
    pub(crate) resets: BTreeSet<String>,
    /// Whether the app's role lacks rights on the schema.
    pub(crate) ungranted: bool,
    pub(crate) deployments: u32,
    /// Numbers of the deployments that succeed and whose app then crashes.
    pub(crate) crashing_deployments: Vec<u32>,
    /// Numbers of the deployments that fail.
    pub(crate) failing_deployments: Vec<u32>,
    pub(crate) permissions: Vec<Value>,
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

    /// An engine on another machine, for which a run counts as dead after a moment of silence.
    pub(crate) fn engine_elsewhere(&self) -> Engine {
        let origin = Origin { name: "elsewhere".into(), process: None, program: "a test".into() };
        let lock = LockPolicy { lease: Duration::from_millis(40), ..LockPolicy::default() };
        self.engine().with_origin(origin).with_lock_policy(lock)
    }

    pub(crate) fn engine(&self) -> Engine {
        let moment = Duration::from_millis(1);
        let sink = self.clone();
        Engine::new(self.client())
            .with_schema_port(Arc::new(self.clone()))
            .with_timing(Timing { poll: moment, role: moment, visible: moment, ..Timing::default() })
            .with_events(Arc::new(move |event| sink.state().events.push(event)))
    }

    /// Mutating calls, without those that keep the journal.
    pub(crate) fn mutating_paths(&self) -> Vec<String> {
        let state = self.state();
        let work = state.calls.iter().filter(|call| !call.is_of_the_journal());
        work.map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    /// The journal's files, oldest first.
    pub(crate) fn runs(&self) -> Vec<Value> {
        let state = self.state();
        let runs = state.files.iter().filter(|(path, _)| path.contains(".history/run-"));
        runs.map(|(_, text)| serde_json::from_slice(text).expect("a run file")).collect()
    }

    /// Arranges for a disturbance at the change with this number, counted from now.
    pub(crate) fn disturb(&self, number: usize, disturbance: Disturbance) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state();
        (state.changes, state.disturbance, state.halted) = (0, Some((number, disturbance)), Some(sender));
        receiver
    }

    /// What happens at the next change.
    fn next_change(&self) -> Option<Disturbance> {
        let mut state = self.state();
        let number = state.changes;
        state.changes += 1;
        state.disturbance.filter(|(at, _)| *at == number).map(|(_, disturbance)| disturbance)
    }

    /// Does a change as the disturbance wants it. `None` means that its answer is lost.
    async fn change<T>(&self, disturbance: Option<Disturbance>, act: impl FnOnce() -> T) -> Option<T> {
        let answer = match disturbance {
            None => return Some(act()),
            Some(Disturbance::Halt { after } | Disturbance::Fail { after }) => after.then(act),
        };
        if let Some(Disturbance::Halt { .. }) = disturbance {
            drop(answer);
            if let Some(halted) = self.state().halted.take() {
                _ = halted.send(());
            }
            std::future::pending::<()>().await;
        }
        None
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
            state.reads.push(format!("{path}?{query}"));
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
            ("GET", "/api/2.0/workspace/list") => {
                let folder = decoded(query);
                if !state.directories.contains(&folder) {
                    let message = format!("Path ({folder}) doesn't exist.");
                    return (404, json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}));
                }
                let inside = |path: &&String| {
                    path.strip_prefix(&format!("{folder}/")).is_some_and(|rest| !rest.contains('/'))
                };
                let objects = state.files.keys().filter(inside);
                let objects: Vec<Value> =
                    objects.map(|path| json!({"object_type": "FILE", "path": path})).collect();
                (200, json!({ "objects": objects }))
            }
            ("POST", "/api/2.0/workspace/mkdirs") => {
                state.directories.insert(json["path"].as_str().unwrap_or_default().to_owned());
                (200, json!({}))
            }
            ("POST", "/api/2.0/workspace/import") => {
                let text = |name: &str| part(&json, name)["text"].as_str().unwrap_or_default().to_owned();
                if text("overwrite") != "true" && state.files.contains_key(&text("path")) {
                    let message = format!("{} already exists", text("path"));
                    return (400, json!({"error_code": "RESOURCE_ALREADY_EXISTS", "message": message}));
                }
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
            ("POST", "/api/2.0/apps/tellr/deployments") => {
                state.deployments += 1;
                let id = format!("d{}", state.deployments);
                let pending = json!({
                    "deployment_id": id, "status": {"state": "IN_PROGRESS", "message": "Preparing source code"},
                });
                if let Some(app) = state.app.as_mut() {
                    app["pending_deployment"] = pending.clone();
                }
                (200, pending)
            }
            ("GET", path) if path.starts_with("/api/2.0/apps/tellr/deployments/") => {
                let id = path.rsplit('/').next().unwrap_or_default();
                let fails = state.failing_deployments.iter().any(|number| format!("d{number}") == id);
                let failure = fails.then(|| ("FAILED".into(), "the app did not start".into()));
                let (deployment, message) = failure
                    .or_else(|| state.deployment_state.clone())
                    .unwrap_or_else(|| ("SUCCEEDED".into(), "App started successfully".into()));
                let crashes = state.crashing_deployments.iter().any(|number| format!("d{number}") == id);
                let crash = crashes.then(|| ("CRASHED".into(), "exit status 1".into()));
                let (running, words) = crash
                    .or_else(|| state.app_state.clone())
                    .unwrap_or_else(|| ("RUNNING".into(), "App is running".into()));
                if let Some(app) = state.app.as_mut() {
                    app["pending_deployment"] = Value::Null;
                    if deployment == "SUCCEEDED" {
                        app["app_status"] = json!({"state": running, "message": words});
                        app["active_deployment"] = json!({"deployment_id": id});
                    }
                }
                (200, json!({"deployment_id": id, "status": {"state": deployment, "message": message}}))
            }
            ("GET", "/api/2.0/permissions/apps/tellr") => {
                (200, json!({"access_control_list": state.permissions}))
            }
            ("PATCH", "/api/2.0/permissions/apps/tellr") => {
                for entry in json["access_control_list"].as_array().into_iter().flatten() {
                    let mut given = entry.clone();
                    given["all_permissions"] = json!([{"permission_level": entry["permission_level"]}]);
                    state.permissions.push(given);
                }
                (200, json!({"access_control_list": state.permissions}))
            }
            ("DELETE", "/api/2.0/apps/tellr") => match state.app.take() {
                Some(app) => (200, app),
                None => missing("App with name tellr"),
            },
            // What exists is answered as raw bytes elsewhere.
            ("GET", "/api/2.0/workspace/export") => {
                let message = format!("Path ({}) doesn't exist.", decoded(query));
                (404, json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}))
            }
            _ => (
                404,
                json!({"error_code": "ENDPOINT_NOT_FOUND", "message": format!("No API found for '{method} {path}'")}),
            ),
        }
    }

    fn exported(&self, query: &str) -> Option<Vec<u8>> {
        self.state().files.get(&decoded(query)).cloned()
    }

    async fn operation<T>(&self, what: &str, act: impl FnOnce() -> T) -> Result<T, SchemaError> {
        let lost = || SchemaError::Lost { operation: what.to_owned(), reason: "the connection broke".into() };
        let disturbance = self.next_change();
        self.change(disturbance, act).await.ok_or_else(lost)
    }

    fn run(&self, line: &str) {
        self.state().sql.push(line.to_owned());
    }
}

/// The path that a query asks for.
fn decoded(query: &str) -> String {
    let path = query.split('&').find_map(|pair| pair.strip_prefix("path=")).unwrap_or_default();
    path.replace("%2F", "/").replace("%40", "@")
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
                let method = request.method.as_str();
                let disturbance = if method == "GET" { None } else { self.next_change() };
                let answer =
                    self.change(disturbance, || self.answer(method, path, query, &request.body)).await;
                let lost = || (500, json!({"error_code": "INTERNAL_ERROR", "message": "something broke"}));
                let (status, body) = answer.unwrap_or_else(lost);
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
        role: Option<&AppRole>,
    ) -> Result<SchemaObservation, SchemaError> {
        self.run(&format!("inspect {schema}"));
        let app_granted = role.map(|_| !self.state().ungranted);
        Ok(SchemaObservation { owner: Some(USER.into()), tables: 3, python_original: false, app_granted })
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
        self.operation("prepare", || {
            self.run(&format!("prepare {schema} for {}", role.as_str()));
            self.state().ungranted = false;
        })
        .await
    }

    async fn reset(
        &self,
        _: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        reset_id: &str,
    ) -> Result<ResetDone, SchemaError> {
        self.operation("reset", || {
            if !self.state().resets.insert(reset_id.to_owned()) {
                return ResetDone::Before;
            }
            self.run(&format!("reset {schema} for {}", role.as_str()));
            ResetDone::Now
        })
        .await
    }

    async fn drop_schema(&self, _: &DatabaseAddress, schema: &SchemaName) -> Result<(), SchemaError> {
        self.operation("drop", || self.run(&format!("drop {schema}"))).await
    }

    async fn keep_encryption_key(
        &self,
        _: &DatabaseAddress,
        schema: &SchemaName,
        _: &AppRole,
        key: &Secret,
    ) -> Result<(), SchemaError> {
        let line = format!("keep key of {} characters in {schema}", key.expose().len());
        self.operation("keep the key", || self.run(&line)).await
    }
}
