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

/// Something that rustup adds to a toolchain.
#[derive(Clone, Copy)]
pub(crate) enum Component {
    /// Checks the format
    Rustfmt,
    /// Checks for mistakes
    Clippy,
    /// The standard library's sources
    RustSrc,
}

impl Component {
    fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
            Self::RustSrc => "rust-src",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Rustfmt | Self::Clippy => "the code is checked with it",
            Self::RustSrc => "pages carry a standard library that is built to be small",
        }
    }

    fn is_present(self, repository: &Repository) -> anyhow::Result<bool> {
        let answers = |subcommand| command::succeeds(repository.cargo_tool(subcommand).arg("--version"));
        Ok(match self {
            Self::Rustfmt => answers("fmt"),
            Self::Clippy => answers("clippy"),
            Self::RustSrc => {
                let mut rustc = Command::new("rustc");
                rustc.current_dir(repository.path("")).args(["--print", "sysroot"]);
                let sysroot = command::output(&mut rustc)?;
                Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.toml").is_file()
            }
        })
    }
}

/// Makes sure that the components are installed.
pub(crate) fn ensure_components(repository: &Repository, components: &[Component]) -> anyhow::Result<()> {
    for component in components {
        if !component.is_present(repository)? {
            let name = component.name();
            say::line(&format!("installing the Rust component {name}: {}", component.purpose()));
            rustup(repository, &["component", "add", name])?;
        }
    }
    Ok(())
}

fn rustup(repository: &Repository, arguments: &[&str]) -> anyhow::Result<()> {
    command::run(Command::new("rustup").current_dir(repository.path("")).args(arguments))
        .context("Rust from rustup is needed here (https://rustup.rs): other Rusts cannot add to themselves")
}
