//! The engine for JavaScript, as a package: a module, its glue and its types.

use std::fs;

use anyhow::{Context, ensure};

use crate::frontend::compress::brotli;
use crate::repository::Repository;
use crate::say;
use crate::webassembly::{self, Mode};

const NAME: &str = "deployer_wasm";
const FOLDER: &str = "dist/engine";

/// The most bytes of the module, compressed.
const LIMIT: usize = 310_000;

/// Builds it into `dist/engine`.
pub(crate) fn run(repository: &Repository, mode: Mode) -> anyhow::Result<()> {
    let wasm = webassembly::library(repository, "deployer-wasm", "js", mode)?;
    let bound = webassembly::bind(&wasm, NAME, mode)?;
    let folder = repository.path(FOLDER);
    let context = || format!("{} cannot be written", folder.display());
    fs::create_dir_all(&folder).with_context(context)?;
    let files = [
        (format!("{NAME}_bg.wasm"), bound.wasm.as_slice()),
        (format!("{NAME}.js"), bound.glue.as_bytes()),
        (format!("{NAME}.d.ts"), bound.types.as_bytes()),
    ];
    for (name, content) in files {
        fs::write(folder.join(name), content).with_context(context)?;
    }
    let size = brotli(&bound.wasm)?.len();
    say::line(&format!(
        "{}: module {:.1} KB, {:.1} KB with brotli",
        folder.display(),
        bound.wasm.len() as f64 / 1000.0,
        size as f64 / 1000.0
    ));
    ensure!(
        mode == Mode::Development || size <= LIMIT,
        "the engine has {size} bytes with brotli, more than {LIMIT}"
    );
    Ok(())
}
