//! What is remembered of an instance.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rest::ApiError;
use crate::wire_time::rfc3339;

/// A Lakebase Provisioned instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InstanceRecord {
    pub(crate) name: String,
    /// Also the id of the Postgres cluster behind it.
    pub(crate) uid: String,
    pub(crate) capacity: String,
    pub(crate) creator: String,
    pub(crate) creation_time: Timestamp,
    pub(crate) state: InstanceState,
    /// Host of the cluster, from its first start on.
    pub(crate) address: Option<String>,
    pub(crate) retention_window_in_days: i64,
    /// By name of the Postgres role.
    pub(crate) roles: BTreeMap<String, RoleRecord>,
}

/// `state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum InstanceState {
    Starting,
    Available,
    Deleting,
}

/// A role that the API made or reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RoleRecord {
    pub(crate) name: String,
    pub(crate) identity_type: String,
    pub(crate) superuser: bool,
}

impl InstanceRecord {
    /// A new instance, still starting.
    pub(super) fn new(
        name: &str,
        capacity: &str,
        retention_window_in_days: i64,
        creator: &str,
    ) -> InstanceRecord {
        InstanceRecord {
            name: name.to_owned(),
            uid: Uuid::new_v4().to_string(),
            capacity: capacity.to_owned(),
            creator: creator.to_owned(),
            creation_time: Timestamp::now(),
            state: InstanceState::Starting,
            address: None,
            retention_window_in_days,
            roles: BTreeMap::new(),
        }
    }

    /// Host to connect to.
    ///
    /// # Errors
    /// 400 while the instance is not available.
    pub(crate) fn address(&self) -> Result<&str, ApiError> {
        match (&self.address, self.state) {
            (Some(address), InstanceState::Available) => Ok(address),
            _ => {
                let message = format!("Database instance '{}' is not in state AVAILABLE.", self.name);
                Err(ApiError::new(StatusCode::BAD_REQUEST, "INVALID_STATE", message))
            }
        }
    }

    /// `DatabaseInstance`.
    pub(super) fn to_json(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "uid": self.uid,
            "capacity": self.capacity,
            "creator": self.creator,
            "creation_time": rfc3339(self.creation_time),
            "state": self.state,
            "pg_version": "PG_VERSION_16",
            "node_count": 1,
            "retention_window_in_days": self.retention_window_in_days,
            "effective_capacity": self.capacity,
            "effective_node_count": 1,
            "effective_retention_window_in_days": self.retention_window_in_days,
            "effective_stopped": false,
            "effective_enable_pg_native_login": false,
            "effective_enable_readable_secondaries": false,
        });
        if let Some(address) = &self.address {
            json["read_write_dns"] = json!(address);
        }
        json
    }
}
