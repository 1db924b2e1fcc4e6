//! Keeping the files of the version that runs, so that it can be put back.

use bytes::Bytes;

use super::{Run, Step};
use crate::error::Cause;
use crate::journal::{FORMAT, JournalSeen, SavedVersion};
use crate::plan::Action;

impl Run<'_> {
    /// Copies the larger files first and writes the description last: a version without one was not kept whole.
    pub(super) async fn save_version(&self, step: &Step<'_>, action: &Action) -> Result<String, Cause> {
        let (
            Action::SaveVersion { deployment_id, folder, app_yaml, requirements_txt, files, forget },
            Some(journal),
        ) = (action, &self.plan.journal)
        else {
            return Err(Cause::Journal("there is no journal to keep a version in".into()));
        };
        if !files.is_empty() {
            self.make_directory(step, &journal.folder.version_files(deployment_id)).await?;
        }
        for name in files {
            let to = journal.folder.version_file(deployment_id, name);
            self.restore_file(step, &folder.file(name), &to).await?;
        }
        let version = SavedVersion {
            format: FORMAT,
            deployment_id: deployment_id.clone(),
            saved_at: databricks::now(),
            saved_by: journal.next_number(),
            app_yaml: app_yaml.clone(),
            requirements_txt: requirements_txt.clone(),
            files: files.clone(),
        };
        let text = serde_json::to_vec_pretty(&version)
            .map_err(|error| Cause::Journal(format!("the version cannot be written as JSON: {error}")))?;
        self.import(step, &journal.folder.version(deployment_id), Bytes::from(text)).await?;
        self.forget(step, journal, forget).await?;
        Ok("it can be put back with `tellr rollback`".into())
    }

    async fn forget(&self, step: &Step<'_>, journal: &JournalSeen, versions: &[String]) -> Result<(), Cause> {
        for id in versions {
            self.delete_file(step, &journal.folder.version(id)).await?;
            self.delete_file(step, &journal.folder.version_files(id)).await?;
        }
        Ok(())
    }
}
