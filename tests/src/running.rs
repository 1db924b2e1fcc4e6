//! A `tellr` command while it runs: to be watched, waited for, or killed.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::process::{Child, Command};

use crate::local_workspace::LocalWorkspace;
use crate::tellr::{Finished, finished};
use crate::{binaries, process};

/// No command takes longer here, where nothing is slow.
const DEADLINE: Duration = Duration::from_secs(60);

/// A `tellr` process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl LocalWorkspace {
    /// `tellr <arguments> --json --events --no-input --yes`, not started yet.
    pub fn tellr_command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> anyhow::Result<Command> {
        let mut command = self.command(binaries::tellr()?.as_os_str())?;
        command.args(arguments).args(["--json", "--events", "--no-input", "--yes"]);
        Ok(command)
    }

    /// Starts `tellr <arguments>` as if on the machine `origin`.
    pub fn start_tellr<A: AsRef<OsStr>>(&self, arguments: &[A], origin: &str) -> anyhow::Result<Running> {
        let mut command = self.tellr_command(arguments)?;
        command.env("TELLR_ORIGIN", origin);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Ok(Running { child: command.spawn().context("tellr cannot be started")? })
    }
}

impl Running {
    /// Ends it as a crash of its machine would.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("SIGKILL cannot be sent")
    }

    /// Waits until it ends by itself. May be given up and called again.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        self.child.wait().await?;
        Ok(())
    }

    /// Waits until it ends by itself; gives what it wrote.
    pub async fn finish(self) -> anyhow::Result<Finished> {
        let output = tokio::time::timeout(DEADLINE, self.child.wait_with_output()).await;
        finished(process::Output::from(
            output.with_context(|| format!("tellr has not ended after {DEADLINE:?}"))??,
        ))
    }
}
