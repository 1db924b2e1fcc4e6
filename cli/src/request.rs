//! From flags and files to the request that the engine checks.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use deployer_wasm::spec::deployment_file::DeploymentFile;
use deployer_wasm::spec::{AppName, FIELDS, Field, FieldError, RawSpec, Request, binary, wheel};

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
pub(crate) fn read(arguments: &ArgMatches, user_name: &str) -> Result<Values, Failure> {
    let mut values = match config_text(arguments)? {
        Some(text) => {
            let environment =
                arguments.get_one::<String>("environment").map_or("development", String::as_str);
            let file = DeploymentFile::read(&text, environment, Some(user_name)).map_err(Failure::field)?;
            Values { raw: file.raw, ignored: file.ignored }
        }
        None => Values { raw: RawSpec::default(), ignored: Vec::new() },
    };
    for field in FIELDS {
        if let Some(value) = given(arguments, field) {
            values.raw.values.insert(field.key.to_owned(), value);
        }
    }
    if let Some(path) = values.raw.values.remove("local_wheel_path") {
        values.raw.wheel = Some(read_wheel(Path::new(&path))?);
    }
    if let Some(path) = values.raw.values.remove("local_binary_path") {
        // One byte more than allowed, so that the engine sees that it is too large.
        let content = read_file("local_binary_path", Path::new(&path), binary::SIZE_LIMIT + 1)?;
        values.raw.binary = Some(content.into());
    }
    values.raw.reset_database = is_set(arguments, "reset_database");
    values.raw.prune = is_set(arguments, "prune");
    Ok(values)
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

fn config_text(arguments: &ArgMatches) -> Result<Option<String>, Failure> {
    let Some(path) = arguments.get_one::<PathBuf>("config") else { return Ok(None) };
    let bytes = read_file("config", path, 1024 * 1024)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::field(FieldError::because("config", format!("{} is not UTF-8", path.display())))
    })?;
    Ok(Some(text))
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
