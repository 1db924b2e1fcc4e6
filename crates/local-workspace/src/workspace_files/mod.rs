//! Workspace files: folders, files and notebooks under `/Workspace`.
//!
//! Which objects exist is part of the [records](crate::records); their contents are files named by their digest.

mod access;
mod api;
mod contents;
mod import;
mod node;
mod notebook;
mod path;
mod tree;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use access::check as check_access;
pub(crate) use contents::Contents;
pub(crate) use import::too_large;
pub(crate) use node::{Node, NodeKind};
pub(crate) use path::WorkspacePath;
pub(crate) use tree::{below, missing};

use crate::workspace::Workspace;

/// Largest content of one import, and largest file an app's source may hold: 10 MiB.
pub(crate) const MAX_IMPORT: usize = 10_485_760;

/// `/2.0/workspace/…` and `/2.0/workspace-files/…`
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/2.0/workspace/mkdirs", post(api::mkdirs))
        .route("/2.0/workspace/import", post(import::import))
        .route("/2.0/workspace/export", get(api::export))
        .route("/2.0/workspace/delete", post(api::delete))
        .route("/2.0/workspace/get-status", get(api::get_status))
        .route("/2.0/workspace/list", get(api::list))
        .route("/2.0/workspace-files/import-file/{*path}", post(import::import_file))
}
