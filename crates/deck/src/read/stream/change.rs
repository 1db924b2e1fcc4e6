//! What a section of the stream does to a deck.

use std::collections::HashMap;

use crate::dom::Element;
use crate::model::{Deck, Operation, Place, Refusal, SlideContent, SlideId, Source, Stamp, StyleSheet};
use crate::report::{Report, quote};

/// A change that a model wrote, before it is checked against the deck.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A slide at the end.
    New(SlideContent),
    /// Other content for a slide.
    Replace(SlideId, SlideContent),
    /// A slide after another. Several after the same one keep their order.
    InsertAfter(SlideId, SlideContent),
    /// A slide before another.
    InsertBefore(SlideId, SlideContent),
    /// A slide less.
    Delete(SlideId),
    /// A slide elsewhere: after another one, or at the start.
    Move(SlideId, Option<SlideId>),
    /// Another title.
    Title(String),
    /// Rules after those that are there.
    AddStyle(StyleSheet),
    /// Another style sheet.
    SetStyle(StyleSheet),
    /// A source.
    Source(String, Source),
}

/// What a section says it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intent {
    New,
    Replace(SlideId),
    InsertAfter(SlideId),
    InsertBefore(SlideId),
    Delete(SlideId),
    Move(SlideId, Option<SlideId>),
}

impl Intent {
    /// Reads `data-op`, `data-slide` and `data-after` of a section. None, with a finding, if they do not say what to do.
    pub(super) fn of(element: &Element, report: &mut Report) -> Option<Self> {
        let id = |name: &str| element.attribute(name).and_then(SlideId::new);
        let word =
            element.attribute("data-op").unwrap_or_default().trim().to_ascii_lowercase().replace('_', "-");
        let (slide, after) = (id("data-slide"), id("data-after"));
        let unread = |name: &str, report: &mut Report| {
            if let Some(value) = element.attribute(name) {
                report.dropped(format!("{name}={}: it says nothing here", quote(value)));
            }
        };
        let intent = match (word.as_str(), slide, after) {
            ("" | "new" | "add" | "append" | "insert" | "insert-after", _, Some(after)) => {
                Self::InsertAfter(after)
            }
            ("insert-after" | "insert" | "after", Some(slide), None) => Self::InsertAfter(slide),
            ("insert-before" | "before", Some(slide), None) => Self::InsertBefore(slide),
            ("" | "new" | "add" | "append", _, None) => {
                unread("data-slide", report);
                unread("data-after", report);
                Self::New
            }
            ("replace" | "update" | "edit", Some(slide), _) => {
                unread("data-after", report);
                Self::Replace(slide)
            }
            ("delete" | "remove", Some(slide), _) => {
                unread("data-after", report);
                Self::Delete(slide)
            }
            ("move", Some(slide), after) => Self::Move(slide, after),
            _ => {
                report.not_placed(format!(
                    "a section with data-op={} and data-slide={}: it does not say which slide of the deck",
                    quote(&word),
                    quote(element.attribute("data-slide").unwrap_or_default())
                ));
                return None;
            }
        };
        Some(intent)
    }

    pub(super) fn with(self, content: SlideContent) -> Change {
        match self {
            Self::New => Change::New(content),
            Self::Replace(slide) => Change::Replace(slide, content),
            Self::InsertAfter(slide) => Change::InsertAfter(slide, content),
            Self::InsertBefore(slide) => Change::InsertBefore(slide, content),
            Self::Delete(slide) => Change::Delete(slide),
            Self::Move(slide, after) => Change::Move(slide, after),
        }
    }

    /// Whether the section needs no content.
    pub(super) fn is_without_content(&self) -> bool {
        matches!(self, Self::Delete(_) | Self::Move(..))
    }
}

/// The operations for a turn's changes on a deck, and the changes that do not fit it, with their index and the reason.
/// The operations all fit when they are applied to this deck in order.
#[must_use]
pub fn operations(
    deck: &Deck,
    changes: &[Change],
    stamp: Option<&Stamp>,
) -> (Vec<Operation>, Vec<(usize, Refusal)>) {
    let mut current = deck.clone();
    let mut last_after: HashMap<SlideId, SlideId> = HashMap::new();
    let (mut operations, mut refused) = (Vec::new(), Vec::new());
    for (index, change) in changes.iter().enumerate() {
        let operation = match change.clone() {
            Change::New(content) => Operation::Insert { place: Place::End, content },
            Change::Replace(slide, content) => Operation::Replace { slide, content },
            Change::InsertAfter(slide, content) => {
                let after = last_after.get(&slide).filter(|last| current.position(last).is_some());
                Operation::Insert { place: Place::After(after.cloned().unwrap_or(slide)), content }
            }
            Change::InsertBefore(slide, content) => {
                Operation::Insert { place: Place::Before(slide), content }
            }
            Change::Delete(slide) => Operation::Delete { slide },
            Change::Move(slide, after) => {
                Operation::Move { slide, place: after.map_or(Place::Start, Place::After) }
            }
            Change::Title(title) => Operation::SetTitle { title },
            Change::AddStyle(style) => Operation::AddStyle { style },
            Change::SetStyle(style) => Operation::SetStyle { style },
            Change::Source(id, source) => Operation::SetSource { id, source },
        };
        match current.apply(&operation, stamp) {
            Ok(next) => {
                if let Change::InsertAfter(slide, _) = change
                    && let Some(new) =
                        next.slides().iter().find(|slide| current.position(&slide.id).is_none())
                {
                    last_after.insert(slide.clone(), new.id.clone());
                }
                current = next;
                operations.push(operation);
            }
            Err(refusal) => refused.push((index, refusal)),
        }
    }
    (operations, refused)
}
