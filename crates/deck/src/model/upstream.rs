//! The deck JSON of the Python original, out and in.
//!
//! There, a slide's id is its position, charts are scripts, and styles are one text. Out, charts are drawn: there is no
//! script to run. In, scripts are read as data.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::deck::{Deck, Stamp};
use super::json::JsonError;
use crate::read::slide::SlideParts;
use crate::report::Report;

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
            css: &self.style,
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
        let read: DeckIn = serde_json::from_str(json).map_err(|error| JsonError::Shape(error.to_string()))?;
        let mut report = Report::default();
        for script in &read.external_scripts {
            report.dropped(format!("the script {}", crate::report::quote(script)));
        }
        let mut stamps = Vec::new();
        let mut contents = Vec::new();
        let mut style = read.css.unwrap_or_default();
        for (index, slide) in read.slides.into_iter().enumerate() {
            report.on_slide(Some(index + 1));
            let mut parts = SlideParts::read(&slide.html, &mut report);
            if let Some(script) = slide.scripts.as_deref().filter(|script| !script.trim().is_empty()) {
                parts.add_script(script, &mut report);
            }
            style.push_str(&parts.style);
            contents.push(parts.finish(&mut report));
            stamps.push((
                stamp(slide.created_by, slide.created_at),
                stamp(slide.modified_by, slide.modified_at),
            ));
        }
        report.on_slide(None);
        let title = read.title.unwrap_or_default();
        let mut deck = Self::new(&title, &style, contents, None, &mut report);
        for (slide, (created, modified)) in deck.slides.iter_mut().zip(stamps) {
            (slide.created, slide.modified) = (created, modified);
        }
        Ok((deck, report))
    }
}

/// Who and when; times there may lack the zone, and are UTC.
fn stamp(by: Option<String>, at: Option<String>) -> Option<Stamp> {
    let at = at?;
    let at = at.parse().or_else(|_| format!("{at}Z").parse()).ok()?;
    Some(Stamp { by: by?, at })
}
