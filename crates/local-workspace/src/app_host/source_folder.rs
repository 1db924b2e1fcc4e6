//! Lays out a deployment's source in a fresh folder.

use std::io;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

/// Why the source cannot be laid out.
#[derive(Debug, Error)]
pub(crate) enum SourceError {
    #[error("the source has a file with the path {path:?}, which would be outside its folder")]
    Path { path: String },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Writes `files` (relative path, content) into `dir`, which must not exist yet.
pub(crate) fn write(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<(), SourceError> {
    make_dir(dir)?;
    for (path, content) in files {
        let target = dir.join(checked(path)?);
        if let Some(parent) = target.parent() {
            make_dir(parent)?;
        }
        std::fs::write(&target, content).map_err(|source| SourceError::Write { path: target, source })?;
    }
    Ok(())
}

fn make_dir(dir: &Path) -> Result<(), SourceError> {
    std::fs::create_dir_all(dir).map_err(|source| SourceError::Write { path: dir.to_path_buf(), source })
}

/// A path of plain names only.
fn checked(path: &str) -> Result<&Path, SourceError> {
    let plain = !path.is_empty()
        && !path.contains('\0')
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if plain { Ok(Path::new(path)) } else { Err(SourceError::Path { path: path.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_with_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        write(&source, &[("a.py".into(), b"1".to_vec()), ("deep/er/b.txt".into(), b"2".to_vec())]).unwrap();
        assert_eq!(std::fs::read(source.join("deep/er/b.txt")).unwrap(), b"2");
    }

    #[test]
    fn nothing_is_written_outside() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside").display().to_string();
        for path in ["../x", "a/../../x", "/etc/x", "", ".", "a\0b", outside.as_str()] {
            let error = write(&dir.path().join("source"), &[(path.to_owned(), Vec::new())]).unwrap_err();
            assert!(matches!(error, SourceError::Path { .. }), "{path:?}: {error}");
        }
    }
}
