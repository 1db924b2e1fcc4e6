//! `tellr workspace`: the local stand-in for a workspace, until it is told to stop.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use local_workspace::{CorsMode, Options};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::printer::write_line;

/// Starts it, says how to reach it, and stops it with its children on SIGINT or SIGTERM.
pub(crate) async fn run(arguments: &ArgMatches) -> Result<(), Failure> {
    let filter = EnvFilter::try_from_env("TELLR_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let failed = |error: &dyn std::fmt::Display| Failure::Machine(error.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| failed(&error))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| failed(&error))?;
    let options = options(arguments).map_err(|error| failed(&error))?;
    let running = local_workspace::start(options).await.map_err(|error| failed(&error))?;
    let ready = running.ready();
    write_line("LOCAL workspace, a stand-in on this machine only: not Databricks");
    write_line(&format!("host:  {}\ntoken: {}\nuser:  {}", ready.host, ready.token, ready.user));
    write_line(&format!("\nexport DATABRICKS_HOST={} DATABRICKS_TOKEN={}", ready.host, ready.token));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}

/// The data folder is made absolute: apps are built from other folders.
fn options(arguments: &ArgMatches) -> std::io::Result<Options> {
    let seconds = |name: &str| Duration::from_secs(arguments.get_one::<u64>(name).copied().unwrap_or(120));
    let data = arguments.get_one::<PathBuf>("data").cloned().unwrap_or_default();
    Ok(Options {
        port: arguments.get_one::<u16>("port").copied().unwrap_or(0),
        data_dir: std::path::absolute(data)?,
        ready_file: arguments.get_one::<PathBuf>("ready-file").cloned(),
        token_ttl: seconds("token-ttl"),
        state_delay: Duration::from_millis(arguments.get_one::<u64>("state-delay").copied().unwrap_or(500)),
        request_timeout: seconds("request-timeout"),
        start_deadline: seconds("start-deadline"),
        wheels: arguments.get_many::<PathBuf>("wheels").unwrap_or_default().cloned().collect(),
        cors: match arguments.get_one::<String>("cors").map(String::as_str) {
            Some("star") => CorsMode::Star,
            Some("files-only") => CorsMode::FilesOnly,
            _ => CorsMode::None,
        },
    })
}
