//! What has been typed so far, and what it means.

use std::collections::BTreeMap;

use databricks::apps::App;
use deployer_wasm::drift::DeploymentState;
use deployer_wasm::journal::{Operation, RunRecord, Settings};
use deployer_wasm::plan::DATABASE_RESOURCE;
use deployer_wasm::spec::{AppName, Field, FieldError, RawSpec, Request, RollbackSpec};

use crate::session::Session;
use crate::source::Picked;

/// The settings of one piece of work, unchecked. Nothing in it is secret.
#[derive(Clone)]
pub(crate) struct Draft {
    /// What shall be done.
    pub(crate) operation: Operation,
    /// Values by the key of their field; an empty one counts as not given.
    pub(crate) values: BTreeMap<&'static str, String>,
    /// A file with the app's code; without one the package index gives it.
    pub(crate) file: Option<Picked>,
    /// Variables for app.yaml, a line each: `NAME=value`.
    pub(crate) env: String,
    /// What an earlier run kept and no field shows.
    kept: RawSpec,
    /// Drop everything in the schema.
    pub(crate) reset_database: bool,
    /// Take away what others added.
    pub(crate) prune: bool,
    /// Put the former version back if an update fails.
    pub(crate) put_back: bool,
    /// The deployment that a rollback puts back.
    pub(crate) to: Option<String>,
    /// The settings of what runs now, to compare an update with.
    pub(crate) runs: Option<Settings>,
}

impl Draft {
    /// A create with sensible values, valid as it is.
    pub(crate) fn create(session: &Session) -> Self {
        let mut draft = Self::empty(Operation::Create, session);
        draft.put("app_name", "tellr");
        draft.put("lakebase_name", "tellr-db");
        draft.put("schema_name", "app_data");
        draft.put("app_file_workspace_path", &folder(&session.user_name, "tellr"));
        draft
    }

    /// An update of what `state` shows, with the settings of its last run.
    pub(crate) fn update(session: &Session, state: &DeploymentState) -> Self {
        let mut draft = Self::empty(Operation::Update, session);
        match &state.settled_by {
            Some(record) => draft.take(record),
            None => draft.take_from_app(&state.app),
        }
        draft.put_back = true;
        draft.runs = state.settled_by.as_ref().map(|record| record.settings.clone());
        draft
    }

    /// The end of what `state` shows.
    pub(crate) fn delete(session: &Session, state: &DeploymentState) -> Self {
        Self { operation: Operation::Delete, put_back: false, ..Self::update(session, state) }
    }

    /// The return of the version that `deployment_id` ran.
    pub(crate) fn rollback(session: &Session, app_name: &str, deployment_id: &str) -> Self {
        let mut draft = Self::empty(Operation::Rollback, session);
        draft.put("app_name", app_name);
        draft.to = Some(deployment_id.to_owned());
        draft
    }

    /// The same as `record`, a run of what `state` shows that has not reached its end.
    pub(crate) fn go_on(session: &Session, state: &DeploymentState, record: &RunRecord) -> Self {
        let mut draft = Self::empty(record.operation, session);
        draft.take(record);
        draft.runs = state.settled_by.as_ref().map(|record| record.settings.clone());
        draft.to = record.settings.values.get("to").cloned();
        draft.reset_database = record.settings.reset_database;
        draft.prune = record.settings.prune;
        draft
    }

    fn empty(operation: Operation, session: &Session) -> Self {
        let mut draft = Self {
            operation,
            values: BTreeMap::new(),
            file: None,
            env: String::new(),
            kept: RawSpec::default(),
            reset_database: false,
            prune: false,
            put_back: false,
            to: None,
            runs: None,
        };
        if !session.reaches_postgres() {
            draft.put("schema_setup", "app");
        }
        draft
    }

    fn take(&mut self, record: &RunRecord) {
        let raw = record.settings.to_raw();
        for (key, value) in &raw.values {
            if let Some(field) = deployer_wasm::spec::FIELDS.iter().find(|field| field.key == key) {
                self.put(field.key, value);
            }
        }
        self.env = raw.env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        self.kept = RawSpec { permissions: raw.permissions, ..RawSpec::default() };
    }

    /// What can be told of a deployment that has no journal.
    fn take_from_app(&mut self, app: &App) {
        self.put("app_name", &app.name);
        if let Some(folder) = &app.default_source_code_path {
            self.put("app_file_workspace_path", folder);
        }
        let Some(resource) = app.resources.iter().find(|resource| resource.name == DATABASE_RESOURCE) else {
            return;
        };
        if let Some(postgres) = &resource.postgres {
            let project = postgres.branch.split('/').nth(1).unwrap_or_default();
            self.put("lakebase_name", project);
        }
        if let Some(database) = &resource.database {
            self.put("lakebase_name", &database.instance_name);
        }
    }

    /// The value of a field as it stands.
    pub(crate) fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// The app's name as it stands.
    pub(crate) fn app_name(&self) -> &str {
        self.value("app_name")
    }

    fn put(&mut self, key: &'static str, value: &str) {
        self.values.insert(key, value.to_owned());
    }

    /// Takes what was typed. The folder follows the app's name until somebody changes it.
    pub(crate) fn set(&mut self, key: &'static str, value: String, user_name: &str) {
        if key == "app_name" && self.value("app_file_workspace_path") == folder(user_name, self.app_name()) {
            self.put("app_file_workspace_path", &folder(user_name, &value));
        }
        self.values.insert(key, value);
    }

    /// The settings as the engine reads them; the content of a file only `with_file`, since it is large.
    pub(crate) fn raw(&self, with_file: bool) -> Result<RawSpec, FieldError> {
        Ok(self.raw_with(variables(&self.env)?, with_file))
    }

    fn raw_with(&self, env: BTreeMap<String, String>, with_file: bool) -> RawSpec {
        let given = |(key, value): (&&'static str, &String)| {
            let value = value.trim();
            (!value.is_empty() && applies(self.operation, key)).then(|| ((*key).to_owned(), value.to_owned()))
        };
        let mut raw = RawSpec {
            values: self.values.iter().filter_map(given).collect(),
            env,
            permissions: self.kept.permissions.clone(),
            reset_database: self.reset_database,
            prune: self.prune,
            ..RawSpec::default()
        };
        if let Some(file) = &self.file {
            raw.values.remove("app_version");
            match (file.is_wheel, with_file) {
                (true, true) => raw.wheel = Some((file.file_name.clone(), file.content.to_vec())),
                (false, true) => raw.binary = Some(file.content.clone()),
                (_, false) => {}
            }
        }
        raw
    }

    /// The settings with the name of a file in place of its content.
    pub(crate) fn named(&self) -> Result<RawSpec, FieldError> {
        let mut raw = self.raw(false)?;
        if let Some(file) = &self.file {
            let key = if file.is_wheel { "local_wheel_path" } else { "local_binary_path" };
            raw.values.insert(key.into(), file.file_name.clone());
        }
        Ok(raw)
    }

    /// The checked request.
    pub(crate) fn request(&self, with_file: bool) -> Result<Request, Vec<FieldError>> {
        let (env, wrong) = match variables(&self.env) {
            Ok(env) => (env, None),
            Err(error) => (BTreeMap::new(), Some(error)),
        };
        let raw = self.raw_with(env, with_file);
        let checked = match self.operation {
            Operation::Create => raw.create().map(Request::Create),
            Operation::Update => raw.update().map(Request::Update),
            Operation::Delete => raw.delete().map(Request::Delete),
            Operation::Rollback => {
                let app_name = AppName::parse(self.app_name()).map_err(|error| vec![error]);
                app_name.map(|app_name| Request::Rollback(RollbackSpec { app_name, to: self.to.clone() }))
            }
        };
        match (checked, wrong) {
            (Ok(request), None) => Ok(request),
            (checked, wrong) => Err(checked.err().into_iter().flatten().chain(wrong).collect()),
        }
    }

    /// What is wrong with it so far.
    pub(crate) fn errors(&self) -> Vec<FieldError> {
        self.request(false).err().unwrap_or_default()
    }

    /// Whether the app prepares its schema itself.
    pub(crate) fn app_prepares_schema(&self) -> bool {
        self.value("schema_setup") == "app"
    }
}

/// Whether an operation reads that field.
fn applies(operation: Operation, key: &str) -> bool {
    match operation {
        Operation::Create => true,
        Operation::Update => key != "lakebase_compute",
        Operation::Delete => matches!(key, "app_name" | "lakebase_name" | "lakebase_type" | "schema_name"),
        Operation::Rollback => key == "app_name",
    }
}

/// The folder that is offered for an app.
fn folder(user_name: &str, app_name: &str) -> String {
    format!("/Workspace/Users/{user_name}/.apps/{app_name}")
}

fn variables(text: &str) -> Result<BTreeMap<String, String>, FieldError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    lines
        .map(|line| {
            let name: String = line.chars().take(30).collect();
            pair(line).ok_or_else(|| {
                FieldError::because("env", format!("`{name}` is no variable: write NAME=value"))
            })
        })
        .collect()
}

/// A field's name for people: "App name".
pub(crate) fn label(field: &Field) -> String {
    let words = field.flag.replace('-', " ");
    let mut characters = words.chars();
    characters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + characters.as_str())
        .unwrap_or_default()
}
