//! The Python programs that build and upload wheels, in an environment of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::repository::Repository;
use crate::setup::{Package, apt};
use crate::{command, say};

/// What is installed, pinned: `maturin` builds the wheels, `twine` checks and uploads them.
const REQUIREMENTS: &str = "maturin==1.16.0\ntwine==7.0.0\n";

/// An environment with maturin and twine.
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Makes the environment if it is not there yet, or is there with other versions.
    pub(crate) fn ensure(repository: &Repository) -> anyhow::Result<Self> {
        let folder = repository.target("xtask/python");
        let marker = folder.join("installed.txt");
        if fs::read_to_string(&marker).is_ok_and(|installed| installed == REQUIREMENTS) {
            return Ok(Self { folder });
        }
        apt(&[Package::PythonVenv])?;
        let wanted: Vec<&str> = REQUIREMENTS.lines().collect();
        say::line(&format!(
            "installing {} with pip into {}: they build and check the wheels",
            wanted.join(", "),
            folder.display()
        ));
        command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let tools = Self { folder };
        command::run(
            tools
                .program("python")
                .args(["-m", "pip", "install", "-q", "--disable-pip-version-check"])
                .args(wanted),
        )?;
        fs::write(&marker, REQUIREMENTS)
            .with_context(|| format!("{} cannot be written", marker.display()))?;
        Ok(tools)
    }

    /// A program of the environment.
    pub(crate) fn program(&self, name: &str) -> Command {
        Command::new(self.folder.join("bin").join(name))
    }
}
