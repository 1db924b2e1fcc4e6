//! Keeping the records on disk.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Records, VERSION};
use crate::private_file;

/// Why the records could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder or a file in it cannot be used.
    #[error("cannot {what} {path}: {source}; the data folder must be writable by this user")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The state file is not one of ours.
    #[error("{path} is not a readable state file: {message}; move it away to start with an empty workspace")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

tokio::task_local! {
    /// What a task reads instead of the records of now.
    static OLDER: Arc<Records>;
}

/// Runs `task` with all that it reads coming from `records`; what it writes goes to the records of now.
pub(crate) async fn reading_from<F: Future>(records: Arc<Records>, task: F) -> F::Output {
    OLDER.scope(records, task).await
}

/// The records behind a lock, and the file they are kept in.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    records: Mutex<Records>,
}

impl Store {
    /// Opens the records in `data_dir`, or starts with those of a new workspace.
    pub(crate) fn open(data_dir: &Path) -> Result<Store, StoreError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(|source| StoreError::Io { what: "make", path: data_dir.to_owned(), source })?;
        let path = data_dir.join("state.json");
        let records = match fs::read(&path) {
            Ok(json) => parse(&path, &json)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Records::new(),
            Err(source) => return Err(StoreError::Io { what: "read", path, source }),
        };
        save(&path, &records)?;
        Ok(Store { path, records: Mutex::new(records) })
    }

    /// Looks at the records.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        if let Ok(older) = OLDER.try_with(Arc::clone) {
            return look(&older);
        }
        look(&self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the records: all of the change is kept and on disk, or, on an error, none of it.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut Records) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = records.clone();
        let answer = change(&mut next)?;
        save(&self.path, &next)?;
        *records = next;
        Ok(answer)
    }
}

fn parse(path: &Path, json: &[u8]) -> Result<Records, StoreError> {
    let unreadable = |message: String| StoreError::Unreadable { path: path.to_owned(), message };
    let records: Records = serde_json::from_slice(json).map_err(|error| unreadable(error.to_string()))?;
    if records.version != VERSION {
        return Err(unreadable(format!("it has version {}, this program reads {VERSION}", records.version)));
    }
    Ok(records)
}

/// There is no fsync: this guards against a killed process, not against a power cut.
fn save(path: &Path, records: &Records) -> Result<(), StoreError> {
    let json = serde_json::to_vec(records)
        .map_err(|error| StoreError::Unreadable { path: path.to_owned(), message: error.to_string() })?;
    private_file::write(path, &json).map_err(|source| StoreError::Io {
        what: "write",
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_survives_and_a_failed_one_leaves_no_trace() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(folder.path())?;
        store.write(|records| {
            records.port = Some(4711);
            Ok::<_, StoreError>(())
        })?;
        let failed = store.write(|records| {
            records.port = Some(1);
            Err::<(), _>(StoreError::Unreadable { path: PathBuf::new(), message: "no".to_owned() })
        });
        assert!(failed.is_err());
        assert_eq!(store.read(|records| records.port), Some(4711));
        let token = store.read(|records| records.identity.token.expose().to_owned());
        let again = Store::open(folder.path())?;
        assert_eq!(again.read(|records| records.port), Some(4711));
        assert!(again.read(|records| records.identity.token.matches(&token)));
        Ok(())
    }

    #[test]
    fn a_foreign_state_file_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("state.json"), b"{}")?;
        let error = Store::open(folder.path()).err().ok_or("it was accepted")?;
        assert!(error.to_string().contains("not a readable state file"), "{error}");
        Ok(())
    }

    #[test]
    fn only_the_owner_reads_the_state() -> Result<(), Box<dyn std::error::Error>> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        Store::open(folder.path())?;
        let mode = fs::metadata(folder.path().join("state.json"))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Ok(())
    }
}
