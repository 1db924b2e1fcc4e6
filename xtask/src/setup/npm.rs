//! What comes from npm: the accessibility rules that the browser tests check pages by.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::repository::Repository;
use crate::setup::{Package, apt};
use crate::{command, say};

/// What is installed, pinned.
const AXE_CORE: &str = "axe-core@4.14.1";

/// The script of axe-core; fetched if it is not there yet, or is there in another version.
pub(crate) fn axe_core(repository: &Repository) -> anyhow::Result<PathBuf> {
    let folder = repository.target("xtask/npm");
    let script = folder.join("node_modules/axe-core/axe.min.js");
    let marker = folder.join("installed.txt");
    if script.is_file() && fs::read_to_string(&marker).is_ok_and(|installed| installed == AXE_CORE) {
        return Ok(script);
    }
    apt(&[Package::Npm])?;
    say::line(&format!(
        "installing {AXE_CORE} with npm into {}: pages are checked by its rules",
        folder.display()
    ));
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--prefix",
    ]);
    command::run(npm.arg(&folder).arg(AXE_CORE))?;
    ensure!(script.is_file(), "npm has installed {AXE_CORE}, and {} is not there", script.display());
    fs::write(&marker, AXE_CORE).with_context(|| format!("{} cannot be written", marker.display()))?;
    Ok(script)
}
