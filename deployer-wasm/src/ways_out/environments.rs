//! A deployment file with environments; its reader is [`crate::spec::deployment_file`].

use super::{Form, ReadBack, Written, permission_fields};
use crate::spec::deployment_file::DeploymentFile;
use crate::spec::{FieldError, RawSpec};
use crate::yaml::{self, Yaml};

/// Writes settings as the environment called `environment`.
pub fn write(environment: &str, raw: &RawSpec) -> Written {
    let value = |key: &str| raw.values.get(key).map(String::as_str);
    let mut settings = Yaml::texts([
        ("app_name", value("app_name")),
        ("workspace_path", value("app_file_workspace_path")),
        ("description", value("description")),
        ("compute_size", value("app_compute")),
        ("app_version", value("app_version")),
        ("local_wheel_path", value("local_wheel_path")),
        ("local_binary_path", value("local_binary_path")),
        ("schema_setup", value("schema_setup")),
    ]);
    let lakebase = Yaml::texts([
        ("database_name", value("lakebase_name")),
        ("schema", value("schema_name")),
        ("capacity", value("lakebase_compute")),
        ("type", value("lakebase_type")),
    ]);
    settings.add("lakebase", lakebase);
    settings.add(
        "env_vars",
        Yaml::texts(raw.env.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())))),
    );
    let permissions =
        raw.permissions.iter().map(|one| Yaml::texts(permission_fields(one, "permission_level")));
    settings.add("permissions", Yaml::List(permissions.collect()));
    let file = Yaml::map([("environments", Yaml::map([(environment, settings)]))]);
    let mut notes = Vec::new();
    for (given, key) in [(raw.reset_database, "reset_database"), (raw.prune, "prune")] {
        if given {
            notes.push(format!("`{key}` is left out: a file is used again and again; give it as a flag"));
        }
    }
    Written { text: yaml::write(&file), notes }
}

/// Reads one environment.
pub(super) fn read(text: &str, environment: &str, user_name: Option<&str>) -> Result<ReadBack, FieldError> {
    let DeploymentFile { raw, ignored } = DeploymentFile::read(text, environment, user_name)?;
    Ok(ReadBack { form: Form::Environments, operation: None, raw, ignored })
}
