//! Where things lie.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

use crate::command;

/// The checkout and cargo's target directory, which may lie elsewhere (`CARGO_TARGET_DIR`, cargo's configuration).
pub(crate) struct Repository {
    root: PathBuf,
    target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Repository {
    /// Asks cargo.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let mut metadata = Command::new(cargo_program());
        metadata.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
        metadata.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        let json = command::output(&mut metadata)?;
        let Metadata { workspace_root, target_directory } =
            serde_json::from_str(&json).context("cargo metadata gave JSON that cannot be read")?;
        Ok(Self { root: workspace_root, target: target_directory })
    }

    /// A path inside the checkout.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path inside cargo's target directory.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        self.target.join(relative)
    }

    /// `cargo`, started at the root of the checkout with the lock file as it is.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = Command::new(cargo_program());
        cargo.current_dir(&self.root).arg(subcommand).arg("--locked");
        cargo
    }

    /// `cargo fmt` and the like, which do not know `--locked`.
    pub(crate) fn cargo_tool(&self, subcommand: &str) -> Command {
        let mut cargo = Command::new(cargo_program());
        cargo.current_dir(&self.root).arg(subcommand);
        cargo
    }
}

/// The cargo that started this program.
fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
