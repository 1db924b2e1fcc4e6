//! The running `tellr workspace` and what it tells about itself.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::agent;

/// How often a process is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
const START_DEADLINE: Duration = Duration::from_secs(120);
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// A local workspace. It is stopped, with all its children, when this is dropped.
pub(crate) struct Workspace {
    child: Child,
    ready: Ready,
    log: PathBuf,
}

#[derive(Deserialize)]
struct Ready {
    host: String,
    token: String,
    user: String,
}

/// A link that opens an app signed in, once.
#[derive(Deserialize)]
pub(crate) struct SignInLink {
    pub(crate) url: String,
}

impl Workspace {
    /// Starts it on the data in `folder/workspace`, with further arguments, and waits until it accepts calls.
    pub(crate) fn start(folder: &Path, tellr: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let ready_file = folder.join("workspace-ready.json");
        if ready_file.exists() {
            fs::remove_file(&ready_file)
                .with_context(|| format!("{} cannot be removed", ready_file.display()))?;
        }
        let log = folder.join("workspace.log");
        let output = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let mut command = Command::new(tellr);
        command
            .args(["workspace", "--data"])
            .arg(folder.join("workspace"))
            .arg("--ready-file")
            .arg(&ready_file);
        command.args(arguments).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // a group of its own: Ctrl-C reaches this program, which then stops the workspace in order
        command.process_group(0);
        let mut child = command.spawn().context("`tellr workspace` cannot be started")?;
        match wait_until_ready(&mut child, &ready_file) {
            Ok(ready) => Ok(Self { child, ready, log }),
            Err(error) => {
                let stopped = stop(&mut child);
                let words = fs::read_to_string(&log).unwrap_or_default();
                let context = format!("the local workspace did not start ({stopped:?}); it said:\n{words}");
                Err(error.context(context))
            }
        }
    }

    /// Its address.
    pub(crate) fn host(&self) -> &str {
        &self.ready.host
    }

    /// Its one user.
    pub(crate) fn user(&self) -> &str {
        &self.ready.user
    }

    /// Where it writes what it does.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Signs a command in here and nowhere else. The token goes through the environment.
    pub(crate) fn sign_in(&self, command: &mut Command) {
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DATABRICKS_"))
        {
            command.env_remove(name);
        }
        command.env("DATABRICKS_HOST", &self.ready.host).env("DATABRICKS_TOKEN", &self.ready.token);
    }

    /// A call as the user that must succeed; `path` begins with a slash.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = agent().get(format!("{}{path}", self.ready.host));
        let mut response = request.header("Authorization", format!("Bearer {}", self.ready.token)).call()?;
        ensure!(response.status().is_success(), "GET {path} answered {}", response.status());
        Ok(response.body_mut().read_json()?)
    }

    /// A call as the user that must succeed.
    pub(crate) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = agent().post(format!("{}{path}", self.ready.host));
        let request = request.header("Authorization", format!("Bearer {}", self.ready.token));
        let mut response = request.send_json(body)?;
        ensure!(response.status().is_success(), "POST {path} answered {}", response.status());
        Ok(response.body_mut().read_json()?)
    }

    /// Asks for a link into an app.
    pub(crate) fn sign_in_link(&self, app: &str) -> anyhow::Result<SignInLink> {
        let link = self.post("/local/sign-in-links", &json!({ "app": app }))?;
        serde_json::from_value(link).context("the workspace gave no sign-in link")
    }

    /// An error if it has ended.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the local workspace ended with {status}; see {}", self.log.display()),
        }
    }

    /// Stops it and waits until it has ended.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        stop(&mut self.child)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Err(error) = stop(&mut self.child) {
            crate::say::error(&error);
        }
    }
}

fn wait_until_ready(child: &mut Child, ready_file: &Path) -> anyhow::Result<Ready> {
    let start = Instant::now();
    while start.elapsed() < START_DEADLINE {
        if ready_file.exists() {
            let json = fs::read(ready_file)?;
            return serde_json::from_slice(&json).context("the ready file cannot be read");
        }
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status}");
        }
        std::thread::sleep(LOOK);
    }
    bail!("no ready file after {START_DEADLINE:?}")
}

fn stop(child: &mut Child) -> anyhow::Result<()> {
    if child.try_wait()?.is_some() {
        return Ok(());
    }
    kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM).context("SIGTERM cannot be sent")?;
    let start = Instant::now();
    while start.elapsed() < STOP_DEADLINE {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()?;
    bail!("the local workspace still ran {STOP_DEADLINE:?} after SIGTERM and was killed")
}
