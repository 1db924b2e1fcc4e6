//! What changes a deck.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::{LONGEST_NOTES, SlideContent};
use super::deck::{Deck, LONGEST_TITLE, MOST_SLIDES, Slide, Source, Stamp, on_one_line};
use super::id::SlideId;
use super::style::{LONGEST_STYLE, StyleSheet};

/// The most sources of a deck.
const MOST_SOURCES: usize = 1000;

/// A place in the order of slides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before all others.
    Start,
    /// After all others.
    End,
    /// Right after a slide.
    After(SlideId),
    /// Right before a slide.
    Before(SlideId),
}

/// One change of a deck.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Gives a slide other content; its id and its author stay.
    Replace {
        /// Which slide.
        slide: SlideId,
        /// What stands on it from now on.
        content: SlideContent,
    },
    /// Adds a slide with a new id.
    Insert {
        /// Where.
        place: Place,
        /// What stands on it.
        content: SlideContent,
    },
    /// Takes a slide away.
    Delete {
        /// Which slide.
        slide: SlideId,
    },
    /// Puts a slide elsewhere.
    Move {
        /// Which slide.
        slide: SlideId,
        /// Where.
        place: Place,
    },
    /// Adds a copy right after a slide, with a new id.
    Duplicate {
        /// Which slide.
        slide: SlideId,
    },
    /// Gives the deck another style sheet.
    SetStyle {
        /// The whole style sheet.
        style: StyleSheet,
    },
    /// Adds rules after those of the deck's style sheet: nothing that is there is lost, later rules win.
    AddStyle {
        /// The rules.
        style: StyleSheet,
    },
    /// Gives the deck another title.
    SetTitle {
        /// The title.
        title: String,
    },
    /// Gives a slide other speaker notes.
    SetNotes {
        /// Which slide.
        slide: SlideId,
        /// Plain text.
        notes: String,
    },
    /// Adds or replaces a source.
    SetSource {
        /// Its id, by which slides name it in `data-source`.
        id: String,
        /// The source.
        source: Source,
    },
}

/// Why an operation does not fit a deck.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such slide.
    #[error("there is no slide {0}; it may have been deleted: read the deck again")]
    NoSuchSlide(SlideId),
    /// It would be moved next to itself.
    #[error("slide {0} cannot be moved next to itself; name another slide")]
    NextToItself(SlideId),
    /// There are too many slides.
    #[error("a deck has at most {MOST_SLIDES} slides; delete some first")]
    TooManySlides,
    /// There are too many sources, or a source's id is none.
    #[error(
        "the source {0} cannot be added: an id has at most 64 letters, digits, `-` and `_`, and a deck at most {MOST_SOURCES} sources"
    )]
    Source(String),
    /// The style sheet is too long.
    #[error("a style sheet has at most {LONGEST_STYLE} bytes; shorten it")]
    StyleTooLong,
    /// The title is too long.
    #[error("a title has at most {LONGEST_TITLE} characters; shorten it")]
    TitleTooLong,
    /// The notes are too long.
    #[error("speaker notes have at most {LONGEST_NOTES} bytes; shorten them")]
    NotesTooLong,
}

impl Deck {
    /// The deck after an operation; this one stays as it is.
    ///
    /// # Errors
    /// If the operation does not fit the deck.
    pub fn apply(&self, operation: &Operation, stamp: Option<&Stamp>) -> Result<Self, Refusal> {
        let mut deck = self.clone();
        match operation {
            Operation::Replace { slide, content } => {
                deck.change(slide, stamp, |slide| slide.content = Arc::new(content.clone()))?;
            }
            Operation::Insert { place, content } => {
                let at = deck.index_of(place)?;
                deck.add(at, Arc::new(content.clone()), stamp)?;
            }
            Operation::Delete { slide } => {
                let at = deck.found(slide)?;
                deck.slides.remove(at);
            }
            Operation::Move { slide, place } => {
                let at = deck.found(slide)?;
                if matches!(place, Place::After(other) | Place::Before(other) if other == slide) {
                    return Err(Refusal::NextToItself(slide.clone()));
                }
                let moved = deck.slides.remove(at);
                let to = deck.index_of(place)?;
                deck.slides.insert(to, moved);
            }
            Operation::Duplicate { slide } => {
                let at = deck.found(slide)?;
                let content = deck.slides.get(at).map(|slide| Arc::clone(&slide.content));
                deck.add(at + 1, content.ok_or_else(|| Refusal::NoSuchSlide(slide.clone()))?, stamp)?;
            }
            Operation::SetStyle { style } => deck.style = style.clone(),
            Operation::AddStyle { style } => {
                deck.style = self.style.followed_by(style);
                if deck.style.as_str().len() > LONGEST_STYLE {
                    return Err(Refusal::StyleTooLong);
                }
            }
            Operation::SetTitle { title } => {
                deck.title = on_one_line(title);
                if deck.title.chars().count() > LONGEST_TITLE {
                    return Err(Refusal::TitleTooLong);
                }
            }
            Operation::SetNotes { slide, notes } => {
                if notes.len() > LONGEST_NOTES {
                    return Err(Refusal::NotesTooLong);
                }
                deck.change(slide, stamp, |slide| slide.content = Arc::new(slide.content.with_notes(notes)))?;
            }
            Operation::SetSource { id, source } => {
                if !is_source_id(id) || (deck.sources.len() >= MOST_SOURCES && !deck.sources.contains_key(id))
                {
                    return Err(Refusal::Source(crate::report::quote(id)));
                }
                deck.sources.insert(id.clone(), Arc::new(source.clone()));
            }
        }
        Ok(deck)
    }

    fn found(&self, id: &SlideId) -> Result<usize, Refusal> {
        self.position(id).ok_or_else(|| Refusal::NoSuchSlide(id.clone()))
    }

    fn index_of(&self, place: &Place) -> Result<usize, Refusal> {
        match place {
            Place::Start => Ok(0),
            Place::End => Ok(self.slides.len()),
            Place::After(id) => self.found(id).map(|at| at + 1),
            Place::Before(id) => self.found(id),
        }
    }

    fn change(
        &mut self,
        id: &SlideId,
        stamp: Option<&Stamp>,
        change: impl FnOnce(&mut Slide),
    ) -> Result<(), Refusal> {
        let at = self.found(id)?;
        if let Some(slide) = self.slides.get_mut(at) {
            change(slide);
            slide.modified = stamp.cloned().or_else(|| slide.modified.take());
        }
        Ok(())
    }

    fn add(&mut self, at: usize, content: Arc<SlideContent>, stamp: Option<&Stamp>) -> Result<(), Refusal> {
        if self.slides.len() >= MOST_SLIDES {
            return Err(Refusal::TooManySlides);
        }
        let id = self.new_id();
        let slide = Slide { id, content, created: stamp.cloned(), modified: stamp.cloned() };
        self.slides.insert(at.min(self.slides.len()), slide);
        Ok(())
    }
}

pub(crate) fn is_source_id(id: &str) -> bool {
    SlideId::new(id).is_some()
}
