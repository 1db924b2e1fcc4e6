//! Builds a deployment: a fresh Python environment, and what `requirements.txt` asks for.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::built_environments::{self, BuiltEnvironments};
use super::environment;
use super::log_ring::{LogRing, SYSTEM};
use super::pip_settings::pip_conf;
use super::process_group::ProcessGroup;
use super::trash::Trash;
use super::venv_seed;
use crate::private_file;

const CONFIG_DEADLINE: Duration = Duration::from_secs(30);
const PIP_DEADLINE: Duration = Duration::from_secs(600);
const SHOWN_LINES: usize = 20;

/// Why a build failed, in words for the deployment's status.
#[derive(Debug, Error)]
pub(crate) enum BuildError {
    #[error(
        "this machine has no usable python3 ({reason}), so Python apps cannot be built. Install it (Debian, Ubuntu: \
         `apt-get install python3 python3-venv`)"
    )]
    NoPython { reason: String },
    #[error(
        "this machine's Python cannot make virtual environments. Install the module (Debian, Ubuntu: \
         `apt-get install python3-venv`). It said:\n{tail}"
    )]
    NoVenv { tail: String },
    /// as the platform words it; what pip said is in the log only
    #[error("Error installing packages. Please check /logz for more details")]
    Pip,
    #[error("cannot prepare the build in {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
}

/// Where a build happens.
pub(crate) struct Build<'a> {
    /// the deployment's source; pip's working directory
    pub(crate) source: &'a Path,
    /// the environment to make
    pub(crate) venv: &'a Path,
    /// the app's home
    pub(crate) home: &'a Path,
    /// what was downloaded or made before
    pub(crate) cache: &'a Path,
    /// see [`machine_pip_config`]
    pub(crate) machine_pip_config: &'a str,
    /// what is known of the machine's Python
    pub(crate) python: &'a OnceCell<String>,
    pub(crate) built: &'a BuiltEnvironments,
    pub(crate) trash: &'a Trash,
    /// folders with wheels that pip may use
    pub(crate) wheels: &'a [PathBuf],
    pub(crate) log: &'a LogRing,
    /// hears what is going on
    pub(crate) progress: &'a (dyn Fn(&str) + Send + Sync),
}

impl Build<'_> {
    /// Makes the environment and installs the requirements.
    pub(crate) async fn run(&self) -> Result<(), BuildError> {
        self.mention_what_is_not_done();
        (self.progress)("Creating the Python environment.");
        let pip_conf = pip_conf(self.machine_pip_config, self.wheels);
        let key = built_environments::key(self.source, &pip_conf, self.wheels).map_err(self.file_error())?;
        if let Some(key) = &key
            && self.built.take(key, self.venv).map_err(self.file_error())?
        {
            self.log
                .push(SYSTEM, "Taking over the environment of an earlier build: nothing in it has changed.");
            return self.write_pip_conf(&pip_conf);
        }
        venv_seed::make(self.venv, self.cache, self.python, self.log).await?;
        self.write_pip_conf(&pip_conf)?;
        if self.source.join("requirements.txt").is_file() {
            (self.progress)("Installing packages from requirements.txt.");
            self.pip_install().await?;
        }
        if let Some(key) = &key {
            self.built.keep(key, self.venv, self.trash).map_err(self.file_error())?;
        }
        Ok(())
    }

    fn file_error(&self) -> impl Fn(io::Error) -> BuildError + use<> {
        let path = self.venv.to_path_buf();
        move |source| BuildError::File { path: path.clone(), source }
    }

    /// The platform would do more with these files; silence would mislead.
    fn mention_what_is_not_done(&self) {
        for (file, what) in [("package.json", "`npm install` and `npm run build`"), ("uv.lock", "`uv sync`")]
        {
            if self.source.join(file).is_file() {
                self.log.push(SYSTEM, &format!("{file} found: the local workspace does not run {what}"));
            }
        }
    }

    fn write_pip_conf(&self, text: &str) -> Result<(), BuildError> {
        let path = self.venv.join("pip.conf");
        // an index URL may hold a password
        private_file::write(&path, text.as_bytes()).map_err(|source| BuildError::File { path, source })
    }

    async fn pip_install(&self) -> Result<(), BuildError> {
        let mut command = Command::new(self.venv.join("bin/python"));
        command
            .args(["-m", "pip", "install", "--no-input", "--progress-bar", "off", "-r", "requirements.txt"])
            .current_dir(self.source)
            .env_clear()
            .envs(environment::minimal(self.venv, self.home))
            .env("PIP_CACHE_DIR", self.cache.join("pip"));
        let how = match run_step(command, PIP_DEADLINE, self.log).await {
            Ok((Some(status), _)) if status.success() => return Ok(()),
            Ok((Some(status), _)) => format!("ended with {status}"),
            Ok((None, _)) => format!("did not finish in {} s", PIP_DEADLINE.as_secs()),
            Err(error) => format!("cannot run: {error}"),
        };
        self.log.push(SYSTEM, &format!("pip {how}."));
        Err(BuildError::Pip)
    }
}

/// What the machine's pip is configured to do, as `pip config list` says.
///
/// It is asked with the workspace's own environment, where part of that may be, and runs nothing of an app. No pip
/// outside of environments means no configuration.
pub(crate) async fn machine_pip_config() -> String {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "config", "list"]).stdin(Stdio::null()).kill_on_drop(true);
    match timeout(CONFIG_DEADLINE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(Ok(output)) => {
            tracing::info!(status = %output.status, "the machine's Python has no pip: apps use the default settings");
            String::new()
        }
        Ok(Err(error)) => {
            tracing::info!(%error, "python3 cannot be asked for pip's settings");
            String::new()
        }
        Err(_) => {
            tracing::warn!("`python3 -m pip config list` does not end: apps use the default settings");
            String::new()
        }
    }
}

/// Runs a command of the build to its end: its status (`None` if it took too long) and its last log lines.
pub(super) async fn run_step(
    command: Command,
    deadline: Duration,
    log: &LogRing,
) -> io::Result<(Option<ExitStatus>, String)> {
    let mark = log.now();
    let group = ProcessGroup::spawn(command, log, SYSTEM)?;
    let status = timeout(deadline, group.wait()).await.ok();
    group.end(Duration::ZERO).await;
    Ok((status, log.tail_since(mark, SYSTEM, SHOWN_LINES)))
}
