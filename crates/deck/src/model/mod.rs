//! Decks, their revisions, and what changes them.

mod content;
mod deck;
mod difference;
mod history;
mod id;
mod json;
mod operation;
mod revision;
mod style;
mod upstream;

pub(crate) use content::rooted;
pub use content::{ContentId, PlacedChart, SlideContent};
pub use deck::{Deck, Slide, Source, Stamp};
pub use difference::difference;
pub use history::History;
pub use id::SlideId;
pub use json::JsonError;
pub(crate) use operation::is_source_id;
pub use operation::{Operation, Place, Refusal};
pub use revision::{Revision, RevisionId};
pub use style::StyleSheet;
