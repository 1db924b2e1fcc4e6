//! Files of this machine that the page may deploy: those named on the command line, and no others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use clap::ArgMatches;
use deployer_wasm::spec::{FieldError, Wheel, binary, wheel};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::refusal::Refusal;
use super::server::Server;
use crate::failure::Failure;
use crate::request::read_file;

/// The files, as they were when the command was started.
pub(super) struct Sources(Vec<Source>);

struct Source {
    kind: Kind,
    file_name: String,
    sha256: String,
    content: Bytes,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Binary,
    Wheel,
}

impl Sources {
    /// Reads the files that the flags name. A wheel that is none is refused at once; a program is checked by the page's
    /// engine, which compresses it in the same go.
    pub(super) fn read(arguments: &ArgMatches) -> Result<Self, Failure> {
        let mut sources = Vec::new();
        if let Some(path) = arguments.get_one::<PathBuf>("binary") {
            sources.push(Source::read(Kind::Binary, "binary", path, binary::SIZE_LIMIT)?);
        }
        if let Some(path) = arguments.get_one::<PathBuf>("wheel") {
            let source = Source::read(Kind::Wheel, "wheel", path, wheel::IMPORT_LIMIT)?;
            Wheel::new(&source.file_name, source.content.to_vec()).map_err(Failure::field)?;
            sources.push(source);
        }
        Ok(Self(sources))
    }

    /// What there is, for the page.
    pub(super) fn describe(&self) -> Vec<Value> {
        let describe = |source: &Source| {
            json!({
                "kind": source.kind, "file_name": source.file_name, "size": source.content.len(),
                "sha256": source.sha256,
            })
        };
        self.0.iter().map(describe).collect()
    }
}

impl Source {
    fn read(kind: Kind, flag: &str, path: &Path, limit: usize) -> Result<Self, Failure> {
        // one byte more than allowed, to see that it is too large
        let content = Bytes::from(read_file(flag, path, limit + 1)?);
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if content.len() > limit {
            let message = format!("`{flag}`: {} has more than {limit} bytes", path.display());
            return Err(Failure::field(FieldError::because(flag, message)));
        }
        Ok(Self { kind, file_name, sha256: format!("{:x}", Sha256::digest(&content)), content })
    }
}

/// `GET /tellr/source/{index}`: the bytes of one of them.
pub(super) async fn send(
    State(server): State<Arc<Server>>,
    extract::Path(index): extract::Path<String>,
) -> Result<Response, Refusal> {
    let source = index.parse().ok().and_then(|index: usize| server.sources.0.get(index));
    let source = source
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "NO_SUCH_SOURCE", "no such file was offered"))?;
    let headers = [(CONTENT_TYPE, "application/octet-stream"), (CONTENT_DISPOSITION, "attachment")];
    Ok((headers, source.content.clone()).into_response())
}
