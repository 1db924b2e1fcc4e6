//! A deployment as a Databricks asset bundle: `databricks.yml` and the app's folder beside it.
//!
//! A bundle can say which database, app, resources, scopes and rights there are. It has no step that prepares a schema, so the
//! app does that itself at its start. What a bundle has no place for stands in a variable that only [`super::read`] reads.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

use super::Written;
use super::environments::to_yaml;
use crate::app_files::{
    APP_YAML, Manifest, ManifestDatabase, REQUIREMENTS_TXT, app_yaml, command, requirements_txt, variables,
};
use crate::plan::{DATABASE_RESOURCE, USER_API_SCOPES};
use crate::spec::{AppSource, CreateSpec, FieldError, LakebaseType, RawSpec};

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

#[derive(Serialize)]
struct File<'a> {
    bundle: Named<'a>,
    variables: BTreeMap<&'a str, Variable<'a>>,
    resources: Resources<'a>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Variable<'a> {
    description: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    default: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Resources<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres_projects: Option<BTreeMap<&'a str, Project<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database_instances: Option<BTreeMap<&'a str, Instance<'a>>>,
    apps: BTreeMap<&'a str, App<'a>>,
}

#[derive(Serialize)]
struct Project<'a> {
    project_id: &'a str,
    display_name: &'a str,
    pg_version: u32,
    default_endpoint_settings: EndpointSettings,
    lifecycle: Kept,
}

#[derive(Serialize)]
struct EndpointSettings {
    autoscaling_limit_min_cu: f64,
    autoscaling_limit_max_cu: f64,
}

#[derive(Serialize)]
struct Instance<'a> {
    name: &'a str,
    capacity: &'a str,
    lifecycle: Kept,
}

/// `databricks bundle destroy` must not take the data away.
#[derive(Serialize)]
struct Kept {
    prevent_destroy: bool,
}

#[derive(Serialize)]
struct App<'a> {
    name: &'a str,
    description: &'a str,
    compute_size: &'a str,
    source_code_path: String,
    config: Config<'a>,
    user_api_scopes: [&'static str; 6],
    resources: [Resource; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<Permission<'a>>,
}

#[derive(Serialize)]
struct Config<'a> {
    command: [&'a str; 3],
    env: Vec<EnvVar>,
}

#[derive(Serialize)]
struct EnvVar {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct Resource {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres: Option<Postgres>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Database>,
}

#[derive(Serialize)]
struct Postgres {
    branch: String,
    database: String,
    permission: &'static str,
}

#[derive(Serialize)]
struct Database {
    instance_name: String,
    database_name: &'static str,
    permission: &'static str,
}

#[derive(Serialize)]
struct Permission<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_principal_name: Option<&'a str>,
    level: String,
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
    let file = File {
        bundle: Named { name: spec.deployment.app_name.as_str() },
        variables: other_settings(raw),
        resources: resources(&spec, lakebase_type, &manifest),
    };
    let yaml = to_yaml(&file).map_err(|reason| vec![super::refuse(reason)])?;
    let text = format!("{HEADER}{yaml}");
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

fn other_settings(raw: &RawSpec) -> BTreeMap<&'static str, Variable<'_>> {
    let given = OTHER_SETTINGS.into_iter().filter_map(|key| Some((key, raw.values.get(key)?.as_str())));
    let variable = Variable {
        description: "What this bundle was printed from, for tellr to read it back; the bundle itself does not use it",
        kind: "complex",
        default: given.collect(),
    };
    BTreeMap::from([(SETTINGS, variable)])
}

fn resources<'a>(spec: &'a CreateSpec, lakebase_type: LakebaseType, manifest: &'a Manifest) -> Resources<'a> {
    let name = spec.deployment.lakebase_name.as_str();
    let lifecycle = Kept { prevent_destroy: true };
    let (min, max) = spec.lakebase_compute.autoscaling_limits();
    let (postgres_projects, database_instances) = match lakebase_type {
        LakebaseType::Autoscaling => {
            let project = Project {
                project_id: name,
                display_name: name,
                pg_version: 17,
                default_endpoint_settings: EndpointSettings {
                    autoscaling_limit_min_cu: min,
                    autoscaling_limit_max_cu: max,
                },
                lifecycle,
            };
            (Some(BTreeMap::from([(DATABASE, project)])), None)
        }
        LakebaseType::Provisioned => {
            let instance = Instance { name, capacity: spec.lakebase_compute.as_str(), lifecycle };
            (None, Some(BTreeMap::from([(DATABASE, instance)])))
        }
    };
    let app = BTreeMap::from([(APP, app(spec, lakebase_type, manifest))]);
    Resources { postgres_projects, database_instances, apps: app }
}

fn app<'a>(spec: &'a CreateSpec, lakebase_type: LakebaseType, manifest: &'a Manifest) -> App<'a> {
    let permissions = spec.deployment.permissions.iter().map(|permission| Permission {
        user_name: permission.user_name.as_deref(),
        group_name: permission.group_name.as_deref(),
        service_principal_name: permission.service_principal_name.as_deref(),
        level: permission.permission_level.as_ref().map(ToString::to_string).unwrap_or_default(),
    });
    App {
        name: spec.deployment.app_name.as_str(),
        description: spec.description.as_str(),
        compute_size: spec.app_compute.as_str(),
        source_code_path: format!("./{APP_FOLDER}"),
        config: Config {
            command: ["sh", "-c", &manifest.command],
            env: variables(manifest).into_iter().map(|(name, value)| EnvVar { name, value }).collect(),
        },
        user_api_scopes: USER_API_SCOPES,
        resources: [database_resource(lakebase_type)],
        permissions: permissions.collect(),
    }
}

fn database_resource(lakebase_type: LakebaseType) -> Resource {
    let mut resource = Resource { name: DATABASE_RESOURCE, postgres: None, database: None };
    match lakebase_type {
        LakebaseType::Autoscaling => {
            let branch = format!("${{resources.postgres_projects.{DATABASE}.id}}/branches/production");
            let database = format!("{branch}/databases/databricks-postgres");
            resource.postgres = Some(Postgres { branch, database, permission: PERMISSION });
        }
        LakebaseType::Provisioned => {
            resource.database = Some(Database {
                instance_name: format!("${{resources.database_instances.{DATABASE}.name}}"),
                database_name: crate::lakebase::DATABASE,
                permission: PERMISSION,
            });
        }
    }
    resource
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
