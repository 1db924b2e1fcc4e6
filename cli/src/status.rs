//! `tellr status`: what a deployment looks like now.

use clap::ArgMatches;
use databricks::Client;
use databricks::apps::App;
use deployer_wasm::spec::AppName;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::{connection, request};

/// Looks at one app and prints what matters about it.
pub(crate) async fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let name = request::read(arguments, "somebody@example.com")?.app_name()?;
    let client = connection::connect(arguments)?;
    let app = client.apps().get(name.as_str()).await?;
    let database = database(&client, &app).await?;
    printer.result(&summary(&name, &app, &database));
    Ok(())
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
