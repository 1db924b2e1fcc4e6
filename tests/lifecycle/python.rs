//! The whole life from Python: `import databricks_tellr as tellr`, with the signatures that notebooks use.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use system_tests::checks::{Deployment, Kind, SCHEMA};
use system_tests::python::Venv;
use system_tests::{LocalWorkspace, Settings, binaries, process};

const LIFE: &str = r#"
import json, sys
import databricks_tellr as tellr
from databricks_tellr import DeploymentError

spec = json.loads(sys.argv[1])
results = {}
results["created"] = tellr.create(**spec["create"])
results["updated"] = tellr.update(**spec["update"])
results["reset"] = tellr.update(**spec["update"], reset_database=True)
try:
    tellr.create(**spec["create"])
except DeploymentError as error:
    results["exists"] = str(error)
results["deleted"] = tellr.delete(**spec["delete"], reset_database=True)
print("RESULTS " + json.dumps(results))
"#;

async fn live(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let deployment = Deployment::new(&workspace, "tellr-py", kind);
    let scratch = workspace.scratch()?;
    let venv = Venv::create(&scratch.join("venv")).await?;
    venv.install(&[binaries::wheel("databricks-tellr")?]).await?;
    let named = json!({
        "lakebase_name": deployment.lakebase, "schema_name": SCHEMA, "app_name": deployment.app,
        "app_file_workspace_path": deployment.path, "lakebase_type": kind.as_str(),
    });
    let delete = json!({
        "app_name": deployment.app, "lakebase_name": deployment.lakebase, "schema_name": SCHEMA,
        "lakebase_type": kind.as_str(),
    });
    let spec = json!({ "create": named, "update": named, "delete": delete }).to_string();
    let mut command = workspace.command(venv.program("python").as_os_str())?;
    command.args(["-c", LIFE, &spec]);
    let output = process::run(command, Duration::from_secs(300)).await?.successful()?;
    let line = output.stdout.lines().find_map(|line| line.strip_prefix("RESULTS ")).context("no results")?;
    let results: Value = serde_json::from_str(line)?;
    assert_eq!(results["created"]["status"], "created");
    assert_eq!(results["created"]["lakebase_type"], kind.as_str());
    assert_eq!(results["updated"]["status"], "updated");
    assert_eq!(results["updated"]["database_reset"], false);
    assert_eq!(results["reset"]["database_reset"], true);
    assert!(results["exists"].as_str().unwrap_or_default().contains("already exists"), "{results}");
    assert_eq!(
        results["deleted"],
        json!({"app_name": "tellr-py", "status": "deleted", "database_reset": true})
    );
    assert!(output.stdout.contains("Lakebase tellr-py-db"), "no progress was printed: {}", output.stdout);
    deployment.assert_deleted_with_schema(&workspace).await
}

#[tokio::test]
async fn autoscaling_from_python() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn provisioned_from_python() {
    live(Kind::Provisioned).await.unwrap();
}
