//! Environments that were built a short while ago, for deployments that would build the same again.
//!
//! The platform builds anew each time. Here a build is taken over when nothing that pip could look at has changed: the
//! source (but for `app.yaml`), pip's settings, the folders with wheels. A package index may have changed all the same,
//! so no build is taken over for long.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::trash::Trash;
use super::venv_seed::copy_environment;

/// From then on the index is asked again.
const LIFETIME: Duration = Duration::from_secs(600);
const MOST: usize = 8;
/// These say how an app is run, not how it is built.
const WITHOUT_PART: [&str; 2] = ["app.yaml", "app.yml"];

/// The environments of this run.
#[derive(Debug)]
pub(crate) struct BuiltEnvironments {
    dir: PathBuf,
    known: Mutex<HashMap<String, Built>>,
}

#[derive(Debug, Clone)]
struct Built {
    since: Instant,
    /// where it was made; its scripts say so
    made_at: PathBuf,
}

impl BuiltEnvironments {
    /// None yet; those of a former run go to the trash.
    pub(crate) fn open(dir: PathBuf, trash: &Trash) -> BuiltEnvironments {
        if let Err(error) = trash.throw(&dir) {
            tracing::warn!(dir = %dir.display(), %error, "environments of a former run stay behind");
        }
        BuiltEnvironments { dir, known: Mutex::default() }
    }

    /// Makes `venv` from an environment of this key; whether there was one.
    pub(crate) fn take(&self, key: &str, venv: &Path) -> io::Result<bool> {
        let found = self.lock().get(key).filter(|built| built.since.elapsed() < LIFETIME).cloned();
        let Some(built) = found else { return Ok(false) };
        copy_environment(&self.dir.join(key), &built.made_at, venv)?;
        Ok(true)
    }

    /// Keeps a copy of `venv`, in which nothing has run yet.
    pub(crate) fn keep(&self, key: &str, venv: &Path, trash: &Trash) -> io::Result<()> {
        let copy = self.dir.join(key);
        trash.throw(&copy)?;
        copy_environment(venv, venv, &copy)?;
        let mut known = self.lock();
        known.insert(key.to_owned(), Built { since: Instant::now(), made_at: copy });
        while known.len() > MOST {
            let oldest = known.iter().min_by_key(|(_, built)| built.since).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            known.remove(&oldest);
            trash.throw(&self.dir.join(&oldest))?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Built>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a build depends on, in one word; `None` if it may depend on more than can be told.
pub(crate) fn key(source: &Path, pip_conf: &str, wheels: &[PathBuf]) -> io::Result<Option<String>> {
    match std::fs::read_to_string(source.join("requirements.txt")) {
        Ok(text) if !text.lines().all(is_plain) => return Ok(None),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut hash = Sha256::new();
    feed(&mut hash, pip_conf.as_bytes());
    for folder in wheels {
        let mut listing: Vec<String> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let meta = entry.metadata().ok()?;
                Some(format!("{:?} {} {:?}", entry.file_name(), meta.len(), meta.modified().ok()?))
            })
            .collect();
        listing.sort();
        feed(&mut hash, listing.join("\n").as_bytes());
    }
    feed_folder(&mut hash, source, true)?;
    Ok(Some(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()))
}

/// A package by name, or a wheel that lies in the source; neither options nor other places.
fn is_plain(line: &str) -> bool {
    let requirement = line.split(" #").next().unwrap_or_default().trim();
    if requirement.is_empty() || requirement.starts_with('#') {
        return true;
    }
    let elsewhere =
        requirement.starts_with(['-', '/', '~']) || requirement == "." || requirement.contains("..");
    let local = requirement.contains('/') || requirement.contains('\\');
    !elsewhere && !requirement.contains(['@', ':']) && (!local || requirement.ends_with(".whl"))
}

fn feed_folder(hash: &mut Sha256, folder: &Path, is_root: bool) -> io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if is_root && WITHOUT_PART.iter().any(|other| name == *other) {
            continue;
        }
        feed(hash, name.as_encoded_bytes());
        if entry.file_type()?.is_dir() {
            feed_folder(hash, &entry.path(), false)?;
            feed(hash, b"");
        } else {
            feed(hash, &std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// With its length, so that no two sequences read the same.
fn feed(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_told_is_taken_over() {
        for (line, expected) in [
            ("# a comment", true),
            ("", true),
            ("databricks-tellr-app>=1.0.0", true),
            ("package[extra]==1.2 ; python_version > '3.8'", true),
            ("databricks_tellr_app-1.0.0-py3-none-any.whl", true),
            ("./wheels/x-1-py3-none-any.whl", true),
            ("-e .", false),
            ("--index-url https://x.example", false),
            ("-r ../other.txt", false),
            (".", false),
            ("./package", false),
            ("/somewhere/x.whl", false),
            ("../x.whl", false),
            ("https://x.example/x.whl", false),
            ("x @ file:///x.whl", false),
        ] {
            assert_eq!(is_plain(line), expected, "{line}");
        }
    }

    #[test]
    fn the_key_follows_what_pip_sees() {
        let dir = tempfile::tempdir().unwrap();
        let (source, wheels) = (dir.path().join("source"), dir.path().join("wheels"));
        std::fs::create_dir_all(&source).unwrap();
        std::fs::create_dir_all(&wheels).unwrap();
        std::fs::write(source.join("requirements.txt"), "x\n").unwrap();
        let now = || key(&source, "conf", std::slice::from_ref(&wheels)).unwrap().unwrap();
        let first = now();
        std::fs::write(source.join("app.yaml"), "command: [x]").unwrap();
        assert_eq!(now(), first, "how it is run does not matter");
        std::fs::write(source.join("other.py"), "").unwrap();
        let second = now();
        assert_ne!(second, first);
        std::fs::write(wheels.join("x-1.whl"), "").unwrap();
        assert_ne!(now(), second);
        assert_ne!(key(&source, "other", &[wheels]).unwrap().unwrap(), second);
        std::fs::write(source.join("requirements.txt"), "-e .\n").unwrap();
        assert_eq!(key(&source, "conf", &[]).unwrap(), None);
    }
}
