//! From what was typed to what is meant.

use std::collections::BTreeMap;

use bytes::Bytes;
use databricks::apps::AppAccessControlRequest;

use super::{
    AppCompute, AppName, AppSource, AppVersion, Binary, CreateSpec, DeleteSpec, Deployment, Description,
    Field, FieldError, LakebaseCompute, LakebaseName, LakebaseType, ResetTarget, SchemaName, SchemaSetup,
    UpdateSpec, Wheel, WorkspacePath,
};

/// The values as they came from flags, a form or a file, with nothing checked yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawSpec {
    /// Values by the key of their field.
    pub values: BTreeMap<String, String>,
    /// Name and content of a local wheel.
    pub wheel: Option<(String, Vec<u8>)>,
    /// Content of a local program.
    pub binary: Option<Bytes>,
    /// Drop everything in the schema.
    pub reset_database: bool,
    /// Variables for app.yaml.
    pub env: BTreeMap<String, String>,
    /// Rights given to others.
    pub permissions: Vec<AppAccessControlRequest>,
    /// Take away what others added to the app.
    pub prune: bool,
}

impl RawSpec {
    /// Checks the fields of a create. Gives every broken rule at once.
    pub fn create(&self) -> Result<CreateSpec, Vec<FieldError>> {
        let mut reader = Reader::of(self);
        let deployment = reader.deployment();
        let lakebase_compute = reader.required("lakebase_compute", LakebaseCompute::parse);
        let app_compute = reader.required("app_compute", AppCompute::parse);
        let description = reader.required("description", Description::parse);
        if self.reset_database {
            reader.errors.push(FieldError::because(
                "reset_database",
                "`reset_database` belongs to `update` and `delete`: a create never drops data",
            ));
        }
        match (deployment, lakebase_compute, app_compute, description, reader.finish()) {
            (Some(deployment), Some(lakebase_compute), Some(app_compute), Some(description), Ok(())) => {
                Ok(CreateSpec { deployment, lakebase_compute, app_compute, description })
            }
            (.., errors) => Err(errors.err().unwrap_or_default()),
        }
    }

    /// Checks the fields of an update. Gives every broken rule at once.
    pub fn update(&self) -> Result<UpdateSpec, Vec<FieldError>> {
        let mut reader = Reader::of(self);
        let deployment = reader.deployment();
        let app_compute = reader.given("app_compute", AppCompute::parse);
        let description = reader.given("description", Description::parse);
        match (deployment, reader.finish()) {
            (Some(deployment), Ok(())) => {
                Ok(UpdateSpec { deployment, app_compute, description, reset_database: self.reset_database })
            }
            (_, errors) => Err(errors.err().unwrap_or_default()),
        }
    }

    /// Checks the fields of a delete; database and schema are required only to reset them.
    pub fn delete(&self) -> Result<DeleteSpec, Vec<FieldError>> {
        let mut reader = Reader::of(self);
        let app_name = reader.required("app_name", AppName::parse);
        let reset = if self.reset_database { reader.reset_target() } else { None };
        match (app_name, reader.finish()) {
            (Some(app_name), Ok(())) => Ok(DeleteSpec { app_name, reset }),
            (_, errors) => Err(errors.err().unwrap_or_default()),
        }
    }
}

/// Reads field after field and collects what is wrong.
struct Reader<'a> {
    raw: &'a RawSpec,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    fn of(raw: &'a RawSpec) -> Self {
        Self { raw, errors: Vec::new() }
    }

    /// The value, else the field's default; an error where there is neither.
    fn required<T>(&mut self, key: &'static str, parse: fn(&str) -> Result<T, FieldError>) -> Option<T> {
        let field = Field::named(key);
        match self.raw.values.get(key).map(String::as_str).or(field.default) {
            Some(value) => self.keep(parse(value)),
            None => self.keep(Err(FieldError::missing(field))),
        }
    }

    /// The value if one was given; the default is not taken.
    fn given<T>(&mut self, key: &'static str, parse: fn(&str) -> Result<T, FieldError>) -> Option<T> {
        let value = self.raw.values.get(key)?;
        self.keep(parse(value))
    }

    fn keep<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    fn deployment(&mut self) -> Option<Deployment> {
        let app_name = self.required("app_name", AppName::parse);
        let workspace_path = self.required("app_file_workspace_path", WorkspacePath::parse);
        let lakebase_name = self.required("lakebase_name", LakebaseName::parse);
        let lakebase_type = self.given("lakebase_type", LakebaseType::parse);
        let schema_name = self.required("schema_name", SchemaName::parse);
        let schema_setup = self.required("schema_setup", SchemaSetup::parse);
        let source = self.source();
        self.check_env();
        Some(Deployment {
            app_name: app_name?,
            workspace_path: workspace_path?,
            lakebase_name: lakebase_name?,
            lakebase_type,
            schema_name: schema_name?,
            schema_setup: schema_setup?,
            source: source?,
            env: self.raw.env.clone(),
            permissions: self.raw.permissions.clone(),
            prune: self.raw.prune,
        })
    }

    fn source(&mut self) -> Option<AppSource> {
        let version = self.given("app_version", AppVersion::parse);
        let has_version = self.raw.values.contains_key("app_version");
        match (&self.raw.wheel, &self.raw.binary) {
            (None, None) => Some(AppSource::Package(version)),
            (Some((name, content)), None) if !has_version => {
                self.keep(Wheel::new(name, content.clone())).map(AppSource::Wheel)
            }
            (None, Some(content)) if !has_version => self.keep(Binary::new(content)).map(AppSource::Binary),
            (wheel, binary) => {
                let key = if binary.is_some() { "local_binary_path" } else { "local_wheel_path" };
                let other =
                    if binary.is_some() && wheel.is_some() { "local_wheel_path" } else { "app_version" };
                let message = format!(
                    "`{key}` and `{other}` exclude each other: each says by itself what the app's code is"
                );
                self.keep(Err(FieldError::because(key, message)))
            }
        }
    }

    fn check_env(&mut self) {
        for (name, value) in &self.raw.env {
            if let Err(error) = super::deployment_file::check_env_var(name, value) {
                self.errors.push(error);
            }
        }
    }

    fn reset_target(&mut self) -> Option<ResetTarget> {
        let lakebase_name = self.required("lakebase_name", LakebaseName::parse);
        let lakebase_type = self.given("lakebase_type", LakebaseType::parse);
        let schema_name = self.required("schema_name", SchemaName::parse);
        Some(ResetTarget { lakebase_name: lakebase_name?, lakebase_type, schema_name: schema_name? })
    }

    fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}
