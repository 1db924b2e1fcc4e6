//! Ends a child process when the workspace itself disappears, even by SIGKILL.
//!
//! A small shell waits at the reading end of a pipe whose writing end only this process holds. When
//! this process is gone, however it went, the pipe closes and the shell ends the child: first with
//! the signal the child likes, later with SIGKILL. Portable, without unsafe code, and without the
//! per-thread surprises of a parent-death signal.

use std::io;
use std::process::Stdio;

use tokio::process::{Child, ChildStdin, Command};

/// What is ended, by process id or by process group id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guarded {
    /// one process
    Process(u32),
    /// every process of a group
    Group(u32),
}

const SCRIPT: &str = r#"
read -r _
kill -s "$1" -- "$2" 2>/dev/null
left=$3
while [ "$left" -gt 0 ] && kill -s 0 -- "$2" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -s KILL -- "$2" 2>/dev/null
"#;

/// Holds the writing end; dropping it without [`ProcessGuard::release`] ends what it guards.
#[derive(Debug)]
pub(crate) struct ProcessGuard {
    shell: Child,
    _lifeline: Option<ChildStdin>,
}

impl ProcessGuard {
    /// Guards `target`: `signal` (as `kill -s` names it) when the workspace is gone, SIGKILL after
    /// `grace_seconds`.
    pub(crate) fn watch(target: Guarded, signal: &str, grace_seconds: u32) -> io::Result<ProcessGuard> {
        let target = match target {
            Guarded::Process(id) => id.to_string(),
            Guarded::Group(id) => format!("-{id}"),
        };
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "process-guard", signal, &target, &grace_seconds.to_string()])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // its own group, so that a Ctrl-C on the terminal does not end the guard before the guarded
            .process_group(0)
            .spawn()?;
        let lifeline = shell.stdin.take();
        Ok(ProcessGuard { shell, _lifeline: lifeline })
    }

    /// Ends the guard; what it guarded lives on (or has ended by itself).
    pub(crate) async fn release(mut self) {
        if let Err(error) = self.shell.kill().await {
            tracing::debug!(%error, "a process guard had already ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").process_group(0).spawn().unwrap()
    }

    #[tokio::test]
    async fn dropping_the_guard_ends_the_group() {
        let mut child = sleeper();
        let guard = ProcessGuard::watch(Guarded::Group(child.id().unwrap()), "TERM", 5).unwrap();
        drop(guard);
        let status = child.wait().await.unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    }

    #[tokio::test]
    async fn a_released_guard_leaves_the_process_alone() {
        let mut child = sleeper();
        ProcessGuard::watch(Guarded::Process(child.id().unwrap()), "TERM", 5).unwrap().release().await;
        assert!(child.try_wait().unwrap().is_none());
        child.kill().await.unwrap();
    }

    #[tokio::test]
    async fn a_process_that_ignores_the_signal_is_killed() {
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut out = tokio::io::BufReader::new(child.stdout.take().unwrap());
        tokio::io::AsyncBufReadExt::read_line(&mut out, &mut String::new()).await.unwrap();
        drop(ProcessGuard::watch(Guarded::Group(child.id().unwrap()), "TERM", 1).unwrap());
        let status = child.wait().await.unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    }
}
