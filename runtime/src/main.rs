//! `tellr-app`, the runtime of Tellr: what Databricks Apps starts.
//!
//! `tellr-app init-db` prepares the database, `tellr-app serve` answers HTTP. This file puts the rooms together and may
//! know them all; each room knows only what its own first lines say:
//! [`config`] reads the environment, [`credentials`] renews database passwords, [`store`] speaks SQL, [`http`] speaks
//! HTTP, [`logging`] writes logs.

mod config;
mod credentials;
mod http;
mod logging;
mod store;

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use config::{Config, ConfigErrors};
use http::{App, IdentityPolicy};
use store::{Order, Store, StoreError};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Tellr runtime. All settings come from the environment; `--help` lists them.
#[derive(Debug, Parser)]
#[command(version, after_long_help = config::variables::help())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare the database: schema, migrations, encryption key. Safe to run any number of times, and by several
    /// instances at once.
    InitDb {
        /// Longest wait, in seconds, for another session that holds a lock.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
        lock_timeout: u64,
        /// Longest wait, in seconds, for a database that is starting or waking up.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
        connect_timeout: u64,
    },
    /// Answer HTTP until SIGTERM or SIGINT.
    Serve {
        /// Address to listen on [default: $UVICORN_HOST, or 0.0.0.0].
        #[arg(long)]
        host: Option<IpAddr>,
        /// Port to listen on (0: any free one) [default: $DATABRICKS_APP_PORT, or 8000].
        #[arg(long)]
        port: Option<u16>,
        /// Seconds that requests in progress may take to finish when stopping. The platform kills after 15.
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(0..=600))]
        shutdown_grace: u64,
    },
}

/// Why the process ends with a failure.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error(transparent)]
    LogFilter(#[from] logging::LogFilterError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Identity(#[from] http::NotLoopback),
    #[error(transparent)]
    Server(#[from] http::ServerError),
    #[error("the system refuses {what}: {source}")]
    System { what: &'static str, source: std::io::Error },
}

impl Failure {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) => Some("`tellr-app --help` lists every variable".to_owned()),
            Self::Identity(_) => Some("add `--host 127.0.0.1`, or unset TELLR_DEV_USER".to_owned()),
            Self::Store(error) => error.hint(),
            _ => None,
        }
    }

    /// 2 for what the caller can change (arguments, environment), as clap does; 1 for everything else.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::LogFilter(_) | Self::Identity(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

#[expect(clippy::print_stderr, reason = "the log may not be running yet, and a person reads this")]
fn main() -> ExitCode {
    // reqwest and sqlx ask for the process's TLS implementation: this has to be there before either of them
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("error: another TLS implementation was installed first");
        return ExitCode::FAILURE;
    }
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            if let Some(hint) = failure.hint() {
                eprintln!("hint: {hint}");
            }
            failure.exit_code()
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    let config = Config::from_environment()?;
    logging::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::System { what: "threads", source })?;
    runtime.block_on(async {
        match command {
            Command::InitDb { lock_timeout, connect_timeout } => {
                init_db(config, Duration::from_secs(*lock_timeout), Duration::from_secs(*connect_timeout))
                    .await
            }
            Command::Serve { host, port, shutdown_grace } => {
                let address = SocketAddr::new(host.unwrap_or(config.host), port.unwrap_or(config.port));
                serve(config, address, Duration::from_secs(*shutdown_grace)).await
            }
        }
    })
}

async fn init_db(config: Config, lock_timeout: Duration, connect_timeout: Duration) -> Result<(), Failure> {
    let store = Store::new(&config)?;
    let Config { reset_id, encryption_key, .. } = config;
    let order = Order { reset_id, encryption_key, lock_timeout, connect_timeout };
    let outcome = store.prepare(&order).await;
    store.close().await;
    let outcome = outcome?;
    tracing::info!(
        schema = %config.schema,
        schema_version = outcome.schema_version,
        created_schema = outcome.created_schema,
        reset = outcome.reset,
        encryption_key = ?outcome.encryption_key,
        "the database is prepared",
    );
    Ok(())
}

async fn serve(config: Config, address: SocketAddr, grace: Duration) -> Result<(), Failure> {
    let identity = IdentityPolicy::new(config.dev_user.clone(), address.ip())?;
    let stop = stop_signal()?;
    let listener = http::listen(address).await?;
    let store = Arc::new(Store::new(&config)?);
    // a server that waited for its database would look dead while that wakes up: connections are made in the background
    let keeping_fresh = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.keep_credentials_fresh().await }
    });
    let app = App::new(Arc::clone(&store), identity);
    // opens the first connection before anybody waits for it, and says in the log whether that works
    tokio::spawn({
        let app = app.clone();
        async move { app.look_at_database().await }
    });
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), schema = %config.schema, "listening");
    let router = http::router(app, config.environment);
    http::serve(listener, router, stop, grace).await;
    keeping_fresh.abort();
    store.close().await;
    Ok(())
}

/// Completes when the process is told to stop.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let refused = |source| Failure::System { what: "signal handlers", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
