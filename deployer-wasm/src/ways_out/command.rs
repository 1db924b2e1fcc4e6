//! A deployment as a `tellr` command, and back.

use super::shell::{self, quoted};
use super::{Form, Operation, ReadBack, Written, environments, fields_of, notes_on_operation, refuse};
use crate::spec::deployment_file::DeploymentFile;
use crate::spec::{FIELDS, FieldError, RawSpec};

/// Name of the environment that a command carries with it, and the end of its text.
const ENVIRONMENT: &str = "command";
const END: &str = "TELLR";

/// Writes the command, one flag a line. Variables and rights have no flags: they go to its standard input, as a deployment
/// file, so that no value of a variable is an argument of a process.
pub fn write(operation: Operation, raw: &RawSpec) -> Written {
    let mut lines = vec![format!("tellr {}", operation.as_str())];
    for field in fields_of(operation) {
        if let Some(value) = raw.values.get(field.key) {
            lines.push(format!("--{} {}", field.flag, quoted(value)));
        }
    }
    if operation == Operation::Update {
        lines.extend(raw.reset_database.then(|| "--reset-database".to_owned()));
        lines.extend(raw.prune.then(|| "--prune".to_owned()));
    }
    let mut notes = notes_on_operation(operation, raw);
    let mut input = String::new();
    if !raw.env.is_empty() || !raw.permissions.is_empty() {
        let rest =
            RawSpec { env: raw.env.clone(), permissions: raw.permissions.clone(), ..RawSpec::default() };
        let written = environments::write(ENVIRONMENT, &rest);
        lines.push(format!("--config - --environment {ENVIRONMENT} <<'{END}'"));
        input = format!("{}{END}\n", written.text);
        notes.extend(written.notes);
    }
    Written { text: format!("{}\n{input}", lines.join(" \\\n  ")), notes }
}

/// Reads a command. Flags that say nothing about the deployment, such as `--yes`, are ignored by name.
pub fn read(text: &str) -> Result<ReadBack, FieldError> {
    let unreadable = |reason: String| refuse(format!("the command cannot be read: {reason}"));
    let line = shell::parse(text).map_err(unreadable)?;
    let mut words = line.words.into_iter();
    let program = words.next().unwrap_or_default();
    if program.rsplit('/').next() != Some("tellr") {
        return Err(unreadable(format!("it begins with {}, not with `tellr`", super::shown(&program))));
    }
    let operation = words.next().unwrap_or_default();
    let Some(operation) = Operation::parse(&operation) else {
        return Err(unreadable(format!("{} is neither `create` nor `update`", super::shown(&operation))));
    };
    let flags = Flags::read(words).map_err(unreadable)?;
    let mut file = match (flags.reads_input, line.input) {
        (true, Some(input)) => {
            let environment = flags.environment.as_deref().unwrap_or("development");
            DeploymentFile::read(&input, environment, None)?
        }
        (true, None) => return Err(unreadable("`--config -` has no here-document".into())),
        (false, Some(_)) => return Err(unreadable("it has a here-document, but no `--config -`".into())),
        (false, None) => DeploymentFile::default(),
    };
    file.raw.values.extend(flags.raw.values);
    let raw = RawSpec { reset_database: flags.raw.reset_database, prune: flags.raw.prune, ..file.raw };
    file.ignored.extend(flags.ignored);
    Ok(ReadBack { form: Form::Command, operation: Some(operation), raw, ignored: file.ignored })
}

#[derive(Default)]
struct Flags {
    raw: RawSpec,
    reads_input: bool,
    environment: Option<String>,
    ignored: Vec<String>,
}

impl Flags {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut flags = Self::default();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
                flags.ignored.push(word);
                continue;
            };
            let (name, inline) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            let mut value =
                || inline.clone().or_else(|| words.next()).ok_or(format!("--{name} has no value"));
            match name {
                "reset-database" => flags.raw.reset_database = true,
                "prune" => flags.raw.prune = true,
                "environment" => flags.environment = Some(value()?),
                "config" => match value()?.as_str() {
                    "-" => flags.reads_input = true,
                    path => flags.ignored.push(format!("--config {path}")),
                },
                _ => {
                    match FIELDS.iter().find(|field| field.flag == name || spelled_as_key(field.key, name)) {
                        Some(field) => _ = flags.raw.values.insert(field.key.to_owned(), value()?),
                        None => flags.ignored.push(word.clone()),
                    }
                }
            }
        }
        Ok(flags)
    }
}

/// `--app-file-workspace-path` is accepted as well.
fn spelled_as_key(key: &str, flag: &str) -> bool {
    key == "app_file_workspace_path" && flag == "app-file-workspace-path"
}
