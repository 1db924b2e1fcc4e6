//! `tellr config`: what it prints deploys the same thing, and means to other programs what it should.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use system_tests::checks::{Deployment, Kind};
use system_tests::python::Venv;
use system_tests::{LocalWorkspace, Settings, binaries, process};
use tokio::io::AsyncWriteExt;

const DEADLINE: Duration = Duration::from_secs(300);

/// `tellr config --as <form>` for a deployment, with `extra`.
async fn printed(
    workspace: &LocalWorkspace,
    deployment: &Deployment,
    form: &str,
    extra: &[&str],
) -> anyhow::Result<String> {
    let mut flags = deployment.flags("config", &["--as", form]);
    // a deployment's flags have one that only runs have
    let poll = flags.iter().position(|flag| flag == "--poll-ms").context("no --poll-ms")?;
    flags.drain(poll..poll + 2);
    let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
    command.args(flags).args(extra);
    Ok(process::run(command, DEADLINE).await?.successful()?.stdout)
}

/// Runs `script` with `tellr` on the PATH.
async fn in_a_shell(workspace: &LocalWorkspace, script: &str) -> anyhow::Result<String> {
    let folder = binaries::tellr()?.parent().context("no folder")?.to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH")?);
    let mut command = workspace.command("sh".as_ref())?;
    command.args(["-c", script]).env("PATH", path);
    Ok(process::run(command, DEADLINE).await?.successful()?.stdout)
}

/// The printed command is run as a person would who pastes it, and the app is the one that was meant.
async fn a_pasted_command() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-paste", Kind::Autoscaling);
    let variables = workspace.scratch()?.join("variables.yaml");
    std::fs::write(&variables, "environments: {development: {env_vars: {GREETING: \"it's $HOME\"}}}")?;
    let variables = variables.display().to_string();
    let settings = ["--config", &variables, "--description", "Tom's decks"];
    let command = printed(&workspace, &deployment, "command", &settings).await?;
    // what asks and what waits long is for people
    let pasted = command.replacen("tellr create", "tellr create --yes --no-input --poll-ms 100", 1);
    in_a_shell(&workspace, &pasted).await?;
    deployment.assert_healthy(&workspace).await?;
    ensure!(deployment.app(&workspace).await?["description"] == "Tom's decks");
    let app_yaml = workspace.export(&format!("{}/app.yaml", deployment.path)).await?;
    ensure!(app_yaml.contains("it's $HOME"), "{app_yaml}");

    // each form, given back, is the same deployment: an update with it changes no setting
    for form in ["command", "notebook", "yaml", "bundle"] {
        let text = printed(&workspace, &deployment, form, &settings).await?;
        let file = workspace.scratch()?.join(form);
        std::fs::write(&file, &text)?;
        let file = file.display().to_string();
        let flags = ["plan", "update", "--config", &file, "--environment", "development", "--json"];
        let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
        command.args(flags);
        let output = process::run(command, DEADLINE).await?.successful()?;
        let plan: Value = serde_json::from_str(&output.stdout)?;
        ensure!(plan["refusals"] == serde_json::json!([]), "{form}: {plan}");
        let rows = plan["rows"].as_array().context("no rows")?;
        let changed = |row: &&Value| {
            let resource = row["resource"].as_str().unwrap_or_default();
            row["change"] != "keep" && (resource.starts_with("file ") || resource.starts_with("app "))
        };
        let changed: Vec<&Value> = rows.iter().filter(changed).collect();
        ensure!(changed.is_empty(), "{form}: {changed:?}\n{text}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_printed_deploys_the_same() {
    a_pasted_command().await.unwrap();
}

/// The official package's models of a bundle's resources: unknown fields and values are errors there.
const CHECK: &str = r#"
import json, sys
import databricks.bundles.apps as apps
from databricks.bundles.database_instances import DatabaseInstance

for resources in json.load(sys.stdin):
    for app in resources["apps"].values():
        back = apps.App.from_dict(app).as_dict()
        assert back == app, (back, app)
    for instance in resources.get("database_instances", {}).values():
        assert DatabaseInstance.from_dict(instance).as_dict() == instance
    try:
        apps.App.from_dict({"name": "x", "source_code": "y"})
    except ValueError:
        print("checked")
"#;

async fn bundles() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let scratch = workspace.scratch()?;
    let venv = Venv::create(&scratch.join("venv")).await?;
    venv.install(&["databricks-bundles==1.22.1"]).await?;
    let mut resources = Vec::new();
    for kind in [Kind::Autoscaling, Kind::Provisioned] {
        let deployment = Deployment::new(&workspace, "tellr", kind);
        let folder = scratch.join(kind.as_str());
        let out = folder.display().to_string();
        let program = binaries::tellr_app()?.display().to_string();
        printed(&workspace, &deployment, "bundle", &["--binary", &program, "--out", &out]).await?;
        let text = std::fs::read_to_string(folder.join("databricks.yml"))?;
        let bundle: Value = serde_saphyr::from_str(&text)?;
        resources.push(bundle["resources"].clone());
        assert_starts(&folder.join("app"), &bundle)?;
        let again = printed(&workspace, &deployment, "bundle", &["--out", &out]).await;
        ensure!(
            again.is_err_and(|error| format!("{error:#}").contains("File exists")),
            "files were overwritten"
        );
    }
    let mut command = workspace.command(venv.program("python").as_os_str())?;
    let mut child = command.args(["-c", CHECK]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("no pipe")?;
    stdin.write_all(&serde_json::to_vec(&resources)?).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    ensure!(output.status.success() && output.stdout == b"checked\nchecked\n", "{output:?}");
    Ok(())
}

/// The app's folder has what the command in the bundle needs, and its app.yaml says the same as the bundle.
fn assert_starts(folder: &Path, bundle: &Value) -> anyhow::Result<()> {
    let config = &bundle["resources"]["apps"]["tellr"]["config"];
    let app_yaml: Value = serde_saphyr::from_str(&std::fs::read_to_string(folder.join("app.yaml"))?)?;
    ensure!(
        app_yaml["command"] == config["command"] && app_yaml["env"] == config["env"],
        "{app_yaml} {config}"
    );
    let command = config["command"][2].as_str().context("no command")?;
    let mut parts = 0;
    for entry in folder.read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("tellr-app-") {
            ensure!(command.contains(&name), "{name}");
            parts += 1;
        }
    }
    ensure!(parts > 0 && folder.join("requirements.txt").is_file());
    Ok(())
}

#[tokio::test]
async fn the_official_package_takes_the_bundle() {
    bundles().await.unwrap();
}
