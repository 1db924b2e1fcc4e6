//! The deck JSON of the Python original, out and in.
//!
//! There, a slide's id is its position, charts are scripts, and styles are one text. Out, charts are drawn: there is no
//! script to run. In, scripts are read as data.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::deck::{Deck, Stamp};
use super::json::{JsonError, reported};
use crate::read::document::{finish_all, place_scripts};
use crate::read::slide::SlideParts;
use crate::report::{Report, quote};

/// Fields that follow from the others, or belong to the app around the deck.
const READ_OVER: &[&str] = &[
    "content_hash",
    "created_at",
    "created_by",
    "head_meta",
    "html_content",
    "index",
    "modified_at",
    "modified_by",
    "slide_count",
    "slide_id",
    "verification",
    "version",
];

#[derive(Serialize)]
struct DeckOut<'d> {
    title: &'d str,
    slide_count: usize,
    css: &'d str,
    external_scripts: [&'static str; 0],
    scripts: &'static str,
    head_meta: HashMap<&'static str, &'static str>,
    slides: Vec<SlideOut<'d>>,
}

#[derive(Serialize)]
struct SlideOut<'d> {
    index: usize,
    html: String,
    slide_id: &'d str,
    scripts: &'static str,
    content_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_by: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
struct DeckIn {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    css: Option<String>,
    #[serde(default)]
    external_scripts: Vec<String>,
    /// All scripts of the slides again, or the only place they are in.
    #[serde(default)]
    scripts: Option<String>,
    slides: Vec<SlideIn>,
}

#[derive(Deserialize)]
struct SlideIn {
    html: String,
    #[serde(default)]
    scripts: Option<String>,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    modified_by: Option<String>,
    #[serde(default)]
    modified_at: Option<String>,
}

impl Deck {
    /// The deck in the shape that clients of the Python original read, with charts drawn. Slides keep their ids as
    /// `slide_id`.
    #[must_use]
    pub fn to_upstream_json(&self) -> String {
        let slides = self.slides.iter().enumerate().map(|(index, slide)| SlideOut {
            index,
            html: slide.content.rendered(),
            slide_id: slide.id.as_str(),
            scripts: "",
            content_hash: slide.content.id().0.chars().take(16).collect(),
            created_by: slide.created.as_ref().map(|stamp| stamp.by.as_str()),
            created_at: slide.created.as_ref().map(|stamp| stamp.at),
            modified_by: slide.modified.as_ref().map(|stamp| stamp.by.as_str()),
            modified_at: slide.modified.as_ref().map(|stamp| stamp.at),
        });
        let out = DeckOut {
            title: &self.title,
            slide_count: self.slides.len(),
            css: self.style.as_str(),
            external_scripts: [],
            scripts: "",
            head_meta: HashMap::from([("charset", "utf-8")]),
            slides: slides.collect(),
        };
        serde_json::to_string(&out).unwrap_or_default()
    }

    /// Reads a deck of the Python original: charts in its scripts become data, ids are given anew because they were
    /// positions there.
    ///
    /// # Errors
    /// If it is not JSON of that shape.
    pub fn from_upstream_json(json: &str) -> Result<(Self, Report), JsonError> {
        let mut report = Report::default();
        let read: DeckIn = reported(json, READ_OVER, &mut report)?;
        for script in &read.external_scripts {
            report.dropped(format!("the script {}", quote(script)));
        }
        let is_script = |script: &String| !script.trim().is_empty();
        let (mut slides, mut stamps, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        let mut style = read.css.unwrap_or_default();
        let mut has_scripts = false;
        for (index, slide) in read.slides.into_iter().enumerate() {
            report.on_slide(Some(index + 1));
            let mut parts = SlideParts::read(&slide.html, &mut report);
            if let Some(script) = slide.scripts.filter(is_script) {
                parts.add_script(&script, &mut report);
                has_scripts = true;
            }
            style.push_str(&parts.style);
            sources.append(&mut parts.sources);
            slides.push(parts);
            stamps.push((
                stamp(slide.created_by, slide.created_at, &mut report),
                stamp(slide.modified_by, slide.modified_at, &mut report),
            ));
        }
        report.on_slide(None);
        // The deck's scripts are those of its slides again, if these have any.
        let scripts: Vec<String> =
            read.scripts.into_iter().filter(is_script).filter(|_| !has_scripts).collect();
        place_scripts(&scripts, &mut slides, &mut report);
        let contents = finish_all(slides, &mut report);
        let title = read.title.unwrap_or_default();
        let mut deck = Self::new(&title, &style, contents, None, &mut report);
        deck.add_sources(sources, &mut report);
        for (slide, (created, modified)) in deck.slides.iter_mut().zip(stamps) {
            (slide.created, slide.modified) = (created, modified);
        }
        Ok((deck, report))
    }
}

/// Who and when; times there may lack the zone, and are UTC.
fn stamp(by: Option<String>, at: Option<String>, report: &mut Report) -> Option<Stamp> {
    let (by, at) = (by?, at?);
    match at.parse().or_else(|_| format!("{at}Z").parse()) {
        Ok(at) => Some(Stamp { by, at }),
        Err(_) => {
            report.dropped(format!("the author {}: {} is no time", quote(&by), quote(&at)));
            None
        }
    }
}
