//! Files, notebooks and folders of the workspace. Paths begin with `/`; `/Workspace/Users/me` and `/Users/me` are the same.

mod import;
mod types;

use bytes::Bytes;
use serde::Serialize;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;

pub use types::*;

/// Calls about workspace files.
#[derive(Clone, Copy, Debug)]
pub struct WorkspaceFiles<'a> {
    client: &'a Client,
}

impl<'a> WorkspaceFiles<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Makes a folder and those above it; one that is there is fine.
    pub async fn mkdirs(self, path: &str) -> Result<(), Error> {
        self.client.done(Call::post("/api/2.0/workspace/mkdirs").json(&Path { path })?).await
    }

    /// The content of a file, as it is stored; at most 10 MiB.
    pub async fn export(self, path: &str) -> Result<Bytes, Error> {
        let call =
            Call::get("/api/2.0/workspace/export").query("path", path).query("direct_download", "true");
        Ok(self.client.send(call.accept_any()).await?.body)
    }

    /// Deletes a file or folder; one that is not empty only if `recursive`.
    pub async fn delete(self, path: &str, recursive: bool) -> Result<(), Error> {
        let body = Delete { path, recursive: recursive.then_some(true) };
        self.client.done(Call::post("/api/2.0/workspace/delete").json(&body)?).await
    }

    /// What is at a path.
    pub async fn get_status(self, path: &str) -> Result<ObjectInfo, Error> {
        self.client.json(Call::get("/api/2.0/workspace/get-status").query("path", path)).await
    }

    /// What is in a folder, one level deep.
    pub async fn list(self, path: &str) -> Result<Vec<ObjectInfo>, Error> {
        let call = Call::get("/api/2.0/workspace/list").query("path", path);
        self.client.pages(call, "objects").await
    }
}

#[derive(Serialize)]
struct Path<'a> {
    path: &'a str,
}

#[derive(Serialize)]
struct Delete<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recursive: Option<bool>,
}
