//! A deployment file with environments; its reader is [`crate::spec::deployment_file`].

use std::collections::BTreeMap;

use databricks::apps::AppAccessControlRequest;
use serde::Serialize;

use super::{Form, ReadBack, Written};
use crate::spec::deployment_file::DeploymentFile;
use crate::spec::{FieldError, RawSpec};

#[derive(Serialize)]
struct File<'a> {
    environments: BTreeMap<&'a str, Environment<'a>>,
}

#[derive(Serialize)]
struct Environment<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compute_size: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_wheel_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_binary_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_setup: Option<&'a str>,
    #[serde(skip_serializing_if = "Lakebase::is_empty")]
    lakebase: Lakebase<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env_vars: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    permissions: &'a [AppAccessControlRequest],
}

#[derive(Serialize)]
struct Lakebase<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    database_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
}

impl Lakebase<'_> {
    fn is_empty(&self) -> bool {
        self.database_name.or(self.schema).or(self.capacity).or(self.kind).is_none()
    }
}

/// Writes settings as the environment called `environment`.
pub fn write(environment: &str, raw: &RawSpec) -> Written {
    let value = |key: &str| raw.values.get(key).map(String::as_str);
    let settings = Environment {
        app_name: value("app_name"),
        workspace_path: value("app_file_workspace_path"),
        description: value("description"),
        compute_size: value("app_compute"),
        app_version: value("app_version"),
        local_wheel_path: value("local_wheel_path"),
        local_binary_path: value("local_binary_path"),
        schema_setup: value("schema_setup"),
        lakebase: Lakebase {
            database_name: value("lakebase_name"),
            schema: value("schema_name"),
            capacity: value("lakebase_compute"),
            kind: value("lakebase_type"),
        },
        env_vars: &raw.env,
        permissions: &raw.permissions,
    };
    let file = File { environments: BTreeMap::from([(environment, settings)]) };
    let mut notes = Vec::new();
    for (given, key) in [(raw.reset_database, "reset_database"), (raw.prune, "prune")] {
        if given {
            notes.push(format!("`{key}` is left out: a file is used again and again; give it as a flag"));
        }
    }
    match to_yaml(&file) {
        Ok(text) => Written { text, notes },
        Err(reason) => Written { text: String::new(), notes: vec![reason] },
    }
}

/// Reads one environment.
pub(super) fn read(text: &str, environment: &str, user_name: Option<&str>) -> Result<ReadBack, FieldError> {
    let DeploymentFile { raw, ignored } = DeploymentFile::read(text, environment, user_name)?;
    Ok(ReadBack { form: Form::Environments, operation: None, raw, ignored })
}

/// YAML with every text in quotes, so that no reader takes one for a number or a truth value.
pub(super) fn to_yaml(value: &impl Serialize) -> Result<String, String> {
    let options = serde_saphyr::ser_options! { quote_all: true };
    serde_saphyr::to_string_with_options(value, options)
        .map_err(|error| format!("the settings cannot be written: {error}"))
}
