//! Why a local workspace could not be started.

use std::path::PathBuf;

use crate::lakebase::LakebaseError;
use crate::records::StoreError;

/// Why [`start`](crate::start) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The address is taken or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}: {source}; choose another port, or 0 for any free one")]
    Bind {
        /// The port that was asked for.
        port: u16,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The data folder or its state file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Postgres could not be found or started.
    #[error("Lakebase (a real PostgreSQL server) could not be started: {0}")]
    Lakebase(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An app that was deployed before could not get its address back.
    #[error("the app `{app}` cannot get its address: {message}")]
    AppAddress {
        /// Name of the app.
        app: String,
        /// What went wrong.
        message: String,
    },
    /// The ready file cannot be written.
    #[error("cannot write the ready file {path}: {source}; its folder must exist and be writable")]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl From<LakebaseError> for WorkspaceError {
    fn from(error: LakebaseError) -> Self {
        WorkspaceError::Lakebase(Box::new(error))
    }
}
