//! Complete HTML documents, as models and people write them.

use crate::dom::{self, DOCUMENT, Data, Dom, Element, NodeId};
use crate::model::{Deck, SlideContent, Source, Stamp};
use crate::report::{Report, quote};
use crate::{chart, read};

use super::slide::{self, SlideParts};

/// What a document says.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its slides, title and style.
    pub deck: Deck,
    /// Text that stands outside the slides: what a model said about them.
    pub prose: String,
    /// What was repaired, dropped or not placed.
    pub report: Report,
}

/// Reads a document. Slides are the outermost elements of class `slide`; without any, `section` elements; without these,
/// everything is one slide. It never fails: what is no deck gives one without slides, and a report.
#[must_use]
pub fn document(bytes: &[u8], stamp: Option<&Stamp>) -> Document {
    let mut report = Report::default();
    let text = read::decode(bytes, &mut report);
    let mut dom = dom::parse_document(&text, &mut report);
    let roots = slide_roots(&mut dom, &mut report);
    let mut slides: Vec<SlideParts> = Vec::new();
    for root in &roots {
        report.on_slide(Some(slides.len() + 1));
        for name in ["lang", "dir"] {
            inherit(&mut dom, *root, name);
        }
        let parts = SlideParts::take(&mut dom, *root, &mut report);
        dom.detach(*root);
        if parts.is_empty() {
            report.dropped("an empty slide");
        } else {
            slides.push(parts);
        }
    }
    report.on_slide(None);
    let mut rest = Rest::default();
    rest.take(&dom, &mut report);
    place_scripts(&rest.scripts, &mut slides, &mut report);

    let mut style = rest.style;
    let mut sources: Vec<(String, Source)> = Vec::new();
    for slide in &mut slides {
        style.push_str(&slide.style);
        sources.append(&mut slide.sources);
    }
    let contents = finish_all(slides, &mut report);
    if contents.is_empty() {
        report.not_placed("the document: it has no slides");
    }
    let title = if rest.title.is_empty() {
        contents.first().and_then(SlideContent::heading).unwrap_or_default()
    } else {
        rest.title
    };
    let mut deck = Deck::new(&title, &style, contents, stamp, &mut report);
    deck.add_sources(sources, &mut report);
    Document { deck, prose: rest.prose.trim().to_owned(), report }
}

/// The elements that are slides, in order, none inside another.
fn slide_roots(dom: &mut Dom, report: &mut Report) -> Vec<NodeId> {
    let marked = |dom: &Dom, id: NodeId| {
        dom.element(id)
            .is_some_and(|element| element.has_class("slide") && !matches!(element.local(), "html" | "body"))
    };
    let all: Vec<NodeId> = dom.descendants(DOCUMENT).filter(|id| marked(dom, *id)).collect();
    if !all.is_empty() {
        return all.iter().filter_map(|id| separate(dom, *id, &all, report)).collect();
    }
    let is_section = |id: &NodeId| dom.element(*id).is_some_and(|element| element.is_html("section"));
    // A section that only holds sections is a column of slides.
    let holds_sections = |id: &NodeId| {
        let mut elements = dom.children(*id).filter(|child| dom.element(*child).is_some()).peekable();
        elements.peek().is_some() && elements.all(|child| is_section(&child))
    };
    let is_slide = |id: &NodeId| is_section(id) && !holds_sections(id);
    let sections: Vec<NodeId> = dom
        .descendants(DOCUMENT)
        .filter(is_slide)
        .filter(|id| !ancestors(dom, *id).any(|ancestor| is_slide(&ancestor)))
        .collect();
    if !sections.is_empty() {
        report.repaired(format!(
            "no element of class `slide`; {} <section> elements are the slides",
            sections.len()
        ));
        return sections;
    }
    let body =
        dom.descendants(DOCUMENT).find(|id| dom.element(*id).is_some_and(|element| element.is_html("body")));
    let has_elements = |id: &NodeId| {
        dom.descendants(*id).any(|inner| {
            dom.element(inner).is_some_and(|element| !matches!(element.local(), "script" | "style" | "br"))
        })
    };
    match body.filter(has_elements) {
        Some(body) => {
            report.repaired("no element of class `slide`; the whole page is one slide");
            vec![body]
        }
        None => Vec::new(),
    }
}

fn ancestors(dom: &Dom, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    std::iter::successors(dom.parent(id), |&parent| dom.parent(parent))
}

/// Gives a slide the language or the direction of an element around it, if it says none itself.
fn inherit(dom: &mut Dom, root: NodeId, name: &str) {
    let own = |id: NodeId| dom.element(id).and_then(|element| element.attribute(name));
    let around = ancestors(dom, root).find_map(own).map(str::to_owned);
    if let Some(around) = around.filter(|_| own(root).is_none()) {
        dom.set_attribute(root, name, around);
    }
}

/// Takes the slides inside a slide out of it: an end tag was forgotten, or it is only a frame around them.
fn separate(dom: &mut Dom, id: NodeId, all: &[NodeId], report: &mut Report) -> Option<NodeId> {
    let inside: Vec<NodeId> = dom.descendants(id).filter(|inner| all.contains(inner)).collect();
    if inside.is_empty() {
        return Some(id);
    }
    let outermost: Vec<NodeId> = inside
        .iter()
        .copied()
        .filter(|inner| !ancestors(dom, *inner).any(|ancestor| inside.contains(&ancestor)))
        .collect();
    for inner in outermost {
        dom.detach(inner);
    }
    let is_seen = |inner: NodeId| {
        dom.element(inner)
            .is_some_and(|element| matches!(element.local(), "img" | "svg" | "canvas" | "script"))
    };
    if dom.text(id).trim().is_empty() && !dom.descendants(id).any(is_seen) {
        report.repaired("an element of class `slide` around slides; it is left out");
        dom.detach(id);
        return None;
    }
    report.repaired("a slide inside a slide, for want of an end tag; they are two");
    Some(id)
}

/// What stands outside the slides.
#[derive(Default)]
struct Rest {
    title: String,
    style: String,
    scripts: Vec<String>,
    prose: String,
}

impl Rest {
    fn take(&mut self, dom: &Dom, report: &mut Report) {
        let mut next = dom.first_child(DOCUMENT);
        while let Some(id) = next {
            let into = self.node(dom, id, report);
            next = dom.after(id, DOCUMENT, into);
        }
    }

    /// Takes a node; whether its children are to be looked at, too.
    fn node(&mut self, dom: &Dom, id: NodeId, report: &mut Report) -> bool {
        match dom.data(id) {
            Data::Text(text) => self.text(text, report),
            Data::Element(element) => match element.local() {
                "title" => {
                    if self.title.is_empty() {
                        self.title = dom.text(id);
                    }
                    return false;
                }
                "style" => {
                    self.style.push_str(&slide::style_text(dom, id, report));
                    return false;
                }
                "script" => {
                    slide::report_address(element, report);
                    let text = dom.text(id);
                    if !text.trim().is_empty() {
                        self.scripts.push(text);
                    }
                    return false;
                }
                "link" | "base" => report_link(element, report),
                "meta" => report_meta(element, report),
                "iframe" | "object" | "embed" | "noscript" | "template" | "form" | "button" | "canvas"
                | "svg" | "img" | "video" | "audio" => {
                    report.not_placed(format!("<{}> outside the slides", element.local()));
                    return false;
                }
                _ => report_around(element, report),
            },
            Data::Document | Data::Comment => {}
        }
        true
    }

    fn text(&mut self, text: &str, report: &mut Report) {
        let is_fence = |line: &&str| !line.trim_start().starts_with("```");
        let words: Vec<&str> =
            text.lines().filter(is_fence).map(str::trim).filter(|line| !line.is_empty()).collect();
        if text.contains("```") {
            report.repaired("a code fence around the document");
        }
        if !words.is_empty() {
            let words = words.join("\n");
            report.not_placed(format!("text outside the slides: {}", quote(&words)));
            self.prose.push_str(&words);
            self.prose.push_str("\n\n");
        }
    }
}

pub(super) fn report_link(element: &Element, report: &mut Report) {
    let address = element.attribute("href").unwrap_or_default();
    report.dropped(format!("the {} to {}", element.local(), quote(address)));
}

/// What a page says of itself to the browser goes without a line; everything else is reported.
pub(super) fn report_meta(element: &Element, report: &mut Report) {
    let of = |name: &str| element.attribute(name).unwrap_or_default().to_ascii_lowercase();
    let says_how_to_read = element.attribute("charset").is_some()
        || of("name") == "viewport"
        || matches!(of("http-equiv").as_str(), "content-type" | "x-ua-compatible");
    if !says_how_to_read {
        report.dropped(format!(
            "the page's {} {}",
            quote(&(of("name") + &of("http-equiv") + &of("property"))),
            quote(element.attribute("content").unwrap_or_default())
        ));
    }
}

/// Elements around slides give them their language and direction, and nothing else.
pub(super) fn report_around(element: &Element, report: &mut Report) {
    for attribute in &element.attributes {
        let name = &*attribute.name.local;
        if !matches!(name, "lang" | "dir") {
            report.dropped(format!(
                "{} {} of the <{}> around the slides",
                quote(name),
                quote(&attribute.value),
                element.local()
            ));
        }
    }
}

/// The contents of slides, in order.
pub(crate) fn finish_all(slides: Vec<SlideParts>, report: &mut Report) -> Vec<SlideContent> {
    let contents = slides.into_iter().enumerate().map(|(index, parts)| {
        report.on_slide(Some(index + 1));
        parts.finish(report)
    });
    let contents = contents.collect();
    report.on_slide(None);
    contents
}

/// Gives each chart of a document's scripts to the slide with its canvas.
pub(crate) fn place_scripts(scripts: &[String], slides: &mut [SlideParts], report: &mut Report) {
    for script in scripts {
        let found = match chart::read_script(script) {
            Ok(found) => found,
            Err(why) => {
                report.dropped(format!("{why}: {}", quote(script)));
                continue;
            }
        };
        if found.is_empty() {
            report.dropped(format!("the script {}", quote(script)));
        }
        for chart in found {
            let home = chart
                .canvas
                .as_deref()
                .and_then(|canvas| slides.iter().position(|slide| slide.has_place(canvas)));
            match home.and_then(|home| slides.get_mut(home)) {
                Some(slide) => {
                    report.on_slide(home.map(|home| home + 1));
                    slide.add_chart(chart, report);
                    report.on_slide(None);
                }
                None => report.not_placed(format!(
                    "a chart: no slide has its canvas {}",
                    quote(chart.canvas.as_deref().unwrap_or("without a name"))
                )),
            }
        }
    }
}
