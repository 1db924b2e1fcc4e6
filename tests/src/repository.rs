//! The checkout that is tested.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

/// The root of the checkout.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The text of a file of the checkout.
pub fn read(relative: &str) -> anyhow::Result<String> {
    let path = root().join(relative);
    fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}

/// All `.rs` files below a folder of the checkout, with their texts.
pub fn rust_files(folder: &str) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                files.push((path.strip_prefix(root()).unwrap_or(&path).to_owned(), text));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// `cargo` at the root of the checkout, without what cargo told this test about its own package: build scripts watch
/// these variables, and would build everything again.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// What `cargo metadata` says with these arguments.
pub fn metadata(arguments: &[&str]) -> anyhow::Result<Value> {
    let output = cargo().args(["metadata", "--format-version", "1", "--locked"]).args(arguments).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "cargo metadata failed: {errors}");
    Ok(serde_json::from_slice(&output.stdout)?)
}
