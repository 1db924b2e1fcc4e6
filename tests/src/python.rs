//! Virtual environments.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::process::{self, Output};

const INSTALL_DEADLINE: Duration = Duration::from_secs(300);

/// A virtual environment with pip.
#[derive(Debug)]
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Makes one in a folder that is not there yet.
    pub async fn create(folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("python3");
        command.args(["-m", "venv"]).arg(folder);
        process::run(command, INSTALL_DEADLINE).await?.successful()?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// One that is there already.
    pub fn existing(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// `pip install <arguments>`.
    pub async fn install<A: AsRef<OsStr>>(&self, arguments: &[A]) -> anyhow::Result<Output> {
        let mut command = Command::new(self.program("python"));
        command.args(["-m", "pip", "install", "--disable-pip-version-check", "-q"]).args(arguments);
        process::run(command, INSTALL_DEADLINE).await?.successful()
    }

    /// The path of a program of the environment.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}
