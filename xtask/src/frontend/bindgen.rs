//! From cargo's wasm to what a browser loads.

use std::path::Path;

use anyhow::ensure;
use wasm_bindgen_cli_support::Bindgen;

use super::Mode;

/// A module and the JavaScript around it.
pub(super) struct Bound {
    pub(super) wasm: Vec<u8>,
    pub(super) glue: String,
}

/// Runs wasm-bindgen for the web.
pub(super) fn bind(wasm: &Path, mode: Mode) -> anyhow::Result<Bound> {
    let is_release = mode == Mode::Release;
    let mut output = Bindgen::new()
        .input_path(wasm)
        .out_name("tellr")
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(is_release)
        .remove_producers_section(is_release)
        .web(true)?
        .generate_output()?;
    // such files would be imported by paths of their own, which the hashed names do not provide for
    let brings_scripts = output.snippets().values().any(|inline| !inline.is_empty());
    ensure!(
        !brings_scripts && output.local_modules().is_empty(),
        "a crate of the page brings JavaScript files of its own, which this build does not carry over"
    );
    Ok(Bound { glue: output.js().to_owned(), wasm: output.wasm_mut().emit_wasm() })
}
