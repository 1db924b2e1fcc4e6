//! Targets and components of the Rust toolchain.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::repository::Repository;
use crate::{command, say};

/// Makes sure that the standard library of each target is installed. `(target, what for)`.
pub(crate) fn ensure_targets(repository: &Repository, targets: &[(&str, &str)]) -> anyhow::Result<()> {
    for (target, purpose) in targets {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(repository.path("")).args(["--print", "target-libdir", "--target", target]);
        let folder = command::output(&mut rustc)?;
        if !Path::new(folder.trim()).is_dir() {
            say::line(&format!("installing the Rust target {target}: {purpose}"));
            rustup(repository, &["target", "add", target])?;
        }
    }
    Ok(())
}

/// Makes sure that rustfmt and clippy are installed.
pub(crate) fn ensure_components(repository: &Repository) -> anyhow::Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !command::succeeds(repository.cargo_tool(subcommand).arg("--version")) {
            say::line(&format!("installing the Rust component {component}: the code is checked with it"));
            rustup(repository, &["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(repository: &Repository, arguments: &[&str]) -> anyhow::Result<()> {
    command::run(Command::new("rustup").current_dir(repository.path("")).args(arguments))
        .context("Rust from rustup is needed here (https://rustup.rs): other Rusts cannot add to themselves")
}
