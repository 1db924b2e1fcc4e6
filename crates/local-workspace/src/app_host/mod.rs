//! Runs deployed apps as real processes: builds them, starts them, watches them, and puts a proxy in front.
//!
//! It knows processes and HTTP, not the REST API: states of compute and deployments are its caller's, and so is the
//! decision who may use an app.

mod app;
mod authenticate;
mod built_environments;
mod environment;
mod log_ring;
mod manifest;
mod pip_settings;
mod process_group;
mod proxy;
mod release;
mod source_folder;
mod status;
#[cfg(test)]
mod tests;
mod trash;
mod venv;
mod venv_seed;

use std::collections::{BTreeMap, HashMap};
use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

pub(crate) use authenticate::{AppCaller, AppCredential, Authenticate, AuthenticationFailure};
pub(crate) use log_ring::LogLine;
pub(crate) use status::ProcessState;

use app::App;
use built_environments::BuiltEnvironments;
use manifest::Manifest;
use proxy::Proxy;
use release::{AppFolders, Release};
use trash::Trash;
use venv::Build;

/// A deployment to be built and started.
pub(crate) struct DeployOrder {
    /// the app
    pub(crate) app_name: String,
    /// new for each deployment
    pub(crate) deployment_id: String,
    /// relative path and content
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// `DATABRICKS_*` and `PG*`
    pub(crate) platform_env: Vec<(String, String)>,
    /// what `valueFrom` gives, by resource key
    pub(crate) resource_values: BTreeMap<String, String>,
    /// hears what is going on
    pub(crate) progress: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Why a deployment (or a start) failed, in words for its status.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub(crate) struct DeployFailure {
    /// as the platform words it where its words are known
    pub(crate) message: String,
}

impl DeployFailure {
    fn new(message: String) -> DeployFailure {
        DeployFailure { message }
    }
}

/// All apps of one data folder.
pub(crate) struct AppHost {
    dir: PathBuf,
    wheels: Vec<PathBuf>,
    start_deadline: Duration,
    /// asked for once
    machine_pip_config: tokio::sync::OnceCell<String>,
    python: tokio::sync::OnceCell<String>,
    built: BuiltEnvironments,
    trash: Trash,
    apps: Mutex<HashMap<String, Arc<App>>>,
}

impl AppHost {
    /// Nothing runs yet. `wheels` are folders that pip may install from; an app has to listen within
    /// `start_deadline`.
    pub(crate) fn new(data_dir: &Path, wheels: Vec<PathBuf>, start_deadline: Duration) -> AppHost {
        let dir = data_dir.join("apps");
        let trash = Trash::open(dir.join(".trash"));
        AppHost {
            built: BuiltEnvironments::open(dir.join(".cache/built"), &trash),
            trash,
            dir,
            wheels,
            start_deadline,
            machine_pip_config: tokio::sync::OnceCell::new(),
            python: tokio::sync::OnceCell::new(),
            apps: Mutex::default(),
        }
    }

    /// Builds the deployment, then replaces the running process by it, and waits until it listens.
    ///
    /// # Errors
    /// The build failed (the process before lives on), or the app crashed or did not listen in time, or it was
    /// stopped meanwhile.
    pub(crate) async fn deploy(&self, order: DeployOrder) -> Result<(), DeployFailure> {
        let app = self.app(&order.app_name)?;
        check_name(&order.deployment_id)?;
        let cancelled = app.cancellation();
        let mut process = app.process.lock().await;
        let id = order.deployment_id.clone();
        let outcome = tokio::select! {
            () = cancelled.cancelled() => Err(DeployFailure::new("The deployment was cancelled.".to_owned())),
            outcome = async {
                let platform_env = order.platform_env.clone();
                let release = self.build(&app, order).await?;
                let running = release.with_platform_env(platform_env);
                app.run(&mut process, &running, self.start_deadline).await?;
                self.save_release(&app, &release).map_err(|error| folder_failure(&app, &error))
            } => outcome,
        };
        if let Err(failure) = &outcome {
            tracing::info!(app = app.name, deployment = id, %failure, "deployment failed");
            self.trash.throw(&app.folders.deployment(&id)).map_err(|error| folder_failure(&app, &error))?;
        }
        outcome
    }

    /// Makes `release` the one that a restart brings up again; the builds before it go.
    fn save_release(&self, app: &App, release: &Release) -> std::io::Result<()> {
        app.folders.save_release(release)?;
        app.folders.outdated(release)?.iter().try_for_each(|folder| self.trash.throw(folder))
    }

    async fn build(&self, app: &App, order: DeployOrder) -> Result<Release, DeployFailure> {
        let failed = |error: &dyn std::fmt::Display| DeployFailure::new(error.to_string());
        let id = order.deployment_id;
        // what is wrong with the manifest is said before minutes of building
        let manifest = Manifest::find(&order.files).map_err(|error| failed(&error))?;
        let command = manifest.command(&order.files).map_err(|error| failed(&error))?;
        let env = manifest.environment(&order.resource_values).map_err(|error| failed(&error))?;
        let env = env.into_iter().collect();

        let (source, home) = (app.folders.source(&id), app.folders.home());
        let cache = self.dir.join(".cache");
        self.make_private_dirs(app, &home).map_err(|error| folder_failure(app, &error))?;
        let (target, files) = (source.clone(), order.files);
        tokio::task::spawn_blocking(move || source_folder::write(&target, &files))
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
        let build = Build {
            source: &source,
            venv: &app.folders.venv(&id),
            home: &home,
            cache: &cache,
            machine_pip_config: self.machine_pip_config.get_or_init(venv::machine_pip_config).await,
            python: &self.python,
            built: &self.built,
            trash: &self.trash,
            wheels: &self.wheels,
            log: &app.log,
            progress: &*order.progress,
        };
        let built = build.run().await;
        if let Err(error) = &built {
            app.log.push(log_ring::SYSTEM, &format!("[ERROR] {error}"));
        }
        built.map_err(|error| failed(&error))?;
        (order.progress)("Starting the app.");
        Ok(Release { deployment_id: id, command, env })
    }

    /// Other users of the machine are not to read sources and environments.
    fn make_private_dirs(&self, app: &App, home: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(home)?;
        for dir in [&self.dir, app.folders.root()] {
            std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    /// Starts the last good deployment again with the platform's variables of today, unless the app runs.
    pub(crate) async fn restart(
        &self,
        app_name: &str,
        platform_env: Vec<(String, String)>,
    ) -> Result<(), DeployFailure> {
        let app = self.app(app_name)?;
        let cancelled = app.cancellation();
        let mut process = app.process.lock().await;
        if app.status.state() == ProcessState::Running {
            return Ok(());
        }
        let release = app.folders.load_release().map_err(|error| folder_failure(&app, &error))?;
        let release = release.ok_or_else(|| {
            DeployFailure::new(format!("App {app_name} has no deployment that could run again."))
        })?;
        let release = release.with_platform_env(platform_env);
        tokio::select! {
            () = cancelled.cancelled() => Err(DeployFailure::new("The start was cancelled.".to_owned())),
            outcome = app.run(&mut process, &release, self.start_deadline) => outcome,
        }
    }

    /// Ends the app's process (SIGTERM, after 15 s SIGKILL), and a deployment in flight.
    pub(crate) async fn stop(&self, app_name: &str) {
        if let Some(app) = self.known(app_name) {
            app.stop().await;
        }
    }

    /// How the app's process is doing.
    pub(crate) fn process_state(&self, app_name: &str) -> ProcessState {
        self.known(app_name).map_or(ProcessState::NotRunning, |app| app.status.state())
    }

    /// The app's last log lines, the oldest first.
    pub(crate) fn logs(&self, app_name: &str) -> Vec<LogLine> {
        self.known(app_name).map(|app| app.log.lines()).unwrap_or_default()
    }

    /// Opens the app's own address on loopback, at `preferred_port` if that is free. It survives redeploys; opening
    /// again replaces it.
    pub(crate) async fn open_proxy(
        &self,
        app_name: &str,
        preferred_port: Option<u16>,
        identity: Arc<dyn Authenticate>,
        request_timeout: Duration,
    ) -> Result<SocketAddr, std::io::Error> {
        let app = self.app(app_name).map_err(std::io::Error::other)?;
        let mut slot = app.proxy.lock().await;
        if let Some(before) = slot.take() {
            before.close().await;
        }
        let proxy = Proxy::open(&app, preferred_port, identity, request_timeout).await?;
        Ok(slot.insert(proxy).address())
    }

    /// Stops the app, closes its address and deletes all that was built.
    pub(crate) async fn remove(&self, app_name: &str) {
        let removed = self.apps.lock().unwrap_or_else(PoisonError::into_inner).remove(app_name);
        let Some(app) = removed.or_else(|| self.app(app_name).ok()) else { return };
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).remove(app_name);
        close(&app).await;
        if let Err(error) = self.trash.throw(app.folders.root()) {
            tracing::warn!(app = app_name, %error, "cannot remove the folder of a deleted app");
        }
    }

    /// Stops all apps and closes their addresses; what was built stays.
    pub(crate) async fn shutdown(&self) {
        let apps: Vec<Arc<App>> = {
            let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
            apps.drain().map(|(_, app)| app).collect()
        };
        futures::future::join_all(apps.iter().map(close)).await;
        self.trash.emptied().await;
    }

    fn app(&self, name: &str) -> Result<Arc<App>, DeployFailure> {
        check_name(name)?;
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(App::new(name, AppFolders::new(self.dir.join(name))));
        Ok(apps.entry(name.to_owned()).or_insert_with(new).clone())
    }

    fn known(&self, name: &str) -> Option<Arc<App>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

async fn close(app: &Arc<App>) {
    app.stop().await;
    if let Some(proxy) = app.proxy.lock().await.take() {
        proxy.close().await;
    }
}

/// Names become folder names.
fn check_name(name: &str) -> Result<(), DeployFailure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=100).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(DeployFailure::new(format!("{name:?} has characters other than letters, digits and hyphens")))
}

fn folder_failure(app: &App, error: &std::io::Error) -> DeployFailure {
    DeployFailure::new(format!(
        "the local workspace cannot use the folder {}: {error}",
        app.folders.root().display()
    ))
}
