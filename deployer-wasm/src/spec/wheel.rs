//! A local wheel of the app package, as a source that needs no package index.

use super::field::{Field, FieldError};

/// The most bytes that one import into the workspace may carry.
pub const IMPORT_LIMIT: usize = 10_485_760;

/// A wheel of `databricks-tellr-app`, read from a file of this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Wheel {
    file_name: String,
    content: Vec<u8>,
}

impl Wheel {
    /// Takes a file's name and content; refuses what is no wheel of the app or too large to import.
    pub fn new(file_name: &str, content: Vec<u8>) -> Result<Self, FieldError> {
        let field = Field::named("local_wheel_path");
        if !is_wheel_of_the_app(file_name) {
            return Err(FieldError::broken(field, file_name));
        }
        if content.len() > IMPORT_LIMIT {
            let message = format!(
                "`{}` has {} bytes, but a workspace import takes at most {IMPORT_LIMIT}; \
                 name a published version with `app_version` instead",
                field.key,
                content.len()
            );
            return Err(FieldError::because(field.key, message));
        }
        if !content.starts_with(b"PK\x03\x04") {
            let message =
                format!("`{}` is not a wheel: `{file_name}` does not begin as a ZIP archive", field.key);
            return Err(FieldError::because(field.key, message));
        }
        Ok(Self { file_name: file_name.into(), content })
    }

    /// The file's name, `databricks_tellr_app-<version>-….whl`.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The file's bytes.
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

/// Only the size: a wheel's bytes help no reader of a log.
impl std::fmt::Debug for Wheel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wheel({}, {} bytes)", self.file_name, self.content.len())
    }
}

/// Whether a file in the app's folder was put there as its wheel.
pub fn is_wheel_of_the_app(file_name: &str) -> bool {
    let plain = file_name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
    let middle = file_name.strip_prefix("databricks_tellr_app-").and_then(|rest| rest.strip_suffix(".whl"));
    plain && file_name.len() <= 200 && middle.is_some_and(|m| m.starts_with(|c: char| c.is_ascii_digit()))
}
