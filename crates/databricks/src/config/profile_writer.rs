//! Writing a profile into `.databrickscfg` without touching anything else in it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::profile::{self, Sections};
use crate::host::Host;

/// Keys of other kinds of sign-in: a profile that has one is not taken over.
const OTHER_SIGN_INS: &[&str] = &["token", "client_id", "client_secret", "username", "password"];

/// Why a profile was not written. The file is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the profile {profile} cannot be written to {}: {reason}", path.display())]
pub struct ProfileWriteError {
    /// The name that was asked for.
    pub profile: String,
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Adds the profile, or changes `host` and `auth_type` of one that has no other way to sign in.
pub(super) fn write(path: &Path, name: &str, host: &Host) -> Result<(), ProfileWriteError> {
    let (old, new) = change(path, name, host)?;
    if new == old {
        return Ok(());
    }
    let failed = |error| refusal(path, name, format!("the file cannot be written: {error}"));
    replace(path, new.as_bytes()).map_err(failed)
}

/// Finds out whether the profile can be written.
pub(super) fn check(path: &Path, name: &str, host: &Host) -> Result<(), ProfileWriteError> {
    change(path, name, host).map(drop)
}

fn refusal(path: &Path, profile: &str, reason: String) -> ProfileWriteError {
    ProfileWriteError { profile: profile.to_owned(), path: path.to_owned(), reason }
}

/// The file's text before and after.
fn change(path: &Path, name: &str, host: &Host) -> Result<(String, String), ProfileWriteError> {
    let refuse = |reason: String| refusal(path, name, reason);
    let old = match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| refuse("the file is not UTF-8 text".to_owned()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(refuse(format!("the file cannot be read: {error}"))),
    };
    let new = edited(&old, name, host).map_err(&refuse)?;
    Ok((old, new))
}

/// The text with the profile in it. What comes out is read again: every other profile must be what it was.
fn edited(text: &str, name: &str, host: &Host) -> Result<String, String> {
    check_name(name)?;
    let before = profile::sections(text)?;
    let own = before.get(name).cloned().unwrap_or_default();
    if let Some(key) = OTHER_SIGN_INS.iter().find(|key| own.contains_key(**key)) {
        return Err(format!("it holds another way to sign in (`{key}`); choose another name"));
    }
    let values = [("host", host.as_str()), ("auth_type", "databricks-cli")];
    let new = match section_lines(text, name) {
        Some((from, to)) => with_values(text, from, to, &values),
        None => with_section(text, name, &values),
    };
    let after = profile::sections(&new)?;
    if is_as_wanted(&before, &after, name, &values) {
        Ok(new)
    } else {
        Err("the file's form is unusual; add the profile by hand".to_owned())
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-@ ".contains(c));
    if name == profile::SETTINGS {
        Err("that name is reserved".to_owned())
    } else if name.is_empty() || name.len() > 100 || !plain || name.trim() != name {
        Err("a name has 1 to 100 letters, digits, dots, hyphens, underscores, `@` and inner spaces"
            .to_owned())
    } else {
        Ok(())
    }
}

/// Where the lines of a section begin and end, in bytes: after its header, before the next one.
fn section_lines(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(header) = header_name(line) {
            if let Some(start) = start {
                return Some((start, at));
            }
            if header == name {
                start = Some(at + line.len());
            }
        }
        at += line.len();
    }
    start.map(|start| (start, text.len()))
}

fn header_name(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}').trim();
    line.strip_prefix('[')?.strip_suffix(']').map(str::trim)
}

/// Replaces the lines of the keys, and puts missing ones right under the header.
fn with_values(text: &str, from: usize, to: usize, values: &[(&str, &str)]) -> String {
    let newline = newline_of(text);
    let mut section: Vec<String> = text[from..to].split_inclusive('\n').map(str::to_owned).collect();
    let mut missing = String::new();
    for (key, value) in values {
        match section
            .iter_mut()
            .find(|line| key_of(line).is_some_and(|found| found.eq_ignore_ascii_case(key)))
        {
            Some(line) => {
                let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
                *line = format!("{key} = {value}{end}");
            }
            None => missing.push_str(&format!("{key} = {value}{newline}")),
        }
    }
    let glue = if text[..from].ends_with('\n') { "" } else { newline };
    format!("{}{glue}{missing}{}{}", &text[..from], section.concat(), &text[to..])
}

fn key_of(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with(['#', ';', '[']) {
        return None;
    }
    let at = line.find(['=', ':'])?;
    Some(line[..at].trim())
}

/// Adds a section at the end.
fn with_section(text: &str, name: &str, values: &[(&str, &str)]) -> String {
    let newline = newline_of(text);
    let mut new = text.to_owned();
    if !new.is_empty() && !new.ends_with('\n') {
        new.push_str(newline);
    }
    if !new.is_empty() {
        new.push_str(newline);
    }
    new.push_str(&format!("[{name}]{newline}"));
    for (key, value) in values {
        new.push_str(&format!("{key} = {value}{newline}"));
    }
    new
}

fn newline_of(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn is_as_wanted(before: &Sections, after: &Sections, name: &str, values: &[(&str, &str)]) -> bool {
    let others = |sections: &Sections| {
        let mut others = sections.clone();
        others.remove(name);
        others
    };
    let mut wanted = before.get(name).cloned().unwrap_or_default();
    wanted.extend(values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    others(before) == others(after) && after.get(name) == Some(&wanted)
}

/// In one step, with the rights that the file has; a new file is its owner's only.
fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file =
        tempfile::Builder::new().prefix(".databrickscfg-").tempfile_in(folder.unwrap_or(Path::new(".")))?;
    if let Ok(existing) = fs::metadata(&target) {
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(&target).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host() -> Host {
        Host::parse("https://new.example.com").unwrap()
    }

    #[test]
    fn a_new_profile_comes_at_the_end_and_the_rest_stays_byte_for_byte() {
        let text = "; keep me\r\n[DEFAULT]\r\nhost=a.example.com\r\ntoken = dapi\\\r\n# the end";
        let new = edited(text, "work", &host()).unwrap();
        let added = "\r\n\r\n[work]\r\nhost = https://new.example.com\r\nauth_type = databricks-cli\r\n";
        assert_eq!(new, format!("{text}{added}"));
        assert_eq!(edited(&new, "work", &host()).unwrap(), new, "writing it again changes nothing");
        assert_eq!(
            edited("", "work", &host()).unwrap(),
            "[work]\nhost = https://new.example.com\nauth_type = databricks-cli\n"
        );
    }

    #[test]
    fn an_existing_profile_keeps_its_comments_and_other_values() {
        let text = "[a]\nhost = x\n[ work ]\n# mine\nHOST: old.example.com\ncluster_id = 7\n\n[z]\ntoken=t\n";
        let new = edited(text, "work", &host()).unwrap();
        assert_eq!(
            new,
            "[a]\nhost = x\n[ work ]\nauth_type = databricks-cli\n# mine\nhost = https://new.example.com\ncluster_id = 7\n\n[z]\ntoken=t\n"
        );
        assert_eq!(
            edited("[work]", "work", &host()).unwrap(),
            "[work]\nhost = https://new.example.com\nauth_type = databricks-cli\n"
        );
    }

    #[test]
    fn other_credentials_and_impossible_names_are_refused() {
        let error = edited("[work]\ntoken = dapi-secret\n", "work", &host()).unwrap_err();
        assert_eq!(error, "it holds another way to sign in (`token`); choose another name");
        for name in ["", " a", "a]\n[b", "__settings__", "a\nb", "a=b"] {
            assert!(edited("", name, &host()).is_err(), "{name:?}");
        }
        assert!(edited("[broken\n", "work", &host()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_the_file_other_profiles_survive(
            text in "([\\[\\]=:;#\"'\\\\ \\t\\r\\n]|\\[work\\]\n|[a-z_]{1,8}|\\PC){0,60}",
        ) {
            let Ok(before) = profile::sections(&text) else { return Ok(()) };
            let Ok(new) = edited(&text, "work", &host()) else { return Ok(()) };
            let mut after = profile::sections(&new).unwrap();
            let own = after.remove("work").unwrap();
            prop_assert_eq!(own["host"].as_str(), "https://new.example.com");
            prop_assert_eq!(own["auth_type"].as_str(), "databricks-cli");
            let mut before = before;
            before.remove("work");
            prop_assert_eq!(before, after);
        }
    }
}
