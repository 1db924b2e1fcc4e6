//! Which files the import format `AUTO` takes for notebooks.

use serde::{Deserialize, Serialize};

/// Language of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Language {
    Python,
    Sql,
    Scala,
    R,
}

impl Language {
    /// Extension of a source file in this language.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Language::Python => "py",
            Language::Sql => "sql",
            Language::Scala => "scala",
            Language::R => "r",
        }
    }
}

/// What `AUTO` makes of a file: the notebook's name (without its extension), language and extension.
///
/// A notebook is an `.ipynb` file, or a source file whose first line is the header that exports carry.
/// `None` for everything else: it stays a file.
pub(crate) fn detect(name: &str, content: &[u8]) -> Option<(String, Language, String)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (language, comment) = match extension.to_ascii_lowercase().as_str() {
        "ipynb" => return Some((stem.to_owned(), Language::Python, "ipynb".to_owned())),
        "py" => (Language::Python, "#"),
        "r" => (Language::R, "#"),
        "sql" => (Language::Sql, "--"),
        "scala" => (Language::Scala, "//"),
        _ => return None,
    };
    let first_line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = format!("{comment} Databricks notebook source");
    let is_notebook = std::str::from_utf8(first_line).is_ok_and(|line| line.trim_end() == header);
    (is_notebook && !stem.is_empty()).then(|| (stem.to_owned(), language, extension.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_and_ipynb_make_notebooks() {
        let cases: [(&str, &[u8], Option<Language>); 8] = [
            ("app.py", b"print(1)", None),
            ("nb.py", b"# Databricks notebook source\r\nprint(1)", Some(Language::Python)),
            ("nb.sql", b"-- Databricks notebook source\nselect 1", Some(Language::Sql)),
            ("nb.scala", b"// Databricks notebook source", Some(Language::Scala)),
            ("nb.r", b"# Databricks notebook source", Some(Language::R)),
            ("nb.ipynb", b"{}", Some(Language::Python)),
            ("nb.txt", b"# Databricks notebook source", None),
            ("noextension", b"# Databricks notebook source", None),
        ];
        for (name, content, expected) in cases {
            assert_eq!(detect(name, content).map(|(_, language, _)| language), expected, "{name}");
        }
    }
}
