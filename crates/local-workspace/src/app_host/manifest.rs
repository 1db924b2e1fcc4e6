//! Reads `app.yaml`: the command, and the environment it asks for. Other keys are ignored, as on the platform.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

/// The names the platform looks for, in this order.
const NAMES: [&str; 2] = ["app.yaml", "app.yml"];
const LONGEST_FILE: usize = 256 * 1024;
const MOST_ENTRIES: usize = 1000;

/// Undocumented values that the Python deployer writes; the platform sets nothing for them.
const INEFFECTIVE_PREFIX: &str = "system.";

/// What is wrong with an `app.yaml`.
#[derive(Debug, Error)]
pub(crate) enum ManifestError {
    #[error("{file} is larger than {LONGEST_FILE} bytes")]
    TooLarge { file: String },
    #[error("{file} is not valid: {reason}")]
    Invalid { file: String, reason: String },
    /// neither a command nor a `.py` file at the root; in the platform's words
    #[error("No command to run. Please check your app.yaml file")]
    NothingToRun,
    #[error(
        "the environment variable {variable} takes its value from {key:?}, but the app has no resource with this key \
         (it has: {known})"
    )]
    UnknownResource { variable: String, key: String, known: String },
}

/// The parts of `app.yaml` that have an effect.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Manifest {
    command: Option<Vec<String>>,
    #[serde(default)]
    env: Option<Vec<EnvEntry>>,
}

#[derive(Debug, Deserialize)]
struct EnvEntry {
    name: String,
    value: Option<String>,
    #[serde(rename = "valueFrom", alias = "value_from")]
    value_from: Option<String>,
}

impl Manifest {
    /// The manifest among the source `files`; an empty one if there is none.
    pub(crate) fn find(files: &[(String, Vec<u8>)]) -> Result<Manifest, ManifestError> {
        let found = NAMES.iter().find_map(|name| files.iter().find(|(path, _)| path == name));
        match found {
            Some((name, content)) => Manifest::parse(name, content),
            None => Ok(Manifest::default()),
        }
    }

    fn parse(file: &str, content: &[u8]) -> Result<Manifest, ManifestError> {
        let invalid = |reason: String| ManifestError::Invalid { file: file.to_owned(), reason };
        if content.len() > LONGEST_FILE {
            return Err(ManifestError::TooLarge { file: file.to_owned() });
        }
        let text = std::str::from_utf8(content).map_err(|error| invalid(error.to_string()))?;
        if text.trim().is_empty() {
            return Ok(Manifest::default());
        }
        let manifest: Manifest = serde_saphyr::from_str(text).map_err(|error| invalid(error.to_string()))?;
        manifest.check().map_err(invalid)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        let command = self.command.as_deref().unwrap_or_default();
        let env = self.env.as_deref().unwrap_or_default();
        if command.len() > MOST_ENTRIES || env.len() > MOST_ENTRIES {
            return Err(format!("command and env may have {MOST_ENTRIES} entries each"));
        }
        if self.command.as_ref().is_some_and(|command| command.first().is_none_or(String::is_empty)) {
            return Err("command must be a sequence that begins with a program".to_owned());
        }
        if command.iter().any(|word| word.contains('\0')) {
            return Err("command contains a NUL character".to_owned());
        }
        for entry in env {
            if entry.name.is_empty() || entry.name.contains(['=', '\0']) {
                return Err(format!("{:?} cannot be the name of an environment variable", entry.name));
            }
            if entry.value.as_ref().is_some_and(|value| value.contains('\0')) {
                return Err(format!("the value of {} contains a NUL character", entry.name));
            }
            if entry.value.is_some() == entry.value_from.is_some() {
                return Err(format!("{} needs either value or valueFrom", entry.name));
            }
        }
        Ok(())
    }

    /// The command, or the platform's default: the first Python file at the root.
    pub(crate) fn command(&self, files: &[(String, Vec<u8>)]) -> Result<Vec<String>, ManifestError> {
        if let Some(command) = &self.command {
            return Ok(command.clone());
        }
        let scripts =
            files.iter().map(|(path, _)| path).filter(|path| path.ends_with(".py") && !path.contains('/'));
        let first = scripts.min().ok_or(ManifestError::NothingToRun)?;
        Ok(vec!["python".to_owned(), first.clone()])
    }

    /// The environment, with `valueFrom` looked up among `resources` (by resource key).
    pub(crate) fn environment(
        &self,
        resources: &BTreeMap<String, String>,
    ) -> Result<Vec<(String, String)>, ManifestError> {
        let mut resolved = Vec::new();
        for entry in self.env.iter().flatten() {
            let value = match (&entry.value, &entry.value_from) {
                (Some(value), _) => value.clone(),
                (None, Some(key)) if key.starts_with(INEFFECTIVE_PREFIX) => continue,
                (None, Some(key)) => match resources.get(key) {
                    Some(value) => value.clone(),
                    None => return Err(unknown_resource(&entry.name, key, resources)),
                },
                (None, None) => continue,
            };
            resolved.push((entry.name.clone(), value));
        }
        Ok(resolved)
    }
}

fn unknown_resource(variable: &str, key: &str, resources: &BTreeMap<String, String>) -> ManifestError {
    let known: Vec<&str> = resources.keys().map(String::as_str).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    ManifestError::UnknownResource { variable: variable.to_owned(), key: key.to_owned(), known }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse("app.yaml", text.as_bytes())
    }

    fn files(names: &[&str]) -> Vec<(String, Vec<u8>)> {
        names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect()
    }

    #[test]
    fn the_python_deployers_file_is_read() {
        let manifest = parse(
            "name: \"tellr\"\ndescription: \"Tellr\"\n\ncommand:\n  - \"sh\"\n  - \"-c\"\n  - |\n    pip install -r requirements.txt && \\\n    python -m app\n\n\
             env:\n  - name: ENVIRONMENT\n    value: \"production\"\n  - name: PORT_NUMBER\n    value: 8000\n  - name: WAREHOUSE\n    valueFrom: wh\n  \
             - name: DATABRICKS_TOKEN\n    valueFrom: \"system.databricks_token\"\n",
        )
        .unwrap();
        let command = manifest.command(&[]).unwrap();
        assert_eq!(command[..2], ["sh", "-c"]);
        assert_eq!(command[2], "pip install -r requirements.txt && \\\npython -m app\n");
        let resources = BTreeMap::from([("wh".to_owned(), "abc123".to_owned())]);
        let expected = [("ENVIRONMENT", "production"), ("PORT_NUMBER", "8000"), ("WAREHOUSE", "abc123")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(manifest.environment(&resources).unwrap(), expected);
    }

    #[test]
    fn an_unknown_resource_is_named() {
        let manifest = parse("env: [{name: X, valueFrom: missing}]").unwrap();
        let resources = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let error = manifest.environment(&resources).unwrap_err().to_string();
        assert!(error.contains("X") && error.contains("\"missing\"") && error.contains("a, b"), "{error}");
    }

    #[test]
    fn without_a_command_the_first_script_runs() {
        let manifest = parse("").unwrap();
        let command = manifest.command(&files(&["lib/a.py", "main.py", "b.txt", "app.py"])).unwrap();
        assert_eq!(command, ["python", "app.py"]);
        assert!(matches!(manifest.command(&files(&["x.txt"])), Err(ManifestError::NothingToRun)));
    }

    #[test]
    fn app_yaml_comes_before_app_yml() {
        let mut both = vec![("app.yml".to_owned(), b"command: [yml]".to_vec())];
        assert_eq!(Manifest::find(&both).unwrap().command(&[]).unwrap(), ["yml"]);
        both.push(("app.yaml".to_owned(), b"command: [yaml]".to_vec()));
        assert_eq!(Manifest::find(&both).unwrap().command(&[]).unwrap(), ["yaml"]);
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        for (text, expected) in [
            ("command: python app.py", "app.yaml"),
            ("command: []", "sequence"),
            ("command: [{a: b}]", "app.yaml"),
            ("env: [{name: '', value: x}]", "name"),
            ("env: [{name: 'A=B', value: x}]", "A=B"),
            ("env: [{name: A}]", "either"),
            ("env: [{name: A, value: x, valueFrom: y}]", "either"),
            ("env: {A: b}", "app.yaml"),
            ("command: [\"a\\0b\"]", "NUL"),
            ("- just a list", "app.yaml"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let huge = format!("# {}", "x".repeat(LONGEST_FILE));
        assert!(matches!(parse(&huge), Err(ManifestError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,300}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_yaml_like_text_is_read_or_refused(text in "(command|env|name|value|valueFrom|[-:\\[\\]{}&*!|>'\"\n #a]){0,60}") {
            let _ = parse(&text);
        }
    }
}
