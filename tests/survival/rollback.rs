//! Updates that break the app: with `--rollback` the old version answers again, and the command says what happened.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use system_tests::probes::Probes;
use system_tests::{Deployment, Kind, LocalWorkspace, Settings, binaries};

use crate::report;
use crate::wheels::Defect;

/// After which the platform gives up on an app that does not listen.
const START_DEADLINE: Duration = Duration::from_secs(3);

async fn live(kind: Kind, defect: Defect) -> anyhow::Result<()> {
    let settings = Settings { start_deadline: Some(START_DEADLINE), ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let deployment = Deployment::new(&workspace, "tellr", kind);
    workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    let before = deployment.state(&workspace).await?;
    let wheel = defect.wheel(&workspace.scratch()?).await?;

    let probes = Probes::start(&workspace, &deployment.app, "/api/health/ready", 2).await?;
    let flags = deployment.flags("update", &["--rollback", "--wheel", &wheel.to_string_lossy()]);
    let failed = workspace.tellr(&flags).await?;
    deployment.assert_healthy(&workspace).await?;
    let tally = probes.stop().await?;

    ensure!(failed.code == Some(1), "{failed:#?}");
    let error = &failed.result["error"];
    let rolled_back = error["rolled_back"].as_object().with_context(|| format!("no rollback in {error}"))?;
    let unavailable = rolled_back.get("unavailable_ms").and_then(Value::as_u64).context("no downtime")?;
    report(&format!(
        "{defect:?} {}: reported {unavailable} ms, seen from outside {} ms; {} probes answered, {} not\n{}",
        kind.as_str(),
        tally.longest_outage().as_millis(),
        tally.answered,
        tally.failed,
        error["message"].as_str().unwrap_or_default(),
    ));
    ensure!(tally.ends_well(), "the last probe failed: {:?}", tally.failures);
    let after = deployment.state(&workspace).await?;
    ensure!(after == before, "another version is there:\n{before:#}\n{after:#}");

    // and nothing stands in the way of the next update
    workspace.tellr(&deployment.flags("update", &[])).await?.successful()?;
    deployment.assert_healthy(&workspace).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_cannot_be_installed_is_rolled_back() {
    live(Kind::Autoscaling, Defect::NotInstallable).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_crashes_at_its_start_is_rolled_back() {
    live(Kind::Autoscaling, Defect::Crashes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_never_listens_is_rolled_back() {
    live(Kind::Provisioned, Defect::NeverHealthy).await.unwrap();
}

/// `tellr rollback`, after an update that went through.
#[tokio::test]
async fn a_version_is_brought_back_later() {
    let workspace = LocalWorkspace::start(Settings::default()).unwrap();
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    workspace.tellr(&deployment.flags("create", &[])).await.unwrap().successful().unwrap();
    let first = deployment.state(&workspace).await.unwrap();
    let first_id = active_deployment(&workspace, &deployment).await.unwrap();
    let wheel = binaries::wheel("databricks-tellr-app").unwrap();
    let update = deployment.flags("update", &["--wheel", &wheel.to_string_lossy()]);
    let updated = workspace.tellr(&update).await.unwrap().successful().unwrap();
    let second = deployment.state(&workspace).await.unwrap();
    assert_ne!(first["files"], second["files"]);

    let back =
        workspace.tellr(&["rollback", "--app-name", &deployment.app]).await.unwrap().successful().unwrap();
    assert_eq!(back.result["status"], "rolled_back");
    assert_eq!(back.result["restored"], first_id);
    assert_eq!(deployment.state(&workspace).await.unwrap(), first);

    let to = updated.result["deployment_id"].as_str().unwrap();
    let forward = ["rollback", "--app-name", &deployment.app, "--to", to];
    workspace.tellr(&forward).await.unwrap().successful().unwrap();
    assert_eq!(deployment.state(&workspace).await.unwrap(), second);
}

async fn active_deployment(workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<Value> {
    Ok(deployment.app(workspace).await?["active_deployment"]["deployment_id"].clone())
}
