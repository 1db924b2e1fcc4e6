//! A deck at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::SlideContent;
use super::id::SlideId;
use super::style::StyleSheet;
use crate::report::{Report, quote};

/// A deck has no more slides than this.
pub(crate) const MOST_SLIDES: usize = 500;
/// The longest title, in characters.
pub(crate) const LONGEST_TITLE: usize = 255;

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The user, as the app names him.
    pub by: String,
    /// The time.
    pub at: jiff::Timestamp,
}

/// Where figures on slides come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The query that answered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The answer's rows: a list of records, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<serde_json::Value>,
    /// When it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<jiff::Timestamp>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker: Option<String>,
    /// What it is called, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A slide of a deck.
#[derive(Debug, Clone, PartialEq)]
pub struct Slide {
    /// Its id.
    pub id: SlideId,
    /// What stands on it; shared by all revisions in which it is the same.
    pub content: Arc<SlideContent>,
    /// Who made it, if that is known.
    pub created: Option<Stamp>,
    /// Who changed it last, if that is known.
    pub modified: Option<Stamp>,
}

/// A deck at one moment. It only changes by operations, which give another one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deck {
    pub(crate) title: String,
    pub(crate) style: StyleSheet,
    pub(crate) slides: Vec<Slide>,
    pub(crate) sources: BTreeMap<String, Arc<Source>>,
    /// The number of the next id: never smaller than any given before.
    pub(crate) next_id: u64,
}

impl Deck {
    /// A deck of slides, with ids `s1`, `s2`, …. The style goes through the sanitiser.
    #[must_use]
    pub fn new(
        title: &str,
        style: &str,
        slides: Vec<SlideContent>,
        stamp: Option<&Stamp>,
        report: &mut Report,
    ) -> Self {
        let mut deck = Self {
            title: shortened(title, report),
            style: StyleSheet::new(style, report),
            ..Self::default()
        };
        if slides.len() > MOST_SLIDES {
            report.dropped(format!("{} slides after the first {MOST_SLIDES}", slides.len() - MOST_SLIDES));
        }
        for content in slides.into_iter().take(MOST_SLIDES) {
            let id = deck.new_id();
            let (created, modified) = (stamp.cloned(), stamp.cloned());
            deck.slides.push(Slide { id, content: Arc::new(content), created, modified });
        }
        deck
    }

    /// Adds sources that were read with the deck.
    pub(crate) fn add_sources(&mut self, sources: Vec<(String, Source)>, report: &mut Report) {
        for (id, source) in sources {
            let operation = super::operation::Operation::SetSource { id, source };
            match self.apply(&operation, None) {
                Ok(deck) => *self = deck,
                Err(refusal) => report.dropped(refusal.to_string()),
            }
        }
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The sanitised style sheet.
    #[must_use]
    pub fn style(&self) -> &str {
        self.style.as_str()
    }

    /// The slides, in order.
    #[must_use]
    pub fn slides(&self) -> &[Slide] {
        &self.slides
    }

    /// The sources by their ids.
    #[must_use]
    pub fn sources(&self) -> &BTreeMap<String, Arc<Source>> {
        &self.sources
    }

    /// Where a slide stands, counted from 0.
    #[must_use]
    pub fn position(&self, id: &SlideId) -> Option<usize> {
        self.slides.iter().position(|slide| slide.id == *id)
    }

    pub(crate) fn new_id(&mut self) -> SlideId {
        let taken: BTreeSet<&SlideId> = self.slides.iter().map(|slide| &slide.id).collect();
        loop {
            self.next_id = self.next_id.saturating_add(1);
            let id = SlideId::numbered(self.next_id);
            if !taken.contains(&id) {
                return id;
            }
        }
    }
}

/// A title on one line.
pub(crate) fn on_one_line(title: &str) -> String {
    let is_text = |character: &char| character.is_whitespace() || !character.is_control();
    let text: String = title.chars().filter(is_text).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A title on one line, cut to its greatest length.
pub(crate) fn shortened(title: &str, report: &mut Report) -> String {
    let words = on_one_line(title);
    if words.chars().count() <= LONGEST_TITLE {
        return words;
    }
    report
        .dropped(format!("what follows the first {LONGEST_TITLE} characters of the title {}", quote(&words)));
    let short: String = words.chars().take(LONGEST_TITLE).collect();
    short.trim_end().to_owned()
}
