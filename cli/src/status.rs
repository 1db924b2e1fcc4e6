//! `tellr status`: what a deployment looks like now.

use clap::ArgMatches;
use databricks::apps::App;
use databricks::{Cancel, Client};
use deployer_wasm::drift::DeploymentState;
use deployer_wasm::journal::RunState;
use deployer_wasm::spec::AppName;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::{connection, deploy, request};

/// Looks at one app, its database and its journal, and prints what matters about them.
pub(crate) async fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let name = request::read(arguments, deploy::STAND_IN_USER)?.app_name()?;
    let client = connection::connect(arguments)?;
    let engine = deploy::engine(client.clone(), arguments, &Cancel::default());
    let state = engine.state(&name).await?;
    let database = database(&client, &state.app).await?;
    let mut summary = summary(&name, &state.app, &database);
    if let Some(fields) = summary.as_object_mut() {
        fields.extend(history(&state));
    }
    printer.result(&summary);
    Ok(())
}

/// What the journal says, and where the workspace differs from it.
fn history(state: &DeploymentState) -> Map<String, Value> {
    let mut fields = Map::new();
    let Some(journal) = &state.journal else { return fields };
    if let Some(head) = &journal.head {
        let end = match head.state {
            RunState::Running => "has not ended",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
        };
        fields.insert("last_run".into(), format!("{} {end}", head.in_words()).into());
        if head.state != RunState::Succeeded {
            fields.insert("last_run_progress".into(), head.progress_in_words().into());
        }
    }
    let kept: Vec<&str> = journal.versions.iter().map(|version| version.deployment_id.as_str()).collect();
    fields.insert("former_versions".into(), json!(kept));
    if state.settled_by.is_some() {
        fields.insert("drift".into(), json!(state.drift));
    }
    fields
}

/// Kind and state of the database that the app is attached to.
async fn database(client: &Client, app: &App) -> Result<Value, Failure> {
    if let Some(postgres) = app.resources.iter().find_map(|resource| resource.postgres.as_ref()) {
        let endpoints = client.postgres().endpoints(&postgres.branch).await?;
        let states = endpoints.into_iter().filter_map(|endpoint| endpoint.status?.current_state);
        let states: Vec<String> = states.map(|state| state.to_string()).collect();
        return Ok(format!("autoscaling {}, {}", postgres.branch, states.join(", ")).into());
    }
    if let Some(database) = app.resources.iter().find_map(|resource| resource.database.as_ref()) {
        let instance = client.database().instance(&database.instance_name).await?;
        let state = instance.state.map(|state| state.to_string()).unwrap_or_default();
        return Ok(format!("provisioned {}, {state}", database.instance_name).into());
    }
    Ok(Value::Null)
}

fn summary(name: &AppName, app: &App, database: &Value) -> Value {
    let compute = app.compute_status.clone().unwrap_or_default();
    let status = app.app_status.clone().unwrap_or_default();
    let deployment = app.active_deployment.clone().unwrap_or_default();
    json!({
        "app_name": name.as_str(),
        "url": app.url,
        "app_state": status.state.map(|state| state.to_string()),
        "app_message": status.message,
        "compute_state": compute.state.map(|state| state.to_string()),
        "compute_message": compute.message,
        "compute_size": app.compute_size,
        "deployment_id": deployment.deployment_id,
        "deployed_at": deployment.update_time,
        "deployed_by": deployment.creator,
        "source_code_path": deployment.source_code_path.or_else(|| app.default_source_code_path.clone()),
        "pending_deployment": app.pending_deployment.as_ref().and_then(|d| d.deployment_id.clone()),
        "database": database,
        "resources": app.resources.iter().map(|resource| resource.name.clone()).collect::<Vec<_>>(),
        "user_api_scopes": app.user_api_scopes,
        "service_principal_client_id": app.service_principal_client_id,
    })
}
