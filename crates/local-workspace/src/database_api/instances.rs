//! Instances: create, read, list, delete.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::record::{InstanceRecord, InstanceState, RoleRecord};
use super::{find, find_mut, missing};
use crate::auth::{Caller, CallerKind};
use crate::faults::{Shown, Thing};
use crate::lakebase::LakebaseError;
use crate::records::Records;
use crate::rest::{ApiError, ApiJson, ApiQuery, PageQuery, page};
use crate::workspace::Workspace;

const CAPACITIES: [&str; 4] = ["CU_1", "CU_2", "CU_4", "CU_8"];
/// Each is a Postgres cluster of its own on this machine.
const MAX_INSTANCES: usize = 50;

#[derive(Deserialize)]
pub(super) struct InstanceBody {
    #[serde(default)]
    name: String,
    capacity: Option<String>,
    retention_window_in_days: Option<i64>,
}

pub(super) async fn create(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiJson(body): ApiJson<InstanceBody>,
) -> Result<Json<Value>, ApiError> {
    let instance = workspace.store.write(|records| {
        check_new(records, &body)?;
        let capacity = body.capacity.as_deref().unwrap_or("CU_1");
        let days = body.retention_window_in_days.unwrap_or(7);
        let mut instance = InstanceRecord::new(&body.name, capacity, days, &caller.name);
        instance.roles.insert(caller.name.clone(), owner_role(&caller));
        records.instances.insert(body.name.clone(), instance.clone());
        Ok::<_, ApiError>(instance)
    })?;
    let shown = instance.to_json();
    let shared = Arc::clone(&workspace);
    workspace.spawn(async move {
        // Databricks knows no state for a failed start: the instance stays STARTING there, too
        if let Err(error) = bring_up(&shared, &instance).await {
            tracing::error!(instance = instance.name, "the instance stays STARTING: {}", error.message());
        }
    });
    Ok(Json(shown))
}

fn owner_role(caller: &Caller) -> RoleRecord {
    let identity_type = match caller.kind {
        CallerKind::User => "USER",
        CallerKind::ServicePrincipal => "SERVICE_PRINCIPAL",
    };
    RoleRecord { name: caller.name.clone(), identity_type: identity_type.to_owned(), superuser: true }
}

fn check_new(records: &Records, body: &InstanceBody) -> Result<(), ApiError> {
    let name = &body.name;
    let characters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let ends = name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.ends_with('-');
    if !(characters && ends && name.len() <= 63) {
        return Err(ApiError::invalid_parameter(format!(
            "Invalid database instance name '{name}': it must be 1 to 63 characters long, start with a letter, end \
             with a letter or digit, and contain only letters, digits and hyphens."
        )));
    }
    if let Some(capacity) = body.capacity.as_deref().filter(|capacity| !CAPACITIES.contains(capacity)) {
        let message = format!("Invalid capacity '{capacity}': it must be one of {}.", CAPACITIES.join(", "));
        return Err(ApiError::invalid_parameter(message));
    }
    if !(2..=35).contains(&body.retention_window_in_days.unwrap_or(7)) {
        return Err(ApiError::invalid_parameter("retention_window_in_days must be between 2 and 35."));
    }
    if records.instances.contains_key(name) {
        return Err(ApiError::already_exists(format!("Database instance '{name}' already exists.")));
    }
    if records.instances.len() >= MAX_INSTANCES {
        let message = format!("The workspace has reached its limit of {MAX_INSTANCES} database instances.");
        return Err(ApiError::new(http::StatusCode::BAD_REQUEST, "QUOTA_EXCEEDED", message));
    }
    Ok(())
}

async fn bring_up(workspace: &Workspace, instance: &InstanceRecord) -> Result<(), ApiError> {
    workspace.faults.name_lakebase(&instance.uid, &instance.name);
    workspace.state_delay().await;
    let address = workspace
        .lakebase
        .start(&instance.uid, &instance.creator)
        .await
        .map_err(|error| ApiError::internal(error.to_string()))?;
    workspace.store.write(|records| {
        let Some(record) = records.instances.get_mut(&instance.name) else { return Ok(()) };
        record.address = Some(address.host);
        if record.state == InstanceState::Starting {
            record.state = InstanceState::Available;
        }
        Ok(())
    })
}

/// Starts the clusters of all instances again.
pub(crate) async fn restore(workspace: &Arc<Workspace>) -> Result<(), LakebaseError> {
    let instances: Vec<InstanceRecord> =
        workspace.store.read(|records| records.instances.values().cloned().collect());
    for instance in instances {
        if instance.state == InstanceState::Deleting {
            finish_delete(workspace, instance);
            continue;
        }
        workspace.faults.name_lakebase(&instance.uid, &instance.name);
        let address = workspace.lakebase.start(&instance.uid, &instance.creator).await?;
        let written = workspace.store.write(|records| {
            let record = find_mut(records, &instance.name)?;
            record.address = Some(address.host);
            record.state = InstanceState::Available;
            Ok::<_, ApiError>(())
        });
        if let Err(error) = written {
            tracing::error!(instance = instance.name, "the instance is not available: {}", error.message());
        }
    }
    Ok(())
}

pub(super) async fn get(
    State(workspace): State<Arc<Workspace>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| find(records, &name).map(|instance| Json(present(&workspace, instance))))
}

fn present(workspace: &Workspace, instance: &InstanceRecord) -> Value {
    let mut json = instance.to_json();
    match workspace.faults.shown(Thing::Lakebase, &instance.name) {
        Some(Shown::Unsettled) => {
            json["state"] = json!("STARTING");
            if let Some(fields) = json.as_object_mut() {
                fields.remove("read_write_dns");
            }
        }
        Some(Shown::As(becomes)) => json["state"] = json!(becomes.state),
        None => {}
    }
    json
}

pub(super) async fn list(
    State(workspace): State<Arc<Workspace>>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let instances =
            records.instances.iter().map(|(name, instance)| (name.clone(), present(&workspace, instance)));
        page("database_instances", &query, instances).map(Json)
    })
}

#[derive(Deserialize)]
pub(super) struct ByUid {
    #[serde(default)]
    uid: String,
}

pub(super) async fn find_by_uid(
    State(workspace): State<Arc<Workspace>>,
    ApiQuery(ByUid { uid }): ApiQuery<ByUid>,
) -> Result<Json<Value>, ApiError> {
    let found = workspace.store.read(|records| {
        records.instances.values().find(|instance| instance.uid == uid).map(InstanceRecord::to_json)
    });
    found.map(Json).ok_or_else(|| missing(&uid))
}

pub(super) async fn update(
    State(workspace): State<Arc<Workspace>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| find(records, &name).map(|_| ()))?;
    Err(ApiError::not_implemented("change a database instance"))
}

#[derive(Deserialize)]
pub(super) struct DeleteQuery {
    #[serde(default)]
    purge: bool,
}

pub(super) async fn delete(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiQuery(query): ApiQuery<DeleteQuery>,
) -> Result<Json<Value>, ApiError> {
    let instance = workspace.store.write(|records| {
        let instance = find_mut(records, &name)?;
        if !query.purge {
            return Err(ApiError::invalid_parameter("DELETE request must have purge=true parameter"));
        }
        if !caller.admin && instance.creator != caller.name {
            let message = format!("{} cannot delete the database instance '{name}'.", caller.name);
            return Err(ApiError::permission_denied(message));
        }
        instance.state = InstanceState::Deleting;
        Ok(instance.clone())
    })?;
    finish_delete(&workspace, instance);
    Ok(Json(json!({})))
}

fn finish_delete(workspace: &Arc<Workspace>, instance: InstanceRecord) {
    let shared = Arc::clone(workspace);
    workspace.spawn(async move {
        if let Err(error) = shared.lakebase.remove(&instance.uid).await {
            tracing::error!(instance = instance.name, "the instance stays DELETING: {error}");
            return;
        }
        shared.state_delay().await;
        let removed = shared.store.write(|records| {
            records.instances.remove(&instance.name);
            Ok::<_, ApiError>(())
        });
        if let Err(error) = removed {
            tracing::error!(instance = instance.name, "the instance stays DELETING: {}", error.message());
        }
    });
}
