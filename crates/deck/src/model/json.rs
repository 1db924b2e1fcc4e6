//! A deck as its own JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::{PlacedChart, SlideContent};
use super::deck::{Deck, MOST_SLIDES, Slide, Source, Stamp, shortened};
use super::id::SlideId;
use super::operation::is_source_id;
use super::style::StyleSheet;
use crate::report::{Report, quote};

/// The version of the JSON that is written. A reader refuses what is newer.
const VERSION: u32 = 1;

/// Why a text is not a deck.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON of the right shape.
    #[error("this is not a deck's JSON: {0}")]
    Shape(String),
    /// It was written by a newer program.
    #[error("the deck has version {0} and this program reads up to {VERSION}; update the program")]
    Newer(u32),
}

#[derive(Deserialize)]
struct DeckIn {
    version: u32,
    #[serde(default)]
    title: String,
    #[serde(default)]
    style: String,
    slides: Vec<SlideIn>,
    #[serde(default)]
    sources: BTreeMap<String, Source>,
    #[serde(default)]
    next_id: u64,
}

#[derive(Deserialize)]
struct SlideIn {
    #[serde(default)]
    id: Option<String>,
    html: String,
    #[serde(default)]
    charts: Vec<serde_json::Value>,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    created: Option<Stamp>,
    #[serde(default)]
    modified: Option<Stamp>,
}

#[derive(Serialize)]
struct DeckOut<'d> {
    version: u32,
    title: &'d str,
    style: &'d StyleSheet,
    slides: Vec<SlideOut<'d>>,
    sources: BTreeMap<&'d str, &'d Source>,
    next_id: u64,
}

#[derive(Serialize)]
struct SlideOut<'d> {
    id: &'d SlideId,
    #[serde(flatten)]
    content: &'d SlideContent,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'d Stamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<&'d Stamp>,
}

impl Deck {
    /// The deck as JSON; the same deck always gives the same text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let out = DeckOut {
            version: VERSION,
            title: &self.title,
            style: &self.style,
            slides: self
                .slides
                .iter()
                .map(|slide| SlideOut {
                    id: &slide.id,
                    content: &slide.content,
                    created: slide.created.as_ref(),
                    modified: slide.modified.as_ref(),
                })
                .collect(),
            sources: self.sources.iter().map(|(id, source)| (id.as_str(), source.as_ref())).collect(),
            next_id: self.next_id,
        };
        // Nothing in it can fail to be written: there are no maps with other keys than text.
        serde_json::to_string(&out).unwrap_or_default()
    }

    /// Reads a deck's own JSON. Everything goes through the sanitiser, whoever wrote it.
    ///
    /// # Errors
    /// If it is not JSON of the right shape, or of a newer version.
    pub fn from_json(json: &str) -> Result<(Self, Report), JsonError> {
        let mut report = Report::default();
        let read: DeckIn = reported(json, &[], &mut report)?;
        if read.version > VERSION {
            return Err(JsonError::Newer(read.version));
        }
        let mut deck = Self {
            title: shortened(&read.title, &mut report),
            style: StyleSheet::new(&read.style, &mut report),
            next_id: read.next_id,
            ..Self::default()
        };
        for (id, source) in read.sources {
            if is_source_id(&id) {
                deck.sources.insert(id, Arc::new(source));
            } else {
                report.dropped(format!("the source {}", quote(&id)));
            }
        }
        if read.slides.len() > MOST_SLIDES {
            report
                .dropped(format!("{} slides after the first {MOST_SLIDES}", read.slides.len() - MOST_SLIDES));
        }
        let ids: Vec<Option<SlideId>> =
            read.slides.iter().map(|slide| slide.id.as_deref().and_then(SlideId::new)).collect();
        let largest = ids.iter().flatten().filter_map(SlideId::number).max().unwrap_or(0);
        deck.next_id = deck.next_id.max(largest);
        let mut taken = BTreeSet::new();
        for (index, (slide, id)) in read.slides.into_iter().zip(ids).take(MOST_SLIDES).enumerate() {
            report.on_slide(Some(index + 1));
            let charts =
                slide.charts.into_iter().filter_map(|chart| placed_chart(chart, &mut report)).collect();
            let content = SlideContent::new(&slide.html, charts, &slide.notes, &mut report);
            let id = id.filter(|id| taken.insert(id.clone())).unwrap_or_else(|| {
                report.repaired("a missing, wrong or second id; a new one was given");
                deck.new_id()
            });
            deck.slides.push(Slide {
                id,
                content: Arc::new(content),
                created: slide.created,
                modified: slide.modified,
            });
        }
        report.on_slide(None);
        Ok((deck, report))
    }
}

/// Reads JSON, and reports the fields that nothing here reads but for those named.
pub(super) fn reported<T: for<'de> Deserialize<'de>>(
    json: &str,
    read_over: &[&str],
    report: &mut Report,
) -> Result<T, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let unknown = |path: serde_ignored::Path<'_>| {
        let path = path.to_string();
        if !read_over.contains(&path.rsplit('.').next().unwrap_or_default()) {
            report.dropped(format!("the unknown field {}", quote(&path)));
        }
    };
    serde_ignored::deserialize(&mut reader, unknown)
        .and_then(|read| reader.end().map(|()| read))
        .map_err(|error| JsonError::Shape(error.to_string()))
}

fn placed_chart(json: serde_json::Value, report: &mut Report) -> Option<PlacedChart> {
    match serde_json::from_value(json) {
        Ok(placed) => Some(placed),
        Err(error) => {
            report.dropped(format!("a chart: {error}"));
            None
        }
    }
}
