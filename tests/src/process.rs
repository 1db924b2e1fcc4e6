//! Running a program to its end, with a deadline.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::process::Command;

/// How a program ended and what it wrote.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// Runs the command to its end. It is killed at the deadline, and the error says so.
pub async fn run(mut command: Command, deadline: Duration) -> anyhow::Result<Output> {
    let words = format!("{:?}", command.as_std().get_program());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().with_context(|| format!("{words} cannot be started"))?;
    let finished = tokio::time::timeout(deadline, child.wait_with_output()).await;
    Ok(finished.with_context(|| format!("{words} has not ended after {deadline:?}"))??.into())
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Output {
    /// Itself if the program ended well, else an error with what it wrote.
    pub fn successful(self) -> anyhow::Result<Self> {
        let Self { status, stdout, stderr } = &self;
        anyhow::ensure!(status.success(), "ended with {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        Ok(self)
    }
}
