//! Apps and deployments as the platform writes them.

use serde_json::{Value, json};

use super::record::{AppRecord, ComputeState, Deployment};
use super::scopes;
use crate::app_host::ProcessState;
use crate::records::Records;
use crate::rest::ApiError;
use crate::wire_time::rfc3339;

/// What stands for the value of an environment variable.
const MASK: &str = "********";

/// `App`.
pub(super) fn app(records: &Records, app: &AppRecord, process: &ProcessState) -> Result<Value, ApiError> {
    let mut json = app.settings.to_json()?;
    let principal = records.service_principals.get(&app.service_principal_client_id);
    let fields = json!({
        "name": app.name,
        "id": app.id,
        "url": app.url(),
        "compute_status": compute_status(app),
        "app_status": app_status(app, process),
        "create_time": rfc3339(app.create_time),
        "creator": app.creator,
        "update_time": rfc3339(app.update_time),
        "updater": app.updater,
        "service_principal_client_id": app.service_principal_client_id,
        "service_principal_id": principal.map(|principal| principal.id),
        "service_principal_name": principal.map(|principal| &principal.display_name),
        "oauth2_app_client_id": app.oauth2_app_client_id,
        "oauth2_app_integration_id": app.oauth2_app_integration_id,
        "effective_user_api_scopes": scopes::effective(&app.settings.user_api_scopes),
        "default_source_code_path": app.default_source_code_path,
        "active_deployment": app.active_deployment.as_deref().and_then(|id| app.deployment(id)).map(deployment),
        "pending_deployment": app.pending_deployment.as_deref().and_then(|id| app.deployment(id)).map(deployment),
    });
    if let Value::Object(fields) = fields {
        json.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Ok(Value::Object(json))
}

fn compute_status(app: &AppRecord) -> Value {
    let message = match app.compute {
        ComputeState::Starting => "App compute is starting.",
        ComputeState::Active => "App compute is running.",
        ComputeState::Updating => "App compute is updating.",
        ComputeState::Stopping => "App compute is stopping.",
        ComputeState::Stopped => "Start the app compute to deploy the app.",
        ComputeState::Deleting => "App is being deleted.",
        ComputeState::Error => "App compute has failed.",
    };
    let message = app.compute_message.as_deref().unwrap_or(message);
    let running = matches!(app.compute, ComputeState::Active | ComputeState::Updating);
    json!({"state": app.compute.as_str(), "message": message, "active_instances": i32::from(running)})
}

fn app_status(app: &AppRecord, process: &ProcessState) -> Value {
    let unavailable = || json!({"state": "UNAVAILABLE", "message": "App status is unavailable."});
    if !matches!(app.compute, ComputeState::Active | ComputeState::Updating) {
        return unavailable();
    }
    match process {
        ProcessState::Running => json!({"state": "RUNNING", "message": "App has status: App is running"}),
        ProcessState::Crashed { message } => {
            json!({"state": "CRASHED", "message": format!("App has status: {message}")})
        }
        ProcessState::Starting => deploying(),
        ProcessState::NotRunning if app.pending_deployment.is_some() => deploying(),
        ProcessState::NotRunning if app.deployments.is_empty() => json!({
            "state": "UNAVAILABLE",
            "message":
                "App has status: App has not been deployed yet. Run your app by deploying source code",
        }),
        ProcessState::NotRunning => unavailable(),
    }
}

/// `app_status` while a deployment is under way.
pub(super) fn deploying() -> Value {
    json!({"state": "DEPLOYING", "message": "App has status: App is being deployed"})
}

/// `AppDeployment`; values of environment variables are masked.
pub(super) fn deployment(deployment: &Deployment) -> Value {
    let mut json = json!({
        "deployment_id": deployment.deployment_id,
        "source_code_path": deployment.source_code_path,
        "mode": deployment.mode,
        "create_time": rfc3339(deployment.create_time),
        "creator": deployment.creator,
        "update_time": rfc3339(deployment.update_time),
        "deployment_artifacts": {"source_code_path": deployment.artifacts_path},
        "status": {"state": deployment.state, "message": deployment.message},
    });
    if let Some(command) = &deployment.command {
        json["command"] = json!(command);
    }
    if !deployment.env_vars.is_empty() {
        let masked = deployment.env_vars.iter().map(|variable| match &variable.value_from {
            Some(resource) => json!({"name": variable.name, "value_from": resource}),
            None => json!({"name": variable.name, "value": MASK}),
        });
        json["env_vars"] = masked.collect();
    }
    for (key, value) in [("git_source", &deployment.git_source), ("health_check", &deployment.health_check)] {
        if let Some(value) = value {
            json[key] = value.clone();
        }
    }
    json
}
