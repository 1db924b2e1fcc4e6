//! The source of a deployment: what lies below a workspace folder.

use crate::workspace::Workspace;
use crate::workspace_files::{MAX_IMPORT, NodeKind, WorkspacePath, below, missing};

/// More than this is no app.
const MAX_TOTAL: usize = 512 * 1024 * 1024;

/// All files below `path`, with their paths relative to it. Notebooks become source files again.
///
/// # Errors
/// In the platform's words: the message of the failed deployment.
pub(super) fn read(workspace: &Workspace, path: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let folder = WorkspacePath::parse(path).map_err(|error| error.message().to_owned())?;
    let nodes = workspace.store.read(|records| {
        let node =
            records.files.get(folder.canonical()).ok_or_else(|| missing(&folder).message().to_owned())?;
        if node.kind != NodeKind::Directory {
            return Err(format!("Source code path ({path}) is not a directory."));
        }
        let inside = below(&records.files, folder.canonical());
        Ok(inside
            .map(|(key, node)| (key[folder.canonical().len() + 1..].to_owned(), node.clone()))
            .collect::<Vec<_>>())
    })?;
    let mut total = 0;
    let mut files = Vec::new();
    for (relative, node) in nodes {
        let Some(digest) = node.digest() else { continue };
        if node.size > MAX_IMPORT {
            return Err(format!("Error reading {relative}: File is larger than {MAX_IMPORT} bytes"));
        }
        total += node.size;
        if total > MAX_TOTAL {
            return Err(format!("The source code is larger than {MAX_TOTAL} bytes"));
        }
        let name = match &node.kind {
            NodeKind::Notebook { extension, .. } => format!("{relative}.{extension}"),
            _ => relative,
        };
        files.push((name, workspace.contents.get(digest).map_err(|error| error.to_string())?));
    }
    Ok(files)
}
