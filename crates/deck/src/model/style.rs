//! A deck's style sheet.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::report::Report;
use crate::sanitise;

/// The longest style sheet, in bytes.
pub(super) const LONGEST_STYLE: usize = 1024 * 1024;

/// A style sheet, scoped to slides. It cannot be made but through the sanitiser, and does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleSheet(Arc<str>);

impl Serialize for StyleSheet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Default for StyleSheet {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl StyleSheet {
    /// A style sheet of what may stay of `css`; the rest is reported.
    #[must_use]
    pub fn new(css: &str, report: &mut Report) -> Self {
        if css.len() > LONGEST_STYLE {
            report.dropped(format!("a style sheet longer than {LONGEST_STYLE} bytes"));
            return Self::default();
        }
        Self(Arc::from(sanitise::css(css, report)))
    }

    /// The rules of this one, and then those of the other: nothing is lost, later rules win.
    #[must_use]
    pub(super) fn followed_by(&self, other: &Self) -> Self {
        Self(Arc::from(format!("{}{}", self.0, other.0)))
    }

    /// The rules as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
