//! The one sanitiser: elements, attributes, addresses and CSS, for everything, whoever wrote it.
//!
//! What it gives is written by itself from a parsed tree, reads back as the same tree, and is the same when it is
//! sanitised again.

mod elements;
pub(crate) mod urls;
mod write;

use crate::dom::{self, Dom, NodeId};
use crate::report::Report;

use write::Styles;
pub(crate) use write::{escape_attribute, escape_text};

/// What may stand in the output: for whoever checks it, or tells what a slide can hold.
///
/// Beside these there are `a[href]`, `img[src]` and `image[href]` with allowed addresses, attributes that begin with
/// `data-` or `aria-`, custom properties, and the functions `url()` and `attr()`.
pub mod lists {
    pub use super::elements::{
        GLOBAL, HTML, MATHML, MATHML_ATTRIBUTES, PRESENTATION, SVG, SVG_ATTRIBUTES, html_attributes,
    };
    pub use crate::css::{FONT_FACE, FUNCTIONS, PROPERTIES};
}

/// So often the output is read and written again until it no longer changes.
const ROUNDS: usize = 6;

/// Sanitises what stands inside a `body`.
///
/// The result holds only listed elements and attributes, runs nothing, loads nothing, and `html(html(x)) == html(x)`.
/// What is left out is reported.
pub fn html(input: &str, report: &mut Report) -> String {
    let (dom, root) = dom::parse_fragment(input, report);
    let mut styles = Styles::default();
    let out = write::children(&dom, root, &mut styles, report);
    // It was canonical already, and has just been read and written once.
    if out == input { out } else { settle(out, styles, report) }
}

/// Sanitises a style sheet: only listed properties, functions and at-rules stay, and every selector is scoped to
/// `.slide`.
pub fn css(input: &str, report: &mut Report) -> String {
    let mut out = crate::css::stylesheet(input, report);
    for _ in 0..ROUNDS {
        let again = crate::css::stylesheet(&out, &mut Report::default());
        if again == out {
            return out;
        }
        out = again;
    }
    report.dropped("a style sheet that reads differently each time");
    String::new()
}

/// Sanitises one node with everything below it.
pub(crate) fn subtree(dom: &Dom, node: NodeId, report: &mut Report) -> String {
    let mut styles = Styles::default();
    settle(write::node(dom, node, &mut styles, report), styles, report)
}

/// Sanitises everything below a node.
pub(crate) fn children(dom: &Dom, node: NodeId, report: &mut Report) -> String {
    let mut styles = Styles::default();
    settle(write::children(dom, node, &mut styles, report), styles, report)
}

/// Reads and writes again until nothing changes: a tree that a parser built from broken input is not always what the same
/// parser builds from its text. What does not settle stays as text.
fn settle(mut out: String, mut styles: Styles, report: &mut Report) -> String {
    for round in 0..ROUNDS {
        // What is left out of what was written is the same again.
        let mut ignored = Report::default();
        let (dom, root) = dom::parse_fragment(&out, &mut ignored);
        let again = write::children(&dom, root, &mut styles, &mut ignored);
        if again == out {
            return out;
        }
        if round == 0 {
            report.repaired("elements that cannot stand where they stand; they are as a browser reads them");
        }
        out = again;
    }
    report.dropped("markup that reads differently each time; it is shown as text");
    let mut text = String::from("<p>");
    escape_text(&out, &mut text);
    text.push_str("</p>");
    text
}
