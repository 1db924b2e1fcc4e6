//! Tellr in the local workspace: created, updated, or kept as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::app::SignedIn;
use crate::local_workspace::Workspace;
use crate::wheels::{Wheels, wheels_of};
use crate::{command, say};

/// Name of the app.
pub(super) const APP: &str = "tellr";
const LAKEBASE: &str = "tellr-db";
const SCHEMA: &str = "app_data";

/// What shall run, and a note of what was deployed last.
pub(super) struct Deployment<'a> {
    tellr: &'a Path,
    wheel: PathBuf,
    digest: String,
    note: PathBuf,
}

impl<'a> Deployment<'a> {
    pub(super) fn new(folder: &Path, wheels: &'a Wheels) -> anyhow::Result<Self> {
        let wheel =
            wheels_of(&wheels.folder, "databricks-tellr-app")?.pop().context("the app's wheel is missing")?;
        let content = fs::read(&wheel).with_context(|| format!("{} cannot be read", wheel.display()))?;
        let digest = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { tellr: &wheels.tellr, wheel, digest, note: folder.join("deployed-wheel.sha256") })
    }

    /// Creates the app, updates it if it runs another build, or keeps it if it is healthy as it is.
    pub(super) fn bring_up(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let exists = command::succeeds(&mut self.command(workspace, &["status", "--app-name", APP]));
        if exists && self.is_deployed() && SignedIn::open(workspace, APP).and_then(|app| app.check()).is_ok()
        {
            say::line("this build is deployed already and answers: nothing to do");
            return Ok(());
        }
        let operation = if exists { "update" } else { "create" };
        let path = format!("/Workspace/Users/{}/.apps/{APP}", workspace.user());
        let mut arguments =
            vec![operation, "--app-name", APP, "--lakebase-name", LAKEBASE, "--schema-name", SCHEMA];
        arguments.extend(["--workspace-path", &path, "--yes", "--poll-ms", "200", "--wheel"]);
        say::line(&format!("tellr {} {}", arguments.join(" "), self.wheel.display()));
        command::run(self.command(workspace, &arguments).arg(&self.wheel))?;
        fs::write(&self.note, &self.digest)
            .with_context(|| format!("{} cannot be written", self.note.display()))
    }

    fn is_deployed(&self) -> bool {
        fs::read_to_string(&self.note).is_ok_and(|digest| digest == self.digest)
    }

    fn command(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.tellr);
        workspace.sign_in(&mut command);
        command.args(arguments);
        command
    }
}
