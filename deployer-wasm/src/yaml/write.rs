//! Writing YAML: every text in quotes, so that no reader takes one for a number or a truth value.

use std::fmt::Write;

use super::Yaml;

/// The text of a document.
pub(crate) fn write(document: &Yaml) -> String {
    let mut text = String::new();
    match document {
        Yaml::Map(entries) if !entries.is_empty() => map(&mut text, entries, 0, false),
        Yaml::List(items) if !items.is_empty() => list(&mut text, items, 0),
        other => inline(&mut text, other),
    }
    text
}

/// A YAML double-quoted scalar: a JSON string, with the characters escaped that YAML does not take as they are.
pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut yaml = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                _ = write!(yaml, "\\u{:04x}", u32::from(c));
            }
            _ => yaml.push(c),
        }
    }
    yaml
}

/// The entries, each on a line of its own; the first goes on in the line that a list has begun.
fn map(text: &mut String, entries: &[(String, Yaml)], depth: usize, goes_on: bool) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 || !goes_on {
            indent(text, depth);
        }
        if is_word(key) {
            text.push_str(key);
        } else {
            text.push_str(&quoted(key));
        }
        text.push(':');
        match value {
            Yaml::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                map(text, entries, depth + 1, false);
            }
            other => rest(text, other, depth),
        }
    }
}

fn list(text: &mut String, items: &[Yaml], depth: usize) {
    for item in items {
        indent(text, depth);
        text.push('-');
        match item {
            Yaml::Map(entries) if !entries.is_empty() => {
                text.push(' ');
                map(text, entries, depth + 1, true);
            }
            other => rest(text, other, depth),
        }
    }
}

/// What stands behind a key or a dash, but for a mapping.
fn rest(text: &mut String, node: &Yaml, depth: usize) {
    match node {
        Yaml::List(items) if !items.is_empty() => {
            text.push('\n');
            list(text, items, depth + 1);
        }
        other => {
            text.push(' ');
            inline(text, other);
        }
    }
}

/// A node without anything below it, and the end of its line.
fn inline(text: &mut String, node: &Yaml) {
    match node {
        Yaml::Text(value) => text.push_str(&quoted(value)),
        Yaml::Plain(value) => text.push_str(value),
        Yaml::List(_) => text.push_str("[]"),
        Yaml::Map(_) => text.push_str("{}"),
    }
    text.push('\n');
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Whether a key needs no quotes: letters, digits and underscores after a letter, and no word that YAML 1.1 takes for a truth
/// value or nothing.
fn is_word(key: &str) -> bool {
    const TAKEN: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !TAKEN.contains(&key.to_ascii_lowercase().as_str())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::read;

    #[test]
    fn lists_and_mappings_nest() {
        let document = Yaml::map([
            ("name", Yaml::text("it's \"x\"")),
            ("count", Yaml::Plain("2".into())),
            ("none", Yaml::List(Vec::new())),
            ("yes", Yaml::map([])),
            (
                "list",
                Yaml::List(vec![
                    Yaml::text("a"),
                    Yaml::map([("b", Yaml::text("c")), ("d", Yaml::map([("e", Yaml::text("f"))]))]),
                    Yaml::List(vec![Yaml::text("g")]),
                ]),
            ),
        ]);
        let text = write(&document);
        let expected = r#"name: "it's \"x\""
count: 2
none: []
"yes": {}
list:
  - "a"
  - b: "c"
    d:
      e: "f"
  -
    - "g"
"#;
        assert_eq!(text, expected);
        assert_eq!(read(&text).unwrap(), Some(document));
    }

    fn yaml() -> impl Strategy<Value = Yaml> {
        let leaf = prop_oneof!["(?s).{0,12}".prop_map(Yaml::Text), "[0-9]{1,5}".prop_map(Yaml::Plain)];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..5).prop_map(Yaml::List);
            let map = prop::collection::btree_map("(?s).{0,8}", inner, 0..5);
            prop_oneof![list, map.prop_map(|map| Yaml::Map(map.into_iter().collect()))]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(document in yaml()) {
            let text = write(&document);
            prop_assert_eq!(read(&text), Ok(Some(document)), "{}", text);
        }
    }
}
