//! A running `tellr ui`, and a client that has begun a session with it as the page does.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use system_tests::{LocalWorkspace, binaries, rest};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

const START_DEADLINE: Duration = Duration::from_secs(30);
const STOP_DEADLINE: Duration = Duration::from_secs(20);

/// The server. It is killed when this is dropped.
pub(crate) struct Ui {
    child: Child,
    stdout: BufReader<tokio::process::ChildStdout>,
    /// What it printed before it served.
    pub(crate) printed: String,
    /// `http://127.0.0.1:<port>`
    pub(crate) origin: String,
    pub(crate) port: u16,
    pub(crate) secret: String,
    /// The session's cookie, `name=value`.
    pub(crate) cookie: String,
}

/// Everything that a server wrote, and how it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ui {
    /// For a local workspace.
    pub(crate) async fn start(workspace: &LocalWorkspace, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
        command.args(["ui", "--no-browser", "--no-input"]).args(arguments);
        if arguments.contains(&"--behind") {
            // else it prints the proxy's address, where nobody is
            command.arg("--json");
        }
        Self::run(command).await
    }

    /// Any `tellr ui`.
    pub(crate) async fn run(mut command: Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("`tellr ui` cannot be started")?;
        let mut stdout = BufReader::new(child.stdout.take().context("no stdout")?);
        let (printed, address) = tokio::time::timeout(START_DEADLINE, read_address(&mut stdout))
            .await
            .context("`tellr ui` printed no address in time")??;
        let Some(address) = address else {
            let output = child.wait_with_output().await?;
            bail!("`tellr ui` ended: {printed}{}", String::from_utf8_lossy(&output.stderr));
        };
        let (origin, secret) = address.split_once("/#secret=").context("an address without a secret")?;
        let port = origin.rsplit(':').next().unwrap_or_default().parse().context("no port")?;
        let (origin, secret) = (origin.to_owned(), secret.to_owned());
        let mut ui = Self { child, stdout, printed, origin, port, secret, cookie: String::new() };
        ui.cookie = ui.begin_session().await?;
        Ok(ui)
    }

    async fn begin_session(&self) -> anyhow::Result<String> {
        let response = self.without_cookie(Method::POST, "/session").json(&json!({ "secret": self.secret }));
        let response = response.send().await?;
        ensure!(response.status() == 204, "POST /session answered {}", response.status());
        let cookie = response.headers().get("set-cookie").context("no cookie")?.to_str()?;
        for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            ensure!(cookie.contains(attribute), "{cookie}");
        }
        ensure!(!cookie.contains(&self.secret) && !cookie.contains("Domain"), "{cookie}");
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// A call of somebody who has shown nothing.
    pub(crate) fn without_cookie(&self, method: Method, path: &str) -> RequestBuilder {
        let client = rest::client().unwrap();
        client.request(method, format!("{}{path}", self.origin))
    }

    /// A call of the page.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.without_cookie(method, path)
            .header("cookie", &self.cookie)
            .header("origin", &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-dest", "empty")
    }

    /// GET of the page.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Response> {
        Ok(self.request(Method::GET, path).send().await?)
    }

    /// Sends a signal and waits for the end.
    pub(crate) async fn end(mut self, signal: Signal) -> anyhow::Result<Ended> {
        let pid = self.child.id().context("it has ended already")?;
        kill(Pid::from_raw(i32::try_from(pid)?), signal)?;
        let mut stdout = self.printed.clone();
        tokio::time::timeout(STOP_DEADLINE, self.stdout.read_to_string(&mut stdout)).await??;
        let output = tokio::time::timeout(STOP_DEADLINE, self.child.wait_with_output()).await;
        let output = output.context("it still runs after the signal")??;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Ended { code: output.status.code(), stdout, stderr })
    }
}

async fn read_address(
    stdout: &mut BufReader<tokio::process::ChildStdout>,
) -> anyhow::Result<(String, Option<String>)> {
    let mut printed = String::new();
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).await? == 0 {
            return Ok((printed, None));
        }
        printed.push_str(&line);
        if let Ok(said) = serde_json::from_str::<Value>(&line) {
            return Ok((printed, said["address"].as_str().map(str::to_owned)));
        }
        if line.starts_with("http://127.0.0.1:") {
            return Ok((printed, Some(line.trim().to_owned())));
        }
    }
}
