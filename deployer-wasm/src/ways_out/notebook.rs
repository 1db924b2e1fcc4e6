//! A deployment as a notebook cell, and back.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::python::{Cursor, Literal, quoted};
use super::{
    Form, Operation, ReadBack, Written, fields_of, notes_on_operation, permission_fields, refuse, shown,
};
use crate::spec::deployment_file::MLFLOW_VARIABLES;
use crate::spec::{FIELDS, FieldError, RawSpec};

/// Writes a cell that installs the package of this version and calls its function.
pub fn write(operation: Operation, raw: &RawSpec) -> Written {
    let mut text = format!(
        "%pip install databricks-tellr=={}\nimport databricks_tellr as tellr\n\ntellr.{}(\n",
        env!("CARGO_PKG_VERSION"),
        operation.as_str()
    );
    for field in fields_of(operation) {
        if let Some(value) = raw.values.get(field.key) {
            _ = writeln!(text, "    {}={},", field.key, quoted(value));
        }
    }
    if operation == Operation::Update {
        for (given, key) in [(raw.reset_database, "reset_database"), (raw.prune, "prune")] {
            text.push_str(&if given { format!("    {key}=True,\n") } else { String::new() });
        }
    }
    if !raw.env.is_empty() {
        text.push_str("    env_vars={\n");
        for (name, value) in &raw.env {
            _ = writeln!(text, "        {}: {},", quoted(name), quoted(value));
        }
        text.push_str("    },\n");
    }
    if !raw.permissions.is_empty() {
        text.push_str("    permissions=[\n");
        for permission in &raw.permissions {
            let fields = permission_fields(permission, "permission_level");
            let fields =
                fields.map(|(key, value)| format!("{}: {}", quoted(key), quoted(value.unwrap_or_default())));
            _ = writeln!(text, "        {{{}}},", fields.collect::<Vec<_>>().join(", "));
        }
        text.push_str("    ],\n");
    }
    text.push_str(")\n");
    Written { text, notes: notes_on_operation(operation, raw) }
}

/// The functions' parameters that may be given without their names.
const POSITIONS_OF_CREATE: [&str; 10] = [
    "lakebase_name",
    "schema_name",
    "app_name",
    "app_file_workspace_path",
    "lakebase_compute",
    "app_compute",
    "app_version",
    "description",
    "client",
    "profile",
];
const POSITIONS_OF_UPDATE: [&str; 8] = [
    "app_name",
    "app_file_workspace_path",
    "lakebase_name",
    "schema_name",
    "app_version",
    "reset_database",
    "client",
    "profile",
];

/// Reads a cell. Statements that say nothing about the deployment are ignored, and named by their first line.
pub fn read(text: &str) -> Result<ReadBack, FieldError> {
    let mut cell = Cell { cursor: Cursor { rest: text }, module: None, found: None, ignored: Vec::new() };
    cell.statements().map_err(|reason| refuse(format!("the notebook cell cannot be read: {reason}")))?;
    match cell.found {
        Some((operation, raw)) => {
            Ok(ReadBack { form: Form::Notebook, operation: Some(operation), raw, ignored: cell.ignored })
        }
        None => Err(refuse("the notebook cell calls neither `tellr.create` nor `tellr.update`")),
    }
}

struct Cell<'a> {
    cursor: Cursor<'a>,
    module: Option<&'a str>,
    found: Option<(Operation, RawSpec)>,
    ignored: Vec<String>,
}

impl<'a> Cell<'a> {
    fn statements(&mut self) -> Result<(), String> {
        loop {
            self.cursor.skip_space();
            let start = self.cursor.clone();
            let Some(c) = self.cursor.peek() else { return Ok(()) };
            if c == '%' || c == '!' {
                let line = self.cursor.line();
                if !installs_only_this(line) {
                    self.ignored.push(line.to_owned());
                }
                continue;
            }
            let mut name = self.cursor.name();
            if matches!(name, "import" | "from") {
                self.cursor = start;
                self.import();
                continue;
            }
            if let Some(after) = self.cursor.rest.trim_start_matches([' ', '\t']).strip_prefix('=') {
                self.cursor.rest = after.trim_start_matches([' ', '\t']);
                name = self.cursor.name();
            }
            match self.operation(name) {
                Some(operation) if self.cursor.take("(") => self.call(operation)?,
                _ => {
                    self.cursor = start.clone();
                    self.cursor.skip_expression(true);
                    self.ignored.push(start.rest.lines().next().unwrap_or_default().trim_end().to_owned());
                }
            }
        }
    }

    fn import(&mut self) {
        let line = self.cursor.line();
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        match (words.next(), words.next(), words.next(), words.next(), words.next()) {
            (Some("import"), Some("databricks_tellr"), Some("as"), Some(name), None) => {
                self.module = Some(name)
            }
            (Some("import"), Some("databricks_tellr"), None, None, None) => {
                self.module = Some("databricks_tellr")
            }
            (Some("from"), Some("databricks_tellr"), Some("import"), Some(_), _) => self.module = Some(""),
            _ => self.ignored.push(line.to_owned()),
        }
    }

    /// The operation that a called name means; without an import, `tellr` is taken for the module.
    fn operation(&self, name: &str) -> Option<Operation> {
        match self.module.unwrap_or("tellr") {
            "" => Operation::parse(name),
            module => Operation::parse(name.strip_prefix(module)?.strip_prefix('.')?),
        }
    }

    fn call(&mut self, operation: Operation) -> Result<(), String> {
        if self.found.is_some() {
            return Err("it calls `tellr` more than once".into());
        }
        let positions: &[&str] = match operation {
            Operation::Create => &POSITIONS_OF_CREATE,
            Operation::Update => &POSITIONS_OF_UPDATE,
        };
        let mut raw = RawSpec::default();
        let mut position = 0;
        loop {
            self.cursor.skip_space();
            if self.cursor.take(")") {
                break;
            }
            let key = match self.keyword() {
                Some(key) => key,
                None => {
                    let key = positions.get(position).ok_or("it has too many arguments without names")?;
                    position += 1;
                    (*key).to_owned()
                }
            };
            self.argument(&mut raw, &key)?;
            self.cursor.skip_space();
            if !self.cursor.take(",") && self.cursor.peek() != Some(')') {
                return Err(format!("`,` or `)` is missing after `{key}`"));
            }
        }
        self.found = Some((operation, raw));
        Ok(())
    }

    /// `name =`, taken.
    fn keyword(&mut self) -> Option<String> {
        let before = self.cursor.clone();
        let name = self.cursor.name();
        self.cursor.skip_space();
        let is_keyword =
            !name.is_empty() && self.cursor.rest.starts_with('=') && !self.cursor.rest.starts_with("==");
        if is_keyword && self.cursor.take("=") {
            return Some(name.to_owned());
        }
        self.cursor = before;
        None
    }

    fn argument(&mut self, raw: &mut RawSpec, key: &str) -> Result<(), String> {
        let is_field = FIELDS.iter().any(|field| field.key == key);
        let known = ["reset_database", "prune", "env_vars", "permissions", "mlflow_tracing"].contains(&key);
        if !is_field && !known {
            self.cursor.skip_expression(false);
            self.ignored.push(key.to_owned());
            return Ok(());
        }
        let of_argument = |reason: String| format!("`{key}`: {reason}");
        let value = self.cursor.literal().map_err(of_argument)?;
        if is_field { put_field(raw, key, value) } else { self.put_other(raw, key, value) }
            .map_err(of_argument)
    }

    fn put_other(&mut self, raw: &mut RawSpec, key: &str, value: Literal) -> Result<(), String> {
        match (key, value) {
            (_, Literal::None) => {}
            ("reset_database", Literal::Truth(given)) => raw.reset_database = given,
            ("prune", Literal::Truth(given)) => raw.prune = given,
            ("env_vars", Literal::Dictionary(variables)) => raw.env.extend(texts(variables)?),
            ("permissions", Literal::List(permissions)) => {
                for permission in permissions {
                    let Literal::Dictionary(permission) = permission else {
                        return Err("an entry is no dictionary".into());
                    };
                    let value = serde_json::json!(texts(permission)?);
                    raw.permissions.push(serde_json::from_value(value).map_err(|error| error.to_string())?);
                }
            }
            ("mlflow_tracing", Literal::Dictionary(settings)) => {
                for (name, value) in texts(settings)? {
                    match MLFLOW_VARIABLES.iter().find(|(known, _)| *known == name) {
                        Some((_, variable)) => _ = raw.env.insert((*variable).to_owned(), value),
                        None => self.ignored.push(format!("mlflow_tracing.{name}")),
                    }
                }
            }
            _ => return Err("it has a value of another kind".into()),
        }
        Ok(())
    }
}

/// `%pip install databricks-tellr`, of whatever version, and nothing else.
fn installs_only_this(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_install = words.next() == Some("%pip") && words.next() == Some("install");
    let is_known = |word: &str| {
        let name = word.split(['=', '<', '>', '~', '!']).next().unwrap_or_default();
        name == "databricks-tellr" || matches!(word, "-q" | "-U" | "--quiet" | "--upgrade")
    };
    is_install && words.all(is_known)
}

fn put_field(raw: &mut RawSpec, key: &str, value: Literal) -> Result<(), String> {
    match value {
        Literal::Text(text) => _ = raw.values.insert(key.to_owned(), text),
        Literal::None => _ = raw.values.remove(key),
        other => return Err(format!("it must be a text, not {}", shown(&format!("{other:?}")))),
    }
    Ok(())
}

fn texts(values: BTreeMap<String, Literal>) -> Result<BTreeMap<String, String>, String> {
    values
        .into_iter()
        .map(|(name, value)| match value {
            Literal::Text(text) | Literal::Number(text) => Ok((name, text)),
            _ => Err(format!("the value of {} is no text", shown(&name))),
        })
        .collect()
}
