//! One PostgreSQL server process: start, watch, stop, and what an earlier workspace left running.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::address::SERVER_PORT;
use super::cluster::ClusterHome;
use super::error::LakebaseError;
use crate::process_guard::{Guarded, ProcessGuard};

const START_DEADLINE: Duration = Duration::from_secs(60);
const FAST_STOP_DEADLINE: Duration = Duration::from_secs(10);
const IMMEDIATE_STOP_DEADLINE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);
/// The server's last log lines, for errors.
const KEPT_LOG_LINES: usize = 20;

/// A crash of the machine may cost data, because a stand-in must be quick; a crash of the server must not: with
/// `synchronous_commit=off` it would lose the last moments.
const SETTINGS: [&str; 11] = [
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=100",
    "jit=off",
    "logging_collector=off",
    "log_destination=stderr",
    // a failed ALTER ROLE … PASSWORD must not reach the log with its text
    "log_min_error_statement=panic",
    "log_statement=none",
    "password_encryption=scram-sha-256",
];

/// A running server; dropped without [`Server::stop`], it is stopped by its guard.
#[derive(Debug)]
pub(crate) struct Server {
    pid: Pid,
    ended: watch::Receiver<Option<ExitStatus>>,
    /// ends when all that it logged has been read
    log_reader: Mutex<Option<JoinHandle<()>>>,
    log: Arc<Mutex<VecDeque<String>>>,
    guard: ProcessGuard,
}

impl Server {
    /// Starts PostgreSQL on `address` with the cluster `data`; it may not accept connections yet.
    pub(crate) fn spawn(
        id: &str,
        home: &ClusterHome,
        data: &Path,
        address: Ipv4Addr,
    ) -> Result<Server, LakebaseError> {
        let program = home.binaries.program("postgres");
        let mut command = Command::new(&program);
        command.arg("-D").arg(data);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
            .args(["-c", &format!("listen_addresses={address}"), "-c", &format!("port={SERVER_PORT}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .current_dir(data)
            // a Ctrl-C on the terminal is for the workspace, which then stops the server in order
            .process_group(0);
        home.run_as.apply(&mut command);
        let mut child = command.spawn().map_err(LakebaseError::file("run", &program))?;
        let raw_pid = child.id().ok_or_else(|| LakebaseError::StartFailed {
            id: id.to_owned(),
            status: "ended at once".to_owned(),
            log: String::new(),
        })?;
        let guard = ProcessGuard::watch(Guarded::Process(raw_pid), "INT", 10)
            .map_err(LakebaseError::file("run", Path::new("/bin/sh")))?;
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let log_reader =
            child.stderr.take().map(|stderr| tokio::spawn(read_log(id.to_owned(), stderr, log.clone())));
        let (tell, ended) = watch::channel(None);
        let name = id.to_owned();
        tokio::spawn(async move {
            let status = match child.wait().await {
                Ok(status) => status,
                Err(error) => {
                    tracing::error!(id = name, %error, "cannot wait for PostgreSQL");
                    ExitStatus::default()
                }
            };
            tell.send_replace(Some(status));
        });
        Ok(Server {
            pid: Pid::from_raw(raw_pid.cast_signed()),
            ended,
            log_reader: Mutex::new(log_reader),
            log,
            guard,
        })
    }

    /// Waits until `connect` succeeds; gives its result.
    pub(crate) async fn wait_ready<T, F>(&self, id: &str, connect: impl Fn() -> F) -> Result<T, LakebaseError>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let refusal = match connect().await {
                Ok(connected) => return Ok(connected),
                Err(error) => error,
            };
            if let Some(status) = self.ended() {
                return Err(LakebaseError::StartFailed {
                    id: id.to_owned(),
                    status: status.to_string(),
                    log: self.last_words().await,
                });
            }
            let wrong_password =
                refusal.as_database_error().is_some_and(|error| error.code().as_deref() == Some("28P01"));
            if wrong_password || Instant::now() >= deadline {
                return Err(LakebaseError::StartTimeout {
                    id: id.to_owned(),
                    after: START_DEADLINE - deadline.saturating_duration_since(Instant::now()),
                    last_error: refusal.to_string(),
                });
            }
            sleep(POLL).await;
        }
    }

    /// Its exit status, once it has ended.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Ends it: sessions are closed first, by force if that takes too long.
    pub(crate) async fn stop(self) {
        self.end(&[
            (Signal::SIGINT, FAST_STOP_DEADLINE),
            (Signal::SIGQUIT, IMMEDIATE_STOP_DEADLINE),
            (Signal::SIGKILL, IMMEDIATE_STOP_DEADLINE),
        ])
        .await;
    }

    /// Ends it without keeping its data in order.
    pub(crate) async fn kill(self) {
        self.end(&[(Signal::SIGQUIT, IMMEDIATE_STOP_DEADLINE), (Signal::SIGKILL, IMMEDIATE_STOP_DEADLINE)])
            .await;
    }

    async fn end(mut self, steps: &[(Signal, Duration)]) {
        for (signal, deadline) in steps.iter().copied() {
            if self.ended().is_some() {
                break;
            }
            if let Err(error) = kill(self.pid, signal) {
                tracing::debug!(%error, %signal, "PostgreSQL had already ended");
            }
            let ended = timeout(deadline, self.ended.wait_for(Option::is_some)).await;
            if ended.is_ok() {
                break;
            }
            tracing::warn!(pid = self.pid.as_raw(), %signal, "PostgreSQL did not end in time");
        }
        self.guard.release().await;
    }

    /// Goes away without stopping it, guard included.
    #[cfg(test)]
    pub(crate) async fn abandon(self) {
        self.guard.release().await;
    }

    /// What it logged last, once it has ended.
    async fn last_words(&self) -> String {
        let reader = self.log_reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader
            && timeout(Duration::from_secs(1), reader).await.is_err()
        {
            tracing::debug!("PostgreSQL's log is not at its end though the server is");
        }
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}

async fn read_log(id: String, stderr: ChildStderr, log: Arc<Mutex<VecDeque<String>>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!(id, "postgres: {line}");
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == KEPT_LOG_LINES {
            log.pop_front();
        }
        log.push_back(line);
    }
}

/// Stops the server that an earlier workspace (killed, crashed) left running in `data`.
pub(crate) async fn stop_leftover(data: &Path) -> Result<(), LakebaseError> {
    let pid_file = data.join("postmaster.pid");
    let Some(pid) = read_pid(&pid_file)? else { return Ok(()) };
    let steps = [(Signal::SIGINT, FAST_STOP_DEADLINE), (Signal::SIGQUIT, IMMEDIATE_STOP_DEADLINE)];
    for (signal, deadline) in steps {
        if !is_server_of(pid, data) {
            break;
        }
        tracing::info!(pid, data = %data.display(), %signal, "stopping the PostgreSQL of an earlier workspace");
        if let Err(error) = kill(Pid::from_raw(pid), signal) {
            tracing::debug!(%error, "it had already ended");
        }
        let deadline = Instant::now() + deadline;
        while is_server_of(pid, data) && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }
    // when the first process is killed, the others end by themselves, and hold its shared memory until then
    let deadline = Instant::now() + IMMEDIATE_STOP_DEADLINE;
    while server_of(data).is_some() && Instant::now() < deadline {
        sleep(POLL).await;
    }
    if let Some(pid) = server_of(data) {
        return Err(LakebaseError::LeftoverRuns { pid, data: data.to_path_buf() });
    }
    // the number may belong to a stranger by now, at which PostgreSQL would refuse to start
    match std::fs::remove_file(&pid_file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LakebaseError::file("remove", &pid_file)(error))
        }
        _ => Ok(()),
    }
}

fn read_pid(pid_file: &Path) -> Result<Option<i32>, LakebaseError> {
    match std::fs::read_to_string(pid_file) {
        Ok(text) => Ok(text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 1)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LakebaseError::file("read", pid_file)(error)),
    }
}

/// Any process of a PostgreSQL that works in `data`.
pub(super) fn server_of(data: &Path) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.find(|pid| is_server_of(*pid, data))
}

/// Whether process `pid` is a PostgreSQL whose working directory is `data`, as a server's always is.
fn is_server_of(pid: i32, data: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let runs_postgres =
        std::fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres");
    let here = match (std::fs::read_link(process.join("cwd")), std::fs::canonicalize(data)) {
        (Ok(cwd), Ok(data)) => cwd == data,
        _ => false,
    };
    runs_postgres && here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_strangers_process_is_never_touched() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("postmaster.pid");
        let mut stranger = Command::new("sleep").arg("600").current_dir(dir.path()).spawn().unwrap();
        std::fs::write(&pid_file, format!("{}\n{}\n", stranger.id().unwrap(), dir.path().display())).unwrap();
        stop_leftover(dir.path()).await.unwrap();
        assert!(stranger.try_wait().unwrap().is_none(), "it lives on");
        assert!(!pid_file.exists(), "the stale file is gone");
        stranger.kill().await.unwrap();
    }

    #[tokio::test]
    async fn nothing_left_over_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        stop_leftover(dir.path()).await.unwrap();
        std::fs::write(dir.path().join("postmaster.pid"), "-1\n").unwrap();
        stop_leftover(dir.path()).await.unwrap();
    }
}
