//! The branch of a project and its database, to read.

use serde_json::{Value, json};

use super::record::ProjectRecord;
use super::{BRANCH_ID, DATABASE_ID, errors, find, roles};
use crate::auth::CallerKind;
use crate::database_api::DATABASE_NAME;
use crate::records::Records;
use crate::rest::{ApiError, PageQuery, page};
use crate::wire_time::rfc3339;
use crate::workspace::Workspace;

/// The project, if it has this branch.
pub(super) fn project<'a>(
    records: &'a Records,
    project: &str,
    branch: &str,
) -> Result<&'a ProjectRecord, ApiError> {
    let project = find(records, project)?;
    if branch == BRANCH_ID { Ok(project) } else { Err(errors::missing("branch")) }
}

pub(super) fn get(workspace: &Workspace, id: &str, branch: &str) -> Result<Value, ApiError> {
    workspace.store.read(|records| project(records, id, branch).map(show))
}

pub(super) fn list(workspace: &Workspace, id: &str, query: &PageQuery) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let project = find(records, id)?;
        page("branches", query, [(BRANCH_ID.to_owned(), show(project))])
    })
}

fn show(project: &ProjectRecord) -> Value {
    let state = if project.address.is_some() { "READY" } else { "INIT" };
    json!({
        "name": format!("{}/branches/{BRANCH_ID}", project.name()),
        "branch_id": BRANCH_ID,
        "parent": project.name(),
        "uid": project.branch_uid,
        "create_time": rfc3339(project.create_time),
        "update_time": rfc3339(project.update_time),
        "status": {
            "branch_id": BRANCH_ID,
            "default": true,
            "is_protected": false,
            "current_state": state,
            "state_change_time": rfc3339(project.update_time),
            "logical_size_bytes": 0,
        },
    })
}

pub(super) fn database(
    workspace: &Workspace,
    id: &str,
    branch: &str,
    database: &str,
) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let project = project(records, id, branch)?;
        if database == DATABASE_ID { Ok(show_database(project)) } else { Err(errors::missing("database")) }
    })
}

pub(super) fn databases(
    workspace: &Workspace,
    id: &str,
    branch: &str,
    query: &PageQuery,
) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let project = project(records, id, branch)?;
        page("databases", query, [(DATABASE_ID.to_owned(), show_database(project))])
    })
}

fn show_database(project: &ProjectRecord) -> Value {
    let parent = format!("{}/branches/{BRANCH_ID}", project.name());
    let kind = if project.owner_kind == "USER" { CallerKind::User } else { CallerKind::ServicePrincipal };
    json!({
        "name": format!("{parent}/databases/{DATABASE_ID}"),
        "database_id": DATABASE_ID,
        "parent": parent,
        "create_time": rfc3339(project.create_time),
        "update_time": rfc3339(project.update_time),
        "status": {
            "database_id": DATABASE_ID,
            "postgres_database": DATABASE_NAME,
            "role": format!("{parent}/roles/{}", roles::id_for(&project.owner, kind)),
        },
    })
}
