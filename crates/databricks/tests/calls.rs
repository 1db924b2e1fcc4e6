//! The calls that no recording shows: method, path, query and body as documented.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use databricks::apps::{
    App, AppAccessControlRequest, AppPermissionLevel, AppResource, AppResourcePostgres, AppUpdateState,
    ComputeSize, DatabasePermission,
};
use databricks::database::{DatabaseInstanceRole, DatabaseInstanceRoleIdentityType};
use databricks::workspace_files::{ImportFormat, ObjectType};
use databricks::{Client, Error};
use serde_json::{Value, json};
use support::{Script, TestClock, answer, client};

/// Makes one call and gives its outcome with the request: method, path with query, body.
macro_rules! call {
    ($answer:expr, |$client:ident| $call:expr) => {{
        let (script, clock) = (Script::new([answer(200, &$answer)]), TestClock::new());
        let $client: &Client = &client(&script, &clock);
        let outcome = $call.await.unwrap();
        let sent = script.sent().remove(0);
        let body =
            if sent.body.is_empty() { Value::Null } else { serde_json::from_slice(&sent.body).unwrap() };
        let path = sent.url.replace("https://workspace.example.com/api/2.0/", "");
        (outcome, format!("{} {path}", sent.method), body)
    }};
}

#[tokio::test]
async fn apps_are_changed_field_by_field_or_whole() {
    let postgres = AppResourcePostgres {
        branch: "projects/p/branches/b".to_owned(),
        database: "projects/p/branches/b/databases/d".to_owned(),
        permission: Some(DatabasePermission::CanConnectAndCreate),
    };
    let resource = AppResource { name: "db".to_owned(), postgres: Some(postgres), ..AppResource::default() };
    let app =
        App { resources: vec![resource], compute_size: Some(ComputeSize::from("LIQUID")), ..App::default() };
    let written = json!({"compute_size": "LIQUID", "resources": [{"name": "db", "postgres": {
        "branch": "projects/p/branches/b",
        "database": "projects/p/branches/b/databases/d",
        "permission": "CAN_CONNECT_AND_CREATE",
    }}]});

    let answer = json!({"status": {"state": "IN_PROGRESS"}, "resources": null});
    let (update, line, body) =
        call!(answer, |client| client.apps().update_masked("tellr", &["resources", "compute_size"], &app));
    assert_eq!(line, "POST apps/tellr/update");
    assert_eq!(body, json!({"update_mask": "resources,compute_size", "app": written}));
    assert_eq!(update.status.unwrap().state, Some(AppUpdateState::InProgress));

    let (_, line, body) = call!(json!({}), |client| client.apps().update("tellr", &app));
    assert_eq!((line.as_str(), body), ("PATCH apps/tellr", written));
    let (_, line, _) = call!(json!({}), |client| client.apps().get_update("tellr"));
    assert_eq!(line, "GET apps/tellr/update");
}

#[tokio::test]
async fn an_app_that_was_read_is_written_back_whole() {
    let platform = json!({
        "name": "tellr",
        "space": "a field of tomorrow",
        "resources": [{"name": "x", "quantum_computer": {"qubits": 7}, "sql_warehouse": {"id": "w", "permission": "CAN_USE"}}],
        "telemetry_export_destinations": [{"unity_catalog": {"logs_table": "a.b.c"}}],
    });
    let (app, _, _) = call!(platform, |client| client.apps().get("tellr"));
    let (_, _, body) = call!(json!({}), |client| client.apps().update("tellr", &app));
    assert_eq!(body, platform);
}

#[tokio::test]
async fn apps_are_started_and_stopped_with_an_empty_object() {
    let (_, line, body) = call!(json!({"name": "a"}), |client| client.apps().start("a"));
    assert_eq!((line.as_str(), body), ("POST apps/a/start", json!({})));
    let (_, line, body) = call!(json!({"name": "a"}), |client| client.apps().stop("a"));
    assert_eq!((line.as_str(), body), ("POST apps/a/stop", json!({})));
    let (deployments, line, _) =
        call!(json!({"app_deployments": [{"deployment_id": "1"}]}), |client| client.apps().deployments("a"));
    assert_eq!((line.as_str(), deployments.len()), ("GET apps/a/deployments", 1));
}

#[tokio::test]
async fn permissions_are_added_or_replaced() {
    let answer = json!({"object_id": "/apps/a", "access_control_list": [{
        "group_name": "users",
        "all_permissions": [{"permission_level": "CAN_USE", "inherited": false}],
    }]});
    let users = AppAccessControlRequest {
        group_name: Some("users".to_owned()),
        permission_level: Some(AppPermissionLevel::CanUse),
        ..AppAccessControlRequest::default()
    };
    let list = json!({"access_control_list": [{"group_name": "users", "permission_level": "CAN_USE"}]});
    let (permissions, line, body) = call!(answer, |client| client.apps().permissions("a"));
    assert_eq!((line.as_str(), body), ("GET permissions/apps/a", Value::Null));
    let granted = &permissions.access_control_list[0].all_permissions[0];
    assert_eq!(granted.permission_level, Some(AppPermissionLevel::CanUse));
    let (_, line, body) =
        call!(answer, |client| client.apps().update_permissions("a", std::slice::from_ref(&users)));
    assert_eq!((line.as_str(), body), ("PATCH permissions/apps/a", list));
    let (_, line, body) = call!(answer, |client| client.apps().set_permissions("a", &[]));
    assert_eq!((line.as_str(), body), ("PUT permissions/apps/a", json!({"access_control_list": []})));
}

#[tokio::test]
async fn workspace_files() {
    let (_, line, body) = call!(json!({}), |client| client.workspace_files().delete("/a b", true));
    assert_eq!((line.as_str(), body), ("POST workspace/delete", json!({"path": "/a b", "recursive": true})));
    let (_, _, body) = call!(json!({}), |client| client.workspace_files().delete("/a", false));
    assert_eq!(body, json!({"path": "/a"}));
    let (_, line, body) = call!(json!({}), |client| {
        client.workspace_files().import_json("/a", b"hi", ImportFormat::Raw, true)
    });
    let expected = json!({"path": "/a", "content": "aGk=", "format": "RAW", "overwrite": true});
    assert_eq!((line.as_str(), body), ("POST workspace/import", expected));
    let info = json!({"object_type": "FILE", "path": "/a", "object_id": 5, "size": "12", "modified_at": 1});
    let (status, line, _) = call!(info, |client| client.workspace_files().get_status("/a?b"));
    assert_eq!(line, "GET workspace/get-status?path=%2Fa%3Fb");
    assert_eq!((status.object_type, status.size), (Some(ObjectType::File), Some(12)));
    let (objects, line, _) = call!(json!({"objects": [info]}), |client| client.workspace_files().list("/"));
    assert_eq!((line.as_str(), objects.len()), ("GET workspace/list?path=%2F", 1));
}

#[tokio::test]
async fn both_kinds_of_lakebase() {
    let (_, line, body) = call!(json!({}), |client| client.database().delete_instance("db"));
    assert_eq!((line.as_str(), body), ("DELETE database/instances/db?purge=true", Value::Null));
    let role = DatabaseInstanceRole {
        name: "client-id".to_owned(),
        identity_type: Some(DatabaseInstanceRoleIdentityType::ServicePrincipal),
        ..DatabaseInstanceRole::default()
    };
    let (_, line, body) = call!(json!({}), |client| client.database().create_role("db", &role));
    let expected = json!({"name": "client-id", "identity_type": "SERVICE_PRINCIPAL"});
    assert_eq!((line.as_str(), body), ("POST database/instances/db/roles", expected));
    let (_, line, _) = call!(json!({}), |client| client.database().role("db", "a@b.c"));
    assert_eq!(line, "GET database/instances/db/roles/a%40b.c");
    let (roles, line, _) =
        call!(json!({"database_instance_roles": [{"name": "r"}]}), |client| client.database().roles("db"));
    assert_eq!((line.as_str(), roles[0].name.as_str()), ("GET database/instances/db/roles", "r"));

    let (_, line, _) = call!(json!({"name": "o"}), |client| client.postgres().delete_project("projects/p"));
    assert_eq!(line, "DELETE postgres/projects/p");
    let branch =
        json!({"name": "projects/p/branches/b", "status": {"current_state": "READY", "default": true}});
    let (branch, line, _) = call!(branch, |client| client.postgres().branch("projects/p/branches/b"));
    assert_eq!(
        (line.as_str(), branch.status.unwrap().default),
        ("GET postgres/projects/p/branches/b", Some(true))
    );
    let (roles, line, _) =
        call!(json!({"roles": [{"name": "r"}]}), |client| client.postgres().roles("projects/p/branches/b"));
    assert_eq!((line.as_str(), roles.len()), ("GET postgres/projects/p/branches/b/roles", 1));
}

#[tokio::test]
async fn names_that_would_lead_elsewhere_are_refused_before_anything_is_sent() {
    let (script, clock) = (Script::new([]), TestClock::new());
    let client = client(&script, &clock);
    let refused = |error: Error| assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
    for name in ["", ".", ".."] {
        refused(client.apps().delete(name).await.unwrap_err());
        refused(client.database().delete_instance(name).await.unwrap_err());
        refused(client.apps().deployment("a", name).await.unwrap_err());
    }
    for name in ["projects/../../apps/tellr", "", "projects//p", "projects/p/"] {
        refused(client.postgres().delete_project(name).await.unwrap_err());
    }
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn a_credential_without_token_or_expiry_is_an_error_that_shows_no_token() {
    for body in [
        json!({"expire_time": "2026-09-01T13:00:00Z"}),
        json!({"token": "eyJsecret"}),
        json!({"token": "eyJsecret", "expire_time": "soon"}),
    ] {
        let (script, clock) = (Script::new([answer(200, &body)]), TestClock::new());
        let error = client(&script, &clock)
            .postgres()
            .credential("projects/p/branches/b/endpoints/e")
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("eyJsecret"));
    }
}

#[tokio::test]
async fn a_host_is_reached_whatever_it_answers_and_its_clock_is_compared() {
    let date = |text: &str| support::with_headers(404, "nothing here", &[("date", text)]);
    let script = Script::new([date("Mon, 23 Nov 2026 12:01:30 GMT"), date("soon")]);
    let client = client(&script, &TestClock::new());
    let patience = std::time::Duration::from_secs(5);
    let skew = client.reach(patience).await.unwrap().skew.unwrap();
    assert_eq!(skew.as_millis(), 90_500);
    assert_eq!(client.reach(patience).await.unwrap().skew, None);
    assert!(!script.sent()[0].headers.contains_key("authorization"));
}
