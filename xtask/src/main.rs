//! The commands people type: `cargo xtask demo`, `test`, `build`, `dist`, `bench`, `publish`.
//!
//! May run cargo, apt, pip and the programs of this repository, and knows where their files lie. It must not know how
//! Tellr works inside: it drives the same commands and addresses that a user does. Each command does all of its own
//! set-up on a fresh Debian or Ubuntu machine and says what it installs and why.

mod bench;
mod browser;
mod command;
mod demo;
mod deployer_page;
mod frontend;
mod gallery;
mod http;
mod local_workspace;
mod publish;
mod release;
mod repository;
mod say;
mod setup;
mod stages;
mod test;
mod wasm_tests;
mod wheels;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use repository::Repository;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, shows and tests Tellr")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Deploy Tellr into a local workspace and show it, until Ctrl-C
    Demo {
        /// Stop after the health check
        #[arg(long)]
        once: bool,
    },
    /// Check everything: format, lints, front ends, wheels, browser tests, native tests
    Test,
    /// Build the release binaries and front ends
    Build,
    /// Build the app's page into frontend/dist
    Frontend {
        /// Small and compressed, as shipped
        #[arg(long)]
        release: bool,
    },
    /// Build the deployer's page into deployer-ui/dist
    DeployerPage {
        /// Small and compressed, as shipped
        #[arg(long)]
        release: bool,
    },
    /// Build both wheels into dist/
    Dist,
    /// Upload both wheels with twine (credentials: TWINE_USERNAME, TWINE_PASSWORD)
    Publish {
        /// To TestPyPI instead of PyPI
        #[arg(long)]
        test: bool,
        /// Check the wheels and say what would go where, upload nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Draw every chart type and take pictures of them for docs/gallery
    Gallery,
    /// Measure what the design sets figures for, and write docs/figures.md
    Bench,
    /// Fetch the accessibility rules of the browser tests (started by them)
    #[command(hide = true)]
    AxeCore,
    /// Run the engine's tests as WebAssembly in headless Chromium
    WasmTest {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Cargo's runner for wasm tests (started by `wasm-test`)
    #[command(hide = true, disable_help_flag = true)]
    WasmBindgenTestRunner {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let repository = Repository::locate()?;
    match command {
        Command::Demo { once } => demo::run(&repository, once),
        Command::Test => test::run(&repository),
        Command::Build => release::run(&repository),
        Command::Frontend { release } => frontend::run(&repository, frontend::Mode::of(release)),
        Command::DeployerPage { release } => deployer_page::run(&repository, frontend::Mode::of(release)),
        Command::Dist => wheels::run(&repository).map(drop),
        Command::Publish { test, dry_run } => publish::run(&repository, publish::Index::of(test), dry_run),
        Command::Gallery => gallery::run(&repository),
        Command::Bench => bench::run(&repository),
        Command::AxeCore => {
            setup::axe_core(&repository).map(|script| say::line(&script.display().to_string()))
        }
        Command::WasmTest { args } => wasm_tests::run(&repository, &args),
        Command::WasmBindgenTestRunner { args } => wasm_tests::runner(args),
    }
}
