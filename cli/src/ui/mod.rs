//! `tellr ui`: the deployer's page, served to a browser on this machine, and the relay behind it.
//!
//! The page runs the engine; this room signs its calls, does the schema step, gives it files and logs. It may use the
//! client, the engine's wire types and an HTTP server. It must never give a token away, reach another host than the one it
//! was started for, or take a call that the page did not make.

mod context;
mod databases;
mod guard;
mod logs;
mod opening;
mod page;
mod refusal;
mod relay;
mod schema;
mod server;
mod session;
mod source;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::printer::{Printer, write_line};
use crate::{command_line, connection};
use opening::Opening;
use server::Server;
use source::Sources;

/// How long calls that are on their way at the end may still take.
const LAST_CALLS: Duration = Duration::from_secs(3);

/// `tellr ui`
pub(crate) fn command() -> Command {
    let about = "Serve the deployer's page on this machine and open it; it works with your sign-in and never sees a token";
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath)
            .help(help)
    };
    command_line::with_connection(Command::new("ui").about(about))
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("N")
                .default_value("0")
                .value_parser(value_parser!(u16))
                .help("Port on 127.0.0.1; 0 takes a free one"),
        )
        .arg(
            Arg::new("no-browser")
                .long("no-browser")
                .action(ArgAction::SetTrue)
                .help("Only print the page's address; it must be opened on this machine"),
        )
        .arg(file("binary", "Offer this program of the app as what is deployed").conflicts_with("wheel"))
        .arg(file("wheel", "Offer this wheel of the app as what is deployed"))
}

/// Serves the page until it is told to stop.
pub(crate) async fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Machine(format!("cannot serve the page: {error}"));
    let filter = EnvFilter::try_from_env("TELLR_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut signals = Signals::new().map_err(failed)?;
    let sources = Sources::read(arguments)?;
    let client = connection::connect(arguments)?;
    let user = client.current_user().me().await?.user_name.unwrap_or_default();
    let port = arguments.get_one::<u16>("port").copied().unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| Failure::Machine(format!("cannot listen on port {port} of 127.0.0.1: {error}")))?;
    let port = listener.local_addr().map_err(failed)?.port();
    if !page::is_built() {
        printer.warning("this build carries no page: `cargo xtask deployer-page` makes it");
    }
    let server = Server::new(client, user, port, sources).map_err(Failure::Machine)?;
    write_line(&format!("Tellr's deployer for {} as {}", server.client.host(), server.user_name));
    let address = server.session.address(port);
    let opening = if arguments.get_flag("no-browser") { None } else { Opening::of(&address, printer) };
    write_line(&format!("\n{}\n", address.expose()));
    write_line("This address works on this machine only, and lets in whoever has it. Ctrl-C ends it");
    serve(listener, Arc::new(server), &mut signals).await.map_err(failed)?;
    drop(opening);
    Ok(())
}

async fn serve(listener: TcpListener, server: Arc<Server>, signals: &mut Signals) -> std::io::Result<()> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, server::router(server)).with_graceful_shutdown(async move {
        // a sender that is gone says the same
        _ = stopped.await;
    });
    let mut serving = tokio::spawn(serving.into_future());
    tokio::select! {
        ended = &mut serving => return ended.unwrap_or_else(|error| Err(std::io::Error::other(error))),
        () = signals.next() => {}
    }
    // it fails only if the server has ended by itself
    _ = stop.send(());
    if tokio::time::timeout(LAST_CALLS, &mut serving).await.is_err() {
        serving.abort();
    }
    Ok(())
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
