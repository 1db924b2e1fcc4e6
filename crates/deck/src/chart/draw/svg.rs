//! Writing SVG.

use std::fmt::Write as _;

use crate::sanitise::{escape_attribute, escape_text};

/// Where a text begins, relative to its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) bold: bool,
    /// Between 0 and 1.
    pub(super) strength: f64,
    /// White on a dark ground, whatever the slide's colour.
    pub(super) fill: Option<&'static str>,
    /// Degrees, clockwise.
    pub(super) turned: f64,
}

impl Look {
    pub(super) const fn new(size: f64, anchor: Anchor) -> Self {
        Self { size, anchor, bold: false, strength: 0.78, fill: None, turned: 0.0 }
    }
}

/// A picture being written.
pub(super) struct Svg {
    out: String,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64, description: &str) -> Self {
        let mut out = String::with_capacity(4096);
        let (width, height) = (round(width), round(height));
        let _ = write!(
            out,
            "<svg viewBox=\"0 0 {width} {height}\" width=\"100%\" height=\"100%\" role=\"img\" aria-label=\""
        );
        escape_attribute(description, &mut out);
        out.push_str("\" font-family=\"inherit\" style=\"display:block;overflow:visible\">");
        Self { out }
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>");
        self.out
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), strength: f64) {
        let (x1, y1, x2, y2) = (round(x1), round(y1), round(x2), round(y2));
        let _ = write!(
            self.out,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"currentColor\" stroke-opacity=\"{strength}\"></line>"
        );
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, radius: f64, color: &str) {
        let (x, y, width, height) = (round(x), round(y), round(width.max(0.0)), round(height.max(0.0)));
        let _ = write!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        if radius > 0.0 {
            let _ = write!(self.out, " rx=\"{}\"", round(radius));
        }
        self.fill(color);
        self.out.push_str("></rect>");
    }

    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, color: &str, opacity: f64) {
        let _ = write!(self.out, "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"", round(x), round(y), round(radius));
        self.fill(color);
        if opacity < 1.0 {
            let _ = write!(self.out, " fill-opacity=\"{opacity}\" stroke=\"");
            escape_attribute(color, &mut self.out);
            self.out.push('"');
        }
        self.out.push_str("></circle>");
    }

    /// A circle with a hole in it.
    pub(super) fn ring(&mut self, (x, y): (f64, f64), radius: f64, hole: f64, color: &str) {
        let (x, y, middle, width) = (round(x), round(y), round((radius + hole) / 2.0), round(radius - hole));
        let _ = write!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{middle}\" fill=\"none\" stroke=\"");
        escape_attribute(color, &mut self.out);
        let _ = write!(self.out, "\" stroke-width=\"{width}\"></circle>");
    }

    /// A filled shape.
    pub(super) fn shape(&mut self, path: &str, color: &str, opacity: f64) {
        let _ = write!(self.out, "<path d=\"{path}\"");
        self.fill(color);
        if opacity < 1.0 {
            let _ = write!(self.out, " fill-opacity=\"{opacity}\"");
        }
        self.out.push_str("></path>");
    }

    /// A line along a path.
    pub(super) fn stroke(&mut self, path: &str, color: &str, width: f64, dashed: bool) {
        let _ = write!(self.out, "<path d=\"{path}\" fill=\"none\" stroke=\"");
        escape_attribute(color, &mut self.out);
        let _ = write!(
            self.out,
            "\" stroke-width=\"{width}\" stroke-linejoin=\"round\" stroke-linecap=\"round\""
        );
        if dashed {
            self.out.push_str(" stroke-dasharray=\"6 5\"");
        }
        self.out.push_str("></path>");
    }

    /// A thin line in the colour of the text.
    pub(super) fn outline(&mut self, path: &str, strength: f64) {
        let _ = write!(
            self.out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"{strength}\"></path>"
        );
    }

    /// Text with its baseline at a position.
    pub(super) fn text(&mut self, text: &str, (x, y): (f64, f64), look: Look) {
        let (x, y) = (round(x), round(y));
        let _ = write!(self.out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", round(look.size));
        match look.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.out.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.out.push_str(" text-anchor=\"end\""),
        }
        if look.bold {
            self.out.push_str(" font-weight=\"600\"");
        }
        self.fill(look.fill.unwrap_or("currentColor"));
        if look.fill.is_none() && look.strength < 1.0 {
            let _ = write!(self.out, " fill-opacity=\"{}\"", look.strength);
        }
        if look.turned != 0.0 {
            let _ = write!(self.out, " transform=\"rotate({} {x} {y})\"", look.turned);
        }
        self.out.push('>');
        escape_text(text, &mut self.out);
        self.out.push_str("</text>");
    }

    fn fill(&mut self, color: &str) {
        self.out.push_str(" fill=\"");
        escape_attribute(color, &mut self.out);
        self.out.push('"');
    }
}

/// A path through points.
pub(super) fn path(points: &[(f64, f64)], closed: bool) -> String {
    let mut path = String::with_capacity(points.len() * 12);
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{} {}", if index == 0 { "M" } else { "L" }, round(*x), round(*y));
    }
    if closed {
        path.push('Z');
    }
    path
}

/// To a tenth of a pixel.
pub(super) fn round(number: f64) -> f64 {
    let rounded = (number * 10.0).round() / 10.0;
    if rounded == 0.0 || !rounded.is_finite() { 0.0 } else { rounded }
}
