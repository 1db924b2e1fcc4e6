//! Uploading the wheels.

use std::env;
use std::env::consts::ARCH;

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

    fn upload_url(self) -> &'static str {
        match self {
            Self::PyPi => "https://upload.pypi.org/legacy/",
            Self::TestPyPi => "https://test.pypi.org/legacy/",
        }
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
    let tools = Tools::ensure(repository)?;
    let mut files = Vec::new();
    for package in PACKAGES {
        files.extend(wheels::wheels_of(&folder, package)?);
    }
    command::run(tools.program("twine").args(["check", "--strict"]).args(&files))?;
    let url = env::var("TWINE_REPOSITORY_URL").unwrap_or_else(|_| index.upload_url().to_owned());
    if is_dry_run {
        for file in &files {
            say::line(&format!("would upload {} to {url}", file.display()));
        }
        return Ok(());
    }
    let mut twine = tools.program("twine");
    twine
        .args(["upload", "--non-interactive", "--config-file", "/dev/null", "--repository-url", &url])
        .args(&files);
    if env::var_os("TWINE_USERNAME").is_none() {
        twine.env("TWINE_USERNAME", "__token__");
    }
    command::run(&mut twine)
}
