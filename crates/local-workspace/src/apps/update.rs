//! The masked update: only the fields that the mask names change.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{find, find_mut};
use super::permissions::{Level, require};
use super::record::{AppRecord, ComputeState, Update, UpdateState};
use super::settings::AppSettings;
use super::{lifecycle, resources};
use crate::auth::Caller;
use crate::faults::{Settles, Thing};
use crate::rest::{ApiError, ApiJson};
use crate::workspace::Workspace;

#[derive(Deserialize)]
pub(super) struct UpdateRequest {
    #[serde(default)]
    update_mask: String,
    #[serde(default)]
    app: AppSettings,
}

pub(super) async fn create(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiJson(request): ApiJson<UpdateRequest>,
) -> Result<Json<Value>, ApiError> {
    let (settings, answer) = workspace.store.write(|records| {
        let app = find(records, &name)?;
        require(app, &caller, Level::CanManage)?;
        lifecycle::refuse_while_deleting(app)?;
        if app.update.as_ref().is_some_and(|update| update.state == UpdateState::InProgress) {
            let message = format!("Cannot update app {name} as there is an update in progress");
            return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_CONFLICT", message));
        }
        let mut settings = app.settings.clone();
        settings.merge(&request.update_mask, &request.app)?;
        let settings = settings.with_defaults();
        resources::check(records, &settings.resources)?;
        let app = find_mut(records, &name)?;
        if app.compute == ComputeState::Active && app.settings.compute_size != settings.compute_size {
            app.compute = ComputeState::Updating;
        }
        app.update =
            Some(Update { state: UpdateState::InProgress, message: "App update is in progress.".to_owned() });
        let mut answer = present(app)?;
        if let (Some(answer), Value::Object(new)) = (answer.as_object_mut(), json!(settings)) {
            answer.extend(new);
        }
        Ok((settings, answer))
    })?;
    let shared = Arc::clone(&workspace);
    workspace.spawn(async move { apply(&shared, &name, &caller.name, settings).await });
    Ok(Json(answer))
}

async fn apply(workspace: &Workspace, name: &str, updater: &str, settings: AppSettings) {
    workspace.state_delay().await;
    let client_id = workspace
        .store
        .read(|records| records.apps.get(name).map(|app| app.service_principal_client_id.clone()));
    // deleted in the meantime
    let Some(client_id) = client_id else { return };
    let granted = match workspace.faults.settle(Thing::AppUpdate, name).await {
        Settles::Normally => resources::grant(workspace, &client_id, &settings.resources).await,
        Settles::As(becomes) => Err(ApiError::internal(becomes.message)),
    };
    let written = workspace.store.write(|records| {
        let app = find_mut(records, name)?;
        if app.compute == ComputeState::Updating {
            app.compute = ComputeState::Active;
        }
        app.update = Some(match granted {
            Ok(()) => {
                app.settings = settings;
                app.touch(updater);
                Update { state: UpdateState::Succeeded, message: "App updated successfully.".to_owned() }
            }
            Err(error) => Update { state: UpdateState::Failed, message: error.message().to_owned() },
        });
        Ok::<_, ApiError>(())
    });
    if let Err(error) = written {
        tracing::error!(app = name, "the app's update could not be recorded: {}", error.message());
    }
}

pub(super) async fn get(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let app = find(records, &name)?;
        require(app, &caller, Level::CanUse)?;
        present(app).map(Json)
    })
}

/// `AppUpdate`: the settings and how the last update went.
fn present(app: &AppRecord) -> Result<Value, ApiError> {
    let mut json = Value::Object(app.settings.to_json()?);
    json["status"] = match &app.update {
        Some(update) => json!({"state": update.state, "message": update.message}),
        None => json!({"state": "NOT_UPDATED", "message": "The app has not been updated."}),
    };
    Ok(json)
}
