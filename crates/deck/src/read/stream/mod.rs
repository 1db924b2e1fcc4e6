//! The streaming grammar: prose and `<section class="slide">` elements, read while a model writes them.
//!
//! The same text gives the same events, wherever it is cut; only prose comes in other pieces.

mod change;
mod scanner;

use std::collections::BTreeSet;

pub use change::{Change, operations};

use change::Intent;
use scanner::{Markup, Tag};

use super::LONGEST;
use super::document::{report_around, report_link, report_meta};
use super::slide::{self, SlideParts};
use crate::chart;
use crate::dom;
use crate::model::{SlideContent, StyleSheet};
use crate::report::{Report, quote};

/// Something that became known.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Text for the person who asked, as it was written; to be joined.
    Prose(String),
    /// A section of a slide began, the so-many-th of this stream, counted from 1.
    SlideBegan(usize),
    /// A change is complete. Changes are counted from 0.
    Change(Change),
    /// The change with this index is another one now: a script after it held its chart.
    ChangeUpdated(usize, Change),
}

/// Elements outside slides that only hold a document together; their tags say nothing.
const STRUCTURE: &[&str] = &[
    "article", "base", "body", "div", "footer", "head", "header", "html", "link", "main", "meta", "nav",
    "section",
];

/// What the reader is in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Prose,
    /// A slide: the name of its element, how many of that name are open, and the raw element it is in.
    Slide {
        name: String,
        depth: usize,
        raw: Option<String>,
    },
    /// A style, title or script outside slides.
    Raw {
        name: String,
        body: usize,
    },
}

/// A slide with places for charts, which a later script may fill.
struct Known {
    change: usize,
    slide: usize,
    intent: Intent,
    parts: SlideParts,
    /// What was found when its charts were put in their places; final only at the end.
    report: Report,
}

/// Reads the streaming grammar.
///
/// Feed it with [`push`](Self::push), end with [`finish`](Self::finish). It holds the text of the section that is being
/// written, and the sections with canvases that have no chart yet.
pub struct StreamReader {
    buffer: String,
    /// Bytes of a character that is not complete yet.
    bytes: Vec<u8>,
    /// Where to go on looking for markup.
    at: usize,
    /// Where the current element begins.
    start: usize,
    state: State,
    total: usize,
    /// How many bytes came after the longest input.
    cut: usize,
    /// How many characters were broken.
    broken: usize,
    slides: usize,
    changes: usize,
    known: Vec<Known>,
    fence: bool,
    line_start: bool,
    /// Language and direction of the document around the slides.
    around: Vec<(&'static str, String)>,
    report: Report,
}

impl Default for StreamReader {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self {
            buffer: String::new(),
            bytes: Vec::new(),
            at: 0,
            start: 0,
            state: State::Prose,
            total: 0,
            cut: 0,
            broken: 0,
            slides: 0,
            changes: 0,
            known: Vec::new(),
            fence: false,
            line_start: true,
            around: Vec::new(),
            report: Report::default(),
        }
    }

    /// Takes the next bytes, cut anywhere, and gives what became known by them.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let room = LONGEST.saturating_sub(self.total);
        self.cut += bytes.len().saturating_sub(room);
        let bytes = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        self.total += bytes.len();
        self.decode(bytes);
        let mut events = Vec::new();
        self.advance(false, &mut events);
        events
    }

    /// Takes the end of the stream. A slide that is still open is closed; the report says so.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Event>, Report) {
        if !self.bytes.is_empty() {
            self.bytes.clear();
            self.buffer.push('\u{fffd}');
            self.broken += 1;
        }
        let mut events = Vec::new();
        self.advance(true, &mut events);
        match std::mem::replace(&mut self.state, State::Prose) {
            State::Prose => {}
            State::Slide { .. } => {
                self.report.on_slide(Some(self.slides));
                self.report.repaired("the stream ended inside the slide; it is closed there");
                self.close_slide(self.buffer.len(), &mut events);
            }
            State::Raw { name, body } => {
                self.report.repaired(format!("the stream ended inside <{name}>; it is closed there"));
                self.close_raw(&name, body..self.buffer.len(), &mut events);
            }
        }
        for known in std::mem::take(&mut self.known) {
            self.report.append(known.report);
        }
        // At the end, because they were found ahead of what was read from them: the report is the same for every cut.
        if self.broken > 0 {
            self.report.repaired(format!(
                "bytes that are not UTF-8, in {} places; each shows as a replacement character",
                self.broken
            ));
        }
        if self.cut > 0 {
            self.report.dropped(format!("{} bytes after the first {LONGEST}", self.cut));
        }
        (events, self.report)
    }

    /// The slide that is being written, as far as it is written, for a preview; none between slides. It costs the time to
    /// read the slide: ask as often as you draw.
    #[must_use]
    pub fn preview(&self) -> Option<SlideContent> {
        if !matches!(self.state, State::Slide { .. }) {
            return None;
        }
        // A tag or a raw element that is not complete is left out.
        let text = self.buffer.get(self.start..self.at).unwrap_or_default();
        let mut ignored = Report::default();
        Some(SlideParts::read(text, &mut ignored).finish(&mut ignored))
    }

    fn decode(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.bytes);
        let mut rest: &[u8] = &bytes;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.buffer.push_str(text);
                    return;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.buffer.push_str(&String::from_utf8_lossy(valid));
                    let Some(wrong) = error.error_len() else {
                        self.bytes = after.to_vec();
                        return;
                    };
                    self.buffer.push('\u{fffd}');
                    self.broken += 1;
                    rest = after.get(wrong..).unwrap_or_default();
                }
            }
        }
    }

    fn advance(&mut self, ended: bool, events: &mut Vec<Event>) {
        loop {
            let goes_on = match self.state.clone() {
                State::Prose => self.in_prose(ended, events),
                State::Slide { name, depth, raw } => self.in_slide(&name, depth, raw, ended, events),
                State::Raw { name, body } => match scanner::raw_end(&self.buffer, body, &name) {
                    Some(end) => {
                        self.close_raw(&name, body..end.start, events);
                        self.drop_until(end.end);
                        self.state = State::Prose;
                        true
                    }
                    None => false,
                },
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Forgets the text up to a position.
    fn drop_until(&mut self, end: usize) {
        self.buffer.drain(..end.min(self.buffer.len()));
        (self.at, self.start) = (0, 0);
    }

    fn in_prose(&mut self, ended: bool, events: &mut Vec<Event>) -> bool {
        let Some(found) = self.buffer.get(self.at..).and_then(|rest| rest.find('<')) else {
            self.at = self.buffer.len();
            self.prose(self.buffer.len(), ended, events);
            return false;
        };
        let at = self.at + found;
        match scanner::markup(&self.buffer, at, ended) {
            Markup::More if scanner::is_endless(&self.buffer, at) => self.at = at + 1,
            Markup::More => {
                self.at = at;
                self.prose(at, false, events);
                return false;
            }
            Markup::Text => self.at = at + 1,
            Markup::Other(range) => self.skip(at, range.end, events),
            Markup::End(tag) if STRUCTURE.contains(&tag.name.as_str()) => {
                self.skip(at, tag.range.end, events)
            }
            Markup::End(_) => self.at = at + 1,
            Markup::Start(tag) => self.start_tag(at, tag, events),
        }
        true
    }

    /// Leaves out a tag outside slides.
    fn skip(&mut self, at: usize, end: usize, events: &mut Vec<Event>) {
        self.prose(at, true, events);
        let length = end - at;
        self.drop_until(self.start + length);
    }

    fn start_tag(&mut self, at: usize, tag: Tag, events: &mut Vec<Event>) {
        let is_slide = matches!(tag.name.as_str(), "section" | "div" | "article") && self.is_slide_tag(&tag);
        if is_slide {
            self.prose(at, true, events);
            self.slides += 1;
            events.push(Event::SlideBegan(self.slides));
            let length = tag.range.len();
            (self.start, self.at) = (0, length);
            self.state = State::Slide { name: tag.name, depth: 1, raw: None };
        } else if matches!(tag.name.as_str(), "style" | "title" | "script") {
            self.prose(at, true, events);
            self.start = 0;
            self.state = State::Raw { name: tag.name, body: tag.range.len() };
        } else if STRUCTURE.contains(&tag.name.as_str()) {
            let text = self.buffer.get(tag.range.clone()).unwrap_or_default().to_owned();
            self.skip(at, tag.range.end, events);
            self.structure(&tag.name, &text);
        } else {
            self.at = at + 1;
        }
    }

    /// Takes what a tag around slides says.
    fn structure(&mut self, name: &str, tag: &str) {
        let (dom, root) = match name {
            // They stand in no body.
            "html" | "head" | "body" => {
                let dom = dom::parse_document(tag, &mut Report::default());
                let place = dom
                    .descendants(dom::DOCUMENT)
                    .find(|id| dom.element(*id).is_some_and(|element| element.is_html(name)));
                (dom, place)
            }
            _ => {
                let (dom, root) = dom::parse_fragment(tag, &mut Report::default());
                let place = dom.first_child(root);
                (dom, place)
            }
        };
        let Some(element) = root.and_then(|id| dom.element(id)) else { return };
        match name {
            "html" | "body" => {
                for name in ["lang", "dir"] {
                    if let Some(value) = element.attribute(name) {
                        self.around.retain(|(known, _)| *known != name);
                        self.around.push((name, value.to_owned()));
                    }
                }
                report_around(element, &mut self.report);
            }
            "link" | "base" => report_link(element, &mut self.report),
            "meta" => report_meta(element, &mut self.report),
            _ => report_around(element, &mut self.report),
        }
    }

    fn is_slide_tag(&mut self, tag: &Tag) -> bool {
        let text = self.buffer.get(tag.range.clone()).unwrap_or_default();
        if !text.contains("slide") {
            return false;
        }
        let (dom, root) = dom::parse_fragment(text, &mut Report::default());
        dom.first_child(root).and_then(|id| dom.element(id)).is_some_and(|element| element.has_class("slide"))
    }

    fn in_slide(
        &mut self,
        name: &str,
        depth: usize,
        raw: Option<String>,
        ended: bool,
        events: &mut Vec<Event>,
    ) -> bool {
        if let Some(raw) = raw {
            let Some(end) = scanner::raw_end(&self.buffer, self.at, &raw) else { return false };
            self.at = end.end;
            self.state = State::Slide { name: name.to_owned(), depth, raw: None };
            return true;
        }
        let Some(found) = self.buffer.get(self.at..).and_then(|rest| rest.find('<')) else {
            self.at = self.buffer.len();
            return false;
        };
        let at = self.at + found;
        self.at = at;
        match scanner::markup(&self.buffer, at, ended) {
            Markup::More => return false,
            Markup::Text => self.at = at + 1,
            Markup::Other(range) => self.at = range.end,
            Markup::End(tag) => {
                self.at = tag.range.end;
                if tag.name == name && depth == 1 {
                    self.close_slide(tag.range.end, events);
                } else if tag.name == name {
                    self.state = State::Slide { name: name.to_owned(), depth: depth - 1, raw: None };
                }
            }
            Markup::Start(tag) => {
                let may_be_slide = matches!(tag.name.as_str(), "section" | "div" | "article");
                if may_be_slide && self.is_slide_tag(&tag) {
                    self.report.on_slide(Some(self.slides));
                    self.report.repaired("the end tag is missing; the next slide ends it");
                    self.close_slide(at, events);
                    return true;
                }
                self.at = tag.range.end;
                let is_raw = matches!(tag.name.as_str(), "script" | "style" | "title" | "textarea");
                let raw = is_raw.then(|| tag.name.clone());
                let depth = depth + usize::from(tag.name == name);
                self.state = State::Slide { name: name.to_owned(), depth, raw };
            }
        }
        true
    }

    /// Gives prose up to a position and forgets it. What may still turn out to be a code fence is kept, unless a tag
    /// follows or the stream has ended.
    fn prose(&mut self, until: usize, complete: bool, events: &mut Vec<Event>) {
        let text = self.buffer.get(..until).unwrap_or_default().to_owned();
        let mut out = String::new();
        let mut used = 0;
        for line in text.split_inclusive('\n') {
            let is_whole = line.ends_with('\n');
            let fence_like = self.line_start && is_fence_like(line);
            if fence_like && !is_whole && !complete {
                break;
            }
            used += line.len();
            if fence_like && self.is_fence(line) {
                self.report.repaired("a code fence around slides");
            } else {
                out.push_str(line);
            }
            self.line_start = is_whole;
        }
        if !out.is_empty() {
            events.push(Event::Prose(out));
        }
        self.at = self.at.saturating_sub(used);
        self.buffer.drain(..used.min(self.buffer.len()));
        self.start = 0;
        if complete {
            self.at = 0;
        }
    }

    /// Whether a line is a fence around HTML, or ends one.
    fn is_fence(&mut self, line: &str) -> bool {
        let Some(language) = line.trim().strip_prefix("```") else { return false };
        let opens = matches!(language.trim().to_ascii_lowercase().as_str(), "html" | "htm" | "xml" | "xhtml");
        let closes = self.fence && language.trim().is_empty();
        self.fence = opens || (self.fence && !closes);
        opens || closes
    }

    fn close_slide(&mut self, end: usize, events: &mut Vec<Event>) {
        self.state = State::Prose;
        let html = self.buffer.get(..end).unwrap_or_default().to_owned();
        self.drop_until(end);
        self.line_start = true;
        self.report.on_slide(Some(self.slides));
        let (dom, root) = dom::parse_fragment(&html, &mut Report::default());
        let intent = dom
            .first_child(root)
            .and_then(|id| dom.element(id))
            .and_then(|element| Intent::of(element, &mut self.report));
        if let Some(intent) = intent {
            let mut parts = SlideParts::read_within(&html, &self.around, &mut self.report);
            self.give_style_and_sources(&mut parts, events);
            let is_empty = parts.is_empty();
            if intent.is_without_content() {
                if !is_empty {
                    self.report.dropped("what stands in a section that deletes or moves a slide");
                }
                let content = parts.finish(&mut Report::default());
                self.change(intent.with(content), events);
            } else if is_empty {
                self.report.dropped("an empty slide");
            } else if parts.has_places() {
                let (change, slide, report) = (self.changes, self.slides, Report::default());
                let mut known = Known { change, slide, intent, parts, report };
                let change = known.change();
                self.known.push(known);
                self.change(change, events);
            } else {
                let content = parts.finish(&mut self.report);
                self.change(intent.with(content), events);
            }
        }
        self.report.on_slide(None);
    }

    fn give_style_and_sources(&mut self, parts: &mut SlideParts, events: &mut Vec<Event>) {
        if !parts.style.trim().is_empty() {
            let style = StyleSheet::new(&parts.style, &mut self.report);
            self.change(Change::AddStyle(style), events);
        }
        for (id, source) in std::mem::take(&mut parts.sources) {
            self.change(Change::Source(id, source), events);
        }
    }

    fn change(&mut self, change: Change, events: &mut Vec<Event>) {
        self.changes += 1;
        events.push(Event::Change(change));
    }

    fn close_raw(&mut self, name: &str, body: std::ops::Range<usize>, events: &mut Vec<Event>) {
        let tag = self.buffer.get(..body.start).unwrap_or_default().to_owned();
        let text = self.buffer.get(body).unwrap_or_default().to_owned();
        match name {
            "title" => {
                let (dom, root) = dom::parse_fragment(
                    &format!("<p>{}</p>", text.replace('<', "&lt;")),
                    &mut Report::default(),
                );
                self.change(Change::Title(dom.text(root)), events);
            }
            "style" => {
                let (dom, root) =
                    dom::parse_fragment(&format!("{tag}{text}</style>"), &mut Report::default());
                let element = dom.first_child(root).unwrap_or(root);
                let style = slide::style_text(&dom, element, &mut self.report);
                let style = StyleSheet::new(&style, &mut self.report);
                let change =
                    if is_replacing(&tag) { Change::SetStyle(style) } else { Change::AddStyle(style) };
                self.change(change, events);
            }
            _ if is_source_script(&tag) => {
                let mut parts = SlideParts::read(&format!("{tag}{text}</script>"), &mut self.report);
                self.give_style_and_sources(&mut parts, events);
            }
            _ => self.late_script(&tag, &text, events),
        }
    }

    /// A script after its slides: its charts belong to the slides with their canvases.
    fn late_script(&mut self, tag: &str, script: &str, events: &mut Vec<Event>) {
        if script.trim().is_empty() {
            self.report.dropped(format!("the script {}", quote(tag)));
            return;
        }
        let found = match chart::read_script(script) {
            Ok(found) if !found.is_empty() => found,
            Ok(_) => return self.report.dropped(format!("the script {}", quote(script))),
            Err(why) => return self.report.dropped(format!("{why}: {}", quote(script))),
        };
        let mut touched = BTreeSet::new();
        for chart in found {
            let canvas = chart.canvas.clone().unwrap_or_default();
            let home = self.known.iter().position(|known| known.parts.has_place(&canvas));
            match home.and_then(|home| self.known.get_mut(home)) {
                Some(known) => {
                    self.report.on_slide(Some(known.slide));
                    known.parts.add_chart(chart, &mut self.report);
                    self.report.on_slide(None);
                    touched.extend(home);
                }
                None => {
                    self.report.not_placed(format!("a chart: no slide has its canvas {}", quote(&canvas)))
                }
            }
        }
        for (_, known) in self.known.iter_mut().enumerate().filter(|(home, _)| touched.contains(home)) {
            let change = known.change();
            events.push(Event::ChangeUpdated(known.change, change));
        }
    }
}

impl Known {
    /// The change with the charts that are known by now.
    fn change(&mut self) -> Change {
        self.report = Report::default();
        self.report.on_slide(Some(self.slide));
        let content = self.parts.clone().finish(&mut self.report);
        self.intent.clone().with(content)
    }
}

fn is_fence_like(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('`') || line.is_empty()
}

fn is_replacing(tag: &str) -> bool {
    let lower = tag.to_ascii_lowercase();
    lower.contains("data-op=\"replace\"")
        || lower.contains("data-op='replace'")
        || lower.contains("data-op=replace")
}

fn is_source_script(tag: &str) -> bool {
    tag.to_ascii_lowercase().contains("json")
}
