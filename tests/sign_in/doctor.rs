//! `tellr doctor` against a workspace: what it finds, and that it changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::checks::{Deployment, Kind};
use system_tests::process;
use system_tests::{LocalWorkspace, Settings, binaries};

use crate::package_index;

/// Verdict and finding of each check, by name.
type Findings = BTreeMap<String, (String, String)>;

async fn doctor(
    workspace: &LocalWorkspace,
    index: &str,
    arguments: &[&str],
) -> anyhow::Result<(i32, Findings)> {
    let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
    command.env("PIP_INDEX_URL", index).args(["doctor", "--json", "--no-input"]).args(arguments);
    let output = process::run(command, Duration::from_secs(120)).await?;
    let result: Value = serde_json::from_str(&output.stdout)?;
    let code = output.status.code().unwrap_or(-1);
    assert_eq!(result["fit"], code == 0, "{output:?}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = result["checks"].as_array().cloned().unwrap_or_default();
    let findings =
        checks.iter().map(|check| (text(&check["check"]), (text(&check["verdict"]), text(&check["found"]))));
    Ok((code, findings.collect()))
}

/// Every name that is not `ok`, with its verdict.
fn troubles(findings: &Findings) -> Vec<(&str, &str)> {
    let all = findings.iter().map(|(name, (verdict, _))| (name.as_str(), verdict.as_str()));
    all.filter(|(_, verdict)| *verdict != "ok").collect()
}

/// No call that could change anything, and no token for a database either.
async fn assert_only_reads(workspace: &LocalWorkspace) -> anyhow::Result<()> {
    let calls = workspace.requests().await?;
    assert!(calls.len() > 3, "{calls:?}");
    let mutating: Vec<&Value> = calls.iter().filter(|call| call["method"] != "GET").collect();
    assert!(mutating.is_empty(), "{mutating:#?}");
    Ok(())
}

#[tokio::test]
async fn an_empty_workspace_is_fit_and_nothing_is_touched() {
    empty_workspace().await.unwrap();
}

async fn empty_workspace() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let index = package_index::serve(&["0.9.0", "1.0.0"]).await?;
    let path = format!("/Workspace/Users/{}/.apps/tellr", workspace.ready().user);
    let settings = [
        "--app-name",
        "tellr",
        "--lakebase-name",
        "tellr-db",
        "--schema-name",
        "app_data",
        "--workspace-path",
        &path,
    ];
    let (code, findings) = doctor(&workspace, &index, &settings).await?;
    assert_eq!(code, 0, "{findings:#?}");
    let expected = [("sign_in", "warning"), ("user_authorization", "warning")];
    assert_eq!(troubles(&findings), expected, "{findings:#?}");
    assert_eq!(findings["app_name"].1, "no app has that name");
    assert_eq!(findings["source"].1, format!("{index} has databricks-tellr-app 1.0.0, its newest"));
    assert_only_reads(&workspace).await?;

    let wanted = [&settings[..], &["--app-version", "7.7.7"]].concat();
    let (code, findings) = doctor(&workspace, &index, &wanted).await?;
    assert_eq!((code, findings["source"].0.as_str()), (1, "missing"));
    assert_eq!(
        findings["source"].1,
        format!("{index} has no databricks-tellr-app 7.7.7; its newest is 1.0.0")
    );

    // no settings at all, no index, and a token that is none
    let (code, findings) = doctor(&workspace, "http://127.0.0.1:1/simple", &[]).await?;
    assert_eq!((code, findings["version"].0.as_str()), (0, "warning"), "{findings:#?}");
    assert!(!findings.contains_key("app_name"));
    Ok(())
}

#[tokio::test]
async fn names_that_are_taken_and_folders_of_others_are_told() {
    taken().await.unwrap();
}

async fn taken() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let index = package_index::serve(&["1.0.0", "9.0.0"]).await?;
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    workspace.clear_requests().await?;

    let path = "/Workspace/Users/other@example.com/tellr";
    let settings = [
        "--app-name",
        "tellr",
        "--lakebase-name",
        "tellr-db",
        "--schema-name",
        "public",
        "--workspace-path",
        path,
    ];
    let (code, findings) = doctor(&workspace, &index, &settings).await?;
    assert_eq!(code, 1);
    let expected = [
        ("app_name", "warning"),
        ("folder", "missing"),
        ("settings", "missing"),
        ("sign_in", "warning"),
        ("version", "warning"),
    ];
    assert_eq!(troubles(&findings), expected, "{findings:#?}");
    assert!(findings["app_name"].1.ends_with("is yours: a create would be refused"), "{findings:#?}");
    assert_eq!(findings["user_authorization"].1, "it is on: the app tellr has user scopes");
    assert!(findings["lakebase_name"].1.starts_with("tellr-db exists (autoscaling, "), "{findings:#?}");
    assert!(findings["postgres"].1.ends_with(":5432 takes connections from this machine"), "{findings:#?}");
    assert!(findings["settings"].1.starts_with("`schema_name` is \"public\""), "{findings:#?}");
    assert_only_reads(&workspace).await
}

#[tokio::test]
async fn a_local_file_is_judged_by_the_rules_of_a_create() {
    local_file().await.unwrap();
}

async fn local_file() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let index = package_index::serve(&["1.0.0"]).await?;
    let wheel = workspace.scratch()?.join("databricks_tellr_app-1.0.0-py3-none-any.whl");
    std::fs::write(&wheel, b"no archive")?;
    let wheel = wheel.to_string_lossy();
    let (code, findings) = doctor(&workspace, &index, &["--wheel", &wheel]).await?;
    assert_eq!((code, findings["source"].0.as_str()), (1, "missing"));
    assert!(findings["source"].1.contains("does not begin as a ZIP archive"), "{findings:#?}");
    let (_, findings) = doctor(&workspace, &index, &["--wheel", &wheel, "--app-version", "1.0.0"]).await?;
    assert_eq!(findings["source"].1, "more than one source of the app was given");
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_none_and_a_host_that_is_not_there_end_the_looks_at_the_workspace() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let index = package_index::serve(&["1.0.0"]).await.unwrap();
    let mut command = workspace.command(binaries::tellr().unwrap().as_os_str()).unwrap();
    command.env("DATABRICKS_TOKEN", "dapi-wrong").env("PIP_INDEX_URL", &index);
    command.args(["doctor", "--json", "--no-input", "--app-name", "tellr"]);
    let output = process::run(command, Duration::from_secs(60)).await.unwrap();
    let result: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &result["fit"]), (Some(1), &json!(false)));
    let names: Vec<&str> =
        result["checks"].as_array().unwrap().iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(names, ["sign_in", "workspace", "clock", "user", "settings", "source", "version"]);
    assert!(!output.stdout.contains("dapi-wrong") && !output.stderr.contains("dapi-wrong"));
}
