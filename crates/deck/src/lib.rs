//! Decks as data: reading what a model writes, keeping it safe, editing it, drawing its charts.
//!
//! It may use parsers and serde. It must not know where a deck comes from or goes to: it does no I/O, looks at no clock,
//! and builds for wasm32. Nothing it reads is ever executed, and nothing it reads makes it panic.

pub mod chart;
mod css;
mod dom;
mod model;
mod output;
mod read;
mod report;
pub mod sanitise;

pub use model::{
    ContentId, Deck, History, JsonError, Operation, Place, PlacedChart, Refusal, Revision, RevisionId, Slide,
    SlideContent, SlideId, Source, Stamp, StyleSheet, difference,
};
pub use output::{Images, standalone};
pub use read::{Change, Document, Event, StreamReader, document, operations};
pub use report::{Finding, Outcome, Report};
