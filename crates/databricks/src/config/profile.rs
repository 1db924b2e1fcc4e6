//! Reading `.databrickscfg`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ini::{Ini, ParseOption};

use super::error::ConfigError;

pub(super) const SETTINGS: &str = "__settings__";
const DEFAULT: &str = "DEFAULT";

/// The values of one profile, by lower-case key.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// `None` when no profile applied.
    pub(super) name: Option<String>,
    pub(super) values: BTreeMap<String, String>,
}

/// Reads the profile that was asked for, else the file's `default_profile`, else `[DEFAULT]`. Only a profile that was
/// asked for by name must exist. Values of `[DEFAULT]` are not mixed into other profiles.
pub(super) fn read(path: &Path, asked: Option<&str>) -> Result<Profile, ConfigError> {
    let no_profile =
        |profile: &str| ConfigError::NoProfile { path: path.to_owned(), profile: profile.to_owned() };
    if asked == Some(SETTINGS) {
        return Err(ConfigError::ReservedProfile { path: path.to_owned(), profile: SETTINGS.to_owned() });
    }
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return asked.map_or_else(|| Ok(Profile::default()), |profile| Err(no_profile(profile)));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    let text = String::from_utf8(text).map_err(|_| unreadable(path, &"it is not UTF-8 text"))?;
    let sections = sections(&text).map_err(|reason| unreadable(path, &reason))?;
    if let Some(name) = asked {
        let values = sections.get(name).cloned().ok_or_else(|| no_profile(name))?;
        return Ok(Profile { name: Some(name.to_owned()), values });
    }
    let preferred = sections.get(SETTINGS).and_then(|settings| settings.get("default_profile"));
    if let Some(name) = preferred.filter(|name| !name.is_empty() && *name != SETTINGS) {
        let values = sections.get(name).cloned().ok_or_else(|| no_profile(name))?;
        return Ok(Profile { name: Some(name.clone()), values });
    }
    Ok(match sections.get(DEFAULT) {
        Some(values) if !values.is_empty() => {
            Profile { name: Some(DEFAULT.to_owned()), values: values.clone() }
        }
        _ => Profile::default(),
    })
}

pub(super) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// All sections. Quotes and backslashes are ordinary characters, as for the official SDKs; keys ignore case.
/// Backslashes are doubled for the library's sake: without escapes it would still take one at the end of a line for a
/// continuation, and a secret may end in one.
pub(super) fn sections(text: &str) -> Result<Sections, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = ParseOption { enabled_quote: false, enabled_escape: true, ..ParseOption::default() };
    let file =
        Ini::load_from_str_opt(&text.replace('\\', "\\\\"), options).map_err(|error| error.to_string())?;
    let mut sections = Sections::new();
    for (name, properties) in &file {
        let Some(name) = name else {
            if properties.is_empty() {
                continue;
            }
            return Err("there are values before the first [profile]".to_owned());
        };
        let section = sections.entry(name.trim().to_owned()).or_default();
        for (key, value) in properties.iter() {
            section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    Ok(sections)
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::Unreadable { path: PathBuf::from(path), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([\\[\\]=:;#\"'\\\\ \\t\\r\\n]|[a-z_]{1,8}|\\PC){0,60}") {
            let _ = sections(&text);
        }

        #[test]
        fn every_value_of_every_profile_survives(
            file in proptest::collection::btree_map(
                "[A-Za-z0-9_.-]{1,12}",
                proptest::collection::btree_map("[a-z_]{1,12}", "[!-~]([ -~]{0,40}[!-~])?", 0..5),
                0..5,
            ),
            crlf in any::<bool>(),
        ) {
            let newline = if crlf { "\r\n" } else { "\n" };
            let mut text = String::new();
            for (name, values) in &file {
                text.push_str(&format!("[{name}]{newline}"));
                for (key, value) in values {
                    text.push_str(&format!("{key} = {value}{newline}"));
                }
                text.push_str(newline);
            }
            prop_assert_eq!(sections(&text).unwrap(), file);
        }
    }
}
