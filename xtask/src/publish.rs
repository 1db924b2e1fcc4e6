//! Uploading the wheels.

use std::env;
use std::env::consts::ARCH;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::repository::Repository;
use crate::setup::Tools;
use crate::wheels::{self, PACKAGES};
use crate::{command, say};

/// Where wheels go.
#[derive(Clone, Copy)]
pub(crate) enum Index {
    PyPi,
    TestPyPi,
}

impl Index {
    pub(crate) fn of(test: bool) -> Self {
        if test { Self::TestPyPi } else { Self::PyPi }
    }

    /// Where twine uploads to; `TWINE_REPOSITORY_URL` names an index of one's own.
    fn upload_url(self) -> String {
        let public = match self {
            Self::PyPi => "https://upload.pypi.org/legacy/",
            Self::TestPyPi => "https://test.pypi.org/legacy/",
        };
        env::var("TWINE_REPOSITORY_URL").unwrap_or_else(|_| public.to_owned())
    }
}

/// Builds both wheels, lets twine check them, and uploads them unless this is a dry run.
///
/// The credentials come from `TWINE_USERNAME` (default `__token__`) and `TWINE_PASSWORD` alone: no file of the machine
/// is read, and nothing is asked for.
pub(crate) fn run(repository: &Repository, index: Index, is_dry_run: bool) -> anyhow::Result<()> {
    ensure!(ARCH == "x86_64", "the published wheels are for x86_64; this machine is {ARCH}");
    ensure!(
        is_dry_run || env::var_os("TWINE_PASSWORD").is_some(),
        "TWINE_PASSWORD is not set: put an API token of the index there (see https://pypi.org/help/#apitoken)"
    );
    let folder = wheels::run(repository)?.folder;
    if is_dry_run {
        return dry_run(repository, &folder, index);
    }
    let files = checked(repository, &folder)?;
    let mut twine = Tools::ensure(repository)?.program("twine");
    twine.args([
        "upload",
        "--non-interactive",
        "--config-file",
        "/dev/null",
        "--repository-url",
        &index.upload_url(),
    ]);
    if env::var_os("TWINE_USERNAME").is_none() {
        twine.env("TWINE_USERNAME", "__token__");
    }
    command::run(twine.args(&files))
}

/// Checks the wheels in a folder as an upload would, and says what would go where.
pub(crate) fn dry_run(repository: &Repository, folder: &Path, index: Index) -> anyhow::Result<()> {
    for file in checked(repository, folder)? {
        say::line(&format!("would upload {} to {}", file.display(), index.upload_url()));
    }
    Ok(())
}

/// The wheels of both packages, once twine finds nothing wrong with them.
fn checked(repository: &Repository, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for package in PACKAGES {
        let wheels = wheels::wheels_of(folder, package)?;
        ensure!(
            wheels.len() == 1,
            "{} wheels of {package} in {} where one belongs",
            wheels.len(),
            folder.display()
        );
        files.extend(wheels);
    }
    command::run(Tools::ensure(repository)?.program("twine").args(["check", "--strict"]).args(&files))?;
    Ok(files)
}
