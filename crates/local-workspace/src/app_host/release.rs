//! The last good deployment of an app, written down so that it runs again after a restart.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::private_file;

/// What it takes to run a built deployment; the environment holds secrets, so there is no `Debug`.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Release {
    pub(crate) deployment_id: String,
    /// with `$DATABRICKS_APP_PORT` still in it
    pub(crate) command: Vec<String>,
    /// `app.yaml`'s variables; the platform's are not saved, since addresses and ports may be others the next time
    pub(crate) env: Vec<(String, String)>,
}

impl Release {
    /// The same release to run now: the platform's variables before those of `app.yaml`.
    pub(crate) fn with_platform_env(&self, platform_env: Vec<(String, String)>) -> Release {
        let env = platform_env.into_iter().chain(self.env.iter().cloned()).collect();
        Release { env, ..self.clone() }
    }
}

/// The folders of one app.
#[derive(Clone, Debug)]
pub(crate) struct AppFolders {
    root: PathBuf,
}

impl AppFolders {
    /// `root` is the app's own folder.
    pub(crate) fn new(root: PathBuf) -> AppFolders {
        AppFolders { root }
    }

    /// All of it.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// `$HOME` of the app and its builds.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    fn deployments(&self) -> PathBuf {
        self.root.join("deployments")
    }

    /// All of one deployment.
    pub(crate) fn deployment(&self, id: &str) -> PathBuf {
        self.deployments().join(id)
    }

    /// The source of one deployment, its working directory.
    pub(crate) fn source(&self, id: &str) -> PathBuf {
        self.deployment(id).join("source")
    }

    /// The Python environment of one deployment.
    pub(crate) fn venv(&self, id: &str) -> PathBuf {
        self.deployment(id).join("venv")
    }

    fn release_file(&self) -> PathBuf {
        self.root.join("release.json")
    }

    /// The saved release, if there is one.
    pub(crate) fn load_release(&self) -> std::io::Result<Option<Release>> {
        match std::fs::read(self.release_file()) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(std::io::Error::other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Saves the release.
    pub(crate) fn save_release(&self, release: &Release) -> std::io::Result<()> {
        let text = serde_json::to_vec(release).map_err(std::io::Error::other)?;
        private_file::write(&self.release_file(), &text)
    }

    /// The builds of all other deployments.
    pub(crate) fn outdated(&self, release: &Release) -> std::io::Result<Vec<PathBuf>> {
        let entries: Vec<_> = std::fs::read_dir(self.deployments())?.collect::<std::io::Result<_>>()?;
        let others = entries.iter().filter(|entry| entry.file_name() != release.deployment_id.as_str());
        Ok(others.map(std::fs::DirEntry::path).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_kept_and_older_builds_are_known() {
        let dir = tempfile::tempdir().unwrap();
        let folders = AppFolders::new(dir.path().to_path_buf());
        assert!(folders.load_release().unwrap().is_none());
        for id in ["one", "two"] {
            std::fs::create_dir_all(folders.source(id)).unwrap();
        }
        let release = Release {
            deployment_id: "two".into(),
            command: vec!["x".into()],
            env: vec![("SECRET".into(), "s".into())],
        };
        folders.save_release(&release).unwrap();
        assert_eq!(folders.load_release().unwrap().unwrap().command, ["x"]);
        assert_eq!(folders.outdated(&release).unwrap(), [folders.deployment("one")]);
    }
}
