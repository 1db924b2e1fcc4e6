//! A Lakebase database of either kind, in one shape.

use serde::Serialize;

use crate::spec::{LakebaseName, LakebaseType};

/// The Postgres database that every Lakebase project and instance has.
pub const DATABASE: &str = "databricks_postgres";

/// The branch that a new Autoscaling project has.
pub const DEFAULT_BRANCH: &str = "production";

/// A database that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LakebaseDatabase {
    /// Name of the project or instance.
    pub name: LakebaseName,
    /// What only one of the kinds has.
    pub kind: LakebaseKind,
    /// Host of the read-write endpoint; absent while the platform is still making it.
    pub host: Option<String>,
    /// State in the platform's word, for example `ACTIVE`, `AVAILABLE` or `STARTING`.
    pub state: String,
}

/// What tells the kinds apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LakebaseKind {
    /// A project of Lakebase Autoscaling.
    Autoscaling {
        /// Resource name of the branch, `projects/x/branches/production`.
        branch: String,
        /// Resource name of the read-write endpoint; absent while the platform is still making it.
        endpoint: Option<String>,
    },
    /// An instance of Lakebase Provisioned.
    Provisioned,
}

impl LakebaseDatabase {
    /// Which kind it is.
    pub fn lakebase_type(&self) -> LakebaseType {
        match self.kind {
            LakebaseKind::Autoscaling { .. } => LakebaseType::Autoscaling,
            LakebaseKind::Provisioned => LakebaseType::Provisioned,
        }
    }

    /// Resource name of the endpoint, for Autoscaling.
    pub fn endpoint(&self) -> Option<&str> {
        match &self.kind {
            LakebaseKind::Autoscaling { endpoint, .. } => endpoint.as_deref(),
            LakebaseKind::Provisioned => None,
        }
    }

    /// Whether a connection can be opened: a host is known and the state is not one that only time or a person changes.
    pub fn is_ready(&self) -> bool {
        let reachable = match self.kind {
            // IDLE is an endpoint that has scaled to zero; a connection wakes it.
            LakebaseKind::Autoscaling { .. } => matches!(self.state.as_str(), "ACTIVE" | "IDLE" | "DEGRADED"),
            LakebaseKind::Provisioned => {
                matches!(self.state.as_str(), "AVAILABLE" | "UPDATING" | "FAILING_OVER")
            }
        };
        reachable && self.host.is_some()
    }
}
