//! YAML as a tree: read from the parser's events, written with every text in quotes.
//!
//! The engine meets YAML in `app.yaml`, which others may have edited, and in what it prints for other tools. A tree without
//! types is enough for both, and a fifth of what a browser would load for typed reading and writing. Deployment files and
//! bundles, which only the command reads, are read with types (`serde-saphyr`, over the same parser).

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::{quoted, write};

/// A node of a YAML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// A text.
    Text(String),
    /// A scalar without quotes, as it is written: a number, a truth value, nothing, or a text that needs none.
    Plain(String),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping, in the order of the document; no key stands twice.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A mapping.
    pub(crate) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A mapping of those entries that have a text.
    pub(crate) fn texts<'a>(entries: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let given = entries.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Self::text(text?))));
        Self::Map(given.collect())
    }

    /// Adds an entry to a mapping, unless it holds nothing.
    pub(crate) fn add(&mut self, key: &str, value: Self) {
        if let (Self::Map(entries), false) = (self, value.is_empty()) {
            entries.push((key.to_owned(), value));
        }
    }

    /// What it says as one text; `None` if it is a list or a mapping, or nothing.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Plain(_) if self.is_null() => None,
            Self::Plain(text) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Whether it stands for nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Plain(text) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) | Self::Plain(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }
}
