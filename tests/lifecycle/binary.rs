//! The third source: the program itself, in parts, in a workspace that offers no wheel and no package index.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use system_tests::checks::{Deployment, Kind};
use system_tests::{LocalWorkspace, Settings, binaries};

/// The app's folder: names of its files.
async fn files(workspace: &LocalWorkspace, deployment: &Deployment) -> anyhow::Result<Vec<String>> {
    let listed = workspace.get(&format!("/api/2.0/workspace/list?path={}", deployment.path)).await?;
    let paths =
        listed["objects"].as_array().into_iter().flatten().filter_map(|object| object["path"].as_str());
    let mut names: Vec<String> =
        paths.filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

fn parts(files: &[String]) -> Vec<&String> {
    files.iter().filter(|name| name.starts_with("tellr-app-")).collect()
}

async fn log(workspace: &LocalWorkspace, app: &str) -> anyhow::Result<String> {
    let logs = workspace.get(&format!("/local/apps/{app}/logs")).await?;
    let lines = logs["logs"].as_array().into_iter().flatten().filter_map(|line| line["message"].as_str());
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

async fn live() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let deployment = Deployment::new(&workspace, "tellr-bin", Kind::Autoscaling);
    let program = binaries::tellr_app()?.display().to_string();
    let source = ["--binary", program.as_str()];
    workspace.tellr(&deployment.flags("create", &source)).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;
    let created = files(&workspace, &deployment).await?;
    ensure!(!parts(&created).is_empty(), "{created:?}");
    let requirements = workspace.export(&format!("{}/requirements.txt", deployment.path)).await?;
    ensure!(requirements.lines().all(|line| line.starts_with('#')), "{requirements}");

    // an update with the same program uploads no part of it
    let plan: Vec<String> =
        ["plan".to_owned()].into_iter().chain(deployment.flags("update", &source)).collect();
    let planned = workspace.tellr(&plan).await?.successful()?.result;
    let rows: Vec<&Value> = planned["rows"]
        .as_array()
        .context("a plan without rows")?
        .iter()
        .filter(|row| row["resource"].as_str().is_some_and(|resource| resource.starts_with("file ")))
        .collect();
    ensure!(rows.iter().all(|row| row["change"] == "keep"), "{rows:?}");
    workspace.tellr(&deployment.flags("update", &source)).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;

    // a damaged part: nothing of it runs, and the log says why
    let part = parts(&created)[0];
    workspace.import(&format!("{}/{part}", deployment.path), b"junk").await?;
    let broken = workspace.tellr(&deployment.flags("update", &source)).await?;
    ensure!(broken.code == Some(1), "{broken:#?}");
    let told = log(&workspace, &deployment.app).await?;
    ensure!(told.contains("tellr: the app cannot start: its program cannot be unpacked"), "{told}");

    // the next update writes the parts again
    workspace.tellr(&deployment.flags("update", &source)).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;

    // the server itself gets the signal, not a shell in front of it
    workspace.post(&format!("/api/2.0/apps/{}/stop", deployment.app), &json!({})).await?;
    let stopped = |app: &Value| app["compute_status"]["state"] == "STOPPED";
    workspace.await_body(&format!("/api/2.0/apps/{}", deployment.app), "the app stops", stopped).await?;
    let told = log(&workspace, &deployment.app).await?;
    ensure!(told.contains("\"stopping\""), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_program_needs_no_package_index() {
    live().await.unwrap();
}

/// From a wheel to the program: the wheel goes, and what somebody added by hand stays until it is pruned.
async fn change_source() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let deployment = Deployment::new(&workspace, "tellr-swap", Kind::Provisioned);
    let wheel = binaries::wheel("databricks-tellr-app")?.display().to_string();
    let program = binaries::tellr_app()?.display().to_string();
    workspace.tellr(&deployment.flags("create", &["--wheel", &wheel])).await?.successful()?;
    let app_yaml = format!("{}/app.yaml", deployment.path);
    let text = workspace.export(&app_yaml).await?;
    let by_hand = format!(
        "{text}  - {{name: TELLR_LOG, value: 'info,tellr_app=debug'}}\n  - name: GREETING\n    value: hello\n"
    );
    workspace.import(&app_yaml, by_hand.as_bytes()).await?;

    workspace.tellr(&deployment.flags("update", &["--binary", &program])).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;
    let left = files(&workspace, &deployment).await?;
    ensure!(!left.iter().any(|name| name.ends_with(".whl")), "{left:?}");
    let kept = workspace.export(&app_yaml).await?;
    ensure!(kept.contains("info,tellr_app=debug") && kept.contains("GREETING"), "{kept}");

    let pruned = deployment.flags("update", &["--wheel", &wheel, "--prune"]);
    workspace.tellr(&pruned).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;
    let left = files(&workspace, &deployment).await?;
    ensure!(parts(&left).is_empty(), "{left:?}");
    let text = workspace.export(&app_yaml).await?;
    ensure!(!text.contains("GREETING"), "{text}");
    Ok(())
}

#[tokio::test]
async fn an_update_changes_the_source_and_keeps_what_others_added() {
    change_source().await.unwrap();
}
