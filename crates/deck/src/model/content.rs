//! What stands on a slide.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::chart::{self, Chart};
use crate::dom;
use crate::report::Report;
use crate::sanitise::{self, urls};

/// A slide has no more charts than this.
pub(crate) const MOST_CHARTS: usize = 50;
/// The longest speaker notes, in bytes.
pub(crate) const LONGEST_NOTES: usize = 64 * 1024;

/// A chart and the place on the slide that it is drawn in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlacedChart {
    /// The value of `data-chart` on the element that it is drawn in.
    pub id: String,
    /// The chart.
    #[serde(flatten)]
    pub chart: Chart,
}

/// What stands on a slide, whichever slide it is: sanitised HTML, charts, speaker notes. It cannot be made but through
/// the sanitiser, and does not change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlideContent {
    html: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    charts: Vec<PlacedChart>,
    #[serde(skip_serializing_if = "String::is_empty")]
    notes: String,
    #[serde(skip)]
    places: Vec<(usize, String)>,
}

/// A name for content that is the same for the same content: the SHA-256 of its JSON, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentId(pub(crate) String);

impl ContentId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SlideContent {
    /// Content of one slide: one root element with the class `slide`, charts, notes. Everything goes through the
    /// sanitiser; HTML that is not one element gets `<section class="slide">` around it.
    #[must_use]
    pub fn new(html: &str, charts: Vec<PlacedChart>, notes: &str, report: &mut Report) -> Self {
        let html = rooted(sanitise::html(html, report));
        Self::of_sanitised(html, charts, notes, report)
    }

    /// Content with HTML that the sanitiser has written.
    pub(crate) fn of_sanitised(
        html: String,
        charts: Vec<PlacedChart>,
        notes: &str,
        report: &mut Report,
    ) -> Self {
        let places = places(&html);
        let mut kept: Vec<PlacedChart> = Vec::new();
        for placed in charts {
            let has_place = places.iter().any(|(_, id)| *id == placed.id);
            if !has_place {
                report.not_placed(format!(
                    "the chart {}: no element has it as `data-chart`",
                    crate::report::quote(&placed.id)
                ));
            } else if kept.iter().any(|known| known.id == placed.id) {
                report.dropped(format!("a second chart {}", crate::report::quote(&placed.id)));
            } else if kept.len() >= MOST_CHARTS {
                report.dropped(format!("a chart after the first {MOST_CHARTS}"));
            } else {
                let mut left_out = Vec::new();
                match placed.chart.checked(&mut left_out) {
                    Ok(chart) => kept.push(PlacedChart { id: placed.id, chart }),
                    Err(error) => report.dropped(error.to_string()),
                }
                left_out.into_iter().for_each(|what| report.dropped(what));
            }
        }
        for (_, id) in &places {
            if !kept.iter().any(|placed| placed.id == *id) {
                report.not_placed(format!(
                    "nothing: the place of the chart {} stays empty",
                    crate::report::quote(id)
                ));
            }
        }
        let mut notes = notes.trim().replace(['\r', '\0'], "");
        if notes.len() > LONGEST_NOTES {
            notes.truncate(notes.floor_char_boundary(LONGEST_NOTES));
            report.dropped(format!("speaker notes after the first {LONGEST_NOTES} bytes"));
        }
        Self { html, charts: kept, notes, places }
    }

    /// The slide's HTML: one element of class `slide`. Charts are empty elements with `data-chart`.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The charts.
    #[must_use]
    pub fn charts(&self) -> &[PlacedChart] {
        &self.charts
    }

    /// The speaker notes: plain text.
    #[must_use]
    pub fn notes(&self) -> &str {
        &self.notes
    }

    /// The same content with other notes.
    #[must_use]
    pub(crate) fn with_notes(&self, notes: &str) -> Self {
        let mut ignored = Report::default();
        Self::of_sanitised(self.html.clone(), self.charts.clone(), notes, &mut ignored)
    }

    /// The slide's HTML with its charts drawn.
    #[must_use]
    pub fn rendered(&self) -> String {
        let mut out = String::with_capacity(self.html.len() + self.charts.len() * 8192);
        let mut from = 0;
        for (at, id) in &self.places {
            out.push_str(self.html.get(from..*at).unwrap_or_default());
            if let Some(placed) = self.charts.iter().find(|placed| placed.id == *id) {
                out.push_str(&chart::draw(&placed.chart));
            }
            from = *at;
        }
        out.push_str(self.html.get(from..).unwrap_or_default());
        out
    }

    /// The name of this content.
    #[must_use]
    pub fn id(&self) -> ContentId {
        let json = serde_json::to_string(self).unwrap_or_default();
        ContentId(hexadecimal(&Sha256::digest(json)))
    }

    /// The text of the first heading, or of the slide's beginning; for lists of slides.
    #[must_use]
    pub fn heading(&self) -> Option<String> {
        let mut ignored = Report::default();
        let (dom, root) = dom::parse_fragment(&self.html, &mut ignored);
        let is_heading = |id: &dom::NodeId| {
            dom.element(*id).is_some_and(|element| matches!(element.local(), "h1" | "h2" | "h3"))
        };
        let heading = dom.descendants(root).find(is_heading).unwrap_or(root);
        let text: String = dom.text(heading).split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = text.chars().take(80).collect();
        (!short.is_empty()).then_some(short)
    }

    /// The ids of the app's images that the slide shows.
    #[must_use]
    pub fn images(&self) -> Vec<String> {
        let mut ignored = Report::default();
        let (dom, root) = dom::parse_fragment(&self.html, &mut ignored);
        let source =
            |id| dom.element(id).and_then(|element| element.attribute("src")).and_then(urls::image_id);
        dom.descendants(root).filter_map(source).map(str::to_owned).collect()
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Sanitised HTML with exactly one root element, which has the class `slide`.
pub(crate) fn rooted(html: String) -> String {
    let mut ignored = Report::default();
    let (dom, root) = dom::parse_fragment(&html, &mut ignored);
    let mut elements = dom.children(root);
    let is_slide = |id: &dom::NodeId| dom.element(*id).is_some_and(|element| element.has_class("slide"));
    if elements.next().as_ref().is_some_and(is_slide) && elements.next().is_none() {
        return html;
    }
    sanitise::html(&format!("<section class=\"slide\">{html}</section>"), &mut ignored)
}

/// Where charts are drawn: byte positions in HTML that the sanitiser has written, in ascending order. There, an element
/// with `data-chart` is empty, `<` and `>` stand only at tags, and values are between double quotes.
fn places(html: &str) -> Vec<(usize, String)> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) = html.get(from..).and_then(|rest| rest.find(" data-chart=\"")) {
        let start = from + found + " data-chart=\"".len();
        from = start;
        let Some(rest) = html.get(start..) else { break };
        let (Some(quote), Some(end)) = (rest.find('"'), rest.find('>')) else { break };
        // A text may say the same; it is not followed by an empty element's end tag.
        let empty = rest.get(end + 1..).is_some_and(|after| after.starts_with("</"));
        let in_tag = html.get(..start).is_some_and(|before| before.rfind('<') > before.rfind('>'));
        if quote < end && empty && in_tag {
            let id = rest.get(..quote).unwrap_or_default();
            places.push((
                start + end + 1,
                id.replace("&quot;", "\"")
                    .replace("&#96;", "`")
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&amp;", "&"),
            ));
        }
    }
    places
}
