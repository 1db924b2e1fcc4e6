//! `tellr config`: the same deployment as a command, a notebook cell, an asset bundle or a deployment file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use deployer_wasm::spec::FieldError;
use deployer_wasm::ways_out::bundle::{APP_FOLDER, Bundle};
use deployer_wasm::ways_out::{Operation, Written, bundle, command as shell_command, environments, notebook};
use serde_json::json;

use crate::command_line::{flag, with_config, with_fields, with_json};
use crate::failure::Failure;
use crate::printer::{Printer, write_line};
use crate::request;

/// The flags.
pub(crate) fn command() -> Command {
    let about =
        "Print the settings of a deployment as a command, a notebook cell, an asset bundle or a YAML file";
    let command = Command::new("config")
        .about(about)
        .arg(
            Arg::new("as")
                .long("as")
                .value_name("FORM")
                .required(true)
                .value_parser(["command", "notebook", "bundle", "yaml"])
                .help("What to print"),
        )
        .arg(
            Arg::new("operation")
                .long("operation")
                .value_name("NAME")
                .value_parser(["create", "update"])
                .help("What a command or a cell does [default: what `--config` does, else create]"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_hint(ValueHint::DirPath)
                .value_parser(value_parser!(PathBuf))
                .help("Write a bundle with the app's files into this folder; nothing in it is overwritten"),
        )
        .arg(
            flag("reset_database")
                .long("reset-database")
                .help("Let a command or a cell drop everything in the schema"),
        )
        .arg(flag("prune").help("Let a command or a cell take away what others added"));
    with_json(with_config(with_fields(command, |_| true)))
}

/// Prints the settings that flags and file give; no call is made.
pub(crate) fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let settings = request::read_settings(arguments, None)?;
    for key in &settings.ignored {
        printer.warning(&format!("`{key}` has no effect"));
    }
    let given = arguments.get_one::<String>("operation").and_then(|name| Operation::parse(name));
    let operation = given.or(settings.operation).unwrap_or(Operation::Create);
    let form = arguments.get_one::<String>("as").map_or("command", String::as_str);
    let folder = arguments.get_one::<PathBuf>("out");
    if folder.is_some() && form != "bundle" {
        return Err(Failure::field(FieldError::because("out", "`out` belongs to `--as bundle`")));
    }
    check(operation, &settings)?;
    let mut written = match form {
        "bundle" => print_bundle(settings.clone(), folder)?,
        "notebook" => notebook::write(operation, &settings.raw),
        "yaml" => environments::write(environment(arguments), &settings.raw),
        _ => shell_command::write(operation, &settings.raw),
    };
    if form != "yaml" && settings.raw.values.values().any(|value| value.contains("{username}")) {
        written.notes.push("`{username}` is replaced in a deployment file only".to_owned());
    }
    show(arguments, printer, &written);
    Ok(())
}

/// The settings must be good for the operation, but for files, which may lie on another machine.
fn check(operation: Operation, settings: &request::Settings) -> Result<(), Failure> {
    let checked = match operation {
        Operation::Create => {
            deployer_wasm::spec::RawSpec { reset_database: false, ..settings.raw.clone() }.create().map(drop)
        }
        Operation::Update => settings.raw.update().map(drop),
    };
    checked.map_err(Failure::Input)
}

fn environment(arguments: &ArgMatches) -> &str {
    arguments.get_one::<String>("environment").map_or("development", String::as_str)
}

fn print_bundle(mut settings: request::Settings, folder: Option<&PathBuf>) -> Result<Written, Failure> {
    let paths = settings.raw.values.clone();
    request::load_sources(&mut settings.raw)?;
    settings.raw.values = paths;
    let bundle = bundle::write(&settings.raw).map_err(Failure::Input)?;
    match folder {
        Some(folder) => {
            write_files(folder, &bundle)?;
            let notes = bundle.databricks_yml.notes;
            Ok(Written { text: format!("wrote {} and the app's files", folder.join(FILE).display()), notes })
        }
        None => {
            let mut written = bundle.databricks_yml;
            written.notes.push(format!(
                "the bundle needs the folder `{APP_FOLDER}` as well; `--out DIR` writes all of it"
            ));
            Ok(written)
        }
    }
}

/// Name of a bundle's file.
const FILE: &str = "databricks.yml";

fn write_files(folder: &Path, bundle: &Bundle) -> Result<(), Failure> {
    let app = folder.join(APP_FOLDER);
    fs::create_dir_all(&app).map_err(|error| unwritable(&app, &error))?;
    write_new(&folder.join(FILE), bundle.databricks_yml.text.as_bytes())?;
    for (name, content) in &bundle.app {
        write_new(&app.join(name), content)?;
    }
    Ok(())
}

fn write_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| unwritable(path, &error))?;
    file.write_all(content).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::field(FieldError::because("out", format!("`out`: cannot write {}: {error}", path.display())))
}

fn show(arguments: &ArgMatches, printer: &Printer, written: &Written) {
    if arguments.get_flag("json") {
        printer.result(&json!({ "text": written.text, "notes": written.notes }));
        return;
    }
    for note in &written.notes {
        printer.warning(note);
    }
    write_line(written.text.trim_end_matches('\n'));
}
