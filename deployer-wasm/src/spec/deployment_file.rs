//! Settings from a YAML file with environments, in the format of the Python deployer.
//!
//! ```yaml
//! environments:
//!   development:
//!     app_name: tellr-dev
//!     workspace_path: /Workspace/Users/me@example.com/.apps/tellr-dev
//!     description: Tellr for the data team     # optional, as everything below but `lakebase`
//!     compute_size: MEDIUM
//!     permissions: [{group_name: users, permission_level: CAN_USE}]
//!     env_vars: {LOG_LEVEL: INFO}
//!     lakebase: {database_name: tellr-db, schema: app_data, capacity: CU_1, type: autoscaling}
//!     app_version: 1.4.2                       # or local_wheel_path, or local_binary_path
//!     schema_setup: engine
//!     mlflow_tracing: {sql_warehouse_id: abc, uc_catalog: main, uc_schema: traces, uc_table_prefix: tellr}
//! ```
//!
//! The Python deployer reads `app_name`, `workspace_path`, `compute_size`, `lakebase` and `mlflow_tracing` and drops the
//! rest without a word; here `description`, `permissions`, `env_vars`, the source of the code and
//! `schema_setup` take effect too, and what cannot take effect is refused or listed in [`DeploymentFile::ignored`].

use std::collections::BTreeMap;

use databricks::apps::AppAccessControlRequest;
use serde::Deserialize;

use super::{FieldError, RawSpec};
use crate::app_files::{ENCRYPTION_KEY, RESET_ID};

/// The largest deployment file that is read, in bytes.
const SIZE_LIMIT: usize = 256 * 1024;

/// One environment of a deployment file, ready to be checked.
#[derive(Clone, Debug, Default)]
pub struct DeploymentFile {
    /// The settings that take effect.
    pub raw: RawSpec,
    /// Keys of the environment that nothing reads.
    pub ignored: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    environments: BTreeMap<String, Environment>,
}

#[derive(Default, Deserialize)]
struct Environment {
    app_name: Option<String>,
    workspace_path: Option<String>,
    description: Option<String>,
    compute_size: Option<String>,
    databricks_profile: Option<String>,
    app_version: Option<String>,
    local_wheel_path: Option<String>,
    local_binary_path: Option<String>,
    schema_setup: Option<String>,
    #[serde(default)]
    permissions: Vec<AppAccessControlRequest>,
    #[serde(default)]
    env_vars: BTreeMap<String, Scalar>,
    #[serde(default)]
    lakebase: Lakebase,
    #[serde(default)]
    mlflow_tracing: BTreeMap<String, Scalar>,
    encryption_secret_scope: Option<String>,
    #[serde(flatten)]
    other: BTreeMap<String, serde_json::Value>,
}

#[derive(Default, Deserialize)]
struct Lakebase {
    database_name: Option<String>,
    schema: Option<String>,
    capacity: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// A value that YAML may have read as a number or a boolean where a text is meant.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Number(f64),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Integer(number) => number.to_string(),
            Self::Boolean(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Variables of the app for the keys of `mlflow_tracing`.
pub(crate) const MLFLOW_VARIABLES: [(&str, &str); 4] = [
    ("sql_warehouse_id", "MLFLOW_TRACING_SQL_WAREHOUSE_ID"),
    ("uc_catalog", "TELLR_MLFLOW_UC_CATALOG"),
    ("uc_schema", "TELLR_MLFLOW_UC_SCHEMA"),
    ("uc_table_prefix", "TELLR_MLFLOW_UC_TABLE_PREFIX"),
];

impl DeploymentFile {
    /// Reads the environment called `environment` out of `yaml`. `user_name` stands in for `{username}`.
    ///
    /// The errors name `config`, or the key inside the environment that cannot be used.
    pub fn read(yaml: &str, environment: &str, user_name: Option<&str>) -> Result<Self, FieldError> {
        if yaml.len() > SIZE_LIMIT {
            let message =
                format!("the deployment file has {} bytes, but at most {SIZE_LIMIT} are read", yaml.len());
            return Err(FieldError::because("config", message));
        }
        let expanded = match user_name {
            Some(name) => yaml.replace("{username}", name),
            None => yaml.to_owned(),
        };
        let mut file: File = serde_saphyr::from_str(&expanded).map_err(|error| {
            FieldError::because("config", format!("the deployment file cannot be read: {error}"))
        })?;
        if file.environments.is_empty() {
            return Err(FieldError::because("config", "No environments found in deployment config"));
        }
        let names: Vec<String> = file.environments.keys().cloned().collect();
        match file.environments.remove(environment) {
            Some(settings) => settings.into_deployment_file(),
            None => {
                let known = names.join(", ");
                let message =
                    format!("Environment '{environment}' not found in deployment config; it has: {known}");
                Err(FieldError::because("environment", message))
            }
        }
    }
}

impl Environment {
    fn into_deployment_file(self) -> Result<DeploymentFile, FieldError> {
        if self.encryption_secret_scope.is_some() {
            let message = "`encryption_secret_scope` cannot be used: Tellr keeps its encryption key in its Lakebase \
                           schema; remove the key from the deployment file";
            return Err(FieldError::because("encryption_secret_scope", message));
        }
        let pairs = [
            ("app_name", self.app_name),
            ("app_file_workspace_path", self.workspace_path),
            ("description", self.description),
            ("app_compute", self.compute_size),
            ("app_version", self.app_version),
            ("local_wheel_path", self.local_wheel_path),
            ("local_binary_path", self.local_binary_path),
            ("schema_setup", self.schema_setup),
            ("lakebase_name", self.lakebase.database_name),
            ("schema_name", self.lakebase.schema),
            ("lakebase_compute", self.lakebase.capacity),
            ("lakebase_type", self.lakebase.kind),
        ];
        let values = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        let mut env = BTreeMap::new();
        let mut ignored: Vec<String> = self.other.into_keys().collect();
        ignored.extend(self.databricks_profile.map(|_| "databricks_profile".to_owned()));
        for (name, value) in self.env_vars {
            if is_set_by_the_engine(&name) {
                ignored.push(format!("env_vars.{name}"));
            } else {
                env.insert(name, value.into_text());
            }
        }
        for (key, value) in self.mlflow_tracing {
            match MLFLOW_VARIABLES.iter().find(|(name, _)| *name == key) {
                Some((_, variable)) => _ = env.insert((*variable).to_owned(), value.into_text()),
                None => ignored.push(format!("mlflow_tracing.{key}")),
            }
        }
        let raw = RawSpec { values, env, permissions: self.permissions, ..RawSpec::default() };
        Ok(DeploymentFile { raw, ignored })
    }
}

/// Variables that app.yaml gets from the deployment itself.
fn is_set_by_the_engine(name: &str) -> bool {
    name.starts_with("LAKEBASE_") || name == "ENVIRONMENT"
}

/// Checks a variable for app.yaml: a POSIX name that neither the platform nor the engine owns, and a bounded value.
pub(super) fn check_env_var(name: &str, value: &str) -> Result<(), FieldError> {
    let characters = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let first = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    let owned = ["DATABRICKS_", "PG", "LAKEBASE_"].iter().any(|prefix| name.starts_with(prefix))
        || ["ENVIRONMENT", RESET_ID, ENCRYPTION_KEY].contains(&name);
    if !characters || !first || name.len() > 128 {
        let message =
            format!("the variable {name:?} in `env_vars` must be capital letters, digits and underscores");
        return Err(FieldError::because("env_vars", message));
    }
    if owned {
        let message =
            format!("the variable `{name}` in `env_vars` is set by the platform or by the deployment itself");
        return Err(FieldError::because("env_vars", message));
    }
    if value.len() > 4096 || value.chars().any(char::is_control) {
        let message = format!("the value of `{name}` in `env_vars` must be one line of at most 4096 bytes");
        return Err(FieldError::because("env_vars", message));
    }
    Ok(())
}
