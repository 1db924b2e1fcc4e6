//! One app: its process, from start to end.

use std::net::Ipv4Addr;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::DeployFailure;
use super::environment;
use super::log_ring::{APP, LogRing, SYSTEM};
use super::process_group::{ProcessGroup, TERM_GRACE};
use super::proxy::Proxy;
use super::release::{AppFolders, Release};
use super::status::{Generation, Status};

const POLL: Duration = Duration::from_millis(5);
const CONNECT_DEADLINE: Duration = Duration::from_secs(1);
/// What the platform says of a deployment whose app ended; why it did is in the log only.
const CRASHED_DEPLOYMENT: &str = "Error: app crashed unexpectedly. Please check /logz for more details";
/// What it says of the app.
const CRASHED_APP: &str = "App crashed unexpectedly";

/// An app and what belongs to it.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) folders: AppFolders,
    pub(crate) log: LogRing,
    pub(crate) status: Arc<Status>,
    /// The process. Whoever deploys, starts or stops holds it for the time that takes.
    pub(crate) process: tokio::sync::Mutex<Option<ProcessGroup>>,
    pub(crate) proxy: tokio::sync::Mutex<Option<Proxy>>,
    cancel: Mutex<CancellationToken>,
}

impl App {
    /// An app without a process.
    pub(crate) fn new(name: &str, folders: AppFolders) -> App {
        App {
            name: name.to_owned(),
            folders,
            log: LogRing::default(),
            status: Arc::new(Status::new()),
            process: tokio::sync::Mutex::new(None),
            proxy: tokio::sync::Mutex::new(None),
            cancel: Mutex::new(CancellationToken::new()),
        }
    }

    /// What the next deployment listens to: it is cancelled by the next [`App::stop`].
    pub(crate) fn cancellation(&self) -> CancellationToken {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Cancels a deployment in flight and ends the process.
    pub(crate) async fn stop(&self) {
        let fresh = CancellationToken::new();
        std::mem::replace(&mut *self.cancel.lock().unwrap_or_else(PoisonError::into_inner), fresh).cancel();
        let mut process = self.process.lock().await;
        self.status.stopped();
        self.end(&mut process).await;
    }

    /// Ends the process, if there is one.
    pub(crate) async fn end(&self, process: &mut Option<ProcessGroup>) {
        if let Some(group) = process.take() {
            self.log.push(SYSTEM, "Stopping the app.");
            group.end(TERM_GRACE).await;
            self.log.push(SYSTEM, "The app is stopped.");
        }
    }

    /// Replaces the process by one of `release`, and waits until it listens.
    pub(crate) async fn run(
        self: &Arc<Self>,
        process: &mut Option<ProcessGroup>,
        release: &Release,
        start_deadline: Duration,
    ) -> Result<(), DeployFailure> {
        let generation = self.status.begin();
        self.end(process).await;
        let outcome = self.start(process, release, start_deadline).await;
        match &outcome {
            Ok(port) => {
                self.status.running(generation, *port);
                self.log.push(SYSTEM, "App started successfully.");
                if let Some(group) = process {
                    self.watch(generation, group);
                }
            }
            Err(failure) => {
                self.status.crashed(generation, CRASHED_APP);
                self.log.push(SYSTEM, &format!("[ERROR] {}", failure.message));
            }
        }
        outcome.map(|_| ())
    }

    /// Starts the process; gives the port once it listens there.
    async fn start(
        &self,
        process: &mut Option<ProcessGroup>,
        release: &Release,
        deadline: Duration,
    ) -> Result<u16, DeployFailure> {
        let port = free_port().await.map_err(|error| DeployFailure::new(format!("no free port: {error}")))?;
        let words: Vec<String> =
            release.command.iter().map(|word| environment::substitute_port(word, port)).collect();
        self.log.push(SYSTEM, &format!("Starting app with command: {words:?}"));
        let group = ProcessGroup::spawn(self.command(release, &words, port)?, &self.log, APP)
            .map_err(|error| self.cannot_run(release, &error))?;
        let group = process.insert(group);
        let failure = tokio::select! {
            status = group.wait() => Failure::Crashed(status),
            listening = timeout(deadline, until_listening(port)) => match listening {
                Ok(()) => return Ok(port),
                Err(_) => Failure::NotInTime,
            },
        };
        if let Some(group) = process.take() {
            let grace = if matches!(failure, Failure::NotInTime) { TERM_GRACE } else { Duration::ZERO };
            group.end(grace).await;
        }
        Err(DeployFailure::new(match failure {
            Failure::Crashed(status) => {
                self.log.push(SYSTEM, &format!("The app has ended ({status})."));
                CRASHED_DEPLOYMENT.to_owned()
            }
            // the platform's words for this are not known
            Failure::NotInTime => format!(
                "App did not start in time: nothing listens on port {port} (DATABRICKS_APP_PORT) after {} s. Please \
                 check /logz for more details",
                deadline.as_secs_f32(),
            ),
        }))
    }

    fn command(&self, release: &Release, words: &[String], port: u16) -> Result<Command, DeployFailure> {
        let (program, arguments) =
            words.split_first().ok_or_else(|| DeployFailure::new("the command is empty".to_owned()))?;
        let id = &release.deployment_id;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folders.source(id))
            .env_clear()
            .envs(environment::minimal(&self.folders.venv(id), &self.folders.home()))
            .envs(environment::port_variables(port))
            .envs(release.env.iter().map(|(name, value)| (name, value)))
            // whatever else says, this one is where the proxy connects
            .env("DATABRICKS_APP_PORT", port.to_string());
        Ok(command)
    }

    fn cannot_run(&self, release: &Release, error: &std::io::Error) -> DeployFailure {
        let program = release.command.first().map(String::as_str).unwrap_or_default();
        self.log.push(SYSTEM, &format!("The command {program:?} cannot run ({error})."));
        DeployFailure::new(CRASHED_DEPLOYMENT.to_owned())
    }

    /// Notices when the process ends by itself, and clears away what it started.
    fn watch(self: &Arc<Self>, generation: Generation, group: &ProcessGroup) {
        let mut ended = group.watch();
        let app = Arc::downgrade(self);
        tokio::spawn(async move {
            let Some(status) = ended.wait_for(Option::is_some).await.ok().and_then(|status| *status) else {
                return;
            };
            let Some(app) = app.upgrade() else { return };
            if !app.status.crashed(generation, CRASHED_APP) {
                return;
            }
            tracing::warn!(app = app.name, %status, "an app has ended by itself");
            app.log.push(SYSTEM, &format!("{CRASHED_APP}: it has ended ({status})."));
            let mut process = app.process.lock().await;
            // somebody else may have started it anew in between
            if process.as_ref().is_some_and(|group| group.exit_status().is_some())
                && let Some(group) = process.take()
            {
                group.end(Duration::ZERO).await;
            }
        });
    }
}

enum Failure {
    Crashed(ExitStatus),
    NotInTime,
}

async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port())
}

async fn until_listening(port: u16) {
    loop {
        let begun = Instant::now();
        if let Ok(Ok(_)) = timeout(CONNECT_DEADLINE, TcpStream::connect((Ipv4Addr::LOCALHOST, port))).await {
            return;
        }
        sleep(POLL.saturating_sub(begun.elapsed())).await;
    }
}
