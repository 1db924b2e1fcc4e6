//! Release binaries and front ends, for this machine.

use crate::frontend;
use crate::repository::Repository;
use crate::webassembly::Mode;
use crate::{command, deployer_page, say};

/// Builds the pages, then the binaries that embed them.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    frontend::run(repository, Mode::Release)?;
    deployer_page::run(repository, Mode::Release)?;
    command::run(repository.cargo("build").args(["--release", "-p", "tellr", "-p", "tellr-app"]))?;
    for binary in ["tellr", "tellr-app"] {
        say::line(&repository.target("release").join(binary).display().to_string());
    }
    Ok(())
}
