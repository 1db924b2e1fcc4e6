//! What a reader repaired, dropped or could not place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// So many different findings are listed; what comes after them is counted.
const LISTED: usize = 200;
/// So many characters of foreign text are quoted.
const QUOTED: usize = 60;

/// What happened to a piece of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was wrong, and what was meant is certain: it is in the deck.
    Repaired,
    /// It is not in the deck, because it is not allowed or means nothing.
    Dropped,
    /// It is well-formed, but there is no place in the deck that it belongs to.
    NotPlaced,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What happened.
    pub outcome: Outcome,
    /// The slide it happened on, counted from 1 in the input's order; none for the deck as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slide: Option<usize>,
    /// What it was and why, for people.
    pub what: String,
    /// How often.
    pub times: usize,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Repaired => "repaired",
            Outcome::Dropped => "dropped",
            Outcome::NotPlaced => "not placed",
        };
        if let Some(slide) = self.slide {
            write!(formatter, "slide {slide}: ")?;
        }
        write!(formatter, "{outcome}: {}", self.what)?;
        if self.times > 1 {
            write!(formatter, " ({} times)", self.times)?;
        }
        Ok(())
    }
}

/// Everything a reader did not take over as it stood. Bounded: equal findings are counted, and after 200
/// different ones the rest is only counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    findings: Vec<Finding>,
    #[serde(default, skip_serializing_if = "is_zero")]
    unlisted: usize,
    #[serde(skip)]
    slide: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Report {
    /// The findings, in the order of the input.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings there were beyond those listed.
    #[must_use]
    pub fn unlisted(&self) -> usize {
        self.unlisted
    }

    /// Whether everything was taken over as it stood.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds the findings of another report after these.
    pub(crate) fn append(&mut self, other: Self) {
        other.findings.into_iter().for_each(|finding| self.insert(finding));
        self.unlisted += other.unlisted;
    }

    /// Adds findings that were made for this report, on the slide that it is about now.
    pub(crate) fn take_over(&mut self, findings: Self) {
        for finding in findings.findings {
            self.insert(Finding { slide: self.slide, ..finding });
        }
        self.unlisted += findings.unlisted;
    }

    /// Which slide the following findings are about.
    pub(crate) fn on_slide(&mut self, slide: Option<usize>) {
        self.slide = slide;
    }

    pub(crate) fn repaired(&mut self, what: impl Into<String>) {
        self.add(Outcome::Repaired, what.into());
    }

    pub(crate) fn dropped(&mut self, what: impl Into<String>) {
        self.add(Outcome::Dropped, what.into());
    }

    pub(crate) fn not_placed(&mut self, what: impl Into<String>) {
        self.add(Outcome::NotPlaced, what.into());
    }

    fn add(&mut self, outcome: Outcome, what: String) {
        self.insert(Finding { outcome, slide: self.slide, what, times: 1 });
    }

    fn insert(&mut self, finding: Finding) {
        let same = |known: &&mut Finding| {
            known.outcome == finding.outcome && known.slide == finding.slide && known.what == finding.what
        };
        if let Some(known) = self.findings.iter_mut().rev().find(same) {
            known.times += finding.times;
        } else if self.findings.len() < LISTED {
            self.findings.push(finding);
        } else {
            self.unlisted += finding.times;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(formatter, "{finding}")?;
        }
        if self.unlisted > 0 {
            writeln!(formatter, "and {} more", self.unlisted)?;
        }
        Ok(())
    }
}

/// Foreign text for a finding: on one line, cut to 60 characters.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(QUOTED + 4);
    quoted.push('`');
    let mut space = false;
    let mut length = 0;
    for character in text.trim().chars() {
        if character.is_whitespace() || character.is_control() {
            space = true;
            continue;
        }
        if length >= QUOTED {
            quoted.push('…');
            break;
        }
        if space {
            quoted.push(' ');
            space = false;
        }
        quoted.push(character);
        length += 1;
    }
    quoted.push('`');
    quoted
}
