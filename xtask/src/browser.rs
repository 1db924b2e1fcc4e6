//! The Chromium and the driver that browser tests use.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use crate::command;

/// Names of the browser: Debian's, Ubuntu's, Google's.
pub(crate) const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Names of its WebDriver: Debian's, that of Ubuntu's snap.
pub(crate) const DRIVERS: [&str; 2] = ["chromedriver", "chromium.chromedriver"];

/// A browser and its driver.
pub(crate) struct Browser {
    pub(crate) program: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// What is on the PATH.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let program =
            first(&BROWSERS).context("no Chromium on the PATH (looked for chromium, google-chrome)")?;
        let driver = first(&DRIVERS).context("no chromedriver on the PATH")?;
        Ok(Self { program, driver })
    }

    /// WebDriver capabilities for a headless run that works as root, in a container, and calls nobody.
    pub(crate) fn capabilities(&self) -> Value {
        json!({ "goog:chromeOptions": { "binary": self.program, "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ] } })
    }
}

/// The first of the programs that is there.
pub(crate) fn first(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| command::find(name))
}
