//! Reading an `app.yaml` that is there already, and what of it others have added.

use std::collections::BTreeMap;

use super::{ENCRYPTION_KEY, RESET_ID};
use crate::yaml::{self, Yaml};

/// The largest `app.yaml` that is read, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;

/// A variable of `app.yaml`.
///
/// Its value may be a secret that somebody typed in, so `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Name of the variable.
    pub name: String,
    /// Where its value comes from.
    pub value: EnvValue,
}

/// Where the value of a variable comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// This text.
    Literal(String),
    /// The app's resource with this key.
    FromResource(String),
}

impl std::fmt::Debug for EnvVar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.value {
            EnvValue::Literal(_) => write!(f, "{}=[redacted]", self.name),
            EnvValue::FromResource(key) => write!(f, "{} from {key}", self.name),
        }
    }
}

/// An `app.yaml` as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppYaml {
    /// Program and arguments; empty where the platform chooses.
    pub command: Vec<String>,
    /// The variables, in the file's order.
    pub env: Vec<EnvVar>,
    /// Further keys at the top of the file.
    pub other: Vec<String>,
}

/// The variables of an `app.yaml` that have literal values, by name; of two with one name, the last.
///
/// An error means that the text is no app.yaml; it says why.
pub fn read_variables(text: &str) -> Result<BTreeMap<String, String>, String> {
    let literal = |variable: EnvVar| match variable.value {
        EnvValue::Literal(text) => Some((variable.name, text)),
        EnvValue::FromResource(_) => None,
    };
    Ok(read_app_yaml(text)?.env.into_iter().filter_map(literal).collect())
}

/// Reads an `app.yaml` that anybody may have written. An empty file is an empty `AppYaml`.
///
/// An error means that the text is no app.yaml; it says why.
pub fn read_app_yaml(text: &str) -> Result<AppYaml, String> {
    if text.len() > SIZE_LIMIT {
        return Err(format!("it has {} bytes, but at most {SIZE_LIMIT} are read", text.len()));
    }
    let entries = match yaml::read(text)? {
        None => Vec::new(),
        Some(Yaml::Map(entries)) => entries,
        Some(nothing) if nothing.is_null() => Vec::new(),
        Some(_) => return Err("it is no mapping".into()),
    };
    let mut file = AppYaml::default();
    for (key, value) in entries {
        match key.as_str() {
            "command" => file.command = words(&value)?,
            "env" => file.env = variables(&value)?,
            _ => file.other.push(key),
        }
    }
    file.other.sort();
    Ok(file)
}

/// The words of a command; one text is one word.
fn words(command: &Yaml) -> Result<Vec<String>, String> {
    let word = |value: &Yaml| match value {
        Yaml::Text(text) | Yaml::Plain(text) => Ok(text.clone()),
        Yaml::List(_) | Yaml::Map(_) => Err("`command` holds something that is no word".to_owned()),
    };
    match command {
        nothing if nothing.is_null() => Ok(Vec::new()),
        Yaml::List(words) => words.iter().map(word).collect(),
        other => Ok(vec![word(other)?]),
    }
}

fn variables(env: &Yaml) -> Result<Vec<EnvVar>, String> {
    match env {
        nothing if nothing.is_null() => Ok(Vec::new()),
        Yaml::List(items) => items.iter().map(variable).collect(),
        _ => Err("`env` is no list".into()),
    }
}

fn variable(item: &Yaml) -> Result<EnvVar, String> {
    let Yaml::Map(fields) = item else { return Err("`env` holds something that is no mapping".into()) };
    let field =
        |names: &[&str]| fields.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| value);
    let text = |value: &Yaml| match value {
        Yaml::List(_) | Yaml::Map(_) => Err("`env` has a value that is no text".to_owned()),
        scalar => Ok(scalar.scalar().map(str::to_owned)),
    };
    let name =
        field(&["name"]).and_then(Yaml::scalar).ok_or("`env` has a variable without a `name`")?.to_owned();
    let value = field(&["value"]).map(text).transpose()?.flatten();
    let from = field(&["valueFrom", "value_from"]).map(text).transpose()?.flatten();
    let value = match (value, from) {
        (None, Some(key)) => EnvValue::FromResource(key),
        (text, _) => EnvValue::Literal(text.unwrap_or_default()),
    };
    Ok(EnvVar { name, value })
}

/// Variables that the engine writes anew each time.
const OF_THE_ENGINE: [&str; 9] = [
    "ENVIRONMENT",
    "LAKEBASE_TYPE",
    "LAKEBASE_INSTANCE",
    "LAKEBASE_SCHEMA",
    "LAKEBASE_PROJECT_ID",
    "LAKEBASE_ENDPOINT_NAME",
    "LAKEBASE_PG_HOST",
    RESET_ID,
    ENCRYPTION_KEY,
];

/// Variables that the Python original writes into every app.yaml, and that mean nothing to this app.
const OF_THE_ORIGINAL: [&str; 4] =
    ["DATABRICKS_HOST", "DATABRICKS_TOKEN", "TELLR_TRUST_FORWARDED_IDENTITY", "HUASHU_PIPELINE_ENABLED"];

/// Variables that the Python original always writes, blank unless somebody has chosen a value.
const BLANK_IN_THE_ORIGINAL: [&str; 4] = [
    "MLFLOW_TRACING_SQL_WAREHOUSE_ID",
    "TELLR_MLFLOW_UC_CATALOG",
    "TELLR_MLFLOW_UC_SCHEMA",
    "TELLR_MLFLOW_UC_TABLE_PREFIX",
];

/// The variables that neither this engine nor the Python original writes by itself: an update keeps them.
///
/// Among them are values that somebody chose for a variable that the original leaves blank. Of two with one name, the
/// last counts; names that are no POSIX names are left out, since no app could read them.
pub fn foreign_variables(app_yaml: &AppYaml) -> Vec<EnvVar> {
    let mut foreign: Vec<EnvVar> = Vec::new();
    for variable in app_yaml.env.iter().filter(|variable| is_foreign(variable)) {
        foreign.retain(|earlier| earlier.name != variable.name);
        foreign.push(variable.clone());
    }
    foreign
}

/// Whether the engine writes a variable of this name by itself.
pub(crate) fn is_written_by_the_engine(name: &str) -> bool {
    OF_THE_ENGINE.contains(&name)
}

fn is_foreign(variable: &EnvVar) -> bool {
    let name = variable.name.as_str();
    let written = is_written_by_the_engine(name) || OF_THE_ORIGINAL.contains(&name);
    let blank = matches!(&variable.value, EnvValue::Literal(text) if text.is_empty() || text == "None");
    !written && is_posix_name(name) && !(blank && BLANK_IN_THE_ORIGINAL.contains(&name))
}

fn is_posix_name(name: &str) -> bool {
    let characters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    characters && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
