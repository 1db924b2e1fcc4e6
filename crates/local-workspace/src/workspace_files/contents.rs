//! The contents of files, each stored once under its SHA-256.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::private_file;
use crate::rest::ApiError;

/// Why a content could not be stored or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} the content {digest} of a workspace file: {source}")]
pub(crate) struct ContentsError {
    what: &'static str,
    digest: String,
    source: io::Error,
}

impl From<ContentsError> for ApiError {
    fn from(error: ContentsError) -> Self {
        ApiError::internal(error.to_string())
    }
}

/// A folder of contents.
#[derive(Debug)]
pub(crate) struct Contents {
    folder: PathBuf,
    /// two imports of the same content write the same file
    writing: Mutex<()>,
}

impl Contents {
    /// Opens the folder in `data_dir` and drops the contents that no object has any more.
    pub(crate) fn open(data_dir: &Path, in_use: &BTreeSet<String>) -> io::Result<Contents> {
        let folder = data_dir.join("files");
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_none_or(|name| !in_use.contains(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Contents { folder, writing: Mutex::new(()) })
    }

    /// Stores `content` and gives its digest.
    pub(crate) fn put(&self, content: &[u8]) -> Result<String, ContentsError> {
        let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = self.folder.join(&digest);
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if path.exists() {
            return Ok(digest);
        }
        private_file::write(&path, content).map_err(|source| ContentsError {
            what: "store",
            digest: digest.clone(),
            source,
        })?;
        Ok(digest)
    }

    /// The content with this digest.
    pub(crate) fn get(&self, digest: &str) -> Result<Vec<u8>, ContentsError> {
        fs::read(self.folder.join(digest)).map_err(|source| ContentsError {
            what: "read",
            digest: digest.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unused_goes_at_the_next_start() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let contents = Contents::open(folder.path(), &BTreeSet::new())?;
        let (kept, dropped) = (contents.put(b"kept")?, contents.put(b"dropped")?);
        let contents = Contents::open(folder.path(), &BTreeSet::from([kept.clone()]))?;
        assert_eq!(contents.get(&kept)?, b"kept");
        assert!(contents.get(&dropped).is_err());
        Ok(())
    }
}
