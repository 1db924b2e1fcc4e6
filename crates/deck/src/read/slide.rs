//! One slide: its charts, notes, sources and styles taken out of the HTML, the rest sanitised.

use serde::Deserialize;

use crate::chart::{self, Chart, FoundChart};
use crate::dom::{self, Dom, Element, NodeId, Vocabulary};
use crate::model::{PlacedChart, SlideContent, Source};
use crate::report::{Report, quote};
use crate::sanitise;

/// What a slide consists of, before it is content.
#[derive(Debug, Default, Clone)]
pub(crate) struct SlideParts {
    html: String,
    charts: Vec<PlacedChart>,
    places: Vec<Place>,
    notes: String,
    /// Style sheets that stood on the slide, as they were written.
    pub(crate) style: String,
    pub(crate) sources: Vec<(String, Source)>,
}

/// An element that a chart is drawn in, and its size as far as it says.
#[derive(Debug, Clone)]
struct Place {
    id: String,
    width: Option<f64>,
    height: Option<f64>,
}

#[derive(Deserialize)]
struct SourceIn {
    #[serde(default)]
    id: Option<String>,
    #[serde(flatten)]
    source: Source,
}

impl SlideParts {
    /// Reads a slide from text.
    pub(crate) fn read(html: &str, report: &mut Report) -> Self {
        Self::read_within(html, &[], report)
    }

    /// Reads a slide from text; attributes that hold for everything around it are its own, unless it has others.
    pub(crate) fn read_within(html: &str, around: &[(&str, String)], report: &mut Report) -> Self {
        let (mut dom, root) = dom::parse_fragment(html, report);
        let mut elements = dom.children(root).filter(|id| dom.element(*id).is_some());
        let node = match (elements.next(), elements.next()) {
            (Some(only), None) if dom.element(only).is_some_and(|element| element.has_class("slide")) => only,
            _ => root,
        };
        drop(elements);
        for (name, value) in around {
            if dom.element(node).is_some_and(|element| element.attribute(name).is_none()) {
                dom.set_attribute(node, name, value.clone());
            }
        }
        Self::take(&mut dom, node, report)
    }

    /// Reads a slide from a tree, which is changed on the way.
    pub(crate) fn take(dom: &mut Dom, root: NodeId, report: &mut Report) -> Self {
        let mut parts = Self::default();
        let mut scripts = Vec::new();
        let nodes: Vec<NodeId> = dom.descendants(root).collect();
        for id in nodes {
            let Some(element) = dom.element(id) else { continue };
            match element.local() {
                "script" if is_json(element) => parts.take_json(dom, id, report),
                "script" => {
                    report_address(element, report);
                    let text = dom.text(id);
                    if !text.trim().is_empty() {
                        scripts.push(text);
                    }
                    dom.detach(id);
                }
                "style" => {
                    parts.style.push_str(&style_text(dom, id, report));
                    dom.detach(id);
                }
                "aside" if element.has_class("notes") || element.has_class("speaker-notes") => {
                    if !parts.notes.is_empty() {
                        parts.notes.push_str("\n\n");
                    }
                    parts.notes.push_str(&notes_text(dom, id));
                    for inner in dom.descendants(id).filter_map(|inner| dom.element(inner)) {
                        if matches!(inner.local(), "img" | "svg" | "math" | "video" | "table") {
                            report.dropped(format!(
                                "the tag <{}> in speaker notes; its text stays",
                                inner.local()
                            ));
                        }
                    }
                    dom.detach(id);
                }
                "canvas" if element.vocabulary() == Vocabulary::Html => parts.take_canvas(dom, id, report),
                _ => {
                    if let Some(chart) = element.attribute("data-chart").map(str::to_owned)
                        && !parts.places.iter().any(|place| place.id == chart)
                    {
                        parts.places.push(place_of(dom, id, chart));
                    }
                }
            }
        }
        // A place that only showed up after its chart needs no second one.
        parts.html = if root == dom::DOCUMENT
            || dom.element(root).is_none_or(|element| matches!(element.local(), "html" | "body"))
        {
            sanitise::children(dom, root, report)
        } else {
            sanitise::subtree(dom, root, report)
        };
        for script in scripts {
            parts.add_script(&script, report);
        }
        parts
    }

    /// Data in a script element: a chart, where it stands unless an element elsewhere is its place; or a source.
    fn take_json(&mut self, dom: &mut Dom, id: NodeId, report: &mut Report) {
        let text = dom.text(id);
        let Some(element) = dom.element(id) else { return };
        if element.has_class("source") || element.attribute("data-source").is_some() {
            let name =
                element.attribute("data-source").or_else(|| element.attribute("id")).map(str::to_owned);
            match serde_json::from_str::<SourceIn>(&text) {
                Ok(read) => match name.or(read.id) {
                    Some(name) if crate::model::is_source_id(&name) => self.sources.push((name, read.source)),
                    _ => report.not_placed(format!("a source without an id: {}", quote(&text))),
                },
                Err(error) => report.dropped(format!("a source whose JSON cannot be read: {error}")),
            }
            dom.detach(id);
            return;
        }
        let named = element.attribute("data-chart").or_else(|| element.attribute("id")).map(str::to_owned);
        if named.is_none() && !element.has_class("chart") {
            report.dropped(format!("data that is neither a chart nor a source: {}", quote(&text)));
            dom.detach(id);
            return;
        }
        let name = named.unwrap_or_else(|| format!("chart-{}", self.charts.len() + 1));
        self.add_json_chart(&text, &name, report);
        let has_place = dom.descendants(dom::DOCUMENT).any(|other| {
            other != id
                && dom.element(other).is_some_and(|element| {
                    element.local() != "script" && element.attribute("data-chart") == Some(name.as_str())
                        || element.is_html("canvas") && element.attribute("id") == Some(name.as_str())
                })
        });
        if has_place {
            dom.detach(id);
        } else {
            self.places.push(place_of(dom, id, name.clone()));
            dom.replace_with_element(id, "div", vec![("class", "chart".to_owned()), ("data-chart", name)]);
        }
    }

    fn add_json_chart(&mut self, json: &str, name: &str, report: &mut Report) {
        let error = match Chart::from_json(json) {
            Ok((chart, left_out)) => {
                let found = FoundChart { canvas: Some(name.to_owned()), chart: Ok(chart), left_out };
                return self.add_chart(found, report);
            }
            Err(error) => error,
        };
        // JSON is JavaScript: it may be the configuration that Chart.js takes.
        let mut found = chart::read_script(&format!("new Chart(\"\",{json})")).unwrap_or_default();
        match found.pop() {
            Some(found) if found.chart.is_ok() => {
                report.repaired(format!("the chart {}, written as Chart.js takes it", quote(name)));
                self.add_chart(FoundChart { canvas: Some(name.to_owned()), ..found }, report);
            }
            _ => report.dropped(format!("the chart {}: {error}", quote(name))),
        }
    }

    /// A canvas becomes the place of a chart.
    fn take_canvas(&mut self, dom: &mut Dom, id: NodeId, report: &mut Report) {
        let Some(element) = dom.element(id) else { return };
        let name = element
            .attribute("id")
            .filter(|name| !name.is_empty())
            .map_or_else(|| format!("canvas-{}", self.places.len() + 1), str::to_owned);
        let style = element.attribute("style").unwrap_or_default();
        let mut attributes =
            vec![("data-chart", name.clone()), ("style", format!("width:100%;height:100%;{style}"))];
        for attribute in &element.attributes {
            let own = &*attribute.name.local;
            match ["class", "title", "lang", "dir"].into_iter().find(|kept| *kept == own) {
                Some(kept) => attributes.push((kept, attribute.value.to_string())),
                None if matches!(own, "id" | "style" | "width" | "height") => {}
                None => report.dropped(format!("the attribute {} of a canvas", quote(own))),
            }
        }
        if dom.first_child(id).is_some() && !dom.text(id).trim().is_empty() {
            report.dropped(format!("text in a canvas: {}", quote(&dom.text(id))));
        }
        attributes.push(("id", name.clone()));
        self.places.push(place_of(dom, id, name));
        dom.replace_with_element(id, "div", attributes);
    }

    /// Reads the charts in a script that belongs to this slide.
    pub(crate) fn add_script(&mut self, script: &str, report: &mut Report) {
        match chart::read_script(script) {
            Ok(found) if found.is_empty() => report.dropped(format!("the script {}", quote(script))),
            Ok(found) => {
                for found in found {
                    self.add_chart(found, report);
                }
            }
            Err(why) => report.dropped(format!("{why}: {}", quote(script))),
        }
    }

    /// Whether a chart belongs on this slide.
    pub(crate) fn has_place(&self, canvas: &str) -> bool {
        self.places.iter().any(|place| place.id == canvas)
    }

    /// Whether a chart may still come.
    pub(crate) fn has_places(&self) -> bool {
        !self.places.is_empty()
    }

    /// Adds a chart found in a script.
    pub(crate) fn add_chart(&mut self, found: FoundChart, report: &mut Report) {
        let only = || match self.places.as_slice() {
            [only] => Some(only.id.clone()),
            _ => None,
        };
        let name = match found.canvas.clone() {
            Some(canvas) => canvas,
            None => match only() {
                Some(only) => {
                    report.repaired(format!(
                        "a chart without a canvas; it is drawn in the slide's only one, {}",
                        quote(&only)
                    ));
                    only
                }
                None => {
                    report.not_placed("a chart whose canvas the script does not name");
                    return;
                }
            },
        };
        for what in found.left_out {
            report.dropped(format!("{what}, of the chart {}", quote(&name)));
        }
        match found.chart {
            Ok(chart) => self.charts.push(PlacedChart { id: name, chart }),
            Err(error) => report.dropped(format!("the chart {}: {error}", quote(&name))),
        }
    }

    /// Whether there is nothing to see.
    pub(crate) fn is_empty(&self) -> bool {
        let mut ignored = Report::default();
        let (dom, root) = dom::parse_fragment(&self.html, &mut ignored);
        let is_seen = |id: NodeId| {
            dom.element(id).is_some_and(|element| {
                matches!(element.local(), "img" | "svg" | "math" | "hr")
                    || element.attribute("data-chart").is_some()
            })
        };
        self.charts.is_empty() && dom.text(root).trim().is_empty() && !dom.descendants(root).any(is_seen)
    }

    /// The content.
    pub(crate) fn finish(mut self, report: &mut Report) -> SlideContent {
        for placed in &mut self.charts {
            if let Some(place) = self.places.iter().find(|place| place.id == placed.id) {
                placed.chart.width = placed.chart.width.or(place.width);
                placed.chart.height = placed.chart.height.or(place.height);
            }
        }
        SlideContent::of_sanitised(crate::model::rooted(self.html), self.charts, &self.notes, report)
    }
}

/// The address of a script that is not loaded.
pub(super) fn report_address(element: &Element, report: &mut Report) {
    let href = element.attributes.iter().find(|attribute| &*attribute.name.local == "href");
    let address = element.attribute("src").or_else(|| href.map(|href| &*href.value));
    if let Some(address) = address {
        report.dropped(format!("the script {}", quote(address)));
    }
}

/// The rules of a style element, for the media that it names.
pub(super) fn style_text(dom: &Dom, id: NodeId, report: &mut Report) -> String {
    let text = dom.text(id);
    let Some(element) = dom.element(id) else { return text };
    let kind = element.attribute("type").unwrap_or_default().trim();
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("text/css") {
        report.dropped(format!("a style of the type {}: {}", quote(kind), quote(&text)));
        return String::new();
    }
    match element.attribute("media").map(str::trim) {
        None | Some("" | "all") => format!("{text}\n"),
        Some(media) if !media.contains(['{', '}', ';']) => {
            // A rule that is not complete ends with its element, not with the block.
            let rules = sanitise::css(&text, report);
            format!("@media {media}{{{rules}}}\n")
        }
        Some(media) => {
            report.dropped(format!("a style for the media {}: {}", quote(media), quote(&text)));
            String::new()
        }
    }
}

fn is_json(element: &Element) -> bool {
    element.attribute("type").is_some_and(|kind| kind.trim().to_ascii_lowercase().ends_with("json"))
}

/// Notes keep their paragraphs.
fn notes_text(dom: &Dom, id: NodeId) -> String {
    let mut text = String::new();
    for node in dom.descendants(id) {
        match dom.data(node) {
            dom::Data::Text(part) => text.push_str(part),
            dom::Data::Element(element) if matches!(element.local(), "p" | "li" | "br" | "div") => {
                text.push('\n')
            }
            _ => {}
        }
    }
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    lines.join("\n").trim().to_owned()
}

/// A place with its size: its own, or that of an element around it.
fn place_of(dom: &Dom, id: NodeId, name: String) -> Place {
    let mut place = Place { id: name, width: None, height: None };
    let mut at = Some(id);
    for _ in 0..3 {
        let Some(element) = at.and_then(|at| dom.element(at)) else { break };
        let own = |name: &str| size(element, name);
        place.width = place.width.or_else(|| own("width"));
        place.height = place.height.or_else(|| own("height"));
        at = at.and_then(|at| dom.parent(at));
    }
    // A width alone says nothing about how high it is, and a height is usually meant for a place as wide as its column.
    if let (Some(height), None) = (place.height, place.width) {
        place.width = Some((height * 1.8).clamp(height, 1160.0));
    }
    if let (Some(width), None) = (place.width, place.height) {
        place.height = Some(width * 0.5625);
    }
    place
}

/// A length in pixels from an element's style or attribute.
fn size(element: &Element, name: &str) -> Option<f64> {
    let style = element.attribute("style").unwrap_or_default();
    let declared = style
        .split(';')
        .filter_map(|declaration| declaration.split_once(':'))
        .find(|(property, _)| property.trim().eq_ignore_ascii_case(name));
    let text = match declared {
        Some((_, value)) => value.trim().strip_suffix("px")?,
        None => element.attribute(name)?.trim().trim_end_matches("px"),
    };
    text.trim().parse().ok().filter(|size| (40.0..=2000.0).contains(size))
}
