//! Command and environment given with a deployment: they override those of `app.yaml`.

use serde::{Deserialize, Serialize};

use super::record::EnvVar;

const NAMES: [&str; 2] = ["app.yaml", "app.yml"];

/// The two keys of `app.yaml` that have an effect. Typed, because `value: no` is a text there.
#[derive(Default, Serialize, Deserialize)]
struct AppYaml {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    env: Vec<EnvEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvEntry {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_from: Option<String>,
}

/// Replaces `app.yaml` among `files` by one with `command` and `env_vars` in it, if either was given.
///
/// # Errors
/// The message for the failed deployment, if the file is not an `app.yaml`.
pub(super) fn apply(
    files: &mut Vec<(String, Vec<u8>)>,
    command: Option<&[String]>,
    env_vars: &[EnvVar],
) -> Result<(), String> {
    if command.is_none() && env_vars.is_empty() {
        return Ok(());
    }
    let found = files.iter().find(|(name, _)| NAMES.contains(&name.as_str()));
    let mut config = found.map(|(_, content)| parse(content)).transpose()?.unwrap_or_default();
    if let Some(command) = command {
        config.command = Some(command.to_vec());
    }
    for variable in env_vars {
        config.env.retain(|old| old.name != variable.name);
        config.env.push(EnvEntry {
            name: variable.name.clone(),
            value: variable.value.clone(),
            value_from: variable.value_from.clone(),
        });
    }
    files.retain(|(name, _)| !NAMES.contains(&name.as_str()));
    // JSON is YAML, too
    let json = serde_json::to_vec(&config).map_err(|error| format!("Invalid app.yaml: {error}"))?;
    files.push((NAMES[0].to_owned(), json));
    Ok(())
}

fn parse(content: &[u8]) -> Result<AppYaml, String> {
    let text = std::str::from_utf8(content).map_err(|error| format!("Invalid app.yaml: {error}"))?;
    let config: Option<AppYaml> =
        serde_saphyr::from_str(text).map_err(|error| format!("Invalid app.yaml: {error}"))?;
    Ok(config.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn variable(name: &str, value: &str) -> EnvVar {
        EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
    }

    #[test]
    fn what_is_given_wins_and_the_rest_stays() -> Result<(), Box<dyn std::error::Error>> {
        let yaml = b"command: [a]\nenv:\n  - {name: X, value: old}\n  - {name: Y, valueFrom: key}\n".to_vec();
        let mut files = vec![("app.yml".to_owned(), yaml), ("main.py".to_owned(), Vec::new())];
        apply(&mut files, Some(&["b".to_owned()]), &[variable("X", "new")])?;
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["main.py", "app.yaml"]);
        let config: Value = serde_json::from_slice(&files[1].1)?;
        let expected = json!({
            "command": ["b"],
            "env": [{"name": "Y", "valueFrom": "key"}, {"name": "X", "value": "new"}],
        });
        assert_eq!(config, expected);
        Ok(())
    }

    #[test]
    fn without_overrides_nothing_changes() -> Result<(), String> {
        let mut files = vec![("app.yaml".to_owned(), b": not yaml [".to_vec())];
        apply(&mut files, None, &[])?;
        assert_eq!(files.len(), 1);
        assert!(apply(&mut files, None, &[variable("X", "1")]).is_err());
        Ok(())
    }
}
