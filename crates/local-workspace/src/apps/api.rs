//! Create, read, replace and delete apps.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::permissions::{AccessEntry, Level, require};
use super::record::{AppRecord, ComputeState};
use super::settings::AppSettings;
use super::{lifecycle, names, present, resources};
use crate::auth::{AppAccess, Caller};
use crate::faults::{Shown, Thing};
use crate::records::Records;
use crate::rest::{ApiError, ApiJson, ApiQuery, PageQuery, page};
use crate::secret::Secret;
use crate::workspace::Workspace;

/// The app called `name`.
pub(super) fn find<'a>(records: &'a Records, name: &str) -> Result<&'a AppRecord, ApiError> {
    records.apps.get(name).ok_or_else(|| missing(name))
}

/// The app called `name`, to change it.
pub(super) fn find_mut<'a>(records: &'a mut Records, name: &str) -> Result<&'a mut AppRecord, ApiError> {
    records.apps.get_mut(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ApiError {
    ApiError::not_found(format!("App with name {name} does not exist or is deleted."))
}

/// The app as it is now, as JSON.
pub(super) fn show(workspace: &Workspace, name: &str) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| present(workspace, records, find(records, name)?)).map(Json)
}

fn present(workspace: &Workspace, records: &Records, app: &AppRecord) -> Result<Value, ApiError> {
    let process = workspace.app_host.process_state(&app.name);
    let mut json = present::app(records, app, &process)?;
    match workspace.faults.shown(Thing::App, &app.name) {
        Some(Shown::Unsettled) => json["app_status"] = present::deploying(),
        Some(Shown::As(becomes)) => {
            json["app_status"] = json!({"state": becomes.state, "message": becomes.message});
        }
        None => {}
    }
    Ok(json)
}

#[derive(Deserialize)]
pub(super) struct CreateQuery {
    #[serde(default)]
    no_compute: bool,
}

/// The body of create and replace: an `App`.
#[derive(Deserialize)]
pub(super) struct AppBody {
    #[serde(default)]
    name: String,
    default_source_code_path: Option<String>,
    #[serde(flatten)]
    settings: AppSettings,
}

pub(super) async fn create(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiQuery(query): ApiQuery<CreateQuery>,
    ApiJson(body): ApiJson<AppBody>,
) -> Result<Json<Value>, ApiError> {
    let name = body.name.clone();
    // the name is taken first, so that of two creates at once one gets the 409
    let client_id = workspace.store.write(|records| {
        names::check_new(records, &body.name)?;
        resources::check(records, &body.settings.resources)?;
        Ok::<_, ApiError>(register(records, &caller, body))
    })?;
    if let Err(error) = equip(&workspace, &name, &client_id).await {
        workspace.app_host.remove(&name).await;
        workspace.store.write(|records| {
            forget(records, &name);
            Ok::<_, ApiError>(())
        })?;
        return Err(error);
    }
    if !query.no_compute {
        lifecycle::begin_start(&workspace, &name)?;
    }
    show(&workspace, &name)
}

/// Adds the app, its compute stopped, and its service principal.
fn register(records: &mut Records, caller: &Caller, body: AppBody) -> String {
    let tag: String = Secret::random("").expose().chars().take(6).collect();
    let principal = records.add_service_principal(&format!("app-{tag} {}", body.name), false);
    let now = Timestamp::now();
    let app = AppRecord {
        name: body.name.clone(),
        id: Uuid::new_v4().to_string(),
        settings: body.settings.with_defaults(),
        default_source_code_path: body.default_source_code_path,
        creator: caller.name.clone(),
        create_time: now,
        updater: caller.name.clone(),
        update_time: now,
        service_principal_client_id: principal.client_id.clone(),
        oauth2_app_client_id: Uuid::new_v4().to_string(),
        oauth2_app_integration_id: Uuid::new_v4().to_string(),
        compute: ComputeState::Stopped,
        compute_message: None,
        proxy_port: 0,
        deployments: Vec::new(),
        active_deployment: None,
        pending_deployment: None,
        last_good_deployment: None,
        update: None,
        access: vec![AccessEntry::of_creator(caller)],
    };
    records.apps.insert(body.name, app);
    principal.client_id
}

/// Gives a new app its address and its service principal what the resources say.
async fn equip(workspace: &Arc<Workspace>, name: &str, client_id: &str) -> Result<(), ApiError> {
    let resources =
        workspace.store.read(|records| find(records, name).map(|app| app.settings.resources.clone()))?;
    resources::grant(workspace, client_id, &resources).await?;
    open_proxy(workspace, name, None).await
}

/// Opens the proxy of an app, on `port` if that is free, and remembers the port it got.
pub(super) async fn open_proxy(
    workspace: &Arc<Workspace>,
    name: &str,
    port: Option<u16>,
) -> Result<(), ApiError> {
    let access = Arc::new(AppAccess::new(workspace, name));
    let address = workspace
        .app_host
        .open_proxy(name, port, access, workspace.options.request_timeout)
        .await
        .map_err(|error| ApiError::internal(format!("The app's proxy cannot listen: {error}")))?;
    workspace.store.write(|records| {
        find_mut(records, name)?.proxy_port = address.port();
        Ok(())
    })
}

pub(super) async fn get(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| require(find(records, &name)?, &caller, Level::CanUse))?;
    show(&workspace, &name)
}

pub(super) async fn list(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let apps: Result<Vec<(String, Value)>, ApiError> = workspace.store.read(|records| {
        let visible = records.apps.values().filter(|app| require(app, &caller, Level::CanUse).is_ok());
        visible.map(|app| Ok((app.name.clone(), present(&workspace, records, app)?))).collect()
    });
    page("apps", &query, apps?).map(Json)
}

/// `PATCH`: replaces all settings; what the body leaves out is cleared.
pub(super) async fn replace(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiJson(body): ApiJson<AppBody>,
) -> Result<Json<Value>, ApiError> {
    let client_id = workspace.store.read(|records| {
        let app = find(records, &name)?;
        require(app, &caller, Level::CanManage)?;
        lifecycle::refuse_while_deleting(app)?;
        resources::check(records, &body.settings.resources)?;
        Ok::<_, ApiError>(app.service_principal_client_id.clone())
    })?;
    // what cannot be granted is not written down either
    resources::grant(&workspace, &client_id, &body.settings.resources).await?;
    workspace.store.write(|records| {
        let app = find_mut(records, &name)?;
        lifecycle::refuse_while_deleting(app)?;
        app.settings = body.settings.with_defaults();
        if body.default_source_code_path.is_some() {
            app.default_source_code_path = body.default_source_code_path;
        }
        app.touch(&caller.name);
        Ok::<_, ApiError>(())
    })?;
    show(&workspace, &name)
}

pub(super) async fn delete(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.write(|records| {
        let app = find_mut(records, &name)?;
        require(app, &caller, Level::CanManage)?;
        if app.compute == ComputeState::Deleting {
            return Err(ApiError::bad_request(format!(
                "Cannot delete app {name} as it is not terminal with state DELETING, and was updated less than 20 \
                 minutes ago. Please wait before trying again."
            )));
        }
        app.compute = ComputeState::Deleting;
        app.compute_message = None;
        app.touch(&caller.name);
        Ok(())
    })?;
    let answer = show(&workspace, &name)?;
    lifecycle::finish_delete(&workspace, &name);
    Ok(answer)
}

/// Removes an app and its service principal, with the principal's home folder. Its Postgres roles stay: they may
/// own what the next app of this name wants to read.
pub(super) fn forget(records: &mut Records, name: &str) {
    let Some(app) = records.apps.remove(name) else { return };
    records.service_principals.remove(&app.service_principal_client_id);
    let home = format!("/Users/{}", app.service_principal_client_id);
    records.files.retain(|path, _| {
        path.strip_prefix(&home).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
    });
}
