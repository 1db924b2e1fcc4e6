//! A running `tellr workspace`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tempfile::TempDir;

use crate::{binaries, rest};

const START_DEADLINE: Duration = Duration::from_secs(60);
const STOP_DEADLINE: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(20);

/// How the workspace is started.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a state such as STARTING lasts.
    pub state_delay: Duration,
    /// How long a Lakebase token is good.
    pub token_ttl: Option<Duration>,
    /// When the apps' proxy cuts a request.
    pub request_timeout: Option<Duration>,
    /// When the platform gives up on an app that does not start.
    pub start_deadline: Option<Duration>,
    /// Whether apps find the wheels of this checkout (building them takes a while).
    pub has_wheels: bool,
    /// Whether pages of every origin may call it, which the platform does not allow.
    pub open_to_pages: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            state_delay: Duration::from_millis(50),
            token_ttl: None,
            request_timeout: None,
            start_deadline: None,
            has_wheels: true,
            open_to_pages: false,
        }
    }
}

/// What the workspace says when it accepts calls: its ready file.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// Its address, `http://127.0.0.1:<port>`.
    pub host: String,
    /// A personal access token of [`Ready::user`].
    pub token: String,
    /// The user's e-mail address.
    pub user: String,
    /// A service principal that may sign in by OAuth.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// A workspace in a folder of its own. It is stopped, with its children, when this is dropped.
#[derive(Debug)]
pub struct LocalWorkspace {
    child: Child,
    ready: Ready,
    settings: Settings,
    folder: TempDir,
    /// One for all calls: making one reads all certificates of the machine.
    client: reqwest::Client,
}

impl LocalWorkspace {
    /// Starts a workspace without any app, file or database.
    pub fn start(settings: Settings) -> anyhow::Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("tellr-test-").tempdir().context("no temporary folder")?;
        let (child, ready) = launch(folder.path(), &settings)?;
        Ok(Self { child, ready, settings, folder, client: rest::client()? })
    }

    /// Stops the workspace and starts it again on what it has kept.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        stop(&mut self.child)?;
        (self.child, self.ready) = launch(self.folder.path(), &self.settings)?;
        // the old one may hold connections to the process that has ended
        self.client = rest::client()?;
        Ok(())
    }

    /// Its address and what one needs to be let in.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// A client for calls to it and to its apps; it follows no redirect.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// A folder for the test's own files, removed with the workspace.
    pub fn scratch(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join("scratch");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// What the workspace has written to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("workspace.log")).unwrap_or_default()
    }
}

impl Drop for LocalWorkspace {
    fn drop(&mut self) {
        // a test that fails should show why: the log goes to the test's output
        let stopped = stop(&mut self.child);
        if std::thread::panicking() || stopped.is_err() {
            report(&format!("--- log of the workspace ({stopped:?})\n{}", self.log()));
        }
    }
}

#[expect(clippy::print_stderr, reason = "cargo shows this for failed tests only")]
fn report(text: &str) {
    eprintln!("{text}");
}

fn launch(folder: &Path, settings: &Settings) -> anyhow::Result<(Child, Ready)> {
    let ready_file = folder.join("ready.json");
    if ready_file.exists() {
        fs::remove_file(&ready_file).context("the last ready file cannot be removed")?;
    }
    let log = fs::File::options().create(true).append(true).open(folder.join("workspace.log"))?;
    let mut command = Command::new(binaries::tellr()?);
    command.args(["workspace", "--port", "0", "--data"]).arg(folder.join("data"));
    command.arg("--ready-file").arg(&ready_file);
    command.args(["--state-delay", &settings.state_delay.as_millis().to_string()]);
    if let Some(ttl) = settings.token_ttl {
        command.args(["--token-ttl", &ttl.as_secs().to_string()]);
    }
    if let Some(timeout) = settings.request_timeout {
        command.args(["--request-timeout", &timeout.as_secs().to_string()]);
    }
    if let Some(deadline) = settings.start_deadline {
        command.args(["--start-deadline", &deadline.as_secs().to_string()]);
    }
    if settings.open_to_pages {
        command.args(["--cors", "star"]);
    }
    if settings.has_wheels {
        command.arg("--wheels").arg(binaries::wheels()?);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let mut child = command.spawn().context("`tellr workspace` cannot be started")?;
    match wait_until_ready(&mut child, &ready_file) {
        Ok(ready) => Ok((child, ready)),
        Err(error) => {
            let stopped = stop(&mut child);
            let log = fs::read_to_string(folder.join("workspace.log")).unwrap_or_default();
            Err(error.context(format!("`tellr workspace` did not come up (stopped: {stopped:?})\n{log}")))
        }
    }
}

fn wait_until_ready(child: &mut Child, ready_file: &Path) -> anyhow::Result<Ready> {
    let start = Instant::now();
    while start.elapsed() < START_DEADLINE {
        // the file may be seen half written: only what parses counts
        if let Some(ready) = fs::read(ready_file).ok().and_then(|json| serde_json::from_slice(&json).ok()) {
            return Ok(ready);
        }
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status}");
        }
        std::thread::sleep(POLL);
    }
    bail!("no ready file after {START_DEADLINE:?}")
}

/// Asks the process to end and waits until it has; kills it at the deadline, which is an error.
fn stop(child: &mut Child) -> anyhow::Result<()> {
    if child.try_wait()?.is_some() {
        return Ok(());
    }
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    kill(pid, Signal::SIGTERM).context("SIGTERM cannot be sent")?;
    let start = Instant::now();
    while start.elapsed() < STOP_DEADLINE {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "after SIGTERM the workspace ended with {status}");
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
    child.kill()?;
    child.wait()?;
    bail!("the workspace still ran {STOP_DEADLINE:?} after SIGTERM")
}
