//! The `tellr` command against a workspace.

use std::ffi::OsStr;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::process::Command;

use crate::local_workspace::LocalWorkspace;
use crate::process::{self, Output};

/// No command takes longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// A `tellr` command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// The result object: stdout's last line.
    pub result: Value,
    /// The events before it, one JSON object each.
    pub events: Vec<Value>,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Finished {
    /// Itself if the command succeeded, else an error that shows everything.
    pub fn successful(self) -> anyhow::Result<Self> {
        anyhow::ensure!(self.code == Some(0), "tellr failed: {self:#?}");
        Ok(self)
    }
}

/// Reads what a command wrote to stdout: events, then the result.
pub(crate) fn finished(output: Output) -> anyhow::Result<Finished> {
    let mut lines = Vec::new();
    for line in output.stdout.lines().filter(|line| !line.trim().is_empty()) {
        let value = serde_json::from_str(line);
        lines
            .push(value.with_context(|| format!("a line of stdout is not JSON: {line}\n{}", output.stderr))?);
    }
    let result = lines.pop().with_context(|| format!("nothing on stdout; stderr: {}", output.stderr))?;
    Ok(Finished { code: output.status.code(), result, events: lines, stderr: output.stderr })
}

impl LocalWorkspace {
    /// Runs `tellr <arguments> --json --events --no-input --yes` as the workspace's user.
    pub async fn tellr<A: AsRef<OsStr>>(&self, arguments: &[A]) -> anyhow::Result<Finished> {
        finished(process::run(self.tellr_command(arguments)?, DEADLINE).await?)
    }

    /// A program that finds this workspace, and nothing of the machine's own Databricks set-up, in its environment.
    pub fn command(&self, program: &OsStr) -> anyhow::Result<Command> {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DATABRICKS_") {
                command.env_remove(name);
            }
        }
        let ready = self.ready();
        command
            .env("HOME", self.scratch()?)
            .env("DATABRICKS_HOST", &ready.host)
            .env("DATABRICKS_TOKEN", &ready.token);
        Ok(command)
    }
}
