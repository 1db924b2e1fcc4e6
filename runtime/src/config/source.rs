//! Reads variables from a map and collects what is wrong with them.

use std::collections::BTreeMap;

use super::error::{ConfigError, ConfigErrors};
use super::variables::Variable;

/// Longest part of a wrong value that an error repeats.
const QUOTED_LENGTH: usize = 80;

/// The variables of one environment and the mistakes found in them so far.
pub(super) struct Source<'a> {
    values: &'a BTreeMap<String, String>,
    errors: Vec<ConfigError>,
}

impl<'a> Source<'a> {
    pub(super) fn new(values: &'a BTreeMap<String, String>) -> Self {
        Self { values, errors: Vec::new() }
    }

    /// The text of `variable`; blank text, and the text `None` where the row says so, count as unset.
    pub(super) fn get(&self, variable: &'static Variable) -> Option<&'a str> {
        let text = self.values.get(variable.name)?.trim();
        let unset = text.is_empty() || (variable.none_is_unset && text == "None");
        (!unset).then_some(text)
    }

    /// `variable` as `parse` reads it; a mistake is recorded, quoting the text, and counts as unset.
    pub(super) fn parse<T>(
        &mut self,
        variable: &'static Variable,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.get(variable)?;
        parse(text).map_err(|problem| self.fail(variable, format!("(\"{}\") {problem}", quotable(text)))).ok()
    }

    /// Like [`Self::parse`], with a value for an unset variable.
    pub(super) fn parse_or<T>(
        &mut self,
        variable: &'static Variable,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.parse(variable, parse).unwrap_or(default)
    }

    /// Like [`Self::parse`], never quoting the text.
    pub(super) fn parse_secret<T>(
        &mut self,
        variable: &'static Variable,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.get(variable)?;
        parse(text).map_err(|problem| self.fail(variable, problem)).ok()
    }

    /// The text of a variable that must be set; its absence is recorded with `because`.
    pub(super) fn require(&mut self, variable: &'static Variable, because: &str) -> Option<&'a str> {
        let text = self.get(variable);
        if text.is_none() {
            self.fail(variable, format!("is not set, but {because}"));
        }
        text
    }

    /// Records a mistake.
    pub(super) fn fail(&mut self, variable: &'static Variable, problem: impl Into<String>) {
        self.errors.push(ConfigError::new(variable, problem));
    }

    /// Whether no mistake was found so far.
    pub(super) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// The mistakes.
    pub(super) fn into_errors(self) -> ConfigErrors {
        ConfigErrors(self.errors)
    }
}

/// The start of `text` with control characters made visible: an error is one line of a log.
fn quotable(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED_LENGTH).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTED_LENGTH).is_some() {
        quoted.push('…');
    }
    quoted
}
