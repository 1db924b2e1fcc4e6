//! `tellr logs` on an app that really runs.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{LocalWorkspace, Settings};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::person::{command, run, sign_in};

/// An app that says something a few times a second, with a colour that a terminal would obey.
const APP_YAML: &str = "command: [\"sh\", \"-c\", \"python3 -m http.server $DATABRICKS_APP_PORT & \
i=0; while :; do i=$((i+1)); printf 'tick %s \\\\033[31mred\\\\n' $i; sleep 0.2; done\"]\n";

async fn deployed() -> anyhow::Result<LocalWorkspace> {
    let settings =
        Settings { has_wheels: false, token_ttl: Some(Duration::from_secs(5)), ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let path = format!("/Workspace/Users/{}/ticker", workspace.ready().user);
    workspace.post("/api/2.0/workspace/mkdirs", &json!({ "path": path })).await?;
    workspace.import(&format!("{path}/app.yaml"), APP_YAML.as_bytes()).await?;
    workspace.post("/api/2.0/apps", &json!({"name": "ticker"})).await?;
    loop {
        let app = workspace.get("/api/2.0/apps/ticker").await?;
        if app["compute_status"]["state"] == "ACTIVE" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    workspace.post("/api/2.0/apps/ticker/deployments", &json!({"source_code_path": path})).await?;
    workspace.await_deployment("ticker").await?;
    Ok(workspace)
}

#[tokio::test]
async fn a_log_is_shown_filtered_and_followed_across_expiry() {
    shown_filtered_and_followed().await.unwrap();
}

async fn shown_filtered_and_followed() -> anyhow::Result<()> {
    let workspace = deployed().await?;
    let refused = {
        let mut with_token = command(&workspace, &["logs", "--app-name", "ticker", "--json"])?;
        with_token
            .env("DATABRICKS_HOST", &workspace.ready().host)
            .env("DATABRICKS_TOKEN", &workspace.ready().token);
        system_tests::process::run(with_token, Duration::from_secs(60)).await?
    };
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    let url = workspace.app_url("ticker").await?;
    assert!(refused.stdout.contains(&format!("{url}/logz")), "{refused:?}");

    sign_in(&workspace, &["--profile", "me"]).await?;
    let logs = |more: &'static [&'static str]| {
        let arguments = [&["logs", "--app-name", "ticker", "--profile", "me"], more].concat();
        let workspace = &workspace;
        async move { run(workspace, &arguments).await?.successful() }
    };
    // a pipe gets what the app wrote
    let app = logs(&["--source", "app", "--filter", "tick 1 ", "--lines", "5"]).await?;
    assert!(app.stdout.ends_with("[APP] tick 1 \u{1b}[31mred\n"), "{app:?}");
    let system = logs(&["--source", "system", "--json"]).await?;
    let sources: Vec<Value> =
        system.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    assert!(!sources.is_empty() && sources.iter().all(|line| line["source"] == "SYSTEM"), "{system:?}");
    let few = logs(&["-n", "3"]).await?;
    assert_eq!(few.stdout.lines().count(), 3, "{few:?}");

    follows(&workspace).await
}

/// Follows for longer than a token lives, and ends when the app is stopped.
async fn follows(workspace: &LocalWorkspace) -> anyhow::Result<()> {
    let arguments =
        ["logs", "-f", "--app-name", "ticker", "--profile", "me", "--source", "app", "-n", "0", "--json"];
    let mut child = command(workspace, &arguments)?
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let mut ticks = Vec::new();
    let listen = async {
        while let Some(line) = lines.next_line().await? {
            let line: Value = serde_json::from_str(&line)?;
            let message = line["message"].as_str().unwrap_or_default();
            if let Some(tick) =
                message.strip_prefix("tick ").and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok())
            {
                ticks.push(tick);
            }
            if ticks.len() == 40 {
                workspace.call(Method::POST, "/api/2.0/apps/ticker/stop", Some(&json!({}))).await?;
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(90), listen)
        .await
        .context("the log does not end with the app")??;
    let output = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await??;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        ticks.len() >= 40 && ticks.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "none missing, none twice: {ticks:?}"
    );
    Ok(())
}
