//! Writing the app's folder.

use bytes::Bytes;

use super::Run;
use crate::app_files::{Manifest, ManifestDatabase, app_yaml};
use crate::error::Cause;
use crate::lakebase::LakebaseDatabase;
use crate::plan::FileContent;

impl Run<'_> {
    pub(super) async fn make_directory(&self, path: &str) -> Result<String, Cause> {
        self.engine.client.workspace_files().mkdirs(path).await?;
        Ok("it exists".into())
    }

    pub(super) async fn write_file(&self, path: &str, content: &FileContent) -> Result<String, Cause> {
        let bytes = match content {
            FileContent::Bytes(bytes) => Bytes::copy_from_slice(bytes),
            FileContent::AppYaml(manifest) => Bytes::from(app_yaml(&self.with_seen_endpoint(manifest))),
        };
        let size = bytes.len();
        self.engine.client.workspace_files().import(path, bytes, true).await?;
        Ok(format!("{size} bytes"))
    }

    /// The manifest with the endpoint that the database really has.
    fn with_seen_endpoint(&self, manifest: &Manifest) -> Manifest {
        let endpoint = self.lakebase.as_ref().and_then(LakebaseDatabase::endpoint).map(str::to_owned);
        let lakebase = ManifestDatabase {
            endpoint: endpoint.or_else(|| manifest.lakebase.endpoint.clone()),
            ..manifest.lakebase.clone()
        };
        Manifest { lakebase, ..manifest.clone() }
    }

    pub(super) async fn delete_file(&self, path: &str) -> Result<String, Cause> {
        match self.engine.client.workspace_files().delete(path, false).await {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok("it is gone".into()),
        }
    }
}
