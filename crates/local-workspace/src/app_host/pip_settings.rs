//! Gives an app's pip the machine's package settings (index, certificates) and the folders of local wheels.
//!
//! They go into the environment's own `pip.conf`, so that they also hold when the app itself runs pip at its start,
//! as the Python deployer's `app.yaml` does, and the workspace's environment need not be passed on.

use std::path::{Path, PathBuf};

use url::Url;

/// What says where packages come from; everything else is pip's default.
const TAKEN_OVER: [&str; 11] = [
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "cert",
    "client-cert",
    "trusted-host",
    "proxy",
    "default-timeout",
    "timeout",
    "retries",
];

/// The text of a `pip.conf` from what `pip config list` says and the folders with wheels.
pub(crate) fn pip_conf(config_list: &str, wheels: &[PathBuf]) -> String {
    let mut find_links = Vec::new();
    let mut settings: Vec<(String, String)> = Vec::new();
    for (key, value) in config_list.lines().filter_map(parse_setting) {
        if key == "find-links" {
            find_links.extend(value.split_whitespace().map(str::to_owned));
        } else {
            // later lines are stronger
            settings.retain(|(known, _)| *known != key);
            settings.push((key, value));
        }
    }
    find_links.extend(wheels.iter().filter_map(|dir| folder_url(dir)));
    let mut text =
        "# written by the local workspace\n[global]\ndisable-pip-version-check = true\n".to_owned();
    for (key, value) in settings {
        text.push_str(&format!("{key} = {}\n", value.replace('\n', "\n    ")));
    }
    if !find_links.is_empty() {
        text.push_str(&format!("find-links =\n    {}\n", find_links.join("\n    ")));
    }
    text
}

/// As a URL, because pip splits this setting at spaces.
fn folder_url(dir: &Path) -> Option<String> {
    let absolute = std::path::absolute(dir).ok()?;
    Url::from_directory_path(absolute).ok().map(String::from)
}

/// `section.key='value'`; the weakest source comes first in the list.
fn parse_setting(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let (section, key) = name.rsplit_once('.')?;
    let taken_over = ["global", "install", ":env:"].contains(&section) && TAKEN_OVER.contains(&key);
    taken_over.then(|| unquote(value).map(|value| (key.to_owned(), value)))?
}

/// A Python string literal as `repr` writes it; `None` for escapes that no such setting has.
fn unquote(literal: &str) -> Option<String> {
    let quote = literal.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        value.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                same @ ('\\' | '\'' | '"') => same,
                _ => return None,
            },
            plain => plain,
        });
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_settings_and_the_wheels_are_taken_over() {
        let list = "global.index-url='https://one.example/simple'\n\
                    global.progress-bar='off'\n\
                    :env:.index-url=\"https://two.example/o'clock\"\n\
                    :env:.find-links='/opt/wheels /opt/more'\n\
                    list.format='json'\nnonsense\n";
        let text = pip_conf(list, &[PathBuf::from("/my wheels")]);
        assert_eq!(
            text,
            "# written by the local workspace\n[global]\ndisable-pip-version-check = true\n\
             index-url = https://two.example/o'clock\n\
             find-links =\n    /opt/wheels\n    /opt/more\n    file:///my%20wheels/\n"
        );
    }

    #[test]
    fn strange_values_do_not_break_the_file() {
        assert_eq!(unquote(r"'a\nb'").unwrap(), "a\nb");
        assert_eq!(unquote(r"'a\x00b'"), None);
        assert_eq!(unquote("bare"), None);
        let text = pip_conf("global.extra-index-url='https://a/\\nhttps://b/'", &[]);
        assert!(text.contains("extra-index-url = https://a/\n    https://b/\n"), "{text}");
    }
}
