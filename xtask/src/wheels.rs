//! The two wheels, with static binaries in them.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::frontend;
use crate::repository::Repository;
use crate::setup::{self, Package, Tools};
use crate::webassembly::Mode;
use crate::{command, deployer_page, say};

/// The Python packages, as folders of `python/`.
pub(crate) const PACKAGES: [&str; 2] = ["databricks-tellr", "databricks-tellr-app"];

/// Where `tellr.ui()` finds the page.
const PAGE_IN_PACKAGE: &str = "python/databricks-tellr/src/databricks_tellr/page.html";

/// What `dist` has built.
pub(crate) struct Wheels {
    /// The folder with both wheels and nothing older beside them
    pub(crate) folder: PathBuf,
    /// The `tellr` binary that is in the first wheel
    pub(crate) tellr: PathBuf,
    /// The `tellr-app` binary that is in the second
    pub(crate) tellr_app: PathBuf,
}

/// Builds both wheels into `dist/`. They run on every Linux of this machine's kind: nothing is linked at run time.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<Wheels> {
    let target = static_target();
    setup::rust_targets(repository, &[(&target, "the wheels carry static binaries")])?;
    setup::apt(&[Package::MuslTools])?;
    let tools = Tools::ensure(repository)?;
    frontend::run(repository, Mode::Release)?;
    deployer_page::run(repository, Mode::Release)?;
    carry_page(repository)?;
    let folder = repository.path("dist");
    let built = repository.target("xtask/wheels");
    for package in PACKAGES {
        let out = built.join(package);
        build(repository, &tools, package, &target, &out)?;
        publish_locally(&out, &folder, package)?;
    }
    let binaries = repository.target(&format!("{target}/release"));
    Ok(Wheels { folder, tellr: binaries.join("tellr"), tellr_app: binaries.join("tellr-app") })
}

/// The target whose binaries need no C library of the machine they run on.
pub(crate) fn static_target() -> String {
    format!("{ARCH}-unknown-linux-musl")
}

/// The wheel files of a package in a folder.
pub(crate) fn wheels_of(folder: &Path, package: &str) -> anyhow::Result<Vec<PathBuf>> {
    let prefix = format!("{}-", package.replace('-', "_"));
    let mut wheels = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(".whl") {
            wheels.push(path);
        }
    }
    Ok(wheels)
}

/// Puts the page as one file among the Python sources, which maturin takes as they are.
fn carry_page(repository: &Repository) -> anyhow::Result<()> {
    let (from, to) = (repository.path(deployer_page::SINGLE_FILE), repository.path(PAGE_IN_PACKAGE));
    fs::copy(&from, &to)
        .with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))?;
    Ok(())
}

fn build(
    repository: &Repository,
    tools: &Tools,
    package: &str,
    target: &str,
    out: &Path,
) -> anyhow::Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("{} cannot be cleared", out.display()))?;
    }
    let mut maturin = tools.program("maturin");
    maturin.current_dir(repository.path(&format!("python/{package}")));
    maturin.args(["build", "--release", "--locked", "--target", target, "--out"]).arg(out);
    // the same inputs give the same bytes, whenever they are built
    maturin.env("SOURCE_DATE_EPOCH", "1767225600");
    command::run(&mut maturin)
}

/// Moves the one wheel into `dist/` if its content is new, and removes what was there of older versions.
fn publish_locally(out: &Path, folder: &Path, package: &str) -> anyhow::Result<()> {
    let built = wheels_of(out, package)?;
    ensure!(built.len() == 1, "maturin made {} wheels for {package} where one was expected", built.len());
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for wheel in built {
        let wanted = folder.join(wheel.file_name().unwrap_or_default());
        for older in wheels_of(folder, package)?.into_iter().filter(|path| *path != wanted) {
            fs::remove_file(&older).with_context(|| format!("{} cannot be removed", older.display()))?;
        }
        let content = fs::read(&wheel).with_context(|| format!("{} cannot be read", wheel.display()))?;
        if !fs::read(&wanted).is_ok_and(|present| present == content) {
            fs::write(&wanted, &content)
                .with_context(|| format!("{} cannot be written", wanted.display()))?;
        }
        say::line(&format!("{} ({:.1} MB)", wanted.display(), content.len() as f64 / 1e6));
    }
    Ok(())
}
