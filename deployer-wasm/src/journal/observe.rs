//! Reading the journal.

use databricks::Client;
use databricks::workspace_files::ObjectInfo;

use super::folder::{run_number, version_id};
use super::{HistoryFolder, RunRecord, RunState, SavedVersion};
use crate::error::{Cause, DeployError};

/// What the journal of an app says.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalSeen {
    /// Where it lies.
    pub folder: HistoryFolder,
    /// Whether the folder exists.
    pub exists: bool,
    /// Numbers of the runs that are kept, the latest last.
    pub runs: Vec<u64>,
    /// The latest run.
    pub head: Option<RunRecord>,
    /// The versions that are kept, the oldest first.
    pub versions: Vec<VersionSeen>,
}

/// A version that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSeen {
    /// The deployment that ran it.
    pub deployment_id: String,
    /// When it was kept, in milliseconds since 1970.
    pub created_at: i64,
}

impl JournalSeen {
    /// The number that the next run gets.
    pub fn next_number(&self) -> u64 {
        self.head.as_ref().map_or(1, |head| head.number.saturating_add(1))
    }

    /// Whether the version of that deployment is kept.
    pub fn keeps(&self, deployment_id: &str) -> bool {
        self.versions.iter().any(|version| version.deployment_id == deployment_id)
    }
}

/// Lists the journal and reads its latest run.
pub(crate) async fn see_journal(client: &Client, folder: HistoryFolder) -> Result<JournalSeen, DeployError> {
    let objects = match client.workspace_files().list(folder.path()).await {
        Ok(objects) => objects,
        Err(error) if error.is_not_found() => {
            return Ok(JournalSeen {
                folder,
                exists: false,
                runs: Vec::new(),
                head: None,
                versions: Vec::new(),
            });
        }
        Err(error) => return Err(unseen(error.into())),
    };
    let mut runs: Vec<u64> = objects.iter().filter_map(|object| run_number(name_of(object)?)).collect();
    runs.sort_unstable();
    let mut versions: Vec<VersionSeen> = objects.iter().filter_map(version_of).collect();
    versions.sort_by(|a, b| (a.created_at, &a.deployment_id).cmp(&(b.created_at, &b.deployment_id)));
    let head = match runs.last() {
        Some(&number) => Some(read_run(client, &folder, number).await.map_err(unseen)?),
        None => None,
    };
    Ok(JournalSeen { folder, exists: true, runs, head, versions })
}

/// The latest run that succeeded in bringing a version, looked for among the newest few.
pub(crate) async fn last_success(
    client: &Client,
    journal: &JournalSeen,
) -> Result<Option<RunRecord>, DeployError> {
    const NEWEST: usize = 10;
    let brings = |record: &RunRecord| {
        record.state == RunState::Succeeded && record.settings.values.contains_key("lakebase_name")
    };
    if let Some(head) = journal.head.clone().filter(brings) {
        return Ok(Some(head));
    }
    for &number in journal.runs.iter().rev().skip(1).take(NEWEST) {
        let record = read_run(client, &journal.folder, number).await.map_err(unseen)?;
        if brings(&record) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Reads the file of one run.
pub(crate) async fn read_run(
    client: &Client,
    folder: &HistoryFolder,
    number: u64,
) -> Result<RunRecord, Cause> {
    let path = folder.run(number);
    let text = client.workspace_files().export(&path).await?;
    let record = RunRecord::read(&text).map_err(|reason| unreadable(&path, &reason))?;
    if record.number != number {
        return Err(unreadable(&path, &format!("it says that it is run {}", record.number)));
    }
    Ok(record)
}

/// Reads the description of a version that is kept.
pub(crate) async fn read_version(
    client: &Client,
    folder: &HistoryFolder,
    deployment_id: &str,
) -> Result<SavedVersion, DeployError> {
    let path = folder.version(deployment_id);
    let text = client.workspace_files().export(&path).await.map_err(|error| unseen(error.into()))?;
    SavedVersion::read(&text).map_err(|reason| unseen(unreadable(&path, &reason)))
}

fn unreadable(path: &str, reason: &str) -> Cause {
    Cause::Journal(format!("the journal file {path} cannot be used: {reason}"))
}

fn unseen(cause: Cause) -> DeployError {
    DeployError::Observe { what: "read the journal", cause }
}

fn name_of(object: &ObjectInfo) -> Option<&str> {
    object.path.as_deref()?.rsplit('/').next()
}

fn version_of(object: &ObjectInfo) -> Option<VersionSeen> {
    let deployment_id = version_id(name_of(object)?)?.to_owned();
    Some(VersionSeen { deployment_id, created_at: object.created_at.unwrap_or_default() })
}
