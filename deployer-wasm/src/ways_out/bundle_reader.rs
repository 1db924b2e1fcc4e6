//! Reading the settings out of a bundle's `databricks.yml`.
//!
//! References (`${…}`) are not followed, but for those between the app and the database that the writer makes. Whatever is
//! not understood is listed by its path.

use databricks::apps::AppAccessControlRequest;
use serde_json::{Map, Value};

use super::bundle::{OTHER_SETTINGS, SETTINGS, is_our_command};
use super::{Form, ReadBack, refuse};
use crate::app_files::{EnvValue, EnvVar, is_written_by_the_engine};
use crate::plan::{DATABASE_RESOURCE, USER_API_SCOPES};
use crate::spec::{FieldError, LakebaseCompute, RawSpec};

/// The most paths that are listed.
const MOST_IGNORED: usize = 50;

const CAPACITIES: [LakebaseCompute; 4] =
    [LakebaseCompute::Cu1, LakebaseCompute::Cu2, LakebaseCompute::Cu4, LakebaseCompute::Cu8];

/// Reads a bundle. The app prepares its schema itself there.
pub(super) fn read(text: &str) -> Result<ReadBack, FieldError> {
    let file: Value = serde_saphyr::from_str(text)
        .map_err(|error| refuse(format!("the bundle cannot be read: {error}")))?;
    let Value::Object(file) = file else { return Err(refuse("the bundle is no mapping")) };
    let mut reader = Reader { raw: RawSpec::default(), ignored: Vec::new() };
    reader.file(file)?;
    reader.put("schema_setup", "app".to_owned());
    reader.ignored.sort();
    Ok(ReadBack { form: Form::Bundle, operation: None, raw: reader.raw, ignored: reader.ignored })
}

/// A resource: its path, and what it says.
type Entry = (String, Map<String, Value>);

struct Reader {
    raw: RawSpec,
    ignored: Vec<String>,
}

impl Reader {
    fn file(&mut self, mut file: Map<String, Value>) -> Result<(), FieldError> {
        let mut bundle = self.object(&mut file, "bundle", "");
        bundle.remove("name");
        self.ignore_rest("bundle", bundle);
        let mut variables = self.object(&mut file, "variables", "");
        let mut settings = self.object(&mut variables, SETTINGS, "variables");
        settings.remove("description");
        settings.remove("type");
        let mut values = self.object(&mut settings, "default", SETTINGS);
        for key in OTHER_SETTINGS {
            self.text(&mut values, key, SETTINGS, key)?;
        }
        self.ignore_rest("variables.tellr_settings.default", values);
        self.ignore_rest("variables.tellr_settings", settings);
        self.ignore_rest("variables", variables);
        let mut resources = self.object(&mut file, "resources", "");
        self.ignore_rest("", file);
        self.project(&mut resources)?;
        self.instance(&mut resources)?;
        self.apps(&mut resources)?;
        self.ignore_rest("resources", resources);
        Ok(())
    }

    fn project(&mut self, resources: &mut Map<String, Value>) -> Result<(), FieldError> {
        let Some((path, mut project)) = self.only(resources, "postgres_projects")? else { return Ok(()) };
        self.text(&mut project, "project_id", &path, "lakebase_name")?;
        self.put("lakebase_type", "autoscaling".to_owned());
        for known in ["display_name", "pg_version", "lifecycle"] {
            project.remove(known);
        }
        let limits = self.object(&mut project, "default_endpoint_settings", &path);
        let limit = |key: &str| limits.get(key).and_then(Value::as_f64);
        let found = limit("autoscaling_limit_min_cu").zip(limit("autoscaling_limit_max_cu"));
        let capacity = CAPACITIES.into_iter().find(|capacity| Some(capacity.autoscaling_limits()) == found);
        let mut rest = limits;
        if let Some(capacity) = capacity {
            self.put("lakebase_compute", capacity.as_str().to_owned());
            rest.remove("autoscaling_limit_min_cu");
            rest.remove("autoscaling_limit_max_cu");
        }
        self.ignore_rest(&format!("{path}.default_endpoint_settings"), rest);
        self.ignore_rest(&path, project);
        Ok(())
    }

    fn instance(&mut self, resources: &mut Map<String, Value>) -> Result<(), FieldError> {
        let Some((path, mut instance)) = self.only(resources, "database_instances")? else { return Ok(()) };
        if self.raw.values.contains_key("lakebase_name") {
            return Err(refuse(
                "the bundle has both a `postgres_projects` and a `database_instances` resource",
            ));
        }
        self.text(&mut instance, "name", &path, "lakebase_name")?;
        self.text(&mut instance, "capacity", &path, "lakebase_compute")?;
        self.put("lakebase_type", "provisioned".to_owned());
        instance.remove("lifecycle");
        self.ignore_rest(&path, instance);
        Ok(())
    }

    fn apps(&mut self, resources: &mut Map<String, Value>) -> Result<(), FieldError> {
        let Some((path, mut app)) = self.only(resources, "apps")? else {
            return Err(refuse("the bundle has no app in `resources.apps`"));
        };
        self.text(&mut app, "name", &path, "app_name")?;
        self.text(&mut app, "description", &path, "description")?;
        self.text(&mut app, "compute_size", &path, "app_compute")?;
        for known in ["source_code_path", "lifecycle"] {
            app.remove(known);
        }
        let mut config = self.object(&mut app, "config", &path);
        self.config(&path, &mut config)?;
        self.ignore_rest(&format!("{path}.config"), config);
        for scope in self.list(&mut app, "user_api_scopes", &path) {
            if !scope.as_str().is_some_and(|scope| USER_API_SCOPES.contains(&scope)) {
                self.ignore(format!("{path}.user_api_scopes: {}", short(&scope)));
            }
        }
        for permission in self.list(&mut app, "permissions", &path) {
            self.permission(&path, permission)?;
        }
        for resource in self.list(&mut app, "resources", &path) {
            self.app_resource(&path, &resource)?;
        }
        self.ignore_rest(&path, app);
        Ok(())
    }

    fn config(&mut self, path: &str, config: &mut Map<String, Value>) -> Result<(), FieldError> {
        let words = self.list(config, "command", path);
        let words: Vec<String> = words
            .into_iter()
            .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
            .collect();
        if !words.is_empty() && !is_our_command(&words) {
            self.ignore(format!("{path}.config.command"));
        }
        for variable in self.list(config, "env", path) {
            self.variable(path, &variable)?;
        }
        Ok(())
    }

    fn variable(&mut self, path: &str, variable: &Value) -> Result<(), FieldError> {
        let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
        let value = match variable.get("value") {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => {
                self.ignore(format!("{path}.config.env.{name}"));
                return Ok(());
            }
        };
        let value = without_reference(&format!("{path}.config.env.{name}"), value)?;
        let written = EnvVar { name: name.to_owned(), value: EnvValue::Literal(value.clone()) };
        match name {
            "LAKEBASE_SCHEMA" => self.put("schema_name", value),
            "LAKEBASE_INSTANCE" if !self.raw.values.contains_key("lakebase_name") => {
                self.put("lakebase_name", value)
            }
            "LAKEBASE_TYPE" if !self.raw.values.contains_key("lakebase_type") => {
                self.put("lakebase_type", value)
            }
            _ if is_written_by_the_engine(&written.name) => {}
            _ => _ = self.raw.env.insert(written.name, value),
        }
        Ok(())
    }

    fn permission(&mut self, path: &str, permission: Value) -> Result<(), FieldError> {
        let path = format!("{path}.permissions");
        let Value::Object(mut permission) = permission else {
            self.ignore(path);
            return Ok(());
        };
        if let Some(level) = permission.remove("level") {
            permission.insert("permission_level".to_owned(), level);
        }
        for value in permission.values() {
            without_reference(&path, value.as_str().unwrap_or_default().to_owned())?;
        }
        let request: AppAccessControlRequest = serde_json::from_value(Value::Object(permission.clone()))
            .map_err(|error| refuse(format!("`{path}` cannot be read: {error}")))?;
        let known = ["user_name", "group_name", "service_principal_name", "permission_level"];
        for key in permission.keys().filter(|key| !known.contains(&key.as_str())) {
            self.ignore(format!("{path}.{key}"));
        }
        self.raw.permissions.push(request);
        Ok(())
    }

    /// The database may be named here alone, if the bundle does not make it.
    fn app_resource(&mut self, path: &str, resource: &Value) -> Result<(), FieldError> {
        let text = |kind: &str, key: &str| {
            resource.get(kind).and_then(|kind| kind.get(key)).and_then(Value::as_str).map(str::to_owned)
        };
        let (name, kind) = match (text("postgres", "branch"), text("database", "instance_name")) {
            (Some(branch), _) if branch.starts_with("${resources.postgres_projects.") => return Ok(()),
            (_, Some(instance)) if instance.starts_with("${resources.database_instances.") => return Ok(()),
            (Some(branch), _) => {
                let project = branch.strip_prefix("projects/").and_then(|rest| rest.split('/').next());
                (project.unwrap_or(&branch).to_owned(), "autoscaling")
            }
            (None, Some(instance)) => (instance, "provisioned"),
            (None, None) => {
                let name = resource.get("name").and_then(Value::as_str).unwrap_or_default();
                self.ignore(format!("{path}.resources.{name}"));
                return Ok(());
            }
        };
        let name = without_reference(&format!("{path}.resources.{DATABASE_RESOURCE}"), name)?;
        self.put("lakebase_name", name);
        self.put("lakebase_type", kind.to_owned());
        Ok(())
    }

    /// The one entry of a kind of resource, with its path.
    fn only(&mut self, resources: &mut Map<String, Value>, kind: &str) -> Result<Option<Entry>, FieldError> {
        let entries = self.object(resources, kind, "resources");
        let names: Vec<&str> = entries.keys().map(String::as_str).collect();
        if names.len() > 1 {
            let names = names.join(", ");
            return Err(refuse(format!("the bundle has more than one entry in `resources.{kind}`: {names}")));
        }
        Ok(entries.into_iter().next().and_then(|(name, value)| match value {
            Value::Object(entry) => Some((format!("resources.{kind}.{name}"), entry)),
            _ => None,
        }))
    }

    /// A mapping, taken out; what is there but no mapping is listed.
    fn object(&mut self, parent: &mut Map<String, Value>, key: &str, path: &str) -> Map<String, Value> {
        match parent.remove(key) {
            Some(Value::Object(object)) => object,
            None | Some(Value::Null) => Map::new(),
            Some(_) => {
                self.ignore(joined(path, key));
                Map::new()
            }
        }
    }

    fn list(&mut self, parent: &mut Map<String, Value>, key: &str, path: &str) -> Vec<Value> {
        match parent.remove(key) {
            Some(Value::Array(list)) => list,
            None | Some(Value::Null) => Vec::new(),
            Some(_) => {
                self.ignore(joined(path, key));
                Vec::new()
            }
        }
    }

    /// A text, taken out as the value of `field`.
    fn text(
        &mut self,
        parent: &mut Map<String, Value>,
        key: &str,
        path: &str,
        field: &str,
    ) -> Result<(), FieldError> {
        match parent.remove(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                let text = without_reference(&joined(path, key), text)?;
                self.put(field, text);
            }
            Some(value @ (Value::Number(_) | Value::Bool(_))) => self.put(field, value.to_string()),
            Some(_) => self.ignore(joined(path, key)),
        }
        Ok(())
    }

    fn put(&mut self, field: &str, value: String) {
        self.raw.values.insert(field.to_owned(), value);
    }

    fn ignore(&mut self, path: String) {
        if self.ignored.len() < MOST_IGNORED {
            self.ignored.push(path);
        }
    }

    fn ignore_rest(&mut self, path: &str, rest: Map<String, Value>) {
        for (key, _) in rest {
            self.ignore(joined(path, &key));
        }
    }
}

fn without_reference(path: &str, text: String) -> Result<String, FieldError> {
    if text.contains("${") {
        return Err(refuse(format!("`{path}` is {}: references are not followed", super::shown(&text))));
    }
    Ok(text)
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn short(value: &Value) -> String {
    super::shown(value.as_str().unwrap_or_default())
}
