//! What a started workspace tells those who want to call it.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::WorkspaceError;

/// Where a local workspace listens and who may call it: the content of the ready file.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Ready {
    /// Base URL of the REST API, such as `http://127.0.0.1:41234`.
    pub host: String,
    /// A personal access token of `user`.
    pub token: String,
    /// User name of the one user of this workspace, who is its admin.
    pub user: String,
    /// Id of the workspace, as in `X-Databricks-Org-Id`.
    pub workspace_id: String,
    /// Client id of a service principal for OAuth M2M, also an admin.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("host", &self.host)
            .field("token", &"[redacted]")
            .field("user", &self.user)
            .field("workspace_id", &self.workspace_id)
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .finish()
    }
}

impl Ready {
    /// Writes the ready file in one step, so that a reader sees all of it or none.
    pub(crate) fn write(&self, path: &Path) -> Result<(), WorkspaceError> {
        let wrap = |source| WorkspaceError::ReadyFile { path: path.to_owned(), source };
        let json = serde_json::to_vec_pretty(self).map_err(|error| wrap(error.into()))?;
        crate::private_file::write(path, &json).map_err(wrap)
    }
}
