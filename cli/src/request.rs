//! From flags and files to the request that the engine checks.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::ArgMatches;
use deployer_wasm::spec::{AppName, FIELDS, Field, FieldError, RawSpec, Request, binary, wheel};
use deployer_wasm::ways_out::{self, Operation};

use crate::failure::Failure;

/// The values of flags and deployment file, unchecked.
pub(crate) struct Values {
    raw: RawSpec,
    /// Keys of the deployment file that nothing reads.
    pub(crate) ignored: Vec<String>,
}

/// Whether the deployment file needs to know who is deploying.
pub(crate) fn needs_user_name(arguments: &ArgMatches) -> Result<bool, Failure> {
    Ok(config_text(arguments)?.is_some_and(|text| text.contains("{username}")))
}

/// Reads flags and files. `user_name` stands in for `{username}` in the deployment file.
///
/// What destroys something must be a flag: a file that says so is told to have no effect.
pub(crate) fn read(arguments: &ArgMatches, user_name: &str) -> Result<Values, Failure> {
    let Settings { mut raw, mut ignored, .. } = read_settings(arguments, Some(user_name))?;
    for (key, wanted) in [("reset_database", &mut raw.reset_database), ("prune", &mut raw.prune)] {
        let given = is_set(arguments, key);
        if *wanted && !given {
            ignored.push(key.to_owned());
        }
        *wanted = given;
    }
    if arguments.try_contains_id("local_wheel_path").is_ok() {
        load_sources(&mut raw)?;
    }
    Ok(Values { raw, ignored })
}

/// What flags and file say, with files named by their paths.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The settings.
    pub(crate) raw: RawSpec,
    /// What the file does with them, if it says so.
    pub(crate) operation: Option<Operation>,
    /// What in the file has no effect.
    pub(crate) ignored: Vec<String>,
}

/// Reads flags and the file, which may have any of the forms that `tellr config` prints.
pub(crate) fn read_settings(arguments: &ArgMatches, user_name: Option<&str>) -> Result<Settings, Failure> {
    let mut settings = match config_text(arguments)? {
        Some(text) => {
            let environment =
                arguments.get_one::<String>("environment").map_or("development", String::as_str);
            let file = ways_out::read(&text, environment, user_name).map_err(Failure::field)?;
            Settings { raw: file.raw, operation: file.operation, ignored: file.ignored }
        }
        None => Settings { raw: RawSpec::default(), operation: None, ignored: Vec::new() },
    };
    let sources = ["app_version", "local_wheel_path", "local_binary_path"];
    if FIELDS.iter().any(|field| sources.contains(&field.key) && given(arguments, field).is_some()) {
        // a source that is given as a flag takes the place of the file's, of whichever kind
        settings.raw.values.retain(|key, _| !sources.contains(&key.as_str()));
    }
    for field in FIELDS {
        if let Some(value) = given(arguments, field) {
            settings.raw.values.insert(field.key.to_owned(), value);
        }
    }
    settings.raw.reset_database |= is_set(arguments, "reset_database");
    settings.raw.prune |= is_set(arguments, "prune");
    Ok(settings)
}

/// Reads the wheel or the program that the settings name.
pub(crate) fn load_sources(raw: &mut RawSpec) -> Result<(), Failure> {
    if let Some(path) = raw.values.remove("local_wheel_path") {
        raw.wheel = Some(read_wheel(Path::new(&path))?);
    }
    if let Some(path) = raw.values.remove("local_binary_path") {
        // One byte more than allowed, so that the engine sees that it is too large.
        let content = read_file("local_binary_path", Path::new(&path), binary::SIZE_LIMIT + 1)?;
        raw.binary = Some(content.into());
    }
    Ok(())
}

impl Values {
    /// All of them, unchecked.
    pub(crate) fn raw(&self) -> &RawSpec {
        &self.raw
    }

    /// Checks every field for the operation.
    pub(crate) fn into_request(self, operation: &str) -> Result<Request, Failure> {
        let request = match operation {
            "create" => self.raw.create().map(Request::Create),
            "update" => self.raw.update().map(Request::Update),
            _ => self.raw.delete().map(Request::Delete),
        };
        request.map_err(Failure::Input)
    }

    /// Only the app's name, checked.
    pub(crate) fn app_name(&self) -> Result<AppName, Failure> {
        let delete = RawSpec { reset_database: false, ..self.raw.clone() }.delete();
        delete.map(|spec| spec.app_name).map_err(Failure::Input)
    }
}

fn given(arguments: &ArgMatches, field: &Field) -> Option<String> {
    arguments.try_get_one::<String>(field.key).ok().flatten().cloned()
}

/// Whether a flag was given; a command without the flag never has it.
pub(crate) fn is_set(arguments: &ArgMatches, flag: &str) -> bool {
    arguments.try_get_one(flag).ok().flatten().copied().unwrap_or(false)
}

/// The most bytes that are read of a file with settings.
const CONFIG_LIMIT: usize = 1024 * 1024;

fn config_text(arguments: &ArgMatches) -> Result<Option<String>, Failure> {
    let Some(path) = arguments.get_one::<PathBuf>("config") else { return Ok(None) };
    if path.as_os_str() == "-" {
        return standard_input(arguments).map(Some);
    }
    let bytes = read_file("config", path, CONFIG_LIMIT)?;
    let text = String::from_utf8(bytes).map_err(|_| not_text(&path.display().to_string()))?;
    Ok(Some(text))
}

/// What standard input holds; it is read once, however often it is asked for.
fn standard_input(arguments: &ArgMatches) -> Result<String, Failure> {
    static TEXT: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    if is_set(arguments, "token-stdin") {
        let message = "`config` and `token-stdin` cannot both read standard input";
        return Err(Failure::field(FieldError::because("config", message)));
    }
    let bytes = TEXT.get_or_init(|| {
        let mut content = Vec::new();
        let limit = CONFIG_LIMIT as u64;
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut content);
        read.map(|_| content).map_err(|error| format!("`config`: cannot read standard input: {error}"))
    });
    let bytes = bytes.clone().map_err(|message| Failure::field(FieldError::because("config", message)))?;
    String::from_utf8(bytes).map_err(|_| not_text("standard input"))
}

fn not_text(what: &str) -> Failure {
    Failure::field(FieldError::because("config", format!("{what} is not UTF-8")))
}

fn read_wheel(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // One byte more than allowed, so that the engine sees that it is too large.
    let content = read_file("local_wheel_path", path, wheel::IMPORT_LIMIT + 1)?;
    Ok((name, content))
}

/// At most `limit` bytes of a file.
pub(crate) fn read_file(field: &str, path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("`{field}`: cannot read {}: {error}", path.display());
        Failure::field(FieldError::because(field, message))
    };
    let mut content = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit as u64).read_to_end(&mut content).map_err(unreadable)?;
    Ok(content)
}
