//! Tests compiled to WebAssembly, run in headless Chromium.

use std::env;
use std::ffi::OsString;
use std::fs;

use anyhow::Context;

use crate::browser::Browser;
use crate::command;
use crate::repository::Repository;
use crate::setup::{self, Package, WASM_TARGET};

/// What is tested in the browser if nothing else is asked for: the engine and the client under it. Their unit tests need
/// no browser and run natively.
const DEFAULT: [&str; 8] =
    ["-p", "deployer-wasm", "-p", "databricks", "--features", "deployer-wasm/js", "--test", "*"];

/// Runs `cargo test` for wasm; without arguments, what a browser matters to.
pub(crate) fn run(repository: &Repository, args: &[OsString]) -> anyhow::Result<()> {
    setup::rust_targets(
        repository,
        &[(WASM_TARGET, "the engine's tests run in the browser as WebAssembly")],
    )?;
    setup::apt(&[Package::Chromium, Package::ChromiumDriver])?;
    let browser = Browser::find()?;
    let capabilities = repository.target("xtask/webdriver.json");
    fs::create_dir_all(repository.target("xtask")).context("the target directory cannot be written")?;
    fs::write(&capabilities, browser.capabilities().to_string())
        .with_context(|| format!("{} cannot be written", capabilities.display()))?;
    let runner = serde_json::to_string(&[
        env::current_exe().context("this program does not know its own path")?.to_string_lossy().as_ref(),
        "wasm-bindgen-test-runner",
    ])?;
    let mut cargo = repository.cargo("test");
    cargo.args(["--target", WASM_TARGET, "--config"]).arg(format!("target.{WASM_TARGET}.runner={runner}"));
    match args {
        [] => cargo.args(DEFAULT),
        given => cargo.args(given),
    };
    cargo.env("CHROMEDRIVER", &browser.driver).env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities);
    command::run(&mut cargo)
}

/// The runner of wasm-bindgen at the version of `Cargo.lock`: nothing is downloaded, and it cannot disagree.
pub(crate) fn runner(args: Vec<OsString>) -> anyhow::Result<()> {
    let name = OsString::from("wasm-bindgen-test-runner");
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::iter::once(name).chain(args))
}
