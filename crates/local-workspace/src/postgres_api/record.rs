//! What is remembered of a project.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::rest::ApiError;

/// A Lakebase Autoscaling project, with its one branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProjectRecord {
    pub(crate) id: String,
    /// Also the id of the Postgres cluster behind it.
    pub(crate) uid: String,
    pub(crate) branch_uid: String,
    pub(crate) endpoint_uid: String,
    pub(crate) owner: String,
    pub(crate) owner_kind: String,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
    pub(crate) display_name: String,
    pub(crate) pg_version: i64,
    pub(crate) endpoint_settings: Map<String, Value>,
    /// Further fields of the spec that the status repeats.
    pub(crate) others: Map<String, Value>,
    /// Host of the cluster, from its first start on.
    pub(crate) address: Option<String>,
    pub(crate) deleting: bool,
    /// By id.
    pub(crate) roles: BTreeMap<String, RoleRecord>,
}

/// A role that the API made or reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RoleRecord {
    pub(crate) id: String,
    pub(crate) postgres_role: String,
    pub(crate) identity_type: String,
    pub(crate) auth_method: String,
    pub(crate) membership_roles: Vec<String>,
    pub(crate) create_time: Timestamp,
}

impl ProjectRecord {
    /// `projects/<id>`
    pub(crate) fn name(&self) -> String {
        format!("projects/{}", self.id)
    }

    /// Host to connect to.
    ///
    /// # Errors
    /// 400 before the project is ready and while it is deleted.
    pub(crate) fn address(&self) -> Result<&str, ApiError> {
        match &self.address {
            Some(address) if !self.deleting => Ok(address),
            _ => {
                let message = format!("project {} is not ready", self.id);
                Err(ApiError::new(StatusCode::BAD_REQUEST, "INVALID_STATE", message))
            }
        }
    }

    /// One of the default endpoint settings, or `default`.
    pub(super) fn endpoint_setting(&self, key: &str, default: Value) -> Value {
        self.endpoint_settings.get(key).cloned().unwrap_or(default)
    }

    /// The settings with what the service fills in.
    pub(super) fn effective_endpoint_settings(&self) -> Value {
        let mut settings = json!({
            "autoscaling_limit_min_cu": 1.0,
            "autoscaling_limit_max_cu": 1.0,
            "suspend_timeout_duration": "86400s",
        });
        if let Some(map) = settings.as_object_mut() {
            map.extend(self.endpoint_settings.clone());
        }
        settings
    }
}
