//! The pages: cargo, wasm-bindgen as a library, names with a hash of the content, compressed copies.

mod bindgen;
mod compress;
mod files;
mod page;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::repository::Repository;
use crate::setup::{self, WASM_TARGET};
use crate::{command, say};
use files::Files;

/// The package that becomes the page.
const PACKAGE: &str = "tellr-frontend";

/// Quick to build, or as shipped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Development,
    Release,
}

impl Mode {
    pub(crate) fn of(release: bool) -> Self {
        if release { Self::Release } else { Self::Development }
    }

    fn profile(self) -> &'static str {
        match self {
            Self::Development => "wasm-dev",
            Self::Release => "wasm-release",
        }
    }
}

/// Builds the app's page into `frontend/dist`. Files whose content is the same stay untouched, so that nothing which
/// embeds them is built again.
pub(crate) fn run(repository: &Repository, mode: Mode) -> anyhow::Result<()> {
    setup::rust_targets(repository, &[(WASM_TARGET, "the pages run in the browser as WebAssembly")])?;
    let wasm = compile(repository, mode)?;
    let sources = repository.path("frontend");
    let mut files = assemble(&sources, &wasm, mode)?;
    if mode == Mode::Release {
        compress::add_variants(&mut files)?;
    }
    let dist = sources.join("dist");
    let changed = files.write_to(&dist)?;
    say::line(&format!(
        "{} files in {}, {changed} changed; first load {}",
        files.len(),
        dist.display(),
        files.first_load()
    ));
    Ok(())
}

fn compile(repository: &Repository, mode: Mode) -> anyhow::Result<PathBuf> {
    let profile = mode.profile();
    command::run(repository.cargo("build").args([
        "--target",
        WASM_TARGET,
        "--profile",
        profile,
        "-p",
        PACKAGE,
    ]))?;
    Ok(repository.target(&format!("{WASM_TARGET}/{profile}/{PACKAGE}.wasm")))
}

/// Everything the server will serve, by its path.
fn assemble(sources: &Path, wasm: &Path, mode: Mode) -> anyhow::Result<Files> {
    let bound = bindgen::bind(wasm, mode)?;
    let mut files = Files::default();
    let wasm_path = files.add_hashed("assets/tellr_bg", "wasm", bound.wasm);
    let glue_path = files.add_hashed("assets/tellr", "js", bound.glue.into_bytes());
    let boot_path =
        files.add_hashed("assets/boot", "js", page::boot_script(&glue_path, &wasm_path).into_bytes());
    let style_path = files.add_hashed("assets/styles", "css", read(&sources.join("styles.css"))?);
    files.add("favicon.svg", read(&sources.join("favicon.svg"))?);
    let template =
        String::from_utf8(read(&sources.join("index.html"))?).context("frontend/index.html is not UTF-8")?;
    let page = page::fill(&template, &page::Assets { wasm_path, glue_path, boot_path, style_path })?;
    files.add("index.html", page.into_bytes());
    Ok(files)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
