//! The same deployment in other words, and back: a shell command, a notebook cell, a Databricks asset bundle, a deployment
//! file with environments.
//!
//! What is written here is text for people to keep and change, so what is read may come from anywhere. The readers parse and
//! never evaluate: no variable, no reference and no expression is followed. What they do not understand is listed in
//! [`ReadBack::ignored`] or refused, never dropped without a word.

pub mod bundle;
mod bundle_reader;
pub mod command;
pub mod environments;
pub mod notebook;
mod python;
mod shell;

use databricks::apps::{AppAccessControlRequest, AppPermissionLevel};

use crate::spec::{FIELDS, Field, FieldError, RawSpec};

/// The longest text that is read, in bytes.
pub const SIZE_LIMIT: usize = 256 * 1024;

/// What is done with a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Put Tellr into the workspace.
    Create,
    /// Bring a new version.
    Update,
}

impl Operation {
    /// Name of the command and of the Python function.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }

    /// Reads `create` or `update`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "create" => Some(Self::Create),
            "update" => Some(Self::Update),
            _ => None,
        }
    }
}

/// The kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A shell command.
    Command,
    /// A notebook cell.
    Notebook,
    /// `databricks.yml` of an asset bundle.
    Bundle,
    /// A deployment file with environments.
    Environments,
}

/// A text, and what of the settings it cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The text, with a newline at its end.
    pub text: String,
    /// What is missing or different, one sentence each.
    pub notes: Vec<String>,
}

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBack {
    /// Which kind of text it is.
    pub form: Form,
    /// What shall be done, if the text says so.
    pub operation: Option<Operation>,
    /// The settings, unchecked. Files are named by path, in the values of `local_wheel_path` and `local_binary_path`.
    pub raw: RawSpec,
    /// What has no effect.
    pub ignored: Vec<String>,
}

/// Reads a text of any form. `environment` says which part of a deployment file, `user_name` stands in for `{username}`
/// there.
pub fn read(text: &str, environment: &str, user_name: Option<&str>) -> Result<ReadBack, FieldError> {
    if text.len() > SIZE_LIMIT {
        let message = format!("the settings have {} bytes, but at most {SIZE_LIMIT} are read", text.len());
        return Err(FieldError::because("config", message));
    }
    match form_of(text) {
        Form::Command => command::read(text),
        Form::Notebook => notebook::read(text),
        Form::Bundle => bundle_reader::read(text),
        Form::Environments => environments::read(text, environment, user_name),
    }
}

/// Which kind a text is, by its first lines and keys.
pub fn form_of(text: &str) -> Form {
    let lines =
        text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let has_key = |key: &str| {
        lines.clone().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
    };
    let first = lines.clone().next().unwrap_or_default().trim_start();
    let first_word = first.split_whitespace().next().unwrap_or_default();
    if first_word.rsplit('/').next() == Some("tellr") {
        Form::Command
    } else if first.starts_with('%') || text.contains("databricks_tellr") || text.contains("tellr.create(") {
        Form::Notebook
    } else if has_key("bundle") || (has_key("resources") && !has_key("environments")) {
        Form::Bundle
    } else {
        Form::Environments
    }
}

/// The fields that an operation has.
fn fields_of(operation: Operation) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| operation == Operation::Create || field.key != "lakebase_compute")
}

/// Notes on settings that belong to the other operation.
fn notes_on_operation(operation: Operation, raw: &RawSpec) -> Vec<String> {
    let mut notes = Vec::new();
    if operation == Operation::Create && raw.reset_database {
        notes.push("`reset_database` is left out: a create never drops data".to_owned());
    }
    if operation == Operation::Create && raw.prune {
        notes.push("`prune` is left out: it belongs to `update`".to_owned());
    }
    if operation == Operation::Update && raw.values.contains_key("lakebase_compute") {
        notes.push("`lakebase_compute` is left out: an update never makes a database".to_owned());
    }
    notes
}

/// Refuses a text, with the reason.
fn refuse(message: impl Into<String>) -> FieldError {
    FieldError::because("config", message)
}

/// At most 60 characters of a foreign text, for a message.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    if start.len() < text.len() { format!("{start:?}…") } else { format!("{start:?}") }
}

/// The fields of a permission that have a text, in their order; a form has its own `key` for the level.
fn permission_fields<'a>(
    permission: &'a AppAccessControlRequest,
    key: &'static str,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    let fields = [
        ("user_name", permission.user_name.as_deref()),
        ("group_name", permission.group_name.as_deref()),
        ("service_principal_name", permission.service_principal_name.as_deref()),
        (key, permission.permission_level.as_ref().map(AppPermissionLevel::as_str)),
    ];
    fields.into_iter().filter(|(_, text)| text.is_some())
}
