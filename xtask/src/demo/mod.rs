//! Tellr deployed into a local workspace, to look at.

mod app;
mod deployment;

use std::sync::mpsc;

use anyhow::Context;

use crate::local_workspace::{self, Workspace};
use crate::repository::Repository;
use crate::setup::{self, Package};
use crate::stages::Stages;
use crate::{say, wheels};
use app::SignedIn;
use deployment::Deployment;

/// The folder of the checkout that keeps the workspace from run to run.
const FOLDER: &str = ".local";

/// Builds, starts the workspace, deploys, checks the app as a browser would, and stays until Ctrl-C.
pub(crate) fn run(repository: &Repository, stops_after_check: bool) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    stages.stage("set-up", || setup::apt(&[Package::PythonVenv, Package::PythonPip, Package::Postgresql]))?;
    let wheels = stages.stage("build", || wheels::run(repository))?;
    let interrupted = interruption()?;
    let folder = repository.path(FOLDER);
    let mut workspace = stages.stage("local workspace", || Workspace::start(&folder, &wheels.tellr, &[]))?;
    let deployment = Deployment::new(&folder, &wheels)?;
    stages.stage("deploy", || deployment.bring_up(&workspace))?;
    let checked = stages.stage("check", || {
        let app = SignedIn::open(&workspace, deployment::APP)?;
        app.check()?;
        Ok(app)
    })?;
    say::line(&stages.summary());
    say::heading("Tellr runs");
    say::line(&format!("app        {}", checked.url()));
    say::line(&format!("sign-in    {}", workspace.sign_in_link(deployment::APP)?.url));
    say::line(&format!(
        "workspace  {} (LOCAL: a stand-in on this machine, not Databricks)",
        workspace.host()
    ));
    say::line(&format!("log        {}", workspace.log().display()));
    if !stops_after_check {
        say::line(
            "\nThe sign-in link works once. Ctrl-C stops everything; the next demo goes on with the same data.",
        );
        wait(&interrupted, &mut workspace)?;
    }
    workspace.stop()
}

/// A channel that gets a message at Ctrl-C, SIGTERM and SIGHUP. From now on these do not end this program by
/// themselves: the workspace, which does not share our terminal, has to be stopped first.
fn interruption() -> anyhow::Result<mpsc::Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    let handler = move || {
        // nobody listens any more: the program is about to end anyway
        let _ = sender.send(());
    };
    ctrlc::set_handler(handler).context("signals cannot be handled")?;
    Ok(receiver)
}

fn wait(interrupted: &mpsc::Receiver<()>, workspace: &mut Workspace) -> anyhow::Result<()> {
    while let Err(mpsc::RecvTimeoutError::Timeout) = interrupted.recv_timeout(local_workspace::LOOK) {
        workspace.must_run()?;
    }
    say::line("\nstopping");
    Ok(())
}
