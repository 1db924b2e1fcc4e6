//! Postgres roles of a branch.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::projects::require_manager;
use super::record::RoleRecord;
use super::{BRANCH_ID, branches, errors, find, find_mut, operations, project_of_branch};
use crate::auth::{Caller, CallerKind};
use crate::database_api::roles::refused;
use crate::lakebase::RoleGrants;
use crate::records::Records;
use crate::rest::{ApiError, PageQuery, page};
use crate::wire_time::rfc3339;
use crate::workspace::Workspace;

/// Authentication with tokens.
pub(super) const OAUTH: &str = "LAKEBASE_OAUTH_V1";
/// The one membership there is.
pub(super) const SUPERUSER: &str = "DATABRICKS_SUPERUSER";
const MAX_ROLES: usize = 500;

/// The body of create: `{"spec": {…}}`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RoleBody {
    #[serde(default)]
    spec: RoleSpec,
}

#[derive(Debug, Default, Deserialize)]
struct RoleSpec {
    #[serde(default)]
    postgres_role: String,
    identity_type: Option<String>,
    auth_method: Option<String>,
    #[serde(default)]
    membership_roles: Vec<String>,
}

/// Id of the role that the service makes for a principal.
pub(super) fn id_for(principal: &str, kind: CallerKind) -> String {
    let prefix = match kind {
        CallerKind::User => "user",
        CallerKind::ServicePrincipal => "sp",
    };
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let id: String = format!("{prefix}-{}", principal.chars().map(safe).collect::<String>());
    id.chars().take(63).collect::<String>().trim_end_matches('-').to_owned()
}

pub(super) fn create(
    workspace: &Arc<Workspace>,
    caller: &Caller,
    (project, branch): (&str, &str),
    role_id: &str,
    body: RoleBody,
) -> Result<Value, ApiError> {
    let role = new_record(role_id, body.spec)?;
    let uid = workspace.store.read(|records| {
        let project = branches::project(records, project, branch)?;
        require_manager(project, caller)?;
        project.address()?;
        check_new(records, &role)?;
        let taken = |other: &RoleRecord| other.id == role.id || other.postgres_role == role.postgres_role;
        if project.roles.values().any(taken) {
            return Err(ApiError::bad_request("role with that name already exists"));
        }
        if project.roles.len() >= MAX_ROLES {
            return Err(ApiError::bad_request(format!("a branch can have at most {MAX_ROLES} roles")));
        }
        Ok(project.uid.clone())
    })?;
    let parent = format!("projects/{project}/branches/{branch}");
    let (shared, project) = (Arc::clone(workspace), project.to_owned());
    let name = format!("{parent}/roles/{}", role.id);
    let work = async move {
        let superuser = role.membership_roles.iter().any(|membership| membership == SUPERUSER);
        let grants = RoleGrants { databricks_superuser: superuser, connect_and_create: false };
        shared
            .lakebase
            .ensure_role(&uid, &role.postgres_role, grants)
            .await
            .map_err(|error| refused(&error))?;
        shared.store.write(|records| {
            let shown = show(&parent, &role);
            find_mut(records, &project)?.roles.insert(role.id.clone(), role);
            Ok(shown)
        })
    };
    operations::begin(workspace, &name, "Role", work, operations::nothing_to_undo)
}

fn new_record(role_id: &str, spec: RoleSpec) -> Result<RoleRecord, ApiError> {
    if spec.postgres_role.is_empty() {
        return Err(errors::required("spec.postgres_role"));
    }
    let id = match role_id {
        "" => format!("role-{}", &Uuid::new_v4().simple().to_string()[..12]),
        id if (4..=63).contains(&id.len()) && super::paths::is_valid_id(id) => id.to_owned(),
        id => {
            return Err(ApiError::invalid_parameter(format!(
                "Invalid role_id '{id}': it must be 4 to 63 characters long and match ^[a-z][a-z0-9-]*[a-z0-9]$"
            )));
        }
    };
    let identity_type = spec.identity_type.unwrap_or_else(|| "USER".to_owned());
    one_of("identity_type", &identity_type, &["USER", "SERVICE_PRINCIPAL", "GROUP"])?;
    let auth_method = spec.auth_method.unwrap_or_else(|| OAUTH.to_owned());
    one_of("auth_method", &auth_method, &[OAUTH, "NO_LOGIN", "PG_PASSWORD_SCRAM_SHA_256"])?;
    for membership in &spec.membership_roles {
        one_of("membership_roles", membership, &[SUPERUSER])?;
    }
    Ok(RoleRecord {
        id,
        postgres_role: spec.postgres_role,
        identity_type,
        auth_method,
        membership_roles: spec.membership_roles,
        create_time: Timestamp::now(),
    })
}

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), ApiError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let message = format!("Field 'spec.{field}' must be one of {}, not '{value}'", allowed.join(", "));
    Err(ApiError::invalid_parameter(message))
}

/// An OAuth role is a principal of the workspace.
fn check_new(records: &Records, role: &RoleRecord) -> Result<(), ApiError> {
    let name = &role.postgres_role;
    let known = match role.identity_type.as_str() {
        _ if role.auth_method != OAUTH => true,
        "SERVICE_PRINCIPAL" => records.service_principals.contains_key(name),
        "USER" => *name == records.identity.user_name,
        _ => true,
    };
    if known {
        return Ok(());
    }
    let message = format!("{} '{name}' does not exist in the workspace", role.identity_type.to_lowercase());
    Err(ApiError::invalid_parameter(message))
}

pub(super) fn get(workspace: &Workspace, id: &str, branch: &str, role: &str) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let project = branches::project(records, id, branch)?;
        let found = project.roles.get(role).ok_or_else(|| errors::missing("role"))?;
        Ok(show(&format!("{}/branches/{BRANCH_ID}", project.name()), found))
    })
}

pub(super) fn list(
    workspace: &Workspace,
    id: &str,
    branch: &str,
    query: &PageQuery,
) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let project = branches::project(records, id, branch)?;
        let parent = format!("{}/branches/{BRANCH_ID}", project.name());
        page("roles", query, project.roles.iter().map(|(id, role)| (id.clone(), show(&parent, role))))
    })
}

pub(super) fn delete(
    workspace: &Arc<Workspace>,
    caller: &Caller,
    (project, branch): (&str, &str),
    role: &str,
) -> Result<Value, ApiError> {
    let (uid, postgres_role) = workspace.store.read(|records| {
        let project = branches::project(records, project, branch)?;
        require_manager(project, caller)?;
        let found = project.roles.get(role).ok_or_else(|| errors::missing("role"))?;
        if found.postgres_role == project.owner {
            return Err(errors::managed_by_parent("the role of the project's owner"));
        }
        Ok((project.uid.clone(), found.postgres_role.clone()))
    })?;
    let (shared, project, role) = (Arc::clone(workspace), project.to_owned(), role.to_owned());
    let name = format!("projects/{project}/branches/{branch}/roles/{role}");
    let work = async move {
        shared.lakebase.drop_role(&uid, &postgres_role).await.map_err(|error| refused(&error))?;
        shared.store.write(|records| {
            find_mut(records, &project)?.roles.remove(&role);
            Ok(operations::empty())
        })
    };
    operations::begin(workspace, &name, "Role", work, operations::nothing_to_undo)
}

fn show(parent: &str, role: &RoleRecord) -> Value {
    let mut status = json!({
        "role_id": role.id,
        "postgres_role": role.postgres_role,
        "identity_type": role.identity_type,
        "auth_method": role.auth_method,
    });
    if !role.membership_roles.is_empty() {
        status["membership_roles"] = json!(role.membership_roles);
    }
    json!({
        "name": format!("{parent}/roles/{}", role.id),
        "role_id": role.id,
        "parent": parent,
        "create_time": rfc3339(role.create_time),
        "update_time": rfc3339(role.create_time),
        "status": status,
    })
}

/// What the app resource `postgres` does: a role for the service principal that may connect and create schemas.
pub(crate) async fn grant_connect_and_create(
    workspace: &Workspace,
    branch: &str,
    client_id: &str,
) -> Result<(), ApiError> {
    let (id, uid) = workspace.store.read(|records| {
        project_of_branch(records, branch).map(|project| (project.id.clone(), project.uid.clone()))
    })?;
    let grants = RoleGrants { databricks_superuser: false, connect_and_create: true };
    workspace.lakebase.ensure_role(&uid, client_id, grants).await.map_err(|error| refused(&error))?;
    workspace.store.write(|records| {
        let known = find(records, &id)?.roles.values().any(|role| role.postgres_role == client_id);
        if !known {
            let role = RoleRecord {
                id: id_for(client_id, CallerKind::ServicePrincipal),
                postgres_role: client_id.to_owned(),
                identity_type: "SERVICE_PRINCIPAL".to_owned(),
                auth_method: OAUTH.to_owned(),
                membership_roles: Vec::new(),
                create_time: Timestamp::now(),
            };
            find_mut(records, &id)?.roles.insert(role.id.clone(), role);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_names() {
        let user = id_for("Deployer.One@example.com", CallerKind::User);
        assert_eq!(user, "user-deployer-one-example-com");
        let client_id = "11111111-2222-4333-8444-555555555555";
        assert_eq!(id_for(client_id, CallerKind::ServicePrincipal), format!("sp-{client_id}"));
        assert!(id_for(&"x".repeat(200), CallerKind::User).len() <= 63);
    }
}
