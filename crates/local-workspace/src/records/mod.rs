//! What the workspace remembers: one JSON file in the data folder, replaced in one step at each change.

mod identity;
mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use identity::{Identity, ServicePrincipal};
pub use store::StoreError;
pub(crate) use store::{Store, reading_from};

use crate::apps::record::AppRecord;
use crate::database_api::InstanceRecord;
use crate::postgres_api::{OperationRecord, ProjectRecord};
use crate::workspace_files::Node;

/// Format of the state file; a file of another version is refused, not guessed at.
const VERSION: u32 = 1;

/// Everything that survives a restart, except the contents of files and of databases.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Records {
    version: u32,
    /// Port of the REST API in the last run.
    pub(crate) port: Option<u16>,
    pub(crate) identity: Identity,
    next_id: i64,
    /// By client id.
    pub(crate) service_principals: BTreeMap<String, ServicePrincipal>,
    /// By name.
    pub(crate) apps: BTreeMap<String, AppRecord>,
    /// Workspace objects by path, without the `/Workspace` prefix.
    pub(crate) files: BTreeMap<String, Node>,
    /// Lakebase Provisioned, by name.
    pub(crate) instances: BTreeMap<String, InstanceRecord>,
    /// Lakebase Autoscaling, by id.
    pub(crate) projects: BTreeMap<String, ProjectRecord>,
    /// By name, such as `projects/p/operations/<uuid>`.
    pub(crate) operations: BTreeMap<String, OperationRecord>,
}

impl Records {
    /// The records of a workspace that never ran: one user, one service principal, their home folders.
    pub(crate) fn new() -> Records {
        let mut records = Records {
            version: VERSION,
            port: None,
            identity: Identity::new(),
            next_id: 4_000_000_001,
            service_principals: BTreeMap::new(),
            apps: BTreeMap::new(),
            files: BTreeMap::new(),
            instances: BTreeMap::new(),
            projects: BTreeMap::new(),
            operations: BTreeMap::new(),
        };
        for folder in ["/Users", "/Shared"] {
            records.add_folder(folder);
        }
        let user_name = records.identity.user_name.clone();
        records.add_home(&user_name);
        records.identity.client_id =
            records.add_service_principal("local workspace automation", true).client_id;
        records
    }

    /// The next id of an object, a service principal or the like.
    pub(crate) fn next_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Adds a service principal with a fresh client id and secret, and its home folder.
    pub(crate) fn add_service_principal(&mut self, display_name: &str, admin: bool) -> ServicePrincipal {
        let principal = ServicePrincipal::new(self.next_id(), display_name, admin);
        self.add_home(&principal.client_id);
        self.service_principals.insert(principal.client_id.clone(), principal.clone());
        principal
    }

    fn add_home(&mut self, name: &str) {
        self.add_folder(&format!("/Users/{name}"));
    }

    fn add_folder(&mut self, path: &str) {
        let id = self.next_id();
        self.files.insert(path.to_owned(), Node::directory(id));
    }
}
