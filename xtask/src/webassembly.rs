//! Compiling to WebAssembly, for development or as small as it gets.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use wasm_bindgen_cli_support::Bindgen;

use crate::command;
use crate::repository::Repository;
use crate::setup::{self, Component, WASM_TARGET};

/// Flags of released modules. A panic traps at once, without a message, and no message knows the line it came from: the
/// words of all panics would be a tenth of a page. (They would also hold the folders of the building machine.) Leptos puts
/// views together without their types, which is a fifth of the rest.
const RELEASE_FLAGS: &str =
    "-Zlocation-detail=none -Zunstable-options -Cpanic=immediate-abort --cfg erase_components";

/// Quick to build, or as shipped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Development,
    Release,
}

/// A module and the JavaScript around it.
pub(crate) struct Bound {
    pub(crate) wasm: Vec<u8>,
    pub(crate) glue: String,
    /// The `.d.ts` of the glue.
    pub(crate) types: String,
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

/// Builds the program of a package.
pub(crate) fn program(repository: &Repository, package: &str, mode: Mode) -> anyhow::Result<PathBuf> {
    let mut cargo = repository.cargo("build");
    cargo.args(["-p", package]);
    build(repository, cargo, mode)?;
    Ok(built(repository, package, mode))
}

/// Builds the library of a package as a module of its own.
pub(crate) fn library(
    repository: &Repository,
    package: &str,
    features: &str,
    mode: Mode,
) -> anyhow::Result<PathBuf> {
    let mut cargo = repository.cargo("rustc");
    cargo.args(["-p", package, "--lib", "--crate-type", "cdylib", "--features", features]);
    build(repository, cargo, mode)?;
    Ok(built(repository, &package.replace('-', "_"), mode))
}

/// Runs wasm-bindgen for the web.
pub(crate) fn bind(wasm: &Path, name: &str, mode: Mode) -> anyhow::Result<Bound> {
    let is_release = mode == Mode::Release;
    let mut output = Bindgen::new()
        .input_path(wasm)
        .out_name(name)
        .typescript(true)
        .omit_default_module_path(true)
        .remove_name_section(is_release)
        .remove_producers_section(is_release)
        .web(true)?
        .generate_output()?;
    // such files would be imported by paths of their own, which the hashed names do not provide for
    let brings_scripts = output.snippets().values().any(|inline| !inline.is_empty());
    ensure!(
        !brings_scripts && output.local_modules().is_empty(),
        "a crate brings JavaScript files of its own, which this build does not carry over"
    );
    let types = output.ts().unwrap_or_default().to_owned();
    Ok(Bound { glue: output.js().to_owned(), types, wasm: output.wasm_mut().emit_wasm() })
}

fn build(repository: &Repository, mut cargo: Command, mode: Mode) -> anyhow::Result<()> {
    setup::rust_targets(repository, &[(WASM_TARGET, "pages run in the browser as WebAssembly")])?;
    cargo.args(["--target", WASM_TARGET, "--profile", mode.profile()]);
    if mode == Mode::Release {
        setup::rust_components(repository, &[Component::RustSrc])?;
        // the standard library brings the words of its panics along unless it is built in the same way; only a compiler
        // that takes unstable flags does that, and rust-toolchain.toml says which one this is
        cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_ENCODED_RUSTFLAGS", RELEASE_FLAGS.replace(' ', "\x1f"));
    }
    command::run(&mut cargo)
}

fn built(repository: &Repository, name: &str, mode: Mode) -> PathBuf {
    repository.target(&format!("{WASM_TARGET}/{}/{name}.wasm", mode.profile()))
}
