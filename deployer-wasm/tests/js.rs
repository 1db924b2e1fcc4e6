//! The surface for JavaScript, in a browser, against a workspace in memory that a function of the host leads to.
#![cfg(all(target_arch = "wasm32", feature = "js"))]
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "other tests use the rest")]
mod scripted;

use databricks::{Request, Transport};
use deployer_wasm::js::{Deployer, fields, validate};
use js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array};
use scripted::{FOLDER, Workspace};
use serde_json::{Value, json};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn js(value: &Value) -> JsValue {
    JSON::parse(&value.to_string()).expect("JSON")
}

fn rust(value: &JsValue) -> Value {
    let text = JSON::stringify(value).expect("plain data");
    serde_json::from_str(&String::from(text)).expect("JSON")
}

fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).expect("a property")
}

/// What a host does: takes a plain object, gives a promise of one.
fn host_of(workspace: &Workspace) -> Function {
    let workspace = workspace.clone();
    let send = move |request: JsValue| -> Promise {
        let workspace = workspace.clone();
        future_to_promise(async move {
            let text = |name: &str| property(&request, name).as_string().expect("a text");
            let request = Request {
                method: text("method").parse().expect("a method"),
                url: text("url"),
                headers: http::HeaderMap::new(),
                body: property(&request, "body").unchecked_into::<Uint8Array>().to_vec().into(),
            };
            let response = workspace.send(request).await.expect("an answer");
            let body = String::from_utf8_lossy(&response.body).into_owned();
            let headers = json!({ "content-type": "application/json" });
            Ok(js(&json!({ "status": response.status.as_u16(), "headers": headers, "body": body })))
        })
    };
    Closure::<dyn Fn(JsValue) -> Promise>::new(send).into_js_value().unchecked_into()
}

fn deployer(workspace: &Workspace) -> Deployer {
    let host = Some(host_of(workspace));
    Deployer::direct("https://dbc-x.cloud.databricks.com", None, host, None)
        .unwrap_or_else(|_| unreachable!())
}

fn settings() -> JsValue {
    js(&json!({ "values": {
        "app_name": "tellr", "lakebase_name": "tellr-db", "schema_name": "tellr",
        "app_file_workspace_path": FOLDER, "app_version": "0.4.2", "schema_setup": "app",
    } }))
}

#[wasm_bindgen_test]
fn broken_rules_are_thrown_field_by_field() {
    let settings = js(&json!({ "values": { "app_name": "Bad Name", "lakebase_name": "x" } }));
    let error = validate("create", &settings).expect_err("broken rules");
    assert_eq!(property(&error, "name"), "DeployFailure");
    assert_eq!(property(&error, "kind"), "invalid");
    let broken = rust(&property(&error, "fields"));
    let keys: Vec<&str> =
        broken.as_array().expect("a list").iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(keys, ["app_name", "app_file_workspace_path", "schema_name"]);
    validate("destroy", &settings).expect_err("no such operation");
    let other = js(&json!({ "values": {}, "tokne": "x" }));
    validate("create", &other).expect_err("an unknown setting");
}

#[wasm_bindgen_test]
fn fields_are_described() {
    let fields = rust(&fields().expect("fields"));
    assert!(fields.as_array().expect("a list").iter().any(|field| field["key"] == "app_name"));
}

#[wasm_bindgen_test]
async fn a_create_is_planned_applied_and_seen_through_a_function_of_the_host() {
    let workspace = Workspace::default();
    let deployer = deployer(&workspace);
    let plan = deployer.plan("create".into(), settings()).await.expect("a plan");
    assert!(workspace.mutating_paths().is_empty() && !plan.destroys_data());
    let view = rust(&plan.to_json().expect("a view"));
    assert_eq!(view["rows"][0]["change"], "create");

    let heard = Array::new();
    let listener = {
        let heard = heard.clone();
        Closure::<dyn Fn(JsValue)>::new(move |event| _ = heard.push(&event)).into_js_value()
    };
    let outcome = deployer.apply(&plan, Some(listener.unchecked_into()), None).await.expect("a create");
    assert_eq!(rust(&outcome)["status"], "created");
    let events = rust(&heard);
    assert_eq!(events[0]["event"], "step_started");
    let done =
        events.as_array().expect("a list").iter().filter(|event| event["event"] == "step_done").count();
    assert!(done > 3, "{events}");

    let status = rust(&deployer.status("tellr".into()).await.expect("a status"));
    assert_eq!(status["last_run"]["state"], "succeeded");
    assert_eq!(status["drift"], json!([]));
}

#[wasm_bindgen_test]
async fn what_was_seen_can_be_looked_at_before_it_is_planned_with() {
    let workspace = Workspace::default();
    let deployer = deployer(&workspace);
    let seen = deployer.observe("create".into(), settings()).await.expect("an observation");
    let view = rust(&seen.to_json().expect("a view"));
    assert_eq!((&view["app"], &view["lakebase"]), (&Value::Null, &Value::Null));
    assert!(view["user_name"].as_str().is_some_and(|name| !name.is_empty()), "{view}");
    let plan = seen.plan();
    let outcome = deployer.apply(&plan, None, None).await.expect("a create");
    assert_eq!(rust(&outcome)["status"], "created");

    let seen = deployer.observe("update".into(), settings()).await.expect("an observation");
    let view = rust(&seen.to_json().expect("a view"));
    assert_eq!(view["app"]["name"], "tellr");
    assert_eq!(
        (&view["lakebase"]["name"], &view["lakebase"]["type"]),
        (&json!("tellr-db"), &json!("autoscaling"))
    );
    assert_eq!(view["last_run"]["state"], "succeeded");
}

#[wasm_bindgen_test]
async fn through_a_relay_the_schema_step_is_asked_of_it() {
    let workspace = Workspace::default();
    let asked = Array::new();
    let carry = {
        let (workspace, asked) = (host_of(&workspace), asked.clone());
        move |request: JsValue| -> JsValue {
            let url = property(&request, "url").as_string().expect("a text");
            let path = url.strip_prefix("http://127.0.0.1:4711").expect("a call of the relay").to_owned();
            let answer = |status: u16, body: Value| -> JsValue {
                let answer = json!({ "status": status, "headers": {}, "body": body.to_string() });
                Promise::resolve(&js(&answer)).into()
            };
            match path.as_str() {
                // a relay keeps the password, and says for which database it has one
                "/api/2.0/postgres/credentials" => {
                    let token = "relayed:endpoint:projects/tellr-db/branches/production/endpoints/primary";
                    answer(200, json!({ "token": token, "expire_time": "2099-01-01T00:00:00Z" }))
                }
                path if path.starts_with("/tellr/schema/") => {
                    asked.push(&path.into());
                    answer(500, json!({ "error_code": "X", "message": "no" }))
                }
                path => {
                    let on = format!("https://dbc-x.cloud.databricks.com{path}");
                    Reflect::set(&request, &"url".into(), &on.into()).expect("a plain object");
                    workspace.call1(&JsValue::NULL, &request).expect("a promise")
                }
            }
        }
    };
    let carry = Closure::<dyn Fn(JsValue) -> JsValue>::new(carry).into_js_value().unchecked_into();
    let deployer = Deployer::relayed("http://127.0.0.1:4711", Some(carry), None).expect("a relay");
    let settings = settings();
    let values = property(&settings, "values");
    Reflect::set(&values, &"schema_setup".into(), &"engine".into()).expect("a setting");
    let plan = deployer.plan("create".into(), settings).await.expect("a plan");
    deployer.apply(&plan, None, None).await.expect_err("the relay does not do it");
    let asked = rust(&asked);
    assert!(asked[0].as_str().is_some_and(|url| url == "/tellr/schema/has_role"), "{asked}");
}

#[wasm_bindgen_test]
async fn a_cancelled_run_ends_as_one_that_can_go_on() {
    let workspace = Workspace::default();
    let deployer = std::rc::Rc::new(deployer(&workspace));
    let plan = deployer.plan("create".into(), settings()).await.expect("a plan");
    let cancel = {
        let deployer = std::rc::Rc::clone(&deployer);
        Closure::<dyn Fn(JsValue)>::new(move |event| {
            if rust(&event)["event"] == "step_done" {
                deployer.cancel();
            }
        })
    };
    let listener = cancel.into_js_value().unchecked_into();
    deployer.apply(&plan, Some(listener), None).await.expect_err("it was cancelled");
    let plan = deployer.plan("create".into(), settings()).await.expect("a plan");
    let outcome = deployer.apply(&plan, None, None).await.expect("the rest");
    assert_eq!(rust(&outcome)["status"], "created");
}

#[wasm_bindgen_test]
async fn a_failure_says_which_step_and_what_to_do() {
    let workspace = Workspace::default();
    let refused = json!({ "error_code": "PERMISSION_DENIED", "message": "no right to create apps" });
    workspace.state().faults.push(("POST /api/2.0/apps".into(), 403, refused, false));
    let deployer = deployer(&workspace);
    let plan = deployer.plan("create".into(), settings()).await.expect("a plan");
    let error = deployer.apply(&plan, None, None).await.expect_err("no right");
    assert_eq!(property(&error, "kind"), "step");
    assert_eq!(property(&error, "step"), "app");
    assert_eq!(property(&error, "status"), 403.0);
    assert!(property(&error, "hint").as_string().is_some_and(|hint| hint.contains("right")));
    assert!(
        property(&error, "message").as_string().is_some_and(|text| text.contains("no right to create apps"))
    );
}
