//! The built programs and wheels.
//!
//! `cargo xtask test` names what it has built in `TELLR_BIN`, `TELLR_APP_BIN`, `TELLR_WHEELS`, `TELLR_DEPLOYER_PAGE`,
//! `TELLR_ENGINE` and `TELLR_AXE_CORE`. Without these, cargo is asked to build what the checkout holds now.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use anyhow::{Context, anyhow, ensure};
use serde_json::Value;

use crate::repository;

type Built = OnceLock<Result<PathBuf, String>>;

/// The `tellr` command.
pub fn tellr() -> anyhow::Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || named_or_else("TELLR_BIN", || build("tellr")))
}

/// The runtime, `tellr-app`.
pub fn tellr_app() -> anyhow::Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || named_or_else("TELLR_APP_BIN", || build("tellr-app")))
}

/// The folder with both wheels.
pub fn wheels() -> anyhow::Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || named_or_else("TELLR_WHEELS", dist))
}

/// The folder of the deployer's page.
pub fn deployer_page() -> anyhow::Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || named_or_else("TELLR_DEPLOYER_PAGE", build_deployer_page))
}

/// The folder of the engine for JavaScript.
pub fn engine() -> anyhow::Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || named_or_else("TELLR_ENGINE", build_engine))
}

/// The script of axe-core, the accessibility rules.
pub fn axe_core() -> anyhow::Result<PathBuf> {
    static FETCHED: Built = OnceLock::new();
    once(&FETCHED, || named_or_else("TELLR_AXE_CORE", fetch_axe_core))
}

/// The wheel of one package, e.g. `databricks-tellr-app`.
pub fn wheel(package: &str) -> anyhow::Result<PathBuf> {
    let prefix = format!("{}-", package.replace('-', "_"));
    let folder = wheels()?;
    let mut found = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(".whl") {
            found.push(path);
        }
    }
    ensure!(
        found.len() == 1,
        "{} wheels of {package} in {} where one was expected",
        found.len(),
        folder.display()
    );
    found.pop().context("no wheel")
}

fn once(built: &Built, make: impl FnOnce() -> anyhow::Result<PathBuf>) -> anyhow::Result<PathBuf> {
    built
        .get_or_init(|| make().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(|message| anyhow!(message))
}

fn named_or_else(variable: &str, make: impl FnOnce() -> anyhow::Result<PathBuf>) -> anyhow::Result<PathBuf> {
    match env::var_os(variable) {
        None => make(),
        Some(path) => {
            let path = PathBuf::from(path);
            ensure!(path.exists(), "{variable} names {}, which is not there", path.display());
            Ok(path)
        }
    }
}

/// Builds a package's binary and asks cargo where it is.
fn build(package: &str) -> anyhow::Result<PathBuf> {
    let mut cargo = repository::cargo();
    cargo.args(["build", "-p", package, "--message-format", "json-render-diagnostics"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cargo cannot be started")?;
    ensure!(output.status.success(), "`cargo build -p {package}` ended with {}", output.status);
    let messages = String::from_utf8(output.stdout)?;
    let executable =
        messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
            let is_ours = message["target"]["name"] == package;
            message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
        });
    executable.with_context(|| format!("cargo built no binary `{package}`"))
}

fn build_deployer_page() -> anyhow::Result<PathBuf> {
    let status = repository::cargo().args(["xtask", "deployer-page"]).stdin(Stdio::null()).status()?;
    ensure!(status.success(), "`cargo xtask deployer-page` ended with {status}");
    Ok(repository::root().join("deployer-ui/dist"))
}

fn build_engine() -> anyhow::Result<PathBuf> {
    let status = repository::cargo().args(["xtask", "engine"]).stdin(Stdio::null()).status()?;
    ensure!(status.success(), "`cargo xtask engine` ended with {status}");
    Ok(repository::root().join("dist/engine"))
}

fn fetch_axe_core() -> anyhow::Result<PathBuf> {
    let output = repository::cargo().args(["xtask", "axe-core"]).stdin(Stdio::null()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`cargo xtask axe-core` ended with {}: {errors}", output.status);
    let lines = String::from_utf8(output.stdout)?;
    lines.lines().last().map(PathBuf::from).context("`cargo xtask axe-core` printed no path")
}

fn dist() -> anyhow::Result<PathBuf> {
    let status = repository::cargo().args(["xtask", "dist"]).stdin(Stdio::null()).status()?;
    ensure!(status.success(), "`cargo xtask dist` ended with {status}");
    Ok(repository::root().join("dist"))
}
