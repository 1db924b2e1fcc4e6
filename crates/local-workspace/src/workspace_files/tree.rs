//! The tree of objects in the records.

use std::collections::BTreeMap;
use std::ops::Bound;

use http::StatusCode;

use super::WorkspacePath;
use super::node::{Node, NodeKind};
use crate::records::Records;
use crate::rest::ApiError;

/// More objects than this are refused: `list` has no pages.
const MAX_OBJECTS: usize = 50_000;

/// 404: there is no such object.
pub(crate) fn missing(path: &WorkspacePath) -> ApiError {
    ApiError::does_not_exist(format!("Path ({}) doesn't exist.", path.shown_self()))
}

/// 400: there is an object already.
pub(super) fn exists(path: &WorkspacePath) -> ApiError {
    let message = format!("Path ({}) already exists.", path.shown_self());
    ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", message)
}

/// Whether `path` is a folder; the root always is.
pub(super) fn is_directory(records: &Records, path: &str) -> bool {
    path == "/" || records.files.get(path).is_some_and(|node| node.kind == NodeKind::Directory)
}

/// All objects below the folder `path`, at any depth, with their full paths.
pub(crate) fn below<'a>(
    files: &'a BTreeMap<String, Node>,
    path: &str,
) -> impl Iterator<Item = (&'a String, &'a Node)> + use<'a> {
    let prefix = format!("{}/", path.trim_end_matches('/'));
    files
        .range::<String, _>((Bound::Excluded(prefix.clone()), Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(&prefix))
}

/// Makes the folder `path` and those it lies in.
pub(super) fn make_directories(records: &mut Records, path: &WorkspacePath) -> Result<(), ApiError> {
    let mut current = String::new();
    for segment in path.canonical().split('/').filter(|segment| !segment.is_empty()) {
        current = format!("{current}/{segment}");
        match records.files.get(&current) {
            Some(node) if node.kind == NodeKind::Directory => {}
            Some(_) => return Err(exists(&WorkspacePath::parse(&path.shown(&current))?)),
            None => {
                check_room(records)?;
                let id = records.next_id();
                records.files.insert(current.clone(), Node::directory(id));
            }
        }
    }
    Ok(())
}

/// Puts a file or notebook at `path`; gives its object id.
pub(super) fn put(
    records: &mut Records,
    path: &WorkspacePath,
    kind: NodeKind,
    size: usize,
    overwrite: bool,
) -> Result<i64, ApiError> {
    let parent = path.parent();
    if !is_directory(records, parent.canonical()) {
        let message = format!("The parent folder ({}) does not exist.", parent.shown_self());
        return Err(ApiError::does_not_exist(message));
    }
    if is_directory(records, path.canonical()) {
        return Err(exists(path));
    }
    let old = records.files.get(path.canonical()).cloned();
    if let Some(old) = &old {
        if !overwrite {
            return Err(exists(path));
        }
        if std::mem::discriminant(&old.kind) != std::mem::discriminant(&kind) {
            let message =
                format!("Node ({}) has another type; delete it before importing over it.", path.shown_self());
            return Err(ApiError::invalid_parameter(message));
        }
    } else {
        check_room(records)?;
    }
    let mut node = Node::new(old.as_ref().map_or_else(|| records.next_id(), |old| old.object_id), kind, size);
    node.created_at = old.map_or(node.created_at, |old| old.created_at);
    let id = node.object_id;
    records.files.insert(path.canonical().to_owned(), node);
    Ok(id)
}

/// Removes an object, a folder with all that lies in it if `recursive`.
pub(super) fn remove(records: &mut Records, path: &WorkspacePath, recursive: bool) -> Result<(), ApiError> {
    if !records.files.contains_key(path.canonical()) {
        return Err(missing(path));
    }
    let inside: Vec<String> = below(&records.files, path.canonical()).map(|(key, _)| key.clone()).collect();
    if !inside.is_empty() && !recursive {
        let message = format!("Folder ({}) is not empty", path.shown_self());
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "DIRECTORY_NOT_EMPTY", message));
    }
    for key in inside {
        records.files.remove(&key);
    }
    records.files.remove(path.canonical());
    Ok(())
}

fn check_room(records: &Records) -> Result<(), ApiError> {
    if records.files.len() < MAX_OBJECTS {
        return Ok(());
    }
    let message = format!("The local workspace keeps at most {MAX_OBJECTS} objects.");
    Err(ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_LIMIT_EXCEEDED", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<WorkspacePath, String> {
        WorkspacePath::parse(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn folders_do_not_take_in_their_neighbours() -> Result<(), String> {
        let mut records = Records::new();
        let text = |error: ApiError| error.message().to_owned();
        for folder in ["/Shared/a/x", "/Shared/a-b", "/Shared/a.c"] {
            make_directories(&mut records, &path(folder)?).map_err(text)?;
        }
        let inside: Vec<&str> = below(&records.files, "/Shared/a").map(|(key, _)| key.as_str()).collect();
        assert_eq!(inside, ["/Shared/a/x"]);
        let refused = remove(&mut records, &path("/Shared/a")?, false).err().map(text);
        assert_eq!(refused.as_deref(), Some("Folder (/Shared/a) is not empty"));
        remove(&mut records, &path("/Workspace/Shared/a")?, true).map_err(text)?;
        assert!(!records.files.contains_key("/Shared/a/x") && records.files.contains_key("/Shared/a-b"));
        Ok(())
    }
}
