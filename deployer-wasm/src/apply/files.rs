//! Writing the app's folder.

use bytes::Bytes;

use super::{Run, Step};
use crate::app_files::{Manifest, ManifestDatabase, app_yaml};
use crate::error::Cause;
use crate::lakebase::LakebaseDatabase;
use crate::plan::FileContent;

impl Run<'_> {
    pub(super) async fn make_directory(&self, step: &Step<'_>, path: &str) -> Result<String, Cause> {
        let files = self.engine.client.workspace_files();
        step.repeatedly(|| files.mkdirs(path)).await?;
        Ok("it exists".into())
    }

    pub(super) async fn write_file(
        &self,
        step: &Step<'_>,
        path: &str,
        content: &FileContent,
    ) -> Result<String, Cause> {
        let bytes = match content {
            FileContent::Bytes(bytes) => Bytes::copy_from_slice(bytes),
            FileContent::AppYaml(manifest) => Bytes::from(app_yaml(&self.with_seen_endpoint(manifest))),
        };
        self.import(step, path, bytes).await
    }

    /// Copies a file within the workspace.
    pub(super) async fn restore_file(&self, step: &Step<'_>, from: &str, to: &str) -> Result<String, Cause> {
        let files = self.engine.client.workspace_files();
        let bytes = step.repeatedly(|| files.export(from)).await?;
        self.import(step, to, bytes).await
    }

    pub(super) async fn import(&self, step: &Step<'_>, path: &str, bytes: Bytes) -> Result<String, Cause> {
        let files = self.engine.client.workspace_files();
        let size = bytes.len();
        step.repeatedly(|| files.import(path, bytes.clone(), true)).await?;
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

    pub(super) async fn delete_file(&self, step: &Step<'_>, path: &str) -> Result<String, Cause> {
        let files = self.engine.client.workspace_files();
        let gone = step.repeatedly(|| async {
            match files.delete(path, true).await {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(()),
            }
        });
        gone.await?;
        Ok("it is gone".into())
    }
}
