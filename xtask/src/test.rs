//! Everything that must hold before a change is taken.

use crate::frontend;
use crate::repository::Repository;
use crate::setup::{self, Component, Package, Tools, WASM_TARGET};
use crate::stages::Stages;
use crate::webassembly::Mode;
use crate::{command, deployer_page, engine, publish, say, wasm_tests, wheels};

/// The packages that are compiled to WebAssembly.
const WASM_PACKAGES: [&str; 6] =
    ["databricks", "deck", "deployer-wasm", "tellr-api", "tellr-deployer-ui", "tellr-frontend"];

/// All packages but those that exist only as wasm.
const NATIVE: [&str; 5] = ["--workspace", "--exclude", "tellr-frontend", "--exclude", "tellr-deployer-ui"];

/// Runs every check, cheapest first. The native tests come last, so that the output ends with cargo's own words.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    stages.stage("set-up", || set_up(repository))?;
    stages.stage("format", || command::run(repository.cargo_tool("fmt").args(["--all", "--check"])))?;
    stages.stage("lints", || lints(repository))?;
    stages.stage("lints of wasm code", || lints_of_wasm(repository))?;
    stages.stage("front ends", || {
        frontend::run(repository, Mode::Release)?;
        deployer_page::run(repository, Mode::Release)?;
        engine::run(repository, Mode::Release)
    })?;
    let wheels = stages.stage("wheels", || wheels::run(repository))?;
    stages.stage("publishing, dry", || publish::dry_run(repository, &wheels.folder, publish::Index::PyPi))?;
    stages.stage("tests in the browser", || wasm_tests::run(repository, &[]))?;
    stages.stage("building native tests", || command::run(native_tests(repository).arg("--no-run")))?;
    say::line(&stages.summary());
    say::heading("native tests");
    let mut tests = native_tests(repository);
    tests
        .env("TELLR_BIN", &wheels.tellr)
        .env("TELLR_APP_BIN", &wheels.tellr_app)
        .env("TELLR_WHEELS", &wheels.folder)
        .env("TELLR_DEPLOYER_PAGE", repository.path("deployer-ui/dist"))
        .env("TELLR_ENGINE", repository.path(engine::FOLDER))
        .env("TELLR_AXE_CORE", setup::axe_core(repository)?);
    command::run(&mut tests)
}

fn set_up(repository: &Repository) -> anyhow::Result<()> {
    let musl = wheels::static_target();
    setup::rust_components(repository, &[Component::Rustfmt, Component::Clippy, Component::RustSrc])?;
    setup::rust_targets(
        repository,
        &[
            (WASM_TARGET, "the pages and the engine run in the browser"),
            (&musl, "the wheels carry static binaries"),
        ],
    )?;
    setup::apt(&[
        Package::Chromium,
        Package::ChromiumDriver,
        Package::MuslTools,
        Package::PythonVenv,
        Package::PythonPip,
        Package::Postgresql,
        Package::Npm,
    ])?;
    setup::axe_core(repository)?;
    Tools::ensure(repository).map(drop)
}

fn lints(repository: &Repository) -> anyhow::Result<()> {
    let mut clippy = repository.cargo("clippy");
    clippy.args(NATIVE).args(["--all-targets", "--", "-D", "warnings"]);
    command::run(&mut clippy)
}

fn lints_of_wasm(repository: &Repository) -> anyhow::Result<()> {
    let mut clippy = repository.cargo("clippy");
    clippy.args(["--target", WASM_TARGET]);
    for package in WASM_PACKAGES {
        clippy.args(["-p", package]);
    }
    command::run(clippy.args(["--features", "deployer-wasm/js", "--", "-D", "warnings"]))
}

fn native_tests(repository: &Repository) -> std::process::Command {
    let mut cargo = repository.cargo("test");
    // all targets, and so no documentation tests: there are none, and the output is to end with tests that ran
    cargo.args(NATIVE).args(["--no-fail-fast", "--all-targets"]);
    cargo
}
