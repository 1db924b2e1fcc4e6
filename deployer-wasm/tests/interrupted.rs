//! Runs that are interrupted or disturbed at every change they make, and run again: natively and as WebAssembly.
//! The same is done to real processes against the local workspace in the tests of the whole system.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "other tests use the rest")]
mod scripted;

use std::collections::BTreeMap;
use std::time::Duration;

use deployer_wasm::DeployError;
use deployer_wasm::engine::LockPolicy;
use deployer_wasm::plan::{ApprovedPlan, plan};
use deployer_wasm::spec::{AppName, Request, RollbackSpec};
use futures::future::{Either, select};
use futures::pin_mut;
use scripted::requests::{create, delete, deployed, planned, run, run_by, update};
use scripted::{Disturbance, FOLDER, Workspace};
use serde_json::{Value, json};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Runs a test on tokio natively and on the browser's event loop as WebAssembly.
macro_rules! engine_tests {
    ($(async fn $name:ident() $body:block)*) => {
        $(
            #[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
            #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
            async fn $name() $body
        )*
    };
}

/// What counts at the end: the app, its files, and how often things were done.
fn end(workspace: &Workspace) -> (Option<Value>, BTreeMap<String, Vec<u8>>, u32, usize) {
    let state = workspace.state();
    let mut app = state.app.clone();
    if let Some(app) = app.as_mut() {
        // Whether its answer was null or never there is all the same.
        app.as_object_mut().map(|fields| fields.remove("pending_deployment"));
    }
    let of_the_app = |path: &&String| path.starts_with(&format!("{FOLDER}/"));
    let paths = state.files.keys().filter(of_the_app);
    let files = paths.map(|path| (path.clone(), state.files[path].clone())).collect();
    let resets = state.sql.iter().filter(|line| line.starts_with("reset")).count();
    (app, files, state.deployments, resets)
}

/// A workspace as the operation finds it.
async fn before(operation: &str, kind: &str) -> Workspace {
    if operation == "create" { Workspace::default() } else { deployed(kind).await }
}

fn request(operation: &str, kind: &str) -> Request {
    let kind = [("lakebase_type", kind), ("app_version", "0.5.0")];
    match operation {
        "create" => create(&kind),
        "update" => update(false, &kind),
        "update with reset" => update(true, &kind),
        "update with reset by the app" => update(true, &[kind[0], kind[1], ("schema_setup", "app")]),
        "delete" => delete(false),
        _ => delete(true),
    }
}

/// Ends of the reset ids of the app's own resets differ from run to run.
fn without_ids(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if let Some(index) = lines.iter().position(|line| line.contains("TELLR_DATABASE_RESET_ID")) {
        lines.truncate(index + 1);
    }
    lines.join("\n")
}

fn comparable(end: &(Option<Value>, BTreeMap<String, Vec<u8>>, u32, usize)) -> Value {
    let files =
        end.1.iter().map(|(path, text)| (path.clone(), json!(without_ids(&String::from_utf8_lossy(text)))));
    json!({"app": end.0, "files": files.collect::<BTreeMap<_, _>>(), "deployments": end.2, "resets": end.3})
}

const OPERATIONS: [&str; 6] =
    ["create", "update", "update with reset", "update with reset by the app", "delete", "delete with reset"];

fn operation_of(record: Option<&Value>) -> Option<String> {
    record?["operation"].as_str().map(str::to_owned)
}

fn operation_of_name(name: &str) -> Option<String> {
    name.split(' ').next().map(str::to_owned)
}

/// Disturbs the operation at each of its changes, runs it again, and compares the end with that of an undisturbed run.
async fn at_every_change(operation: &str, kind: &str, disturbance: Disturbance) -> usize {
    let undisturbed = before(operation, kind).await;
    let request = request(operation, kind);
    run(&undisturbed, &request).await.expect("an undisturbed run");
    let expected = comparable(&end(&undisturbed));
    let mut number = 0;
    loop {
        let workspace = before(operation, kind).await;
        let halted = workspace.disturb(number, disturbance);
        let ended = {
            let first = run(&workspace, &request);
            pin_mut!(first);
            match select(first, halted).await {
                Either::Left((outcome, _)) => outcome.is_ok(),
                Either::Right(_) => false,
            }
        };
        // It had told its outcome and written down that it was done: the same command would be another one.
        let closed = operation_of(workspace.runs().last()) == operation_of_name(operation)
            && workspace.runs().last().is_some_and(|record| record["state"] == "succeeded");
        let reached = workspace.state().changes > number;
        workspace.state().disturbance = None;
        let place = format!("{operation} ({kind}), {disturbance:?} at change {number}");
        if !ended && !closed {
            let outcome = run_by(&workspace.engine_elsewhere(), &request).await;
            assert!(outcome.is_ok(), "{place}: {outcome:?}");
        }
        assert_eq!(comparable(&end(&workspace)), expected, "{place}");
        if !reached {
            return number;
        }
        number += 1;
    }
}

async fn at_every_change_of_everything(disturbance: Disturbance) {
    for kind in ["autoscaling", "provisioned"] {
        for operation in OPERATIONS {
            let changes = at_every_change(operation, kind, disturbance).await;
            assert!(changes >= 3, "{operation} makes only {changes} changes");
        }
    }
}

engine_tests! {
    async fn killed_before_each_change() {
        at_every_change_of_everything(Disturbance::Halt { after: false }).await;
    }

    async fn killed_after_each_change() {
        at_every_change_of_everything(Disturbance::Halt { after: true }).await;
    }

    async fn told_of_a_failure_before_each_change() {
        at_every_change_of_everything(Disturbance::Fail { after: false }).await;
    }

    async fn told_of_a_failure_after_each_change() {
        at_every_change_of_everything(Disturbance::Fail { after: true }).await;
    }

    async fn a_run_writes_down_who_did_what() {
        let workspace = deployed("autoscaling").await;
        let runs = workspace.runs();
        assert_eq!(runs.len(), 1);
        let titles: Vec<&str> =
            runs[0]["steps"].as_array().into_iter().flatten().filter_map(|step| step["title"].as_str()).collect();
        assert_eq!(titles, [
            "Create Lakebase tellr-db",
            "Create folder /Workspace/Users/deployer@example.com/.apps/tellr",
            "Write file requirements.txt",
            "Write file app.yaml",
            "Create app tellr",
            "Prepare schema tellr in tellr-db",
            "Run deployment of app tellr",
        ]);
        assert_eq!(runs[0]["state"], "succeeded");
        assert_eq!(runs[0]["user"], "deployer@example.com");
        assert_eq!(runs[0]["deployment_id"], "d1");
    }

    async fn a_failed_run_says_why_and_the_next_plan_tells_of_it() {
        let workspace = Workspace::default();
        workspace.state().deployment_state = Some(("FAILED".into(), "pip could not install".into()));
        run(&workspace, &create(&[])).await.expect_err("a failed deployment");
        assert_eq!(workspace.runs()[0]["state"], "failed");
        assert!(workspace.runs()[0]["error"].to_string().contains("pip could not install"));
        let plan = planned(&workspace, &create(&[])).await;
        assert!(plan.warnings[0].contains("run 1 (create)") && plan.warnings[0].contains("goes on with it"), "{:?}", plan.warnings);
        let other = planned(&workspace, &create(&[("app_version", "0.5.0")])).await;
        assert!(other.warnings[0].contains("another request"), "{:?}", other.warnings);
    }

    async fn two_at_once_do_not_both_work() {
        let workspace = deployed("autoscaling").await;
        // One stops to think for ever after its first change; it is alive, since its heart beats.
        let halted = workspace.disturb(4, Disturbance::Halt { after: false });
        let engine = workspace.engine_elsewhere();
        let request = update(false, &[("app_version", "0.5.0")]);
        let observation = engine.observe(&request).await.expect("an observation");
        let plan = plan(&request, &observation);
        let first = engine.apply(&plan);
        pin_mut!(first);
        let Either::Right((_, first)) = select(first, halted).await else { panic!("it was not halted") };
        workspace.state().disturbance = None;
        let lock = LockPolicy { lease: Duration::from_millis(400), ..LockPolicy::default() };
        let here = workspace.engine().with_lock_policy(lock);
        let second = run_by(&here, &request);
        pin_mut!(second);
        let Either::Right((second, _)) = select(first, second).await else { panic!("the first one went on") };
        let error = second.expect_err("the first one is alive");
        assert!(matches!(error, DeployError::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains("run 2 (update) of deployer@example.com from elsewhere"), "{error}");
        assert!(error.hint().expect("a hint").contains("--take-over"));
    }

    async fn who_was_taken_over_from_stops() {
        let workspace = deployed("autoscaling").await;
        let engine = workspace.engine_elsewhere();
        let request = update(false, &[("app_version", "0.5.0")]);
        let halted = workspace.disturb(4, Disturbance::Halt { after: false });
        let observation = engine.observe(&request).await.expect("an observation");
        let plan = plan(&request, &observation);
        let first = engine.apply(&plan);
        pin_mut!(first);
        let Either::Right((_, first)) = select(first, halted).await else { panic!("it was not halted") };
        workspace.state().disturbance = None;
        let lock = LockPolicy { take_over: true, ..LockPolicy::default() };
        run_by(&workspace.engine().with_lock_policy(lock), &request).await.expect("it takes over");
        let error = first.await.err().expect("it was taken over from");
        assert!(matches!(error, DeployError::Overtaken { .. }), "{error:?}");
        assert!(error.to_string().contains("run 3 (update)"), "{error}");
    }

    async fn a_plan_is_applied_as_approved_or_not_at_all() {
        let workspace = deployed("autoscaling").await;
        let request = update(false, &[("app_version", "0.5.0")]);
        let approved = ApprovedPlan::from(&planned(&workspace, &request).await);
        if let Some(app) = workspace.state().app.as_mut() {
            app["user_api_scopes"] = json!(["sql"]);
        }
        workspace.state().calls.clear();
        let engine = workspace.engine();
        let now = plan(&request, &engine.observe(&request).await.expect("an observation"));
        let error = engine.apply_approved(&approved, &now).await.err().expect("the scopes have changed");
        assert!(error.to_string().contains("approved: keep app tellr"), "{error}");
        assert!(error.to_string().contains("now:      update app tellr: adds the scopes"), "{error}");
        assert!(workspace.mutating_paths().iter().all(|call| call.ends_with("/credentials")));
        // The same rows with another content are another plan.
        let other = planned(&workspace, &update(false, &[("schema_name", "other")])).await;
        assert_ne!(ApprovedPlan::from(&other), ApprovedPlan::from(&now));
    }

    async fn tables_that_come_and_go_do_not_change_a_plan() {
        let workspace = deployed("autoscaling").await;
        let request = update(true, &[("app_version", "0.5.0")]);
        let mut approved = ApprovedPlan::from(&planned(&workspace, &request).await);
        for row in approved.rows.iter_mut().filter(|row| row.resource.starts_with("schema")) {
            row.reason = row.reason.replace("3 tables", "2 tables");
        }
        let engine = workspace.engine();
        let now = plan(&request, &engine.observe(&request).await.expect("an observation"));
        engine.apply_approved(&approved, &now).await.expect("the same is done").close().await;
    }

    async fn an_approved_plan_survives_being_printed() {
        let workspace = deployed("autoscaling").await;
        let request = update(true, &[("app_version", "0.5.0")]);
        let printed = serde_json::to_string(&planned(&workspace, &request).await).expect("json");
        let approved: ApprovedPlan = serde_json::from_str(&printed).expect("an approved plan");
        let engine = workspace.engine();
        let now = plan(&request, &engine.observe(&request).await.expect("an observation"));
        engine.apply_approved(&approved, &now).await.expect("nothing has changed").close().await;
    }

    async fn a_rollback_puts_back_what_ran_and_the_next_one_goes_further() {
        let workspace = deployed("autoscaling").await;
        let text = |name: &str| {
            String::from_utf8(workspace.state().files[&format!("{FOLDER}/{name}")].clone()).expect("text")
        };
        let first = text("requirements.txt");
        for version in ["0.5.0", "0.6.0"] {
            run(&workspace, &update(false, &[("app_version", version)])).await.expect("an update");
        }
        let back = Request::Rollback(RollbackSpec { app_name: AppName::parse("tellr").expect("a name"), to: None });
        let outcome = serde_json::to_value(run(&workspace, &back).await.expect("a rollback")).expect("json");
        assert_eq!((&outcome["restored"], &outcome["deployment_id"]), (&json!("d2"), &json!("d4")));
        assert!(text("requirements.txt").contains("0.5.0"));
        let outcome = serde_json::to_value(run(&workspace, &back).await.expect("a rollback")).expect("json");
        assert_eq!(outcome["restored"], "d1");
        assert_eq!(text("requirements.txt"), first);
        let error = run(&workspace, &back).await.expect_err("nothing older is kept");
        assert!(error.to_string().contains("no version older"), "{error}");
        let to = Some("d3".to_owned());
        let forth = Request::Rollback(RollbackSpec { app_name: AppName::parse("tellr").expect("a name"), to });
        run(&workspace, &forth).await.expect("it was kept as well");
        assert!(text("requirements.txt").contains("0.6.0"));
    }

    async fn a_failed_update_with_rollback_leaves_what_ran_running() {
        let workspace = deployed("autoscaling").await;
        let files = end(&workspace).1;
        workspace.state().failing_deployments = vec![2];
        let engine = workspace.engine().with_rollback(true);
        let error = run_by(&engine, &update(false, &[("app_version", "0.5.0")])).await.expect_err("it fails");
        let DeployError::RolledBack { restored, deployment_id, .. } = &error else { panic!("{error:?}") };
        // The build failed, and what ran was not touched: deploying it again would only stop it for a while.
        assert_eq!((restored.as_str(), deployment_id.as_deref()), ("d1", None));
        assert_eq!(end(&workspace).1, files);
        assert_eq!(workspace.runs()[1]["state"], "failed");
        assert_eq!(workspace.runs()[1]["restored"], "d1");
        // Run again, it starts anew: the deployment that runs now is the former version's, and not what was asked for.
        let again = run(&workspace, &update(false, &[("app_version", "0.5.0")])).await.expect("an update");
        assert_eq!(serde_json::to_value(&again).expect("json")["deployment_id"], "d3");
        assert_ne!(end(&workspace).1, files);
        let versions = workspace.state().files.keys().filter(|path| path.contains(".history/version-")).count();
        assert_eq!(versions, 1, "the version that was put back is kept once");
    }

    async fn a_version_that_crashes_is_replaced_by_the_former_one() {
        let workspace = deployed("autoscaling").await;
        workspace.state().crashing_deployments = vec![2];
        let engine = workspace.engine().with_rollback(true);
        let error = run_by(&engine, &update(false, &[("app_version", "0.5.0")])).await.expect_err("it crashes");
        let DeployError::RolledBack { restored, deployment_id, .. } = &error else { panic!("{error:?}") };
        assert_eq!((restored.as_str(), deployment_id.as_deref()), ("d1", Some("d3")));
        // The same update run again does not take the former version's deployment for its own.
        let again = run(&workspace, &update(false, &[("app_version", "0.5.0")])).await.expect("an update");
        assert_eq!(serde_json::to_value(&again).expect("json")["deployment_id"], "d4");
    }

    async fn only_a_few_former_versions_are_kept() {
        let workspace = deployed("autoscaling").await;
        for version in 1..9 {
            let version = format!("0.{version}.1");
            run(&workspace, &update(false, &[("app_version", &version)])).await.expect("an update");
        }
        let state = workspace.state();
        let kept = state.files.keys().filter(|path| path.contains(".history/version-")).count();
        assert_eq!(kept, 5);
    }

    async fn drift_is_seen_and_repaired() {
        let workspace = deployed("autoscaling").await;
        let name = AppName::parse("tellr").expect("a name");
        let state = workspace.engine().state(&name).await.expect("a state");
        assert_eq!(state.drift, []);
        if let Some(app) = workspace.state().app.as_mut() {
            app["user_api_scopes"] = json!(["sql", "files.files"]);
            app["resources"] = json!([]);
        }
        workspace.state().ungranted = true;
        workspace.state().files.insert(format!("{FOLDER}/app.yaml"), b"command: [\"true\"]\n".to_vec());
        let drift = workspace.engine().state(&name).await.expect("a state").drift;
        let resources: Vec<&str> = drift.iter().map(|drift| drift.resource.as_str()).collect();
        assert_eq!(resources, ["app tellr", "schema tellr in tellr-db", "file app.yaml"]);
        run(&workspace, &update(false, &[])).await.expect("an update");
        assert_eq!(workspace.engine().state(&name).await.expect("a state").drift, []);
        let scopes = workspace.state().app.clone().expect("an app")["user_api_scopes"].to_string();
        assert!(scopes.contains("files.files"), "{scopes}");
    }
}
