//! `tellr ui`: the deployer's page, served to a browser on this machine, and the relay behind it.
//!
//! The page runs the engine; this room signs its calls, does the schema step, gives it files and logs. It may use the
//! client, the engine's wire types and an HTTP server. It must never give a token away, reach another host than the one it
//! was started for, or take a call that the page did not make.

mod behind;
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

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::ServiceExt;
use axum::extract::Request;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use databricks::Secret;
use deployer_wasm::spec::FieldError;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::printer::{Printer, write_line};
use crate::{command_line, connection, login};
use behind::Behind;
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
        .arg(
            Arg::new("login")
                .long("login")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["token-stdin", "end-with-stdin"])
                .help("Sign in with a browser first, as `tellr login` does; at a terminal this happens when nothing else signs in"),
        )
        .arg(
            Arg::new("behind")
                .long("behind")
                .value_name("URL")
                .action(ArgAction::Append)
                .help("Also answer at this address of a proxy, such as a cluster's driver proxy; `{port}` in it stands for the port"),
        )
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDRESS")
                .default_value("127.0.0.1")
                .value_parser(value_parser!(IpAddr))
                .requires("behind")
                .help("Address of this machine at which the proxy reaches it"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print the page's addresses as one JSON object, once it is served"),
        )
        .arg(
            Arg::new("end-with-stdin")
                .long("end-with-stdin")
                .action(ArgAction::SetTrue)
                .conflicts_with("token-stdin")
                .help("End when standard input ends: with the program that has started this one"),
        )
        .arg(file("binary", "Offer this program of the app as what is deployed").conflicts_with("wheel"))
        .arg(file("wheel", "Offer this wheel of the app as what is deployed"))
}

/// Serves the page until it is told to stop.
pub(crate) async fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Machine(format!("cannot serve the page: {error}"));
    let filter = EnvFilter::try_from_env("TELLR_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut signals = Signals::new(arguments.get_flag("end-with-stdin")).map_err(failed)?;
    let sources = Sources::read(arguments)?;
    let client = if arguments.get_flag("login") || connection::lacks_credentials(arguments) {
        login::before_work(arguments).await?
    } else {
        connection::connect(arguments)?
    };
    let user = client.current_user().me().await?.user_name.unwrap_or_default();
    let port = arguments.get_one::<u16>("port").copied().unwrap_or(0);
    let address = arguments.get_one::<IpAddr>("listen").copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let listener = TcpListener::bind((address, port))
        .await
        .map_err(|error| Failure::Machine(format!("cannot listen on port {port} of {address}: {error}")))?;
    let port = listener.local_addr().map_err(failed)?.port();
    let behind = behind(arguments, port)?;
    if !page::is_built() {
        printer.warning("this build carries no page: `cargo xtask deployer-page` makes it");
    }
    let server = Server::new(client, user, port, behind, sources).map_err(Failure::Machine)?;
    let opening = announce(&server, port, arguments, printer);
    serve(listener, Arc::new(server), &mut signals).await.map_err(failed)?;
    drop(opening);
    Ok(())
}

fn behind(arguments: &ArgMatches, port: u16) -> Result<Vec<Behind>, Failure> {
    let given = arguments.get_many::<String>("behind").into_iter().flatten();
    let read = given.map(|given| Behind::parse(given, port)).collect::<Result<_, _>>();
    read.map_err(|message| Failure::field(FieldError::because("behind", message)))
}

/// Says where the page is, and opens it in the browser of this machine if it is meant for that.
fn announce(server: &Server, port: u16, arguments: &ArgMatches, printer: &Printer) -> Option<Opening> {
    let direct = server.session.address(port);
    let behind = server.own.behind().first().map(|behind| server.session.address_behind(behind));
    if arguments.get_flag("json") {
        let behind = behind.as_ref().map(Secret::expose);
        write_line(&json!({ "address": direct.expose(), "behind": behind }).to_string());
        return None;
    }
    write_line(&format!("Tellr's deployer for {} as {}", server.client.host(), server.user_name));
    let opens = !arguments.get_flag("no-browser") && behind.is_none();
    let opening = if opens { Opening::of(&direct, printer) } else { None };
    let place = if behind.is_some() { "behind that proxy" } else { "on this machine" };
    write_line(&format!("\n{}\n", behind.as_ref().unwrap_or(&direct).expose()));
    write_line(&format!("This address works {place} only, and lets in whoever has it. Ctrl-C ends it"));
    opening
}

async fn serve(listener: TcpListener, server: Arc<Server>, signals: &mut Signals) -> std::io::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let service = ServiceExt::<Request>::into_make_service(server::service(server));
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
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

/// What tells the program to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    parent: oneshot::Receiver<()>,
    // without it, the receiver would hear that nobody will ever say anything
    _without_parent: Option<oneshot::Sender<()>>,
}

impl Signals {
    fn new(ends_with_stdin: bool) -> std::io::Result<Self> {
        let (sender, parent) = oneshot::channel();
        let without_parent = if ends_with_stdin {
            end_of_stdin(sender);
            None
        } else {
            Some(sender)
        };
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, parent, _without_parent: without_parent })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = &mut self.parent => {}
        }
    }
}

/// Standard input ends when the last process that holds its other end is gone, however that one came to its end. The thread is
/// not one of the runtime's, which would wait for it.
fn end_of_stdin(told: oneshot::Sender<()>) {
    std::thread::spawn(move || {
        // what stands in it is of no interest; that it cannot be read is an end, too
        _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        drop(told);
    });
}
