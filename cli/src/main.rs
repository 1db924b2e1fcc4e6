//! `tellr`: the deployer on the command line, and the local workspace to try it on.
//!
//! This room turns flags into a request, drives the engine and shows what it tells. It may use everything; it must not
//! decide what a deployment is: fields, rules, plan and steps belong to the engine.

mod command_line;
mod config;
mod confirmation;
mod connection;
mod deploy;
mod doctor;
mod failure;
mod login;
mod logs;
mod origin;
mod plan_table;
mod printer;
mod request;
mod rollback;
mod status;
mod ui;
mod workspace;

use std::process::ExitCode;

use clap::ArgMatches;
use failure::Failure;
use printer::Printer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // It fails only if a provider is installed already, and then there is one.
    _ = rustls::crypto::ring::default_provider().install_default();
    let matches = command_line::command().get_matches();
    let Some((name, arguments)) = matches.subcommand() else { return ExitCode::from(2) };
    let printer = Printer::for_arguments(arguments);
    match run(name, arguments, &printer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit_code()
        }
    }
}

async fn run(name: &str, arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    match name {
        "plan" => match arguments.subcommand() {
            Some((operation, arguments)) => deploy::plan(operation, arguments).await,
            None => Ok(()),
        },
        "config" => config::run(arguments, printer),
        "doctor" => doctor::run(arguments, printer).await,
        "login" => login::run(arguments, printer).await,
        "logout" => login::logout(arguments, printer).await,
        "logs" => logs::run(arguments, printer).await,
        "rollback" => rollback::run(arguments, printer).await,
        "status" => status::run(arguments, printer).await,
        "ui" => ui::run(arguments, printer).await,
        "workspace" => workspace::run(arguments).await,
        operation => deploy::apply(operation, arguments, printer).await,
    }
}
