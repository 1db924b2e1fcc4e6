//! Two deployers at once: one gets through, and the other gets through after it or says who is at work.

use anyhow::ensure;
use serde_json::Value;
use system_tests::state::difference;
use system_tests::tellr::Finished;
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use crate::tell;
use system_tests::scenario::Operation;

async fn race(
    workspace: &LocalWorkspace,
    deployment: &Deployment,
    operations: [Operation; 2],
) -> anyhow::Result<[Finished; 2]> {
    let [one, other] = operations.map(|operation| operation.flags(deployment));
    let one = workspace.start_tellr(&one, "one")?;
    let other = workspace.start_tellr(&other, "other")?;
    let (one, other) = tokio::join!(one.finish(), other.finish());
    Ok([one?, other?])
}

/// Whoever failed says that somebody else is at work, or that the work is done, and what to do.
fn check_loser(finished: &Finished) -> anyhow::Result<()> {
    if finished.code == Some(0) {
        return Ok(());
    }
    let error = &finished.result["error"];
    let message = error["message"].as_str().unwrap_or_default();
    tell(&format!("exit code {:?}: {message}\nhint: {}", finished.code, error["hint"]));
    let known = ["still going on", "already exists", "has changed since", "does not exist", "being deleted"];
    ensure!(known.iter().any(|words| message.contains(words)), "{error}");
    ensure!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "no way on: {error}");
    Ok(())
}

fn succeeded(ends: &[Finished; 2]) -> usize {
    ends.iter().filter(|finished| finished.code == Some(0)).count()
}

async fn two_creates(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-1", kind);
    let ends = race(&workspace, &deployment, [Operation::Create, Operation::Create]).await?;
    ends.iter().try_for_each(check_loser)?;
    ensure!(succeeded(&ends) >= 1, "both failed: {ends:#?}");
    let made: Vec<String> = workspace.inventory().await?.into_iter().collect();
    ensure!(made == Operation::Create.makes(&deployment), "{made:?}");
    deployment.assert_registered(&workspace).await?;
    deployment.assert_schema(&workspace).await?;
    deployment.assert_healthy(&workspace).await
}

async fn two_updates(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-1", kind);
    workspace.tellr(&Operation::Create.flags(&deployment)).await?.successful()?;
    Operation::Update.prepare(&workspace, &deployment, None).await?;
    workspace.tellr(&Operation::Update.flags(&deployment)).await?.successful()?;
    let before = deployment.state(&workspace).await?;
    Operation::Update.prepare(&workspace, &deployment, None).await?;
    let ends = race(&workspace, &deployment, [Operation::Update, Operation::Update]).await?;
    ends.iter().try_for_each(check_loser)?;
    ensure!(succeeded(&ends) >= 1, "both failed: {ends:#?}");
    let after = deployment.state(&workspace).await?;
    ensure!(after == before, "{}", difference(&before, &after));
    Ok(())
}

/// Whoever begins first gets through. The other waits to see whether that run is alive, and ends untouched.
async fn update_against_delete(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-1", kind);
    workspace.tellr(&Operation::Create.flags(&deployment)).await?.successful()?;
    let ends = race(&workspace, &deployment, [Operation::Update, Operation::Delete]).await?;
    ends.iter().try_for_each(check_loser)?;
    ensure!(succeeded(&ends) >= 1, "both failed: {ends:#?}");
    let state = deployment.state(&workspace).await?;
    if ends[1].code == Some(0) {
        ensure!(state["app"] == Value::Null, "deleted, and still there: {state:#}");
        return Ok(());
    }
    deployment.assert_healthy(&workspace).await?;
    workspace.tellr(&Operation::Delete.flags(&deployment)).await?.successful()?;
    Ok(())
}

macro_rules! races {
    ($($name:ident: $race:ident, $kind:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                $race(Kind::$kind).await.unwrap();
            }
        )*
    };
}

races! {
    two_creates_autoscaling: two_creates, Autoscaling;
    two_creates_provisioned: two_creates, Provisioned;
    two_updates_autoscaling: two_updates, Autoscaling;
    two_updates_provisioned: two_updates, Provisioned;
    update_against_delete_autoscaling: update_against_delete, Autoscaling;
    update_against_delete_provisioned: update_against_delete, Provisioned;
}
