//! The engine through the relay: the whole life of a deployment, as the page drives it.

use std::collections::BTreeMap;

use deployer_wasm::Outcome;
use deployer_wasm::plan::plan;
use deployer_wasm::spec::{RawSpec, Request};
use system_tests::checks::SCHEMA;
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use crate::relayed;
use crate::ui::Ui;

fn values(deployment: &Deployment) -> RawSpec {
    let values = [
        ("app_name", deployment.app.as_str()),
        ("app_file_workspace_path", &deployment.path),
        ("lakebase_name", &deployment.lakebase),
        ("lakebase_type", deployment.kind.as_str()),
        ("schema_name", SCHEMA),
    ];
    let values: BTreeMap<String, String> =
        values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    RawSpec { values, ..RawSpec::default() }
}

async fn apply(ui: &Ui, request: Request) -> anyhow::Result<Outcome> {
    let engine = relayed::engine(ui)?;
    let observation = engine.observe(&request).await?;
    let plan = plan(&request, &observation);
    anyhow::ensure!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let applied = Box::pin(engine.apply(&plan)).await?;
    let outcome = applied.outcome.clone();
    applied.close().await;
    Ok(outcome)
}

fn checked<T>(read: Result<T, Vec<deployer_wasm::spec::FieldError>>) -> anyhow::Result<T> {
    read.map_err(|errors| anyhow::anyhow!("{errors:?}"))
}

async fn live(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let ui = Ui::start(&workspace, &[]).await?;
    let deployment = Deployment::new(&workspace, "tellr", kind);
    let spec = values(&deployment);

    apply(&ui, Request::Create(checked(spec.create())?)).await?;
    deployment.assert_registered(&workspace).await?;
    deployment.assert_schema(&workspace).await?;
    deployment.assert_healthy(&workspace).await?;

    deployment.leave_mark(&workspace).await?;
    apply(&ui, Request::Update(checked(spec.update())?)).await?;
    assert!(deployment.tables(&workspace).await?.contains(&"mark".to_owned()));

    let resetting = RawSpec { reset_database: true, ..spec };
    apply(&ui, Request::Update(checked(resetting.update())?)).await?;
    assert!(!deployment.tables(&workspace).await?.contains(&"mark".to_owned()));
    deployment.assert_healthy(&workspace).await?;

    apply(&ui, Request::Delete(checked(resetting.delete())?)).await?;
    deployment.assert_deleted_with_schema(&workspace).await
}

#[tokio::test]
async fn a_deployment_lives_through_the_relay_on_autoscaling() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn a_deployment_lives_through_the_relay_on_provisioned() {
    live(Kind::Provisioned).await.unwrap();
}
