//! The engine from request to outcome, against a workspace in memory: natively, and as WebAssembly in a browser.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "other tests use the rest")]
mod scripted;

use std::sync::Arc;

use deployer_wasm::DeployError;
use deployer_wasm::event::Event;
use deployer_wasm::plan::{Change, Plan};
use scripted::requests::{create, delete, deployed, planned, run, run_by, update};
use scripted::{CLIENT_ID, FOLDER, Workspace};
use serde_json::{Value, json};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Runs a test on tokio natively and on the browser's event loop as WebAssembly.
macro_rules! engine_tests {
    ($($(#[$meta:meta])* async fn $name:ident() $body:block)*) => {
        $(
            $(#[$meta])*
            #[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
            #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
            async fn $name() $body
        )*
    };
}

fn rows(plan: &Plan) -> Vec<(Change, &str)> {
    plan.rows.iter().map(|row| (row.change, row.resource.as_str())).collect()
}

engine_tests! {
    async fn a_create_makes_everything_in_order_and_returns_what_callers_know() {
        let workspace = Workspace::default();
        let outcome = run(&workspace, &create(&[])).await.expect("a create");
        let value = serde_json::to_value(&outcome).expect("json");
        assert_eq!(value, json!({
            "url": "https://tellr-1.aws.databricksapps.com", "app_name": "tellr", "lakebase_name": "tellr-db",
            "lakebase_type": "autoscaling", "schema_name": "tellr", "status": "created",
        }));
        assert_eq!(workspace.mutating_paths(), [
            "POST /api/2.0/postgres/projects?project_id=tellr-db",
            "POST /api/2.0/workspace/mkdirs",
            "POST /api/2.0/workspace/import",
            "POST /api/2.0/workspace/import",
            "POST /api/2.0/apps",
            "POST /api/2.0/postgres/credentials",
            "POST /api/2.0/apps/tellr/deployments",
        ]);
        assert_eq!(workspace.state().sql, [format!("prepare tellr for {CLIENT_ID}")]);
    }

    async fn a_plan_changes_nothing() {
        let workspace = Workspace::default();
        let plan = planned(&workspace, &create(&[])).await;
        assert_eq!(rows(&plan), [
            (Change::Create, "Lakebase tellr-db"),
            (Change::Create, "folder /Workspace/Users/deployer@example.com/.apps/tellr"),
            (Change::Create, "file requirements.txt"),
            (Change::Create, "file app.yaml"),
            (Change::Create, "app tellr"),
            (Change::Create, "schema tellr in tellr-db"),
            (Change::Run, "deployment of app tellr"),
        ]);
        assert!(workspace.mutating_paths().is_empty() && plan.refusals.is_empty());
    }

    async fn no_fact_is_asked_for_twice_while_looking() {
        let workspace = deployed("autoscaling").await;
        _ = planned(&workspace, &update(false, &[])).await;
        let mut reads = workspace.state().reads.clone();
        let all = reads.len();
        reads.sort();
        reads.dedup();
        assert_eq!(reads.len(), all, "{reads:?}");
    }

    async fn an_existing_app_is_refused_before_anything_is_written() {
        let workspace = deployed("provisioned").await;
        let error = run(&workspace, &create(&[])).await.expect_err("the app exists");
        assert_eq!(error.to_string(), "An app with the same name already exists: tellr");
        assert!(error.hint().expect("a hint").contains("`update`"));
        assert!(workspace.mutating_paths().iter().all(|call| call.ends_with("/credentials")));
    }

    async fn an_interrupted_create_is_taken_up_where_it_stopped() {
        let workspace = Workspace::default();
        let refused = json!({"error_code": "INTERNAL_ERROR", "message": "boom"});
        for _ in 0..3 {
            let fault = ("POST /api/2.0/apps/tellr/deployments".into(), 500, refused.clone(), false);
            workspace.state().faults.push(fault);
        }
        let error = run(&workspace, &create(&[])).await.expect_err("the deployment fails");
        assert!(error.to_string().contains("Made so far: Lakebase tellr-db, folder /Workspace/"), "{error}");
        assert!(error.hint().expect("a hint").contains("run the same command again"), "{error}");
        workspace.state().calls.clear();
        run(&workspace, &create(&[])).await.expect("the second run goes on");
        assert_eq!(workspace.mutating_paths(), [
            "POST /api/2.0/postgres/credentials",
            "POST /api/2.0/apps/tellr/deployments",
        ]);
    }

    async fn an_app_that_a_lost_answer_has_made_is_recognised() {
        let workspace = Workspace::default();
        let lost = json!({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "An app with the same name already exists: tellr"});
        workspace.state().faults.push(("POST /api/2.0/apps".into(), 409, lost, true));
        run(&workspace, &create(&[])).await.expect("the app is the caller's own");
        assert_eq!(workspace.mutating_paths().iter().filter(|call| *call == "POST /api/2.0/apps").count(), 1);
    }

    async fn an_app_of_somebody_else_is_not_taken_up() {
        let workspace = deployed("autoscaling").await;
        if let Some(app) = workspace.state().app.as_mut() {
            app["active_deployment"] = Value::Null;
            app["creator"] = "somebody.else@example.com".into();
        }
        assert!(matches!(run(&workspace, &create(&[])).await, Err(DeployError::Refused(_))));
    }

    async fn a_missing_autoscaling_api_gives_provisioned_in_plain_sight_or_a_refusal() {
        let workspace = Workspace::default();
        workspace.state().no_autoscaling_api = true;
        let plan = planned(&workspace, &create(&[])).await;
        assert!(plan.rows[0].reason.contains("no Lakebase Autoscaling"), "{}", plan.rows[0].reason);
        let plan = planned(&workspace, &create(&[("lakebase_type", "autoscaling")])).await;
        assert_eq!(plan.refusals[0].message, "this workspace has no Lakebase Autoscaling");
    }

    async fn an_error_of_one_kind_never_makes_the_other() {
        for (status, code) in [(403, "PERMISSION_DENIED"), (500, "INTERNAL_ERROR"), (400, "QUOTA_EXCEEDED")] {
            let workspace = Workspace::default();
            let body = json!({"error_code": code, "message": "no"});
            for _ in 0..3 {
                workspace.state().faults.push(("POST /api/2.0/postgres/projects".into(), status, body.clone(), false));
            }
            let error = run(&workspace, &create(&[])).await.expect_err(code);
            assert_eq!(error.step(), Some("lakebase"));
            assert!(!workspace.state().instance && workspace.state().app.is_none());
            workspace.state().faults.clear();
            workspace.state().faults.push(("GET /api/2.0/postgres/projects/tellr-db".into(), status, body, false));
            assert!(matches!(run(&workspace, &create(&[])).await, Err(DeployError::Observe { .. })));
        }
    }

    async fn a_refused_permission_says_what_is_needed() {
        let workspace = Workspace::default();
        let body = json!({"error_code": "PERMISSION_DENIED", "message": "User does not have permission"});
        workspace.state().faults.push(("POST /api/2.0/apps".into(), 403, body, false));
        let error = run(&workspace, &create(&[])).await.expect_err("denied");
        assert_eq!(error.step(), Some("app"));
        assert!(error.hint().expect("a hint").contains("check your permissions"), "{error:?}");
    }

    async fn failed_and_cancelled_deployments_and_crashes_end_the_run_with_the_platforms_words() {
        for state in ["FAILED", "CANCELLED"] {
            let workspace = Workspace::default();
            workspace.state().deployment_state = Some((state.into(), "pip could not install".into()));
            let error = run(&workspace, &create(&[])).await.expect_err(state);
            assert_eq!(error.step(), Some("deploy"));
            assert!(error.to_string().contains("pip could not install"), "{error}");
        }
        let workspace = Workspace::default();
        workspace.state().app_state = Some(("CRASHED".into(), "exit status 1".into()));
        let error = run(&workspace, &create(&[])).await.expect_err("crashed");
        assert!(error.to_string().contains("exit status 1") && error.to_string().contains("/logz"), "{error}");
    }

    async fn a_cancelled_run_begins_no_further_step() {
        let workspace = Workspace::default();
        let cancel = databricks::Cancel::default();
        let pressed = cancel.clone();
        let hear = move |event: Event| {
            if matches!(event, Event::StepDone { .. }) {
                pressed.cancel();
            }
        };
        let engine = workspace.engine().with_cancel(cancel).with_events(Arc::new(hear));
        let error = run_by(&engine, &create(&[])).await.expect_err("cancelled");
        assert!(matches!(error.databricks(), Some(databricks::Error::Cancelled { .. })), "{error}");
        assert_eq!(workspace.mutating_paths(), ["POST /api/2.0/postgres/projects?project_id=tellr-db"]);
    }

    async fn an_update_writes_what_changed_and_deploys() {
        let workspace = deployed("autoscaling").await;
        let outcome = run(&workspace, &update(false, &[("app_version", "0.5.0")])).await.expect("an update");
        let value = serde_json::to_value(&outcome).expect("json");
        assert_eq!(value, json!({
            "url": "https://tellr-1.aws.databricksapps.com", "app_name": "tellr", "deployment_id": "d2",
            "lakebase_type": "autoscaling", "status": "updated", "database_reset": false,
        }));
        assert_eq!(workspace.mutating_paths(), [
            "POST /api/2.0/postgres/credentials",
            "POST /api/2.0/workspace/import",
            "POST /api/2.0/apps/tellr/deployments",
        ]);
    }

    async fn an_update_repairs_scopes_and_resources_and_keeps_those_of_others() {
        let workspace = deployed("provisioned").await;
        if let Some(app) = workspace.state().app.as_mut() {
            app["user_api_scopes"] = json!(["sql", "files.files"]);
            app["resources"] = json!([{"name": "warehouse", "sql_warehouse": {"id": "w", "permission": "CAN_USE"}}]);
        }
        run(&workspace, &update(false, &[])).await.expect("an update");
        let call = workspace.state().calls.iter().find(|c| c.path.ends_with("/update")).cloned().expect("a masked update");
        assert_eq!(call.body["update_mask"], "resources,user_api_scopes");
        assert_eq!(call.body["app"]["resources"][0]["name"], "warehouse");
        assert_eq!(call.body["app"]["resources"][0]["sql_warehouse"]["id"], "w");
        assert_eq!(call.body["app"]["resources"][1]["database"]["instance_name"], "tellr-db");
        assert_eq!(call.body["app"]["user_api_scopes"][1], "files.files");
        assert_eq!(call.body["app"]["user_api_scopes"].as_array().map(Vec::len), Some(7));
    }

    async fn an_update_never_makes_a_database_or_an_app() {
        let workspace = Workspace::default();
        let plan = planned(&workspace, &update(false, &[])).await;
        assert!(plan.refusals[0].message.contains("does not exist"));
        let workspace = deployed("autoscaling").await;
        workspace.state().project = false;
        let error = run(&workspace, &update(false, &[])).await.expect_err("no database");
        assert_eq!(error.to_string(), "Lakebase not found: tellr-db");
    }

    async fn a_reset_drops_once_and_only_when_asked() {
        let workspace = deployed("autoscaling").await;
        run(&workspace, &update(true, &[])).await.expect("an update");
        let resets = |w: &Workspace| w.state().sql.iter().filter(|line| line.starts_with("reset")).count();
        assert_eq!(resets(&workspace), 1);
        run(&workspace, &update(false, &[])).await.expect("an update");
        assert_eq!(resets(&workspace), 1);
    }

    async fn a_reset_by_the_app_travels_as_a_one_time_id_in_app_yaml() {
        let workspace = deployed("autoscaling").await;
        run(&workspace, &update(true, &[("schema_setup", "app")])).await.expect("an update");
        let app_yaml = |w: &Workspace| String::from_utf8(w.state().files[&format!("{FOLDER}/app.yaml")].clone()).expect("text");
        let first = app_yaml(&workspace);
        assert!(first.contains("TELLR_DATABASE_RESET_ID"), "{first}");
        assert!(workspace.state().sql.is_empty());
        run(&workspace, &update(true, &[("schema_setup", "app")])).await.expect("an update");
        assert_ne!(app_yaml(&workspace), first, "another reset has another id");
        run(&workspace, &update(false, &[("schema_setup", "app")])).await.expect("an update");
        assert!(!app_yaml(&workspace).contains("TELLR_DATABASE_RESET_ID"));
    }

    async fn a_key_in_the_old_app_yaml_moves_into_the_schema_before_it_is_overwritten() {
        let workspace = deployed("provisioned").await;
        let old = b"env:\n  - name: GOOGLE_OAUTH_ENCRYPTION_KEY\n    value: c2VjcmV0LWZlcm5ldC1rZXk=\n".to_vec();
        workspace.state().files.insert(format!("{FOLDER}/app.yaml"), old.clone());
        run(&workspace, &update(false, &[])).await.expect("an update");
        assert!(workspace.state().sql.contains(&"keep key of 24 characters in tellr".to_owned()));
        workspace.state().files.insert(format!("{FOLDER}/app.yaml"), old);
        run(&workspace, &update(false, &[("schema_setup", "app")])).await.expect("an update");
        let text = String::from_utf8(workspace.state().files[&format!("{FOLDER}/app.yaml")].clone()).expect("text");
        assert!(text.contains("c2VjcmV0LWZlcm5ldC1rZXk="), "the app moves it itself");
    }

    async fn an_unreadable_app_yaml_is_never_overwritten() {
        let workspace = deployed("provisioned").await;
        workspace.state().files.insert(format!("{FOLDER}/app.yaml"), b"env: [oops".to_vec());
        let error = run(&workspace, &update(false, &[])).await.expect_err("unreadable");
        assert!(error.to_string().contains("cannot be read"), "{error}");
        assert!(workspace.mutating_paths().is_empty());
    }

    async fn a_delete_takes_the_app_and_the_schema_only_if_asked() {
        for kind in ["autoscaling", "provisioned"] {
            let workspace = deployed(kind).await;
            let outcome = run(&workspace, &delete(false)).await.expect("a delete");
            let value = serde_json::to_value(&outcome).expect("json");
            assert_eq!(value, json!({"app_name": "tellr", "status": "deleted", "database_reset": false}));
            assert_eq!(workspace.mutating_paths(), ["DELETE /api/2.0/apps/tellr"]);
            assert!(workspace.state().sql.is_empty());
            let workspace = deployed(kind).await;
            let outcome = run(&workspace, &delete(true)).await.expect("a delete with reset");
            assert_eq!(serde_json::to_value(&outcome).expect("json")["database_reset"], true);
            assert_eq!(workspace.state().sql, ["inspect tellr", "drop tellr"]);
        }
    }

    async fn a_delete_of_what_is_gone_is_no_failure() {
        let workspace = Workspace::default();
        let plan = planned(&workspace, &delete(false)).await;
        assert_eq!(rows(&plan), [(Change::Keep, "app tellr")]);
        assert!(run(&workspace, &delete(false)).await.is_ok() && workspace.mutating_paths().is_empty());
    }

    async fn without_a_way_to_postgres_the_app_must_prepare_its_schema() {
        let workspace = Workspace::default();
        let engine = deployer_wasm::Engine::new(workspace.client());
        let error = engine.observe(&create(&[])).await.expect_err("no port");
        assert!(error.hint().expect("a hint").contains("`schema_setup` = `app`"), "{error:?}");
        assert!(engine.observe(&create(&[("schema_setup", "app")])).await.is_ok());
    }

    async fn wheels_of_former_deployments_go_and_files_of_others_are_named() {
        let workspace = deployed("autoscaling").await;
        let old = format!("{FOLDER}/databricks_tellr_app-0.0.1-py3-none-any.whl");
        workspace.state().files.insert(old.clone(), vec![1]);
        workspace.state().files.insert(format!("{FOLDER}/notes.txt"), vec![1]);
        let plan = planned(&workspace, &update(false, &[])).await;
        assert!(plan.warnings.iter().any(|warning| warning.contains("notes.txt")), "{:?}", plan.warnings);
        run(&workspace, &update(false, &[])).await.expect("an update");
        assert!(!workspace.state().files.contains_key(&old));
        assert!(workspace.state().files.contains_key(&format!("{FOLDER}/notes.txt")));
    }

    async fn no_event_and_no_plan_shows_a_secret() {
        let workspace = deployed("provisioned").await;
        let old = b"env:\n  - name: GOOGLE_OAUTH_ENCRYPTION_KEY\n    value: hunter2hunter2\n".to_vec();
        workspace.state().files.insert(format!("{FOLDER}/app.yaml"), old);
        let request = update(false, &[]);
        let plan = planned(&workspace, &request).await;
        run(&workspace, &request).await.expect("an update");
        let told = format!("{plan:?} {} {:?}", serde_json::to_string(&plan).expect("json"), workspace.state().events);
        assert!(!told.contains("hunter2"), "{told}");
        assert!(told.contains("encryption key of schema tellr"), "{told}");
    }
}
