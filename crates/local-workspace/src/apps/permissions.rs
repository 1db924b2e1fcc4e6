//! Who may use and manage an app.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api;
use super::record::AppRecord;
use crate::auth::{Caller, CallerKind};
use crate::records::Records;
use crate::rest::{ApiError, ApiJson};
use crate::workspace::Workspace;

/// Groups that every workspace has.
const GROUPS: [&str; 3] = ["admins", "users", "account users"];

/// What a principal may do with an app; the later includes the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Level {
    /// Open the app.
    CanUse,
    /// Change, deploy and delete it.
    CanManage,
}

/// To whom an entry applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Grantee {
    /// By user name.
    #[serde(rename = "user_name")]
    User(String),
    /// By name.
    #[serde(rename = "group_name")]
    Group(String),
    /// By client id.
    #[serde(rename = "service_principal_name")]
    Service(String),
}

/// One entry of an app's access control list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessEntry {
    principal: Grantee,
    level: Level,
}

impl AccessEntry {
    /// The entry that the creator of an app gets.
    pub(crate) fn of_creator(caller: &Caller) -> AccessEntry {
        let principal = match caller.kind {
            CallerKind::User => Grantee::User(caller.name.clone()),
            CallerKind::ServicePrincipal => Grantee::Service(caller.name.clone()),
        };
        AccessEntry { principal, level: Level::CanManage }
    }
}

/// What `caller` may do with `app`.
pub(crate) fn level_of(app: &AppRecord, caller: &Caller) -> Option<Level> {
    if caller.admin {
        return Some(Level::CanManage);
    }
    let applies = |entry: &&AccessEntry| match &entry.principal {
        Grantee::User(name) | Grantee::Service(name) => *name == caller.name,
        Grantee::Group(group) => group != "admins",
    };
    app.access.iter().filter(applies).map(|entry| entry.level).max()
}

/// Refuses `caller` unless it may do what `level` says.
pub(super) fn require(app: &AppRecord, caller: &Caller, level: Level) -> Result<(), ApiError> {
    if level_of(app, caller) >= Some(level) {
        return Ok(());
    }
    let message =
        format!("{} does not have {} permission on the app {}.", caller.name, wire(level), app.name);
    Err(ApiError::permission_denied(message))
}

fn wire(level: Level) -> &'static str {
    match level {
        Level::CanUse => "CAN_USE",
        Level::CanManage => "CAN_MANAGE",
    }
}

#[derive(Deserialize)]
pub(super) struct AccessRequest {
    #[serde(default)]
    access_control_list: Vec<AccessRequestEntry>,
}

#[derive(Deserialize)]
struct AccessRequestEntry {
    user_name: Option<String>,
    group_name: Option<String>,
    service_principal_name: Option<String>,
    permission_level: Level,
}

impl AccessRequestEntry {
    fn check(self, records: &Records) -> Result<AccessEntry, ApiError> {
        let unknown = |kind: &str, name: &str| {
            ApiError::does_not_exist(format!("Principal: {kind}({name}) does not exist"))
        };
        let principal = match (self.user_name, self.group_name, self.service_principal_name) {
            (Some(name), None, None) if name == records.identity.user_name => Grantee::User(name),
            (Some(name), None, None) => return Err(unknown("UserName", &name)),
            (None, Some(name), None) if GROUPS.contains(&name.as_str()) => Grantee::Group(name),
            (None, Some(name), None) => return Err(unknown("GroupName", &name)),
            (None, None, Some(name)) if records.service_principals.contains_key(&name) => {
                Grantee::Service(name)
            }
            (None, None, Some(name)) => return Err(unknown("ServicePrincipalName", &name)),
            _ => {
                return Err(ApiError::invalid_parameter(
                    "Each entry must name exactly one of user_name, group_name and service_principal_name.",
                ));
            }
        };
        Ok(AccessEntry { principal, level: self.permission_level })
    }
}

pub(super) async fn get(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let app = api::find(records, &name)?;
        require(app, &caller, Level::CanUse)?;
        Ok(Json(present(records, app)))
    })
}

pub(super) async fn replace(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiJson(request): ApiJson<AccessRequest>,
) -> Result<Json<Value>, ApiError> {
    change(&workspace, &caller, &name, request, true)
}

pub(super) async fn add(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    ApiJson(request): ApiJson<AccessRequest>,
) -> Result<Json<Value>, ApiError> {
    change(&workspace, &caller, &name, request, false)
}

fn change(
    workspace: &Workspace,
    caller: &Caller,
    name: &str,
    request: AccessRequest,
    replace: bool,
) -> Result<Json<Value>, ApiError> {
    workspace.store.write(|records| {
        require(api::find(records, name)?, caller, Level::CanManage)?;
        let entries: Result<Vec<AccessEntry>, ApiError> =
            request.access_control_list.into_iter().map(|entry| entry.check(records)).collect();
        let app = api::find_mut(records, name)?;
        if replace {
            app.access.clear();
        }
        for entry in entries? {
            app.access.retain(|old| old.principal != entry.principal);
            app.access.push(entry);
        }
        Ok(Json(present(records, api::find(records, name)?)))
    })
}

pub(super) async fn levels(
    State(workspace): State<Arc<Workspace>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| api::find(records, &name).map(|_| ()))?;
    Ok(Json(json!({"permission_levels": [
        {"permission_level": "CAN_USE", "description": "Can use the app"},
        {"permission_level": "CAN_MANAGE", "description": "Can manage the app and its permissions"},
    ]})))
}

fn present(records: &Records, app: &AppRecord) -> Value {
    let mut list: Vec<Value> = app
        .access
        .iter()
        .map(|entry| {
            let mut json =
                json!({"all_permissions": [{"inherited": false, "permission_level": entry.level}]});
            match &entry.principal {
                Grantee::User(name) => {
                    json["user_name"] = json!(name);
                    json["display_name"] = json!(records.identity.display_name);
                }
                Grantee::Group(name) => json["group_name"] = json!(name),
                Grantee::Service(name) => {
                    json["service_principal_name"] = json!(name);
                    let principal = records.service_principals.get(name);
                    json["display_name"] = json!(principal.map_or(name, |principal| &principal.display_name));
                }
            }
            json
        })
        .collect();
    list.push(json!({
        "group_name": "admins",
        "all_permissions": [
            {"inherited": true, "inherited_from_object": ["/apps/"], "permission_level": "CAN_MANAGE"},
        ],
    }));
    json!({"object_id": format!("/apps/{}", app.name), "object_type": "apps", "access_control_list": list})
}
