//! A real browser, headless.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, LoggingPrefsLogLevel};
use tokio::process::{Child, Command};

const START_DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// What a headless browser needs to work as root, in a container, without calling anybody.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A window and the driver behind it; both end with [`Browser::quit`], the driver also when this is dropped.
#[derive(Debug)]
pub struct Browser {
    /// The window.
    pub window: WebDriver,
    driver: Child,
}

impl Browser {
    /// Opens a window of `width` by `height` CSS pixels.
    pub async fn open(width: u32, height: u32) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Command::new(program(&["chromedriver", "chromium.chromedriver"])?)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver does not start")?;
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            capabilities.add_arg(argument)?;
        }
        capabilities.add_arg(&format!("--window-size={width},{height}"))?;
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        let browser = program(&["chromium", "chromium-browser", "google-chrome"])?;
        capabilities.set_binary(&browser.to_string_lossy())?;
        let started = Instant::now();
        loop {
            match WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities.clone()).await {
                Ok(window) => return Ok(Self { window, driver }),
                Err(error) if started.elapsed() > START_DEADLINE => bail!("no browser session: {error}"),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let answer = self.window.cdp().send_raw(method, parameters).await;
        answer.with_context(|| format!("{method} is refused"))
    }

    /// Makes the page's view exactly so large.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await.map(drop)
    }

    /// What the browser has written to its console since it was last asked: the page's own lines, refused resources,
    /// violated policies.
    pub async fn console(&self) -> anyhow::Result<Vec<BrowserLogEntry>> {
        Ok(self.window.get_log("browser").await?)
    }

    /// Writes what the window shows to `target/screenshots/<name>.png`, for people.
    pub async fn screenshot(&self, name: &str) -> anyhow::Result<()> {
        let folder = crate::repository::root().join("target/screenshots");
        std::fs::create_dir_all(&folder)?;
        self.window.screenshot(Path::new(&folder.join(format!("{name}.png")))).await?;
        Ok(())
    }

    /// Closes window and driver.
    pub async fn quit(mut self) -> anyhow::Result<()> {
        self.window.quit().await?;
        self.driver.kill().await?;
        Ok(())
    }
}

fn program(names: &[&str]) -> anyhow::Result<PathBuf> {
    let folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let found = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file());
    found.with_context(|| format!("none of {names:?} is on the PATH; `cargo xtask test` installs them"))
}
