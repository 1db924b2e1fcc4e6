//! The mutating calls of each operation beside those that the Python deployer made. What differs is in the snapshots, and
//! `docs/deploy-calls.md` says why; a difference that is not there fails.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "the engine's tests use the rest")]
mod scripted;

use std::collections::BTreeMap;

use deployer_wasm::spec::{RawSpec, Request};
use scripted::{FOLDER, Workspace};
use serde_json::{Value, json};

fn request(operation: &str, lakebase_type: &str, reset_database: bool) -> Request {
    let values = [
        ("app_name", "tellr"),
        ("lakebase_name", "tellr-db"),
        ("lakebase_type", lakebase_type),
        ("schema_name", "tellr"),
        ("app_file_workspace_path", FOLDER),
        ("app_version", "0.4.2"),
    ];
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let raw = RawSpec { values, reset_database, ..RawSpec::default() };
    match operation {
        "create" => Request::Create(raw.create().expect("a create")),
        "update" => Request::Update(raw.update().expect("an update")),
        _ => Request::Delete(raw.delete().expect("a delete")),
    }
}

async fn run(workspace: &Workspace, request: &Request) {
    scripted::requests::run(workspace, request).await.expect("an outcome");
}

/// Our mutating calls, one text each: those that do the work, and those that keep the journal.
async fn ours(
    operation: &str,
    lakebase_type: &str,
    reset: bool,
    legacy_key: bool,
) -> (Vec<String>, Vec<String>) {
    let workspace = Workspace::default();
    if operation != "create" {
        run(&workspace, &request("create", lakebase_type, false)).await;
        let mut state = workspace.state();
        state.calls.clear();
        // The recordings replaced files of an older version.
        let of_the_app = |path: &&String| path.starts_with(&format!("{FOLDER}/"));
        let paths: Vec<String> = state.files.keys().filter(of_the_app).cloned().collect();
        for path in paths {
            state.files.insert(path, b"env: []\n".to_vec());
        }
        if legacy_key {
            let text = b"env:\n  - name: GOOGLE_OAUTH_ENCRYPTION_KEY\n    value: c2VjcmV0\n".to_vec();
            state.files.insert(format!("{FOLDER}/app.yaml"), text);
        }
    }
    run(&workspace, &request(operation, lakebase_type, reset)).await;
    let calls = workspace.state().calls.clone();
    let (journal, work): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.is_of_the_journal());
    let work = work.into_iter().map(|call| line(&call.method, &call.path, call.body)).collect();
    (
        work,
        journal
            .into_iter()
            .map(|call| format!("{} {} {}", call.method, call.path, file_of(&call.body)))
            .collect(),
    )
}

/// The file that a call writes: what stands in it is new in every run.
fn file_of(body: &Value) -> String {
    let name = |part: &Value| part["filename"].as_str().map(str::to_owned);
    body.as_array().and_then(|parts| parts.iter().find_map(name)).unwrap_or_else(|| body.to_string())
}

/// The recorded mutating calls, one text each.
fn recorded(name: &str) -> Vec<String> {
    let path = format!("{}/tests/recorded/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a recording");
    let calls: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let calls = calls.iter().filter(|call| call["path"].is_string());
    calls
        .map(|call| {
            let query = call["query"].as_object().into_iter().flatten();
            let query: Vec<String> =
                query.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
            let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
            let body = if call["parts"].is_array() { call["parts"].clone() } else { call["body"].clone() };
            line(
                call["method"].as_str().unwrap_or_default(),
                &format!("{}{query}", call["path"].as_str().unwrap_or_default()),
                body,
            )
        })
        .collect()
}

/// Method, path and body, without what is new in every run and without the text of app.yaml, which the documentation compares.
fn line(method: &str, path: &str, mut body: Value) -> String {
    if body.get("request_id").is_some() {
        body["request_id"] = "<uuid>".into();
    }
    for part in body.as_array_mut().into_iter().flatten() {
        if part["filename"] == "app.yaml" {
            part.as_object_mut().map(|fields| fields.remove("text"));
        }
    }
    format!("{method} {path} {}", sorted(&body))
}

/// JSON with the keys of every object in order: the order in which objects keep them depends on the build.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, String> =
                fields.iter().map(|(key, value)| (key, sorted(value))).collect();
            let fields = fields.iter().map(|(key, value)| format!("{}:{value}", json!(key)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

fn without(from: &[String], others: &[String]) -> Vec<String> {
    let mut others = others.to_vec();
    let mut left = Vec::new();
    for call in from {
        match others.iter().position(|other| other == call) {
            Some(index) => _ = others.remove(index),
            None => left.push(call.clone()),
        }
    }
    left
}

#[tokio::test]
async fn every_difference_from_the_recordings_is_known() {
    let cases = [
        ("create-autoscaling", "create", "autoscaling", false),
        ("create-provisioned", "create", "provisioned", false),
        ("update-autoscaling", "update", "autoscaling", false),
        ("update-provisioned", "update", "provisioned", false),
        ("update-autoscaling-reset", "update", "autoscaling", true),
        ("update-provisioned-reset", "update", "provisioned", true),
        ("update-provisioned-legacykey", "update", "provisioned", false),
        ("delete-autoscaling", "delete", "autoscaling", false),
        ("delete-provisioned", "delete", "provisioned", false),
        ("delete-provisioned-reset", "delete", "provisioned", true),
    ];
    let mut all = BTreeMap::new();
    for (name, operation, kind, reset) in cases {
        let recorded = recorded(name);
        let (ours, journal) = ours(operation, kind, reset, name.ends_with("legacykey")).await;
        let same = recorded.len() - without(&recorded, &ours).len();
        let difference = BTreeMap::from([
            ("same", json!(same)),
            ("only recorded", json!(without(&recorded, &ours))),
            ("only ours", json!(without(&ours, &recorded))),
            ("journal", json!(journal)),
        ]);
        all.insert(name, difference);
    }
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(all) });
}
