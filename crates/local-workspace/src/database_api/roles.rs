//! Postgres roles of an instance.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::record::{InstanceRecord, RoleRecord};
use super::{find, find_mut};
use crate::auth::Caller;
use crate::lakebase::{LakebaseError, RoleGrants};
use crate::rest::{ApiError, ApiJson, ApiQuery, PageQuery, page};
use crate::workspace::Workspace;

const SUPERUSER: &str = "DATABRICKS_SUPERUSER";
const MAX_ROLES: usize = 500;

#[derive(Deserialize)]
pub(super) struct RoleBody {
    #[serde(default)]
    name: String,
    #[serde(default)]
    identity_type: String,
    membership_role: Option<String>,
}

pub(super) async fn create(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(instance_name): Path<String>,
    ApiJson(body): ApiJson<RoleBody>,
) -> Result<Json<Value>, ApiError> {
    let superuser = check_body(&body)?;
    let uid = workspace.store.read(|records| {
        let instance = find(records, &instance_name)?;
        require_manager(instance, &caller)?;
        instance.address()?;
        if instance.roles.contains_key(&body.name) {
            let message = format!("Role '{}' already exists in '{instance_name}'.", body.name);
            return Err(ApiError::already_exists(message));
        }
        if instance.roles.len() >= MAX_ROLES {
            let message = format!("An instance can have at most {MAX_ROLES} roles.");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "QUOTA_EXCEEDED", message));
        }
        Ok(instance.uid.clone())
    })?;
    let grants = RoleGrants { databricks_superuser: superuser, connect_and_create: false };
    workspace.lakebase.ensure_role(&uid, &body.name, grants).await.map_err(|error| refused(&error))?;
    let role = RoleRecord { name: body.name, identity_type: body.identity_type, superuser };
    remember(&workspace, &instance_name, &role)?;
    Ok(Json(show(&instance_name, &role)))
}

fn check_body(body: &RoleBody) -> Result<bool, ApiError> {
    if body.name.is_empty() {
        return Err(ApiError::invalid_parameter(
            "Field 'name' is required, expected non-default value (not \"\")!",
        ));
    }
    if !["USER", "SERVICE_PRINCIPAL", "GROUP", "PG_ONLY"].contains(&body.identity_type.as_str()) {
        let message = format!("Invalid identity_type '{}'.", body.identity_type);
        return Err(ApiError::invalid_parameter(message));
    }
    match body.membership_role.as_deref() {
        None | Some("") => Ok(false),
        Some(SUPERUSER) => Ok(true),
        Some(other) => Err(ApiError::invalid_parameter(format!("Invalid membership_role '{other}'."))),
    }
}

/// Only admins and the creator of an instance change its roles.
fn require_manager(instance: &InstanceRecord, caller: &Caller) -> Result<(), ApiError> {
    if caller.admin || instance.creator == caller.name {
        return Ok(());
    }
    let message = format!("{} cannot manage the database instance '{}'.", caller.name, instance.name);
    Err(ApiError::permission_denied(message))
}

/// Whether what Lakebase says is the caller's fault.
pub(crate) fn refused(error: &LakebaseError) -> ApiError {
    match error {
        LakebaseError::RoleName { .. } | LakebaseError::TokenLifetime { .. } => {
            ApiError::invalid_parameter(error.to_string())
        }
        LakebaseError::RoleOwnsObjects { .. } => ApiError::bad_request(error.to_string()),
        LakebaseError::NoSuchRole { .. } => ApiError::not_found(error.to_string()),
        LakebaseError::NotStarted { .. } => {
            ApiError::new(StatusCode::BAD_REQUEST, "INVALID_STATE", error.to_string())
        }
        other => ApiError::internal(other.to_string()),
    }
}

fn remember(workspace: &Workspace, instance_name: &str, role: &RoleRecord) -> Result<(), ApiError> {
    workspace.store.write(|records| {
        let roles = &mut find_mut(records, instance_name)?.roles;
        roles.entry(role.name.clone()).or_insert_with(|| role.clone());
        Ok(())
    })
}

pub(super) async fn get(
    State(workspace): State<Arc<Workspace>>,
    Path((instance_name, role)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let found = find(records, &instance_name)?.roles.get(&role);
        found.map(|role| Json(show(&instance_name, role))).ok_or_else(|| missing(&instance_name, &role))
    })
}

pub(super) async fn list(
    State(workspace): State<Arc<Workspace>>,
    Path(instance_name): Path<String>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let roles = &find(records, &instance_name)?.roles;
        let shown = roles.iter().map(|(name, role)| (name.clone(), show(&instance_name, role)));
        page("database_instance_roles", &query, shown).map(Json)
    })
}

pub(super) async fn delete(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path((instance_name, role)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let uid = workspace.store.read(|records| {
        let instance = find(records, &instance_name)?;
        require_manager(instance, &caller)?;
        if !instance.roles.contains_key(&role) {
            return Err(missing(&instance_name, &role));
        }
        Ok(instance.uid.clone())
    })?;
    workspace.lakebase.drop_role(&uid, &role).await.map_err(|error| refused(&error))?;
    workspace.store.write(|records| {
        find_mut(records, &instance_name)?.roles.remove(&role);
        Ok::<_, ApiError>(())
    })?;
    Ok(Json(json!({})))
}

fn missing(instance: &str, role: &str) -> ApiError {
    ApiError::not_found(format!("Role '{role}' not found in database instance '{instance}'."))
}

fn show(instance_name: &str, role: &RoleRecord) -> Value {
    let mut json =
        json!({"name": role.name, "identity_type": role.identity_type, "instance_name": instance_name});
    if role.superuser {
        json["membership_role"] = json!(SUPERUSER);
    }
    json
}

/// What the app resource `database` does: a role for the service principal that may connect and create schemas.
pub(crate) async fn grant_connect_and_create(
    workspace: &Workspace,
    instance_name: &str,
    client_id: &str,
) -> Result<(), ApiError> {
    let uid =
        workspace.store.read(|records| find(records, instance_name).map(|instance| instance.uid.clone()))?;
    let grants = RoleGrants { databricks_superuser: false, connect_and_create: true };
    workspace.lakebase.ensure_role(&uid, client_id, grants).await.map_err(|error| refused(&error))?;
    let role = RoleRecord {
        name: client_id.to_owned(),
        identity_type: "SERVICE_PRINCIPAL".to_owned(),
        superuser: false,
    };
    remember(workspace, instance_name, &role)
}
