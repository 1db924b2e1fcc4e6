//! A person at a terminal, who signs in with a browser and has no token in the environment.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::StatusCode;
use serde_json::{Value, json};
use system_tests::process::{self, Output};
use system_tests::{LocalWorkspace, binaries, rest};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

const DEADLINE: Duration = Duration::from_secs(120);

/// `tellr <arguments>` without any credentials but those that a sign-in has left in the home folder.
pub(crate) fn command(workspace: &LocalWorkspace, arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
    command.env_remove("DATABRICKS_TOKEN").env_remove("DATABRICKS_HOST").args(arguments);
    Ok(command)
}

/// Runs it to its end.
pub(crate) async fn run(workspace: &LocalWorkspace, arguments: &[&str]) -> anyhow::Result<Output> {
    process::run(command(workspace, arguments)?, DEADLINE).await
}

/// Signs in with `tellr login` and a browser that agrees; gives the command's result.
pub(crate) async fn sign_in(workspace: &LocalWorkspace, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut command =
        command(workspace, &["login", "--no-browser", "--json", "--host", &workspace.ready().host])?;
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let stderr = child.stderr.take().context("no stderr")?;
    let finished = tokio::time::timeout(DEADLINE, async {
        agree(workspace, &first_address(stderr).await?).await?;
        anyhow::Ok(child.wait_with_output().await?)
    });
    let output = finished.await.context("tellr login has not ended")??;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(&text).with_context(|| format!("tellr login wrote {text}"))
}

/// The first line that is an address.
pub(crate) async fn first_address(output: impl AsyncRead + Unpin) -> anyhow::Result<String> {
    let mut lines = BufReader::new(output).lines();
    loop {
        match lines.next_line().await? {
            Some(line) if line.trim().starts_with("http") => return Ok(line.trim().to_owned()),
            Some(_) => {}
            None => bail!("the command ended without an address"),
        }
    }
}

/// What the browser of somebody who is signed in to the workspace, and agrees, does.
pub(crate) async fn agree(workspace: &LocalWorkspace, url: &str) -> anyhow::Result<()> {
    let link = workspace.post("/local/sign-in-links", &json!({ "authorize_url": url })).await?;
    let back = link["url"].as_str().context("no url")?;
    let response = rest::client()?.get(back).send().await?;
    let (status, page) = (response.status(), response.text().await?);
    anyhow::ensure!(status == StatusCode::OK && page.contains("Signed in"), "{status}: {page}");
    Ok(())
}
