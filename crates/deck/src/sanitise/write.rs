//! Writing what may stay of a tree.

use std::collections::HashMap;
use std::rc::Rc;

use html5ever::ns;

use super::elements::{self, Fate};
use super::urls;
use crate::css;
use crate::dom::{Data, Dom, Element, NodeId, Vocabulary};
use crate::report::{Report, quote};

/// What the sanitiser itself writes on links to pages.
const OURS: [(&str, &str); 2] = [("target", "_blank"), ("rel", "noopener noreferrer")];
/// So many style attributes are remembered.
const MOST_STYLES: usize = 1000;
/// A cell spans no more rows or columns.
const MOST_CELLS: u16 = 100;
/// Nodes deeper than this are left out.
const DEEPEST: usize = 500;

/// Writes the children of a node.
pub(super) fn children(dom: &Dom, parent: NodeId, styles: &mut Styles, report: &mut Report) -> String {
    let mut writer = Writer { dom, out: String::with_capacity(1024), styles, report };
    writer.children(parent, Place { around: Vocabulary::Html, depth: 0, verbatim: false });
    writer.out
}

/// Writes a node.
pub(super) fn node(dom: &Dom, node: NodeId, styles: &mut Styles, report: &mut Report) -> String {
    let mut writer = Writer { dom, out: String::with_capacity(1024), styles, report };
    writer.node(node, Place { around: Vocabulary::Html, depth: 0, verbatim: false });
    writer.out
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    around: Vocabulary,
    depth: usize,
    /// Only text stays.
    verbatim: bool,
}

/// Style attributes in canonical form by what was written. Slides repeat them, and they are read twice.
#[derive(Default)]
pub(super) struct Styles(HashMap<String, Rc<str>>);

impl Styles {
    fn canonical(&mut self, style: &str, report: &mut Report) -> Rc<str> {
        if let Some(known) = self.0.get(style) {
            return Rc::clone(known);
        }
        let mut own = Report::default();
        let canonical: Rc<str> = Rc::from(css::declarations(style, &mut own));
        // What has findings is read again each time: each of them counts.
        if own.is_empty() && self.0.len() < MOST_STYLES {
            self.0.insert(style.to_owned(), Rc::clone(&canonical));
        }
        report.take_over(own);
        canonical
    }
}

struct Writer<'a> {
    dom: &'a Dom,
    out: String,
    styles: &'a mut Styles,
    report: &'a mut Report,
}

impl Writer<'_> {
    fn children(&mut self, parent: NodeId, place: Place) {
        let mut child = self.dom.first_child(parent);
        while let Some(id) = child {
            self.node(id, place);
            child = self.dom.next_sibling(id);
        }
    }

    fn node(&mut self, id: NodeId, place: Place) {
        let dom = self.dom;
        match dom.data(id) {
            Data::Text(text) => escape_text(text, &mut self.out),
            Data::Element(element) => self.element(id, element, place),
            Data::Document | Data::Comment => {}
        }
    }

    fn element(&mut self, id: NodeId, element: &Element, place: Place) {
        let inner = Place { depth: place.depth + 1, ..place };
        if place.depth > DEEPEST {
            self.report.dropped("elements nested too deep");
            return;
        }
        let fate = if place.verbatim { Fate::Drop } else { elements::fate(element, place.around) };
        match fate {
            Fate::Drop => self.report.dropped(format!("<{}>", short(element.local()))),
            Fate::Unwrap => {
                self.report.dropped(format!("the tag <{}>; what it holds stays", short(element.local())));
                self.children(id, inner);
            }
            Fate::Keep => self.kept(id, element, inner),
        }
    }

    fn kept(&mut self, id: NodeId, element: &Element, inner: Place) {
        let local = element.local();
        let html = element.vocabulary() == Vocabulary::Html;
        self.out.push('<');
        self.out.push_str(local);
        self.attributes(element);
        self.out.push('>');
        if html && elements::VOID.contains(&local) {
            return;
        }
        // An element that holds a chart's place holds nothing else.
        if html && element.attribute("data-chart").is_some() {
            let text = self.dom.text(id);
            if !text.trim().is_empty() {
                self.report.dropped(format!("text where a chart is drawn: {}", quote(&text)));
            }
            for child in self.dom.descendants(id).filter_map(|child| self.dom.element(child)) {
                self.report.dropped(format!("<{}> where a chart is drawn", short(child.local())));
            }
        } else {
            let before = self.out.len();
            let verbatim =
                element.vocabulary() == Vocabulary::MathMl && elements::MATHML_TEXT.contains(&local);
            self.children(id, Place { around: element.vocabulary(), depth: inner.depth, verbatim });
            // A parser leaves out the first line break.
            if local == "pre" && self.out.get(before..).is_some_and(|text| text.starts_with('\n')) {
                self.out.insert(before, '\n');
            }
        }
        self.out.push_str("</");
        self.out.push_str(local);
        self.out.push('>');
    }

    fn attributes(&mut self, element: &Element) {
        let mut is_link = false;
        for attribute in &element.attributes {
            let name = &*attribute.name.local;
            // SVG's old way to write `href`.
            let plain = attribute.name.ns == ns!() || (attribute.name.ns == ns!(xlink) && name == "href");
            if let Some(ours) = ours(element, name) {
                if *attribute.value != *ours {
                    self.report.dropped(format!("{name} with {}", quote(&attribute.value)));
                }
                continue;
            }
            if !plain || !elements::may_have(element, name) {
                self.report.dropped(format!("the attribute {}", quote(name)));
                continue;
            }
            if let Some(value) = self.value(element, name, &attribute.value) {
                self.out.push(' ');
                self.out.push_str(name);
                self.out.push_str("=\"");
                escape_attribute(&value, &mut self.out);
                self.out.push('"');
                is_link |= name == "href" && value.contains(':');
            }
        }
        if is_link && element.is_html("a") {
            for (name, value) in OURS {
                self.out.push_str(&format!(" {name}=\"{value}\""));
            }
        }
    }

    /// The value that an attribute keeps.
    fn value<'v>(
        &mut self,
        element: &Element,
        name: &str,
        value: &'v str,
    ) -> Option<std::borrow::Cow<'v, str>> {
        let address =
            |allowed: Option<String>| allowed.ok_or_else(|| format!("the address {}", quote(value)));
        let kept = match name {
            "style" => {
                let style = self.styles.canonical(value, self.report);
                return (!style.is_empty()).then(|| style.to_string().into());
            }
            "src" => address(urls::image(value)),
            "href" if element.is_html("a") => address(urls::link(value)),
            "href" => address(urls::image(value)),
            _ if element.vocabulary() == Vocabulary::Svg
                && elements::PRESENTATION.binary_search(&name).is_ok() =>
            {
                css::presentation_value(value)
                    .map_err(|refused| format!("{name} with {}: {}", quote(value), refused.0))
            }
            "colspan" | "rowspan" | "span" => match value.trim().parse::<u16>() {
                Ok(number @ 1..=MOST_CELLS) => Ok(number.to_string()),
                Ok(number) => {
                    let bounded = number.clamp(1, MOST_CELLS);
                    self.report.repaired(format!("{name} with {number}; it is {bounded}"));
                    Ok(bounded.to_string())
                }
                Err(_) => Err(format!("{name} with {}", quote(value))),
            },
            _ => return Some(value.into()),
        };
        match kept {
            Ok(kept) => Some(kept.into()),
            Err(what) => {
                self.report.dropped(what);
                None
            }
        }
    }
}

/// What the sanitiser itself writes for that attribute.
fn ours(element: &Element, name: &str) -> Option<&'static str> {
    OURS.iter().find(|(ours, _)| element.is_html("a") && *ours == name).map(|(_, value)| *value)
}

fn short(name: &str) -> &str {
    name.get(..name.floor_char_boundary(40)).unwrap_or_default()
}

/// Writes text so that it reads back as text.
pub(crate) fn escape_text(text: &str, out: &mut String) {
    escape(text, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("\n"),
        b'\0' => Some(""),
        _ => None,
    });
}

/// Writes a value so that it reads back between double quotes.
pub(crate) fn escape_attribute(text: &str, out: &mut String) {
    escape(text, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'`' => Some("&#96;"),
        b'\r' => Some("\n"),
        b'\0' => Some(""),
        _ => None,
    });
}

fn escape(text: &str, out: &mut String, replacement: impl Fn(u8) -> Option<&'static str>) {
    let mut from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replacement(byte) {
            out.push_str(text.get(from..index).unwrap_or_default());
            out.push_str(replacement);
            from = index + 1;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
}
