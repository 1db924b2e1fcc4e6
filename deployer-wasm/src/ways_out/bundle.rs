//! A deployment as a Databricks asset bundle: `databricks.yml` and the app's folder beside it.
//!
//! A bundle can say which database, app, resources, scopes and rights there are. It has no step that prepares a schema, so the
//! app does that itself at its start. What a bundle has no place for stands in a variable that only [`super::read`] reads.

use bytes::Bytes;

use super::{Written, permission_fields};
use crate::app_files::{
    APP_YAML, Manifest, ManifestDatabase, REQUIREMENTS_TXT, app_yaml, command, requirements_txt, variables,
};
use crate::plan::{DATABASE_RESOURCE, USER_API_SCOPES};
use crate::spec::{AppSource, CreateSpec, FieldError, LakebaseType, RawSpec};
use crate::yaml::{self, Yaml};

/// Folder of the app's files, beside `databricks.yml`.
pub const APP_FOLDER: &str = "app";

/// The variable with what a bundle has no place for.
pub(super) const SETTINGS: &str = "tellr_settings";

/// Keys of that variable.
pub(super) const OTHER_SETTINGS: [&str; 4] =
    ["app_file_workspace_path", "app_version", "local_wheel_path", "local_binary_path"];

/// Key of the database, of whichever kind, among the bundle's resources.
const DATABASE: &str = "database";

/// Key of the app among them.
const APP: &str = "tellr";

/// A bundle, file by file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// `databricks.yml`, and what it cannot say.
    pub databricks_yml: Written,
    /// The files of [`APP_FOLDER`], by name.
    pub app: Vec<(String, Bytes)>,
}

const PERMISSION: &str = "CAN_CONNECT_AND_CREATE";

const HEADER: &str = "# Printed by databricks-tellr.\n\
    # `databricks bundle deploy`, then `databricks bundle run tellr`: the second starts the app, which prepares its schema.\n";

/// Writes the bundle of a deployment. `raw` holds the content of a local wheel or program, and may hold its path.
///
/// The errors are those of the fields, and values that a bundle would replace (`${…}`).
pub fn write(raw: &RawSpec) -> Result<Bundle, Vec<FieldError>> {
    let checked = RawSpec { reset_database: false, ..raw.clone() };
    let spec = checked.create()?;
    refuse_references(raw)?;
    let lakebase_type = spec.deployment.lakebase_type.unwrap_or(LakebaseType::Autoscaling);
    let manifest = manifest(&spec, lakebase_type);
    let file = Yaml::map([
        ("bundle", Yaml::map([("name", Yaml::text(spec.deployment.app_name.as_str()))])),
        ("variables", Yaml::map([(SETTINGS, other_settings(raw))])),
        ("resources", resources(&spec, lakebase_type, &manifest)),
    ]);
    let text = format!("{HEADER}{}", yaml::write(&file));
    Ok(Bundle {
        databricks_yml: Written { text, notes: notes(raw, &spec) },
        app: app_files(&spec, &manifest),
    })
}

fn refuse_references(raw: &RawSpec) -> Result<(), Vec<FieldError>> {
    let values = raw.values.iter().map(|(key, value)| (key.as_str(), value));
    let permissions = raw.permissions.iter().flat_map(|permission| {
        let names = [&permission.user_name, &permission.group_name, &permission.service_principal_name];
        names.into_iter().flatten().map(|name| ("permissions", name))
    });
    let all = values.chain(raw.env.values().map(|value| ("env_vars", value))).chain(permissions);
    let errors: Vec<FieldError> = all
        .filter(|(_, value)| value.contains("${"))
        .map(|(key, _)| {
            FieldError::because(key, format!("`{key}` has a value with `${{`, which a bundle would replace"))
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn manifest(spec: &CreateSpec, lakebase_type: LakebaseType) -> Manifest {
    let name = spec.deployment.lakebase_name.to_string();
    let endpoint = (lakebase_type == LakebaseType::Autoscaling)
        .then(|| format!("projects/{name}/branches/production/endpoints/primary"));
    Manifest::of(&spec.deployment, ManifestDatabase { lakebase_type, name, endpoint })
}

fn other_settings(raw: &RawSpec) -> Yaml {
    let given = OTHER_SETTINGS.map(|key| (key, raw.values.get(key).map(String::as_str)));
    Yaml::map([
        (
            "description",
            Yaml::text(
                "What this bundle was printed from, for tellr to read it back; the bundle itself does not use it",
            ),
        ),
        ("type", Yaml::text("complex")),
        ("default", Yaml::texts(given)),
    ])
}

fn resources(spec: &CreateSpec, lakebase_type: LakebaseType, manifest: &Manifest) -> Yaml {
    let (kind, database) = match lakebase_type {
        LakebaseType::Autoscaling => ("postgres_projects", project(spec)),
        LakebaseType::Provisioned => ("database_instances", instance(spec)),
    };
    Yaml::map([
        (kind, Yaml::map([(DATABASE, database)])),
        ("apps", Yaml::map([(APP, app(spec, lakebase_type, manifest))])),
    ])
}

fn project(spec: &CreateSpec) -> Yaml {
    let name = || Yaml::text(spec.deployment.lakebase_name.as_str());
    let units = |units: f64| Yaml::Plain(format!("{units:.1}"));
    let (min, max) = spec.lakebase_compute.autoscaling_limits();
    let limits = [("autoscaling_limit_min_cu", units(min)), ("autoscaling_limit_max_cu", units(max))];
    Yaml::map([
        ("project_id", name()),
        ("display_name", name()),
        ("pg_version", Yaml::Plain("17".into())),
        ("default_endpoint_settings", Yaml::map(limits)),
        ("lifecycle", kept()),
    ])
}

fn instance(spec: &CreateSpec) -> Yaml {
    Yaml::map([
        ("name", Yaml::text(spec.deployment.lakebase_name.as_str())),
        ("capacity", Yaml::text(spec.lakebase_compute.as_str())),
        ("lifecycle", kept()),
    ])
}

/// `databricks bundle destroy` must not take the data away.
fn kept() -> Yaml {
    Yaml::map([("prevent_destroy", Yaml::Plain("true".into()))])
}

fn app(spec: &CreateSpec, lakebase_type: LakebaseType, manifest: &Manifest) -> Yaml {
    let command = ["sh", "-c", &manifest.command].map(Yaml::text);
    let env = variables(manifest).into_iter();
    let env = env.map(|(name, value)| Yaml::map([("name", Yaml::Text(name)), ("value", Yaml::Text(value))]));
    let config = Yaml::map([("command", Yaml::List(command.into())), ("env", Yaml::List(env.collect()))]);
    let mut app = Yaml::map([
        ("name", Yaml::text(spec.deployment.app_name.as_str())),
        ("description", Yaml::text(spec.description.as_str())),
        ("compute_size", Yaml::text(spec.app_compute.as_str())),
        ("source_code_path", Yaml::text(format!("./{APP_FOLDER}"))),
        ("config", config),
        ("user_api_scopes", Yaml::List(USER_API_SCOPES.map(Yaml::text).into())),
        ("resources", Yaml::List(vec![database_resource(lakebase_type)])),
    ]);
    let permissions = spec.deployment.permissions.iter();
    let permissions = permissions.map(|permission| Yaml::texts(permission_fields(permission, "level")));
    app.add("permissions", Yaml::List(permissions.collect()));
    app
}

fn database_resource(lakebase_type: LakebaseType) -> Yaml {
    let permission = ("permission", Yaml::text(PERMISSION));
    let (kind, database) = match lakebase_type {
        LakebaseType::Autoscaling => {
            let branch = format!("${{resources.postgres_projects.{DATABASE}.id}}/branches/production");
            let database = format!("{branch}/databases/databricks-postgres");
            let entries = [("branch", Yaml::Text(branch)), ("database", Yaml::Text(database)), permission];
            ("postgres", Yaml::map(entries))
        }
        LakebaseType::Provisioned => {
            let instance = format!("${{resources.database_instances.{DATABASE}.name}}");
            let database = Yaml::text(crate::lakebase::DATABASE);
            let entries = [("instance_name", Yaml::Text(instance)), ("database_name", database), permission];
            ("database", Yaml::map(entries))
        }
    };
    Yaml::map([("name", Yaml::text(DATABASE_RESOURCE)), (kind, database)])
}

fn app_files(spec: &CreateSpec, manifest: &Manifest) -> Vec<(String, Bytes)> {
    let source = &spec.deployment.source;
    let mut files = vec![
        (APP_YAML.to_owned(), Bytes::from(app_yaml(manifest))),
        (REQUIREMENTS_TXT.to_owned(), Bytes::from(requirements_txt(source))),
    ];
    match source {
        AppSource::Package(_) => {}
        AppSource::Wheel(wheel) => {
            files.push((wheel.file_name().to_owned(), Bytes::copy_from_slice(wheel.content())));
        }
        AppSource::Binary(binary) => {
            files.extend(binary.parts().iter().map(|part| (part.file_name.clone(), part.content.clone())));
        }
    }
    files
}

fn notes(raw: &RawSpec, spec: &CreateSpec) -> Vec<String> {
    let deployment = &spec.deployment;
    let mut notes = vec![
        "a bundle has no step that prepares a schema: the app does it at its start, and owns the schema"
            .to_owned(),
        format!("the app's files lie in the bundle's own folder, not in {}", deployment.workspace_path),
        format!(
            "if the database {} or the app {} exists already, `databricks bundle deployment bind` takes it up",
            deployment.lakebase_name, deployment.app_name
        ),
    ];
    if deployment.lakebase_type.is_none() {
        notes.push("a bundle must name the kind of the database: Autoscaling".to_owned());
    }
    for (given, key) in [(raw.reset_database, "reset_database"), (raw.prune, "prune")] {
        if given {
            notes.push(format!("`{key}` is left out: a bundle describes a state, not a single step"));
        }
    }
    notes
}

/// Whether a command in a bundle is the one that this engine writes for some source.
pub(super) fn is_our_command(words: &[String]) -> bool {
    let installed = command(&AppSource::Package(None));
    matches!(words, [sh, c, text] if sh == "sh" && c == "-c" && (*text == installed || text.contains("tellr-app.XXXXXXXX")))
}
