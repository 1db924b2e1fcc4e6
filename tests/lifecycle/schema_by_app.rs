//! The way without a Postgres connection of the deployer's own: the app makes, and resets, its schema itself.

use anyhow::ensure;
use sqlx::{AssertSqlSafe, Connection};
use system_tests::checks::{Deployment, Kind, SCHEMA};
use system_tests::{LocalWorkspace, Settings};

/// How many resets the schema remembers.
async fn resets(deployment: &Deployment, workspace: &LocalWorkspace) -> anyhow::Result<i64> {
    // Only the app's role reads the app's tables; this person may make herself a member of it for a look.
    let mut database = deployment.database(workspace).await?;
    let statement = AssertSqlSafe(format!("SELECT count(*) FROM {SCHEMA}.database_resets"));
    let count = sqlx::query_scalar(statement).fetch_one(&mut database).await?;
    database.close().await?;
    Ok(count)
}

async fn live(kind: Kind) -> anyhow::Result<()> {
    let mut workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-own", kind);
    let by_app = ["--schema-setup", "app"];
    workspace.tellr(&deployment.flags("create", &by_app)).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;
    ensure!(resets(&deployment, &workspace).await? == 0);

    let reset = ["--schema-setup", "app", "--reset-database"];
    let updated = workspace.tellr(&deployment.flags("update", &reset)).await?.successful()?;
    ensure!(updated.result["database_reset"] == true, "{:?}", updated.result);
    deployment.assert_healthy(&workspace).await?;
    ensure!(resets(&deployment, &workspace).await? == 1);

    // The same app.yaml starts the app again, and must not reset again.
    workspace.restart()?;
    workspace.await_running(&deployment.app).await?;
    deployment.assert_healthy(&workspace).await?;
    ensure!(resets(&deployment, &workspace).await? == 1);

    workspace.tellr(&deployment.flags("update", &by_app)).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;
    ensure!(resets(&deployment, &workspace).await? == 1);
    Ok(())
}

#[tokio::test]
async fn autoscaling_schema_by_the_app() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn provisioned_schema_by_the_app() {
    live(Kind::Provisioned).await.unwrap();
}
