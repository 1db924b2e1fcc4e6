//! The files of a version that ran, so that it can be put back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app_files::{ENCRYPTION_KEY, RESET_ID, read_variables};

/// A version that ran: its two texts, and the names of the larger files that are kept beside this description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedVersion {
    /// Format of the file.
    pub format: u32,
    /// The deployment that ran it.
    pub deployment_id: String,
    /// When it was kept.
    #[serde(with = "crate::moment")]
    pub saved_at: Timestamp,
    /// Number of the run that kept it.
    pub saved_by: u64,
    /// Text of `app.yaml`, without one-time ids and keys.
    pub app_yaml: String,
    /// Text of `requirements.txt`, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements_txt: Option<String>,
    /// Names of its wheel or of the parts of its binary.
    #[serde(default)]
    pub files: Vec<String>,
}

impl SavedVersion {
    /// Reads a description; the error says why it cannot be used.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let version: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match version.files.iter().find(|name| !is_file_name(name)) {
            Some(name) => Err(format!("{name:?} is no file name")),
            None => Ok(version),
        }
    }
}

/// What may be put back into the app's folder: a name, and nothing that leads elsewhere.
fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    (1..=200).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain)
}

/// The text of `app.yaml` as it is kept: without the id of a reset, which must not be carried out again, and without the
/// encryption key, which stands in the database by the time that the file is put back.
pub(crate) fn saved_app_yaml(text: &str) -> String {
    let variables = read_variables(text).unwrap_or_default();
    let values = [RESET_ID, ENCRYPTION_KEY].iter().filter_map(|name| variables.get(*name));
    values
        .filter(|value| !value.is_empty())
        .fold(text.to_owned(), |text, value| text.replace(value.as_str(), ""))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn ids_and_keys_are_not_kept() {
        let text = "env:\n  - name: GOOGLE_OAUTH_ENCRYPTION_KEY\n    value: c2VjcmV0\n  - name: TELLR_DATABASE_RESET_ID\n    \
                    value: \"7f1c\"\n  - name: OTHER\n    value: x\n";
        let saved = saved_app_yaml(text);
        assert!(!saved.contains("c2VjcmV0") && !saved.contains("7f1c"), "{saved}");
        assert!(saved.contains("value: x"));
        assert!(read_variables(&saved).is_ok(), "{saved}");
    }

    #[test]
    fn a_description_names_files_of_the_folder_only() {
        let text = |name: &str| {
            format!(
                r#"{{"format":1,"deployment_id":"d","saved_at":"2026-11-23T10:00:00Z","saved_by":1,"app_yaml":"","files":[{name:?}]}}"#
            )
        };
        assert!(SavedVersion::read(text("databricks_tellr_app-1.0.0-py3-none-any.whl").as_bytes()).is_ok());
        for hostile in ["../app.yaml", "/etc/passwd", "", ".ssh", "a b"] {
            assert!(SavedVersion::read(text(hostile).as_bytes()).is_err(), "{hostile}");
        }
    }
}
