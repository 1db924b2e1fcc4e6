//! Import: JSON with base64, multipart, and the CLI's raw upload.

use std::sync::Arc;

use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::node::NodeKind;
use super::notebook::{self, Language};
use super::{MAX_IMPORT, WorkspacePath, access, tree};
use crate::auth::Caller;
use crate::rest::{ApiError, ApiJson, ApiQuery};
use crate::workspace::Workspace;

/// 400: the content is above the limit.
pub(crate) fn too_large() -> ApiError {
    let message = format!("content size exceeded the limit {MAX_IMPORT}");
    ApiError::new(StatusCode::BAD_REQUEST, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
}

/// One import, however it was sent.
#[derive(Default)]
struct Import {
    path: String,
    format: Option<String>,
    language: Option<Language>,
    overwrite: bool,
    content: Vec<u8>,
}

pub(super) async fn import(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let multipart = content_type.is_some_and(|value| value.starts_with("multipart/form-data"));
    let import = if multipart { read_multipart(request).await? } else { read_json(request).await? };
    let path = WorkspacePath::parse(&import.path)?;
    access::check(&caller, &path)?;
    if import.content.len() > MAX_IMPORT {
        return Err(too_large());
    }
    let object_id = store(&workspace, path, &import)?;
    Ok(Json(json!({"object_id": object_id})))
}

#[derive(Deserialize)]
struct ImportJson {
    #[serde(default)]
    path: String,
    #[serde(default)]
    content: String,
    format: Option<String>,
    language: Option<Language>,
    #[serde(default)]
    overwrite: bool,
}

async fn read_json(request: Request) -> Result<Import, ApiError> {
    let ApiJson(json): ApiJson<ImportJson> = ApiJson::from_request(request, &()).await?;
    let content = STANDARD
        .decode(json.content.as_bytes())
        .map_err(|error| ApiError::malformed(format!("The content is not valid base64: {error}")))?;
    Ok(Import {
        path: json.path,
        format: json.format,
        language: json.language,
        overwrite: json.overwrite,
        content,
    })
}

async fn read_multipart(request: Request) -> Result<Import, ApiError> {
    let broken =
        |error: &dyn std::fmt::Display| ApiError::malformed(format!("Could not read the form: {error}"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| broken(&error))?;
    let mut import = Import::default();
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(|error| broken(&error))?;
        let text = || String::from_utf8(value.to_vec()).map_err(|error| broken(&error));
        match name.as_str() {
            "path" => import.path = text()?,
            "format" => import.format = Some(text()?),
            "language" => {
                let language =
                    serde_json::from_value(Value::from(text()?)).map_err(|error| broken(&error))?;
                import.language = Some(language);
            }
            "overwrite" => import.overwrite = text()? == "true",
            "content" => import.content = value.to_vec(),
            _ => {}
        }
    }
    Ok(import)
}

fn store(workspace: &Workspace, path: WorkspacePath, import: &Import) -> Result<i64, ApiError> {
    let (path, notebook) = place(path, import)?;
    let size = import.content.len();
    let digest = workspace.contents.put(&import.content)?;
    let kind = match notebook {
        Some((language, extension)) => NodeKind::Notebook { digest, language, extension },
        None => NodeKind::File { digest },
    };
    workspace.store.write(|records| tree::put(records, &path, kind, size, import.overwrite))
}

/// Where the content goes and, for a notebook, its language and extension.
fn place(
    path: WorkspacePath,
    import: &Import,
) -> Result<(WorkspacePath, Option<(Language, String)>), ApiError> {
    match import.format.as_deref().unwrap_or("SOURCE") {
        "AUTO" => Ok(match notebook::detect(path.name(), &import.content) {
            Some((name, language, extension)) => (path.with_name(&name), Some((language, extension))),
            None => (path, None),
        }),
        "RAW" => Ok((path, None)),
        "SOURCE" => {
            let language = import.language.ok_or_else(|| {
                ApiError::invalid_parameter("The language must be given with the format SOURCE.")
            })?;
            Ok((path, Some((language, language.extension().to_owned()))))
        }
        "JUPYTER" => Ok((path, Some((Language::Python, "ipynb".to_owned())))),
        format @ ("HTML" | "DBC" | "R_MARKDOWN") => {
            Err(ApiError::not_implemented(&format!("import the format {format}")))
        }
        format => Err(ApiError::invalid_parameter(format!("Unknown import format: {format}"))),
    }
}

#[derive(Deserialize)]
pub(super) struct Overwrite {
    #[serde(default)]
    overwrite: bool,
}

/// The CLI's upload: a plain body, which may be larger than an import.
pub(super) async fn import_file(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(path): Path<String>,
    ApiQuery(Overwrite { overwrite }): ApiQuery<Overwrite>,
    content: Bytes,
) -> Result<Json<Value>, ApiError> {
    let path = WorkspacePath::parse(&format!("/{}", path.trim_start_matches('/')))?;
    access::check(&caller, &path)?;
    let taken = workspace.store.read(|records| records.files.contains_key(path.canonical()));
    if taken && !overwrite {
        let message = format!("Path ({}) already exists.", path.shown_self());
        return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS", message));
    }
    let format = Some("AUTO".to_owned());
    let import = Import { format, overwrite, content: content.to_vec(), ..Import::default() };
    let object_id = store(&workspace, path, &import)?;
    Ok(Json(json!({"object_id": object_id})))
}
