//! What is wrong with the environment, one entry per variable.

use std::fmt;

use super::variables::Variable;

/// One variable that doesn't follow its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}. Rule: {rule}")]
pub(crate) struct ConfigError {
    /// The variable's name.
    pub(crate) variable: &'static str,
    /// What was found, without the value when it may be a secret.
    pub(crate) problem: String,
    /// The rule, as in the table of the documentation.
    pub(crate) rule: &'static str,
}

impl ConfigError {
    pub(super) fn new(variable: &'static Variable, problem: impl Into<String>) -> Self {
        Self { variable: variable.name, problem: problem.into(), rule: variable.rule }
    }
}

/// Every variable that doesn't follow its rule: all of them are reported at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigErrors(pub(crate) Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment is not a valid configuration")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}
