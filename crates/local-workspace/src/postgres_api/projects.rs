//! Projects: create, read, list, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::record::{ProjectRecord, RoleRecord};
use super::{BRANCH_ID, errors, find, find_mut, operations, paths, roles};
use crate::auth::{Caller, CallerKind};
use crate::database_api::roles::refused;
use crate::lakebase::LakebaseError;
use crate::records::Records;
use crate::rest::{ApiError, PageQuery, page};
use crate::wire_time::rfc3339;
use crate::workspace::Workspace;

const PG_VERSIONS: [i64; 3] = [16, 17, 18];
const DEFAULT_PG_VERSION: i64 = 17;
/// Each is a Postgres cluster of its own on this machine.
const MAX_PROJECTS: usize = 50;

/// The body of create: `{"spec": {…}}`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ProjectBody {
    #[serde(default)]
    spec: ProjectSpec,
}

#[derive(Debug, Default, Deserialize)]
struct ProjectSpec {
    display_name: Option<String>,
    /// A number; clients also send it as a string, which the service accepts.
    pg_version: Option<Value>,
    #[serde(default)]
    default_endpoint_settings: Map<String, Value>,
    budget_policy_id: Option<Value>,
    custom_tags: Option<Value>,
    history_retention_duration: Option<Value>,
}

pub(super) fn create(
    workspace: &Arc<Workspace>,
    caller: &Caller,
    id: &str,
    body: ProjectBody,
) -> Result<Value, ApiError> {
    let project = workspace.store.write(|records| {
        check_new(records, id)?;
        let project = new_record(id, caller, body.spec)?;
        records.projects.insert(id.to_owned(), project.clone());
        Ok::<_, ApiError>(project)
    })?;
    let shared = Arc::clone(workspace);
    let name = project.name();
    let id = id.to_owned();
    let undo = move |workspace: &Workspace| forget(workspace, &id);
    operations::begin(workspace, &name, "Project", async move { bring_up(&shared, &project).await }, undo)
}

fn check_new(records: &Records, id: &str) -> Result<(), ApiError> {
    if id.is_empty() {
        return Err(errors::required("project_id"));
    }
    if !paths::is_valid_id(id) {
        return Err(ApiError::invalid_parameter(format!(
            "Invalid project_id '{id}': it must match ^[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$"
        )));
    }
    if records.projects.contains_key(id) {
        return Err(ApiError::already_exists("project with such id already exists in the workspace"));
    }
    if records.projects.len() >= MAX_PROJECTS {
        let message = format!("The workspace has reached its limit of {MAX_PROJECTS} projects.");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "QUOTA_EXCEEDED", message));
    }
    Ok(())
}

fn new_record(id: &str, caller: &Caller, spec: ProjectSpec) -> Result<ProjectRecord, ApiError> {
    let now = Timestamp::now();
    let short = |length| Uuid::new_v4().simple().to_string().chars().take(length).collect::<String>();
    let owner_kind = match caller.kind {
        CallerKind::User => "USER",
        CallerKind::ServicePrincipal => "SERVICE_PRINCIPAL",
    };
    let owner_role = RoleRecord {
        id: roles::id_for(&caller.name, caller.kind),
        postgres_role: caller.name.clone(),
        identity_type: owner_kind.to_owned(),
        auth_method: roles::OAUTH.to_owned(),
        membership_roles: vec![roles::SUPERUSER.to_owned()],
        create_time: now,
    };
    let others = [
        ("budget_policy_id", spec.budget_policy_id),
        ("custom_tags", spec.custom_tags),
        ("history_retention_duration", spec.history_retention_duration),
    ];
    Ok(ProjectRecord {
        id: id.to_owned(),
        uid: Uuid::new_v4().to_string(),
        branch_uid: format!("br-{}", short(12)),
        endpoint_uid: format!("ep-{}", short(12)),
        owner: caller.name.clone(),
        owner_kind: owner_kind.to_owned(),
        create_time: now,
        update_time: now,
        display_name: spec.display_name.unwrap_or_else(|| id.to_owned()),
        pg_version: pg_version(spec.pg_version.as_ref())?,
        endpoint_settings: spec.default_endpoint_settings,
        others: others.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect(),
        address: None,
        deleting: false,
        roles: BTreeMap::from([(owner_role.id.clone(), owner_role)]),
    })
}

fn pg_version(given: Option<&Value>) -> Result<i64, ApiError> {
    let version = match given {
        None | Some(Value::Null) => Some(DEFAULT_PG_VERSION),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_i64(),
    };
    let known = version.filter(|version| PG_VERSIONS.contains(version));
    known.ok_or_else(|| ApiError::invalid_parameter("Field 'pg_version' must be one of 16, 17, 18"))
}

async fn bring_up(workspace: &Workspace, project: &ProjectRecord) -> Result<Value, ApiError> {
    workspace.faults.name_lakebase(&project.uid, &project.id);
    let started = workspace.lakebase.start(&project.uid, &project.owner).await;
    workspace
        .store
        .write(|records| match started {
            Ok(address) => {
                let record = find_mut(records, &project.id)?;
                record.address = Some(address.host);
                Ok(show(record))
            }
            Err(error) => {
                // nothing came into being, so the id is free again
                records.projects.remove(&project.id);
                Ok(Value::from(error.to_string()))
            }
        })
        .and_then(|answer| match answer {
            Value::String(why) => Err(ApiError::internal(why)),
            project => Ok(project),
        })
}

/// Starts the clusters of all projects again.
pub(crate) async fn restore(workspace: &Arc<Workspace>) -> Result<(), LakebaseError> {
    let projects: Vec<ProjectRecord> =
        workspace.store.read(|records| records.projects.values().cloned().collect());
    for project in projects {
        if project.deleting {
            let shared = Arc::clone(workspace);
            workspace.spawn(async move {
                if let Err(error) = remove(&shared, &project.id, &project.uid).await {
                    tracing::error!(project = project.id, "the project is not deleted: {}", error.message());
                }
            });
            continue;
        }
        workspace.faults.name_lakebase(&project.uid, &project.id);
        let address = workspace.lakebase.start(&project.uid, &project.owner).await?;
        let written = workspace.store.write(|records| {
            find_mut(records, &project.id)?.address = Some(address.host);
            Ok::<_, ApiError>(())
        });
        if let Err(error) = written {
            tracing::error!(project = project.id, "the project is not ready: {}", error.message());
        }
    }
    Ok(())
}

pub(super) fn get(workspace: &Workspace, id: &str) -> Result<Value, ApiError> {
    workspace.store.read(|records| find(records, id).map(show))
}

pub(super) fn list(workspace: &Workspace, query: &PageQuery) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let projects = records.projects.iter().map(|(id, project)| (id.clone(), show(project)));
        page("projects", query, projects)
    })
}

/// Deletes a project with its data, at once: there is no trash to undelete it from.
pub(super) fn delete(workspace: &Arc<Workspace>, caller: &Caller, id: &str) -> Result<Value, ApiError> {
    let (name, uid) = workspace.store.write(|records| {
        let project = find_mut(records, id)?;
        require_manager(project, caller)?;
        if project.deleting {
            return Err(ApiError::bad_request(format!("project {id} is being deleted")));
        }
        project.deleting = true;
        Ok((project.name(), project.uid.clone()))
    })?;
    let (shared, id) = (Arc::clone(workspace), id.to_owned());
    let kept = id.clone();
    let undo = move |workspace: &Workspace| {
        workspace.store.write(|records| {
            find_mut(records, &kept)?.deleting = false;
            Ok(())
        })
    };
    let work = async move {
        remove(&shared, &id, &uid).await?;
        Ok(operations::empty())
    };
    operations::begin(workspace, &name, "Project", work, undo)
}

async fn remove(workspace: &Workspace, id: &str, uid: &str) -> Result<(), ApiError> {
    workspace.lakebase.remove(uid).await.map_err(|error| refused(&error))?;
    forget(workspace, id)
}

fn forget(workspace: &Workspace, id: &str) -> Result<(), ApiError> {
    workspace.store.write(|records| {
        records.projects.remove(id);
        Ok(())
    })
}

/// Only admins and the owner change a project.
pub(super) fn require_manager(project: &ProjectRecord, caller: &Caller) -> Result<(), ApiError> {
    if caller.admin || project.owner == caller.name {
        return Ok(());
    }
    Err(ApiError::permission_denied(format!("{} cannot manage the project {}", caller.name, project.id)))
}

/// `Project`.
fn show(project: &ProjectRecord) -> Value {
    let mut status = json!({
        "project_id": project.id,
        "display_name": project.display_name,
        "pg_version": project.pg_version,
        "owner": project.owner,
        "default_branch": format!("{}/branches/{BRANCH_ID}", project.name()),
        "history_retention_duration": "604800s",
        "branch_logical_size_limit_bytes": 8_796_093_022_208_i64,
        "enable_pg_native_login": false,
        "synthetic_storage_size_bytes": 0,
        "default_endpoint_settings": project.effective_endpoint_settings(),
    });
    if let Some(status) = status.as_object_mut() {
        status.extend(project.others.clone());
    }
    json!({
        "name": project.name(),
        "project_id": project.id,
        "uid": project.uid,
        "create_time": rfc3339(project.create_time),
        "update_time": rfc3339(project.update_time),
        "status": status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_may_be_a_number_or_a_string() {
        for (given, expected) in [
            (None, Some(17)),
            (Some(json!("17")), Some(17)),
            (Some(json!(16)), Some(16)),
            (Some(json!("seventeen")), None),
            (Some(json!(9)), None),
        ] {
            assert_eq!(pg_version(given.as_ref()).ok(), expected, "{given:?}");
        }
    }
}
