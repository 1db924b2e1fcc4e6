//! Figures of what ships: sizes, times, memory, throughput. Written to `docs/figures.md`.

mod create;
mod decks;
mod figures;
mod install;
mod load;
mod machine;
mod runtime;

use std::fs;

use anyhow::Context;

use crate::local_workspace::Workspace;
use crate::repository::Repository;
use crate::setup::{self, Package};
use crate::{say, wheels};
use figures::Figures;
use runtime::Runtime;

/// How often each thing is measured; the median counts.
const RUNS: usize = 5;

/// Measures only decks, which needs nothing set up; prints the figures and writes nothing.
pub(crate) fn decks(repository: &Repository) -> anyhow::Result<()> {
    let mut figures = Figures::default();
    decks::measure(&mut figures, repository)?;
    say::line(&format!("\n{}", figures.table()));
    Ok(())
}

/// Measures everything on this machine, with the wheels of this checkout.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    setup::apt(&[Package::PythonVenv, Package::PythonPip, Package::Postgresql, Package::Wrk])?;
    let wheels = wheels::run(repository)?;
    let folder = repository.target("xtask/bench");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be cleared", folder.display()))?;
    }
    let mut figures = Figures::default();
    say::heading("decks");
    decks::measure(&mut figures, repository)?;
    say::heading("sizes and installation");
    install::measure(&mut figures, &wheels, &folder)?;
    say::heading("create");
    create::measure(&mut figures, &wheels, &folder)?;
    say::heading("runtime");
    let workspace = Workspace::start(&folder.join("runtime"), &wheels.tellr, &["--state-delay", "0"])?;
    let runtime = Runtime::with_database(&workspace, &wheels.tellr_app)?;
    runtime::measure(&mut figures, &runtime)?;
    say::heading("load");
    load::measure(&mut figures, &runtime, &repository.path("frontend/dist"))?;
    workspace.stop()?;
    let path = repository.path("docs/figures.md");
    fs::write(&path, figures.document(&machine::describe()?))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    say::line(&format!("\n{}\nwritten to {}", figures.table(), path.display()));
    Ok(())
}
