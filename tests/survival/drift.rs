//! Somebody takes away what the deployment needs: `status` names it, `update` repairs it, and what others added stays.

use std::time::Duration;

use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection};
use system_tests::checks::SCHEMA;
use system_tests::{Deployment, Kind, LocalWorkspace, Settings, binaries, process};

async fn live(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr", kind);
    let config = workspace.scratch()?.join("deployment.yaml");
    std::fs::write(&config, deployment_file(&deployment))?;
    let config = config.to_string_lossy().into_owned();
    let from_file = ["--config", config.as_str(), "--environment", "production"];
    workspace.tellr(&deployment.flags("create", &from_file)).await?.successful()?;
    ensure!(drift(&workspace, &deployment).await? == json!([]), "drift at once");
    let intact = deployment.state(&workspace).await?;

    add_by_others(&workspace, &deployment).await?;
    ensure!(drift(&workspace, &deployment).await? == json!([]), "what others add is no drift");
    let app = deployment.app(&workspace).await?;
    take_away(&workspace, &deployment, &app).await?;
    let named = drift(&workspace, &deployment).await?;
    let lines = in_lines(&named, &deployment.role(&workspace).await?);
    insta::assert_snapshot!(format!("drift_{}", kind.as_str()), lines);

    workspace.tellr(&deployment.flags("update", &from_file)).await?.successful()?;
    ensure!(drift(&workspace, &deployment).await? == json!([]), "not all is repaired");
    deployment.assert_healthy(&workspace).await?;
    let repaired = deployment.state(&workspace).await?;
    for part in ["/files", "/schema/owner", "/schema/rights"] {
        let (before, after) = (intact.pointer(part), repaired.pointer(part));
        ensure!(before.is_some() && before == after, "{part}: {before:?} became {after:?}");
    }
    let now = deployment.app(&workspace).await?;
    for list in ["user_api_scopes", "resources"] {
        for entry in app[list].as_array().into_iter().flatten() {
            let there = now[list].as_array().is_some_and(|entries| entries.contains(entry));
            ensure!(there, "{list} lack {entry}: {}", now[list]);
        }
    }
    let permissions = workspace.get(&format!("/api/2.0/permissions/apps/{}", deployment.app)).await?;
    for principal in ["users", &workspace.ready().client_id] {
        ensure!(permissions.to_string().contains(principal), "{principal} lost: {permissions}");
    }
    Ok(())
}

fn deployment_file(deployment: &Deployment) -> String {
    let kind = deployment.kind.as_str();
    let (app, path, lakebase) = (&deployment.app, &deployment.path, &deployment.lakebase);
    format!(
        "environments:\n  production:\n    app_name: {app}\n    workspace_path: {path}\n    \
         permissions: [{{group_name: users, permission_level: CAN_USE}}]\n    \
         lakebase: {{database_name: {lakebase}, schema: {SCHEMA}, type: {kind}}}\n"
    )
}

async fn drift(workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<Value> {
    let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
    command.args(["status", "--json", "--app-name", &deployment.app]);
    let status = process::run(command, Duration::from_secs(60)).await?.successful()?;
    let status: Value = serde_json::from_str(&status.stdout)?;
    Ok(status["drift"].clone())
}

/// One line for each difference.
fn in_lines(drift: &Value, role: &str) -> String {
    let lines = drift.as_array().into_iter().flatten().map(|entry| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default().replace(role, "<app's role>");
        format!("{}: {}", text("resource"), text("difference"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

async fn change(workspace: &LocalWorkspace, deployment: &Deployment, app: &Value) -> anyhow::Result<()> {
    let path = format!("/api/2.0/apps/{}/update", deployment.app);
    workspace.post(&path, &json!({"update_mask": "user_api_scopes,resources", "app": app})).await?;
    let done = |body: &Value| body["status"]["state"] == "SUCCEEDED";
    workspace.await_body(&path, "the update", done).await?;
    Ok(())
}

async fn set_permissions(
    workspace: &LocalWorkspace,
    deployment: &Deployment,
    method: Method,
    list: Value,
) -> anyhow::Result<()> {
    let path = format!("/api/2.0/permissions/apps/{}", deployment.app);
    let answer = workspace.call(method, &path, Some(&json!({ "access_control_list": list }))).await?;
    ensure!(answer.status.is_success(), "{answer:?}");
    Ok(())
}

async fn add_by_others(workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<()> {
    let app = deployment.app(workspace).await?;
    let mut scopes = app["user_api_scopes"].as_array().cloned().unwrap_or_default();
    scopes.push(json!("files.files"));
    let mut resources = app["resources"].as_array().cloned().unwrap_or_default();
    resources.push(json!({"name": "warehouse", "sql_warehouse": {"id": "abc123", "permission": "CAN_USE"}}));
    let wanted = json!({"name": deployment.app, "user_api_scopes": scopes, "resources": resources});
    change(workspace, deployment, &wanted).await?;
    let other =
        json!([{"service_principal_name": workspace.ready().client_id, "permission_level": "CAN_MANAGE"}]);
    set_permissions(workspace, deployment, Method::PATCH, other).await
}

/// A scope, the database resource, the permission of a group, a grant on the schema.
async fn take_away(workspace: &LocalWorkspace, deployment: &Deployment, app: &Value) -> anyhow::Result<()> {
    let without = |list: &str, what: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        app[list].as_array().into_iter().flatten().filter(|entry| !what(entry)).cloned().collect()
    };
    let scopes = without("user_api_scopes", &|scope| scope == "dashboards.genie");
    let resources = without("resources", &|resource| resource["name"] == "app_database");
    let wanted = json!({"name": deployment.app, "user_api_scopes": scopes, "resources": resources});
    change(workspace, deployment, &wanted).await?;
    let left = json!([
        {"user_name": workspace.ready().user, "permission_level": "CAN_MANAGE"},
        {"service_principal_name": workspace.ready().client_id, "permission_level": "CAN_MANAGE"},
    ]);
    set_permissions(workspace, deployment, Method::PUT, left).await?;
    let role = deployment.role(workspace).await?;
    let mut database = deployment.database(workspace).await?;
    let statement = format!("REVOKE CREATE ON SCHEMA {SCHEMA} FROM \"{role}\"");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut database).await?;
    database.close().await?;
    Ok(())
}

#[tokio::test]
async fn autoscaling_drift_is_named_and_repaired() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn provisioned_drift_is_named_and_repaired() {
    live(Kind::Provisioned).await.unwrap();
}
