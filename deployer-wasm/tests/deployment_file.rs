//! Settings from the Python deployer's YAML.

#![cfg(not(target_arch = "wasm32"))]

use deployer_wasm::spec::deployment_file::DeploymentFile;
use proptest::prelude::*;

const FILE: &str = r#"
environments:
  development:
    app_name: "tellr-dev"
    description: "Tellr - dev"
    workspace_path: "/Workspace/Users/{username}/.apps/dev/tellr"
    databricks_profile: "DEFAULT"
    permissions:
      - user_name: "{username}"
        permission_level: "CAN_MANAGE"
    compute_size: "MEDIUM"
    env_vars:
      ENVIRONMENT: "development"
      LOG_LEVEL: DEBUG
      RETRIES: 3
    lakebase:
      database_name: "db-tellr"
      schema: "app_data_dev"
      capacity: "CU_2"
    mlflow_tracing:
      sql_warehouse_id: abc123
      surprise: 1
  production:
    app_name: tellr
common:
  build: {exclude_patterns: ["*.pyc"]}
"#;

#[test]
fn an_environment_becomes_a_request() {
    let file = DeploymentFile::read(FILE, "development", Some("me@example.com")).expect("readable");
    let spec = file.raw.create().expect("valid");
    assert_eq!(spec.deployment.app_name.as_str(), "tellr-dev");
    assert_eq!(spec.deployment.workspace_path.as_str(), "/Workspace/Users/me@example.com/.apps/dev/tellr");
    assert_eq!(spec.deployment.lakebase_name.as_str(), "db-tellr");
    assert_eq!(spec.deployment.schema_name.as_str(), "app_data_dev");
    assert_eq!(spec.lakebase_compute.as_str(), "CU_2");
    assert_eq!(spec.description.as_str(), "Tellr - dev");
    let env: Vec<(&str, &str)> = spec.deployment.env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        env,
        [("LOG_LEVEL", "DEBUG"), ("MLFLOW_TRACING_SQL_WAREHOUSE_ID", "abc123"), ("RETRIES", "3")]
    );
    assert_eq!(spec.deployment.permissions[0].user_name.as_deref(), Some("me@example.com"));
}

#[test]
fn what_has_no_effect_is_named() {
    let file = DeploymentFile::read(FILE, "development", None).expect("readable");
    assert_eq!(file.ignored, ["databricks_profile", "env_vars.ENVIRONMENT", "mlflow_tracing.surprise"]);
}

#[test]
fn an_unknown_environment_and_an_empty_file_say_so() {
    let error = DeploymentFile::read(FILE, "staging", None).expect_err("no staging");
    assert_eq!(
        error.message,
        "Environment 'staging' not found in deployment config; it has: development, production"
    );
    let error = DeploymentFile::read("{}", "development", None).expect_err("empty");
    assert_eq!(error.message, "No environments found in deployment config");
}

#[test]
fn a_setting_that_cannot_take_effect_is_refused() {
    let yaml = "environments: {development: {app_name: x, encryption_secret_scope: s}}";
    let error = DeploymentFile::read(yaml, "development", None).expect_err("secret scope");
    assert_eq!(error.field, "encryption_secret_scope");
}

proptest! {
    #[test]
    fn no_text_panics(yaml in ".{0,200}") {
        _ = DeploymentFile::read(&yaml, "development", None);
        _ = DeploymentFile::read(&format!("environments: {{development: {yaml}}}"), "development", None);
    }
}
