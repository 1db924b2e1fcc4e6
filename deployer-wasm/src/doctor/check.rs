//! What was found, as data: a command prints it, a page shows it.

use serde::Serialize;

/// How much a finding stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// It may work, or may not; the finding says what is unknown or odd.
    Warning,
    /// A deployment would fail.
    Missing,
}

impl Verdict {
    /// The word for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Missing => "missing",
        }
    }
}

/// One look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable name of what was looked at, such as `app_name`.
    pub check: &'static str,
    /// How it looks.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Check {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, found)
    }

    pub(super) fn warning(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, found)
    }

    pub(super) fn missing(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Missing, found)
    }

    /// A look that failed: it stands in the way if the deployment needs the same call.
    pub(super) fn failed(check: &'static str, error: &databricks::Error) -> Self {
        let found = Self::missing(check, error.to_string());
        match error.hint() {
            Some(hint) => found.advise(hint),
            None => found,
        }
    }

    fn new(check: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self { check, verdict, found: found.into(), advice: None }
    }

    #[must_use]
    pub(super) fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// All looks, in the order in which a person reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The looks.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// How many looks came out like that.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    /// Whether nothing that was looked at stands in the way.
    pub fn is_fit(&self) -> bool {
        self.count(Verdict::Missing) == 0
    }
}
