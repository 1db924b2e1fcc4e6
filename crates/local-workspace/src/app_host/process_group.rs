//! A child process with all that it starts: run, watched, logged and ended as one.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use super::log_ring::LogRing;
use crate::process_guard::{Guarded, ProcessGuard};

/// As on the platform: so long after SIGTERM comes SIGKILL.
pub(crate) const TERM_GRACE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);
/// What a killed process may take to be gone, and its output to be read.
const SETTLE: Duration = Duration::from_secs(5);

/// A running group; dropped without [`ProcessGroup::end`], it is ended by its guard.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    leader: Pid,
    ended: watch::Receiver<Option<ExitStatus>>,
    readers: TaskTracker,
    guard: ProcessGuard,
}

impl ProcessGroup {
    /// Starts `command` as the leader of a new group; its output goes to `log` as lines of `source`.
    pub(crate) fn spawn(
        mut command: Command,
        log: &LogRing,
        source: &'static str,
    ) -> io::Result<ProcessGroup> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let id =
            child.id().ok_or_else(|| io::Error::other("the process ended before it could be watched"))?;
        let guard = ProcessGuard::watch(Guarded::Group(id), "TERM", TERM_GRACE.as_secs() as u32)?;
        let readers = TaskTracker::new();
        if let Some(stdout) = child.stdout.take() {
            let log = log.clone();
            readers.spawn(async move { log.copy_from(stdout, source).await });
        }
        if let Some(stderr) = child.stderr.take() {
            let log = log.clone();
            readers.spawn(async move { log.copy_from(stderr, source).await });
        }
        readers.close();
        let (tell, ended) = watch::channel(None);
        tokio::spawn(async move {
            let status = child.wait().await.unwrap_or_else(|error| {
                tracing::error!(id, %error, "cannot wait for a process");
                ExitStatus::default()
            });
            tell.send_replace(Some(status));
        });
        Ok(ProcessGroup { leader: Pid::from_raw(id.cast_signed()), ended, readers, guard })
    }

    /// The leader's exit status, once it has ended.
    pub(crate) fn exit_status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Tells of the leader's end to those who outlive this value.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<ExitStatus>> {
        self.ended.clone()
    }

    /// Waits for the leader's end.
    pub(crate) async fn wait(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        // an error would mean that the watching task is gone, which only the runtime's end does
        ended.wait_for(Option::is_some).await.ok().and_then(|status| *status).unwrap_or_default()
    }

    /// Ends the group, kindly for `grace`, and reads the rest of its output.
    pub(crate) async fn end(self, grace: Duration) {
        if self.signal(Signal::SIGTERM) {
            let deadline = Instant::now() + grace;
            while self.is_alive() && Instant::now() < deadline {
                sleep(POLL).await;
            }
        }
        if self.signal(Signal::SIGKILL) {
            let deadline = Instant::now() + SETTLE;
            // the others of the group may still be on their way out when the leader has ended
            while (self.exit_status().is_none() || self.is_alive()) && Instant::now() < deadline {
                sleep(POLL).await;
            }
        }
        self.guard.release().await;
        if timeout(SETTLE, self.readers.wait()).await.is_err() {
            tracing::warn!("the output of an ended process stays open: something has left its group");
        }
    }

    /// Whether any process of the group is left.
    fn is_alive(&self) -> bool {
        killpg(self.leader, None).is_ok()
    }

    /// Whether there was a group to send it to.
    fn signal(&self, signal: Signal) -> bool {
        match killpg(self.leader, signal) {
            Ok(()) => true,
            Err(Errno::ESRCH) => false,
            Err(error) => {
                tracing::warn!(%error, %signal, "cannot signal a process group");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::log_ring::APP;
    use super::*;

    fn shell(script: &str, log: &LogRing) -> ProcessGroup {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        ProcessGroup::spawn(command, log, APP).unwrap()
    }

    async fn wait_for_line(log: &LogRing, text: &str) {
        while !log.lines().iter().any(|line| line.message == text) {
            sleep(POLL).await;
        }
    }

    #[tokio::test]
    async fn output_and_exit_status_are_seen() {
        let log = LogRing::default();
        let group = shell("echo out; echo err >&2; exit 3", &log);
        assert_eq!(group.wait().await.code(), Some(3));
        group.end(TERM_GRACE).await;
        let mut lines: Vec<String> = log.lines().into_iter().map(|line| line.message).collect();
        lines.sort();
        assert_eq!(lines, ["err", "out"]);
    }

    #[tokio::test]
    async fn grandchildren_end_with_the_group_kindly() {
        let log = LogRing::default();
        // the shell dies of SIGTERM at once; its child takes a moment and must be given it
        let child =
            "trap 'sleep 0.2; echo cleaned up; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
        let group = shell(&format!("sh -c \"{child}\" && echo never"), &log);
        wait_for_line(&log, "ready").await;
        group.end(TERM_GRACE).await;
        wait_for_line(&log, "cleaned up").await;
    }

    #[tokio::test]
    async fn a_group_that_ignores_sigterm_is_killed() {
        let log = LogRing::default();
        let group = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done", &log);
        wait_for_line(&log, "ready").await;
        let mut watch = group.watch();
        group.end(Duration::from_millis(100)).await;
        let status = watch.wait_for(Option::is_some).await.unwrap().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    }

    #[tokio::test]
    async fn what_a_dead_leader_left_behind_is_ended() {
        let log = LogRing::default();
        let group = shell(
            "sh -c 'echo $$; exec sleep 600' & wait_for_it() { sleep 0.2; }; wait_for_it; exit 1",
            &log,
        );
        group.wait().await;
        let orphan: i32 = log.lines()[0].message.parse().unwrap();
        group.end(TERM_GRACE).await;
        // it may stay a zombie where nobody reaps, but runs no more
        let state = std::fs::read_to_string(format!("/proc/{orphan}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z"), "{state}");
    }
}
