//! The read-write endpoint of a branch, to read.

use serde_json::{Value, json};

use super::record::ProjectRecord;
use super::{BRANCH_ID, ENDPOINT_ID, branches, errors};
use crate::faults::{Shown, Thing};
use crate::rest::{ApiError, PageQuery, page};
use crate::wire_time::rfc3339;
use crate::workspace::Workspace;

pub(super) fn get(workspace: &Workspace, id: &str, branch: &str, endpoint: &str) -> Result<Value, ApiError> {
    workspace.store.read(|records| {
        let project = branches::project(records, id, branch)?;
        if endpoint == ENDPOINT_ID { Ok(show(workspace, project)) } else { Err(errors::missing("endpoint")) }
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
        page("endpoints", query, [(ENDPOINT_ID.to_owned(), show(workspace, project))])
    })
}

/// `Endpoint`; without hosts until the cluster has an address.
fn show(workspace: &Workspace, project: &ProjectRecord) -> Value {
    let shown = workspace.faults.shown(Thing::Lakebase, &project.id);
    let address = project.address.as_ref().filter(|_| shown != Some(Shown::Unsettled));
    let parent = format!("{}/branches/{BRANCH_ID}", project.name());
    let settings = project.effective_endpoint_settings();
    let mut status = json!({
        "endpoint_id": ENDPOINT_ID,
        "endpoint_type": "ENDPOINT_TYPE_READ_WRITE",
        "current_state": if address.is_some() { "ACTIVE" } else { "INIT" },
        "disabled": false,
        "autoscaling_limit_min_cu": settings["autoscaling_limit_min_cu"],
        "autoscaling_limit_max_cu": settings["autoscaling_limit_max_cu"],
        "suspend_timeout_duration": settings["suspend_timeout_duration"],
        "settings": {"pg_settings": project.endpoint_setting("pg_settings", json!({}))},
        "group": {"min": 1, "max": 1, "enable_readable_secondaries": false},
    });
    if let Some(Shown::As(becomes)) = shown {
        status["current_state"] = json!(becomes.state);
    }
    match address {
        // the pooler is the same server here
        Some(address) => status["hosts"] = json!({"host": address, "read_write_pooled_host": address}),
        None => status["pending_state"] = json!("ACTIVE"),
    }
    json!({
        "name": format!("{parent}/endpoints/{ENDPOINT_ID}"),
        "endpoint_id": ENDPOINT_ID,
        "parent": parent,
        "uid": project.endpoint_uid,
        "create_time": rfc3339(project.create_time),
        "update_time": rfc3339(project.update_time),
        "status": status,
    })
}
