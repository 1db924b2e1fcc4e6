//! The deployed app as a browser sees it: through its proxy, signed in.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::http::agent;
use crate::local_workspace::{LOOK, Workspace};
use crate::say;

const HEALTH_DEADLINE: Duration = Duration::from_secs(60);

/// A browser's way into an app: its address and the cookie of a sign-in.
pub(crate) struct SignedIn {
    url: String,
    cookie: String,
}

impl SignedIn {
    /// Follows a sign-in link to its cookie.
    pub(crate) fn open(workspace: &Workspace, app: &str) -> anyhow::Result<Self> {
        let link = workspace.sign_in_link(app)?.url;
        let (url, _) = link.split_once("/.local/").with_context(|| format!("{link} is no sign-in link"))?;
        let response = agent().get(&link).call()?;
        ensure!(response.status().is_redirection(), "the sign-in link answered {}", response.status());
        let set = response.headers().get("set-cookie").context("the sign-in set no cookie")?;
        let cookie = set.to_str()?.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { url: url.to_owned(), cookie })
    }

    /// The app's own address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The page must be there and the database ready, within a minute.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.wait_for("the page", "/", |page| page.contains("<title>Tellr</title>"))?;
        say::line("the page answers through the app's proxy");
        let is_ready = |body: &str| health(body)["status"] == "ready";
        let body = self.wait_for("a healthy database", "/api/health/ready", is_ready)?;
        say::line(&format!("the database is ready: {}", health(&body)["database"]));
        Ok(())
    }

    /// Asks until the answer is 200 and as wanted: an app may still be starting after its workspace did.
    fn wait_for(&self, what: &str, path: &str, wanted: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let start = Instant::now();
        loop {
            let (status, body) = self.get(path)?;
            if status == 200 && wanted(&body) {
                return Ok(body);
            }
            if start.elapsed() > HEALTH_DEADLINE {
                bail!("waited {HEALTH_DEADLINE:?} for {what}, but {path} last answered {status}: {body}");
            }
            std::thread::sleep(LOOK);
        }
    }

    fn get(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let mut response =
            agent().get(format!("{}{path}", self.url)).header("Cookie", &self.cookie).call()?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }
}

fn health(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_default()
}
