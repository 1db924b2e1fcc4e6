//! `tellr login` and `tellr logout`, and a whole deployment with a token that expires every few seconds.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use system_tests::checks::{Deployment, Kind};
use system_tests::process;
use system_tests::{LocalWorkspace, Settings, binaries};

use crate::person::{agree, command, first_address, run, sign_in};

fn started(token_ttl: Option<Duration>) -> anyhow::Result<LocalWorkspace> {
    LocalWorkspace::start(Settings { token_ttl, ..Settings::default() })
}

#[tokio::test]
async fn a_person_signs_in_deploys_with_short_lived_tokens_and_signs_out() {
    signs_in_and_deploys().await.unwrap();
}

async fn signs_in_and_deploys() -> anyhow::Result<()> {
    let workspace = started(Some(Duration::from_secs(3)))?;
    let home = workspace.scratch()?;
    std::fs::write(
        home.join(".databrickscfg"),
        "; mine\n[DEFAULT]\nhost = https://other.example.com\ntoken=t\n",
    )?;

    let result = sign_in(&workspace, &["--profile", "local"]).await?;
    assert_eq!(result["user"], workspace.ready().user.as_str());
    assert_eq!(result["profile"], "local");
    let cache = home.join(".databricks/token-cache.json");
    assert_eq!(std::fs::metadata(&cache)?.permissions().mode() & 0o777, 0o600);
    let profile = format!("\n[local]\nhost = {}\nauth_type = databricks-cli\n", workspace.ready().host);
    let written = std::fs::read_to_string(home.join(".databrickscfg"))?;
    assert_eq!(written, format!("; mine\n[DEFAULT]\nhost = https://other.example.com\ntoken=t\n{profile}"));

    let before = refresh_token(&cache)?;
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    let mut arguments = deployment.flags("create", &["--profile", "local", "--yes", "--json"]);
    arguments.push("--no-input".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let created = run(&workspace, &arguments).await?.successful()?;
    let created: Value = serde_json::from_str(&created.stdout)?;
    assert_eq!(created["status"], "created");
    assert_ne!(refresh_token(&cache)?, before, "the token was renewed on the way, and the new one kept");

    let out = run(&workspace, &["logout", "--profile", "local", "--json"]).await?.successful()?;
    let out: Value = serde_json::from_str(&out.stdout)?;
    assert_eq!(out, json!({"host": workspace.ready().host, "signed_out": true}));
    let status = run(&workspace, &["status", "--app-name", "tellr", "--profile", "local", "--json"]).await?;
    assert_eq!(status.status.code(), Some(4), "{status:?}");
    let error: Value = serde_json::from_str(&status.stdout)?;
    let hint = format!("run `tellr login --host {} --profile local`", workspace.ready().host);
    assert_eq!(error["error"]["hint"], hint.as_str());
    Ok(())
}

fn refresh_token(cache: &std::path::Path) -> anyhow::Result<Value> {
    let content: Value = serde_json::from_str(&std::fs::read_to_string(cache)?)?;
    Ok(content["tokens"]["local"]["refresh_token"].clone())
}

#[tokio::test]
async fn the_page_of_somebody_who_is_not_signed_in_begins_with_a_sign_in() {
    page_begins_with_a_sign_in().await.unwrap();
}

async fn page_begins_with_a_sign_in() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let mut ui = command(&workspace, &["ui", "--no-browser", "--login", "--host", &workspace.ready().host])?;
    ui.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = ui.spawn()?;
    let (stdout, stderr) =
        (child.stdout.take().context("no stdout")?, child.stderr.take().context("no stderr")?);
    let served = async {
        agree(&workspace, &first_address(stderr).await?).await?;
        first_address(stdout).await
    };
    let address = tokio::time::timeout(Duration::from_secs(60), served).await??;
    assert!(address.starts_with("http://127.0.0.1:") && address.contains("/#secret="), "{address}");
    assert!(workspace.scratch()?.join(".databricks/token-cache.json").exists());
    Ok(())
}

#[tokio::test]
async fn a_service_principal_deploys_with_short_lived_tokens() {
    deploys_as_service_principal().await.unwrap();
}

async fn deploys_as_service_principal() -> anyhow::Result<()> {
    let workspace = started(Some(Duration::from_secs(2)))?;
    let deployment = Deployment {
        path: "/Workspace/Shared/tellr".to_owned(),
        ..Deployment::new(&workspace, "tellr", Kind::Provisioned)
    };
    let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
    command
        .env_remove("DATABRICKS_TOKEN")
        .env("DATABRICKS_CLIENT_ID", &workspace.ready().client_id)
        .env("DATABRICKS_CLIENT_SECRET", &workspace.ready().client_secret)
        .args(deployment.flags("create", &["--yes", "--json", "--no-input"]));
    let created = process::run(command, Duration::from_secs(120)).await?.successful()?;
    assert_eq!(serde_json::from_str::<Value>(&created.stdout)?["status"], "created");
    Ok(())
}

#[tokio::test]
async fn nobody_agrees_and_nothing_is_kept() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let arguments = ["login", "--no-browser", "--timeout", "1", "--json", "--host", &workspace.ready().host];
    let output =
        process::run(command(&workspace, &arguments).unwrap(), Duration::from_secs(60)).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.contains("timed out after 1 s: the sign-in to"), "{output:?}");
    assert!(!workspace.scratch().unwrap().join(".databricks/token-cache.json").exists());
}
