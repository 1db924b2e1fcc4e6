//! The app.yaml of the former deployer, as its documentation shows it, starts this app.

use serde_json::json;
use system_tests::checks::{Deployment, Kind, SCHEMA};
use system_tests::{LocalWorkspace, Settings};

const APP_YAML: &str = r#"name: "tellr"
description: "Tellr - AI Slide Generator"

command:
  - "sh"
  - "-c"
  - |
    pip install --upgrade --no-cache-dir -r requirements.txt && \
    python -c "from databricks_tellr_app.run import init_database; init_database()" && \
    python -m databricks_tellr_app.run

env:
  - name: ENVIRONMENT
    value: "production"
  - name: LAKEBASE_INSTANCE
    value: "{lakebase}"
  - name: LAKEBASE_SCHEMA
    value: "{schema}"
  - name: DATABRICKS_HOST
    valueFrom: "system.databricks_host"
  - name: DATABRICKS_TOKEN
    valueFrom: "system.databricks_token"
"#;

#[tokio::test]
async fn the_documented_app_yaml_starts_the_app() {
    let workspace = LocalWorkspace::start(Settings::default()).unwrap();
    let deployment = Deployment::new(&workspace, "tellr-seed", Kind::Provisioned);
    let wheel = system_tests::binaries::wheel("databricks-tellr-app").unwrap();
    let wheel = wheel.to_string_lossy();
    workspace.tellr(&deployment.flags("create", &["--wheel", &wheel])).await.unwrap().successful().unwrap();
    let text = APP_YAML.replace("{lakebase}", &deployment.lakebase).replace("{schema}", SCHEMA);
    workspace.import(&format!("{}/app.yaml", deployment.path), text.as_bytes()).await.unwrap();
    let path = format!("/api/2.0/apps/{}/deployments", deployment.app);
    workspace.post(&path, &json!({ "source_code_path": deployment.path })).await.unwrap();
    workspace.await_deployment(&deployment.app).await.unwrap();
    deployment.assert_healthy(&workspace).await.unwrap();
}
