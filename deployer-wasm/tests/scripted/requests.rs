//! The requests that the tests make, and a workspace that Tellr is deployed to.

use deployer_wasm::plan::{Plan, plan};
use deployer_wasm::spec::{RawSpec, Request};
use deployer_wasm::{DeployError, Engine, Outcome};

use super::{FOLDER, Workspace};

pub(crate) fn raw(extra: &[(&str, &str)]) -> RawSpec {
    let values = [
        ("app_name", "tellr"),
        ("lakebase_name", "tellr-db"),
        ("schema_name", "tellr"),
        ("app_file_workspace_path", FOLDER),
        ("app_version", "0.4.2"),
    ];
    let values = values.iter().chain(extra).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    RawSpec { values, ..RawSpec::default() }
}

pub(crate) fn create(extra: &[(&str, &str)]) -> Request {
    Request::Create(raw(extra).create().expect("a valid create"))
}

pub(crate) fn update(reset_database: bool, extra: &[(&str, &str)]) -> Request {
    let raw = RawSpec { reset_database, ..raw(extra) };
    Request::Update(raw.update().expect("a valid update"))
}

pub(crate) fn delete(reset_database: bool) -> Request {
    let raw = RawSpec { reset_database, ..raw(&[]) };
    Request::Delete(raw.delete().expect("a valid delete"))
}

pub(crate) async fn planned(workspace: &Workspace, request: &Request) -> Plan {
    let observation = workspace.engine().observe(request).await.expect("an observation");
    plan(request, &observation)
}

pub(crate) async fn run(workspace: &Workspace, request: &Request) -> Result<Outcome, DeployError> {
    run_by(&workspace.engine(), request).await
}

pub(crate) async fn run_by(engine: &Engine, request: &Request) -> Result<Outcome, DeployError> {
    let observation = engine.observe(request).await?;
    Ok(engine.apply(&plan(request, &observation)).await?.close().await)
}

/// A workspace into which a create of the given kind has put Tellr.
pub(crate) async fn deployed(lakebase_type: &str) -> Workspace {
    let workspace = Workspace::default();
    run(&workspace, &create(&[("lakebase_type", lakebase_type)])).await.expect("a create");
    workspace.state().calls.clear();
    workspace.state().reads.clear();
    workspace.state().sql.clear();
    workspace
}
