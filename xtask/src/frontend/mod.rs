//! The pages: WebAssembly behind a shell, names with a hash of the content, compressed copies, and a limit to what a
//! first visit loads.

pub(crate) mod compress;
mod files;
mod page;
mod single_file;

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::repository::Repository;
use crate::say;
use crate::webassembly::{self, Bound, Mode};
use files::Files;
pub(crate) use single_file::SingleFile;

/// A page that is built from a package.
pub(crate) struct Page {
    /// The package that becomes the page.
    pub(crate) package: &'static str,
    /// Folder of `index.html`, `styles.css` and `favicon.svg`.
    pub(crate) shell: &'static str,
    /// Folder that the built files go to.
    pub(crate) dist: &'static str,
    /// What stands before the paths of the assets: a slash where the page answers below several paths, nothing where it may
    /// lie in any folder of a server.
    pub(crate) base: &'static str,
    /// The security policy that the page itself carries, where no server of ours sends one.
    pub(crate) security_policy: Option<&'static str>,
    /// The most bytes that a first visit may load.
    pub(crate) limit: usize,
    /// The same page as one file.
    pub(crate) single_file: Option<SingleFile>,
}

/// The app's page. Its server sends the security policy.
const APP: Page = Page {
    package: "tellr-frontend",
    shell: "frontend",
    dist: "frontend/dist",
    base: "/",
    security_policy: None,
    limit: 450_000,
    single_file: None,
};

/// Builds the app's page into `frontend/dist`.
pub(crate) fn run(repository: &Repository, mode: Mode) -> anyhow::Result<()> {
    build(repository, &APP, mode)
}

/// Builds a page. Files whose content is the same stay untouched, so that nothing which embeds them is built again.
pub(crate) fn build(repository: &Repository, page: &Page, mode: Mode) -> anyhow::Result<()> {
    let wasm = webassembly::program(repository, page.package, mode)?;
    let bound = webassembly::bind(&wasm, "tellr", mode)?;
    let shell = repository.path(page.shell);
    if let Some(single_file) = &page.single_file {
        single_file.write(repository, &shell, &bound, mode)?;
    }
    let mut files = assemble(&shell, page, bound)?;
    if mode == Mode::Release {
        compress::add_variants(&mut files)?;
        let (load, limit) = (files.first_load(), page.limit);
        ensure!(load <= limit, "a first visit of {} loads {load} bytes, more than {limit}", page.package);
    }
    let dist = repository.path(page.dist);
    let changed = files.write_to(&dist)?;
    say::line(&format!(
        "{} files in {}, {changed} changed; first load {:.1} KB",
        files.len(),
        dist.display(),
        files.first_load() as f64 / 1000.0
    ));
    Ok(())
}

/// Everything the server will serve, by its path.
fn assemble(shell: &Path, page: &Page, bound: Bound) -> anyhow::Result<Files> {
    let mut files = Files::default();
    let wasm_path = files.add_hashed("assets/tellr_bg", "wasm", bound.wasm);
    let glue_path = files.add_hashed("assets/tellr", "js", bound.glue.into_bytes());
    let boot_path =
        files.add_hashed("assets/boot", "js", page::boot_script(&glue_path, &wasm_path).into_bytes());
    let style_path = files.add_hashed("assets/styles", "css", read(&shell.join("styles.css"))?);
    files.add("favicon.svg", read(&shell.join("favicon.svg"))?);
    let template = String::from_utf8(read(&shell.join("index.html"))?).context("index.html is not UTF-8")?;
    let Page { base, security_policy, .. } = *page;
    let assets = page::Assets { base, security_policy, wasm_path, glue_path, boot_path, style_path };
    files.add("index.html", page::fill(&template, &assets)?.into_bytes());
    Ok(files)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
