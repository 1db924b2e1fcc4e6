//! The whole life by the `tellr` command.

use serde_json::{Value, json};
use system_tests::checks::{Deployment, Kind, SCHEMA};
use system_tests::{LocalWorkspace, Settings};

async fn live(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr", kind);

    let plan: Vec<String> = ["plan".to_owned()].into_iter().chain(deployment.flags("create", &[])).collect();
    let planned = workspace.tellr(&plan).await?.successful()?;
    assert_eq!(planned.result["refusals"], json!([]));
    assert_eq!(workspace.get("/api/2.0/apps").await?.get("apps").cloned().unwrap_or(json!([])), json!([]));

    let created = workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    let url = workspace.app_url("tellr").await?;
    let expected = json!({
        "url": url, "app_name": "tellr", "lakebase_name": "tellr-db", "lakebase_type": kind.as_str(),
        "schema_name": SCHEMA, "status": "created",
    });
    assert_eq!(created.result, expected);
    assert_eq!(created.events.first().map(|event| event["event"].clone()), Some("step_started".into()));
    deployment.assert_registered(&workspace).await?;
    deployment.assert_schema(&workspace).await?;
    deployment.assert_healthy(&workspace).await?;

    deployment.leave_mark(&workspace).await?;
    let tables = deployment.tables(&workspace).await?;
    let updated = workspace.tellr(&deployment.flags("update", &[])).await?.successful()?;
    assert_update(&updated.result, &url, kind, false);
    assert_eq!(deployment.tables(&workspace).await?, tables);
    deployment.assert_healthy(&workspace).await?;

    let reset = workspace.tellr(&deployment.flags("update", &["--reset-database"])).await?.successful()?;
    assert_update(&reset.result, &url, kind, true);
    assert_ne!(reset.result["deployment_id"], updated.result["deployment_id"]);
    let left = deployment.tables(&workspace).await?;
    assert!(!left.contains(&"mark".to_owned()), "the reset left {left:?}");
    assert_eq!(left.len() + 1, tables.len(), "the app has made its own tables again: {left:?}");
    deployment.assert_schema(&workspace).await?;
    deployment.assert_healthy(&workspace).await?;

    let deleted = workspace.tellr(&deployment.flags("delete", &["--reset-database"])).await?.successful()?;
    assert_eq!(deleted.result, json!({"app_name": "tellr", "status": "deleted", "database_reset": true}));
    deployment.assert_deleted_with_schema(&workspace).await?;

    workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    deployment.assert_healthy(&workspace).await
}

fn assert_update(result: &Value, url: &str, kind: Kind, database_reset: bool) {
    let expected = json!({
        "url": url, "app_name": "tellr", "deployment_id": result["deployment_id"], "lakebase_type": kind.as_str(),
        "status": "updated", "database_reset": database_reset,
    });
    assert_eq!(result, &expected);
    assert!(result["deployment_id"].is_string(), "{result}");
}

#[tokio::test]
async fn autoscaling_from_the_command() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn provisioned_from_the_command() {
    live(Kind::Provisioned).await.unwrap();
}

/// A delete keeps the data, and the app that is made next has another role: it must find its tables usable.
async fn come_back(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-back", kind);
    workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    let role = deployment.role(&workspace).await?;
    deployment.leave_mark(&workspace).await?;
    let tables = deployment.tables(&workspace).await?;
    workspace.tellr(&deployment.flags("delete", &[])).await?.successful()?;
    assert_eq!(deployment.tables(&workspace).await?, tables);
    workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    assert_ne!(deployment.role(&workspace).await?, role);
    assert_eq!(deployment.tables(&workspace).await?, tables);
    deployment.assert_healthy(&workspace).await
}

#[tokio::test]
async fn a_deleted_app_comes_back_to_its_data() {
    come_back(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn a_local_wheel_needs_no_package_index() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let deployment = Deployment::new(&workspace, "tellr-wheel", Kind::Autoscaling);
    let wheel = system_tests::binaries::wheel("databricks-tellr-app").unwrap();
    let wheel = wheel.to_string_lossy();
    let created = workspace.tellr(&deployment.flags("create", &["--wheel", &wheel])).await.unwrap();
    created.successful().unwrap();
    deployment.assert_healthy(&workspace).await.unwrap();
}
