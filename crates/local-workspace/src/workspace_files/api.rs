//! Folders, export, deletion, status and list.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use super::node::NodeKind;
use super::{MAX_IMPORT, WorkspacePath, access, tree};
use crate::auth::Caller;
use crate::rest::{ApiError, ApiJson, ApiQuery};
use crate::workspace::Workspace;

#[derive(Deserialize)]
pub(super) struct PathOnly {
    #[serde(default)]
    path: String,
}

pub(super) async fn mkdirs(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiJson(request): ApiJson<PathOnly>,
) -> Result<Json<Value>, ApiError> {
    let path = WorkspacePath::parse(&request.path)?;
    access::check(&caller, &path)?;
    workspace.store.write(|records| tree::make_directories(records, &path))?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
pub(super) struct Delete {
    #[serde(default)]
    path: String,
    #[serde(default)]
    recursive: bool,
}

pub(super) async fn delete(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiJson(request): ApiJson<Delete>,
) -> Result<Json<Value>, ApiError> {
    let path = WorkspacePath::parse(&request.path)?;
    access::check_delete(&caller, &path)?;
    workspace.store.write(|records| tree::remove(records, &path, request.recursive))?;
    Ok(Json(json!({})))
}

pub(super) async fn get_status(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiQuery(request): ApiQuery<PathOnly>,
) -> Result<Json<Value>, ApiError> {
    let path = WorkspacePath::parse(&request.path)?;
    access::check(&caller, &path)?;
    let info = workspace.store.read(|records| {
        if path.canonical() == "/" {
            return Some(json!({"object_type": "DIRECTORY", "path": path.shown_self(), "object_id": 0}));
        }
        records.files.get(path.canonical()).map(|node| node.info(&path.shown_self()))
    });
    info.map(Json).ok_or_else(|| tree::missing(&path))
}

pub(super) async fn list(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiQuery(request): ApiQuery<PathOnly>,
) -> Result<Json<Value>, ApiError> {
    let path = WorkspacePath::parse(&request.path)?;
    access::check(&caller, &path)?;
    let objects = workspace.store.read(|records| {
        if !tree::is_directory(records, path.canonical()) {
            // a file lists as itself
            return records.files.get(path.canonical()).map(|node| vec![node.info(&path.shown_self())]);
        }
        let prefix = format!("{}/", path.canonical().trim_end_matches('/'));
        let one_level = tree::below(&records.files, path.canonical())
            .filter(|(key, _)| !key[prefix.len()..].contains('/'))
            .map(|(key, node)| node.info(&path.shown(key)));
        Some(one_level.collect())
    });
    let objects = objects.ok_or_else(|| tree::missing(&path))?;
    Ok(Json(if objects.is_empty() { json!({}) } else { json!({"objects": objects}) }))
}

#[derive(Deserialize)]
pub(super) struct Export {
    #[serde(default)]
    path: String,
    format: Option<String>,
    #[serde(default)]
    direct_download: bool,
}

pub(super) async fn export(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiQuery(request): ApiQuery<Export>,
) -> Result<Response, ApiError> {
    let path = WorkspacePath::parse(&request.path)?;
    access::check(&caller, &path)?;
    if let Some(format) =
        request.format.as_deref().filter(|format| !matches!(*format, "" | "AUTO" | "SOURCE" | "RAW"))
    {
        return Err(ApiError::not_implemented(&format!("export in the format {format}")));
    }
    if workspace.store.read(|records| tree::is_directory(records, path.canonical())) {
        return Err(ApiError::not_implemented("export a folder"));
    }
    let node = workspace.store.read(|records| records.files.get(path.canonical()).cloned());
    let node = node.ok_or_else(|| tree::missing(&path))?;
    if node.size > MAX_IMPORT {
        let message = format!("The size of ({}) exceeds the limit of {MAX_IMPORT} bytes.", path.shown_self());
        return Err(ApiError::new(http::StatusCode::BAD_REQUEST, "MAX_NOTEBOOK_SIZE_EXCEEDED", message));
    }
    let (file_type, file_name) = match &node.kind {
        NodeKind::Notebook { extension, .. } => (extension.clone(), format!("{}.{extension}", path.name())),
        _ => {
            let extension = path.name().rsplit_once('.').map(|(_, extension)| extension.to_owned());
            (extension.unwrap_or_default(), path.name().to_owned())
        }
    };
    let content = workspace.contents.get(node.digest().unwrap_or_default())?;
    if !request.direct_download {
        let body = json!({"content": STANDARD.encode(&content), "file_type": file_type});
        return Ok(Json(body).into_response());
    }
    let file_name = percent_encoding::utf8_percent_encode(&file_name, percent_encoding::NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename*=UTF-8''{file_name}");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, content).into_response())
}
