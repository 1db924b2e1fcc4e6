//! What happens to an element, and which attributes it keeps.

use crate::dom::{Element, Vocabulary};

/// What happens to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    /// Its children take its place.
    Unwrap,
    /// It goes with everything in it.
    Drop,
}

/// HTML elements.
#[rustfmt::skip]
pub const HTML: &[&str] = &[
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "data", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hgroup", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "meter", "nav", "ol", "p",
    "pre", "progress", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "wbr",
];

#[rustfmt::skip]
const HTML_DROPPED: &[&str] = &[
    "applet", "area", "audio", "base", "basefont", "bgsound", "canvas", "command", "datalist", "dialog", "embed", "frame",
    "frameset", "head", "iframe", "input", "isindex", "keygen", "link", "listing", "map", "meta", "noembed", "noframes",
    "noscript", "object", "option", "optgroup", "param", "plaintext", "portal", "script", "select", "selectedcontent",
    "slot", "source", "style", "template", "textarea", "title", "track", "video", "xmp",
];

/// SVG elements.
#[rustfmt::skip]
pub const SVG: &[&str] = &[
    "circle", "clipPath", "defs", "ellipse", "feBlend", "feColorMatrix", "feComposite", "feDropShadow", "feFlood",
    "feGaussianBlur", "feMerge", "feMergeNode", "feMorphology", "feOffset", "filter", "g", "image", "line",
    "linearGradient", "marker", "mask", "path", "pattern", "polygon", "polyline", "radialGradient", "rect", "stop", "svg",
    "symbol", "text", "textPath", "tspan",
];

/// MathML elements.
#[rustfmt::skip]
pub const MATHML: &[&str] = &[
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts", "mroot",
    "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder",
    "munderover",
];

/// MathML elements whose content the HTML parser reads as HTML: only their text stays.
pub(super) const MATHML_TEXT: &[&str] = &["mi", "mn", "mo", "ms", "mtext"];

/// HTML elements without content.
pub(super) const VOID: &[&str] = &["br", "col", "hr", "img", "wbr"];

/// Attributes of every element.
pub const GLOBAL: &[&str] = &["class", "dir", "id", "lang", "role", "style", "title"];

/// SVG attributes that CSS does not read.
#[rustfmt::skip]
pub const SVG_ATTRIBUTES: &[&str] = &[
    "amplitude", "clipPathUnits", "cx", "cy", "d", "dx", "dy", "edgeMode", "filterUnits", "fr", "fx", "fy",
    "gradientTransform", "gradientUnits", "height", "in", "in2", "k1", "k2", "k3", "k4", "lengthAdjust", "markerHeight",
    "markerUnits", "markerWidth", "maskContentUnits", "maskUnits", "mode", "offset", "operator", "orient",
    "pathLength", "patternContentUnits", "patternTransform", "patternUnits", "points", "preserveAspectRatio",
    "primitiveUnits", "r", "radius", "refX", "refY", "result", "rotate", "rx", "ry", "spreadMethod", "startOffset",
    "stdDeviation", "textLength", "transform", "type", "values", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2",
];

/// SVG attributes that are CSS properties, and are read as such.
#[rustfmt::skip]
pub const PRESENTATION: &[&str] = &[
    "alignment-baseline", "baseline-shift", "clip-path", "clip-rule", "color", "color-interpolation",
    "color-interpolation-filters", "direction", "display", "dominant-baseline", "fill", "fill-opacity", "fill-rule",
    "filter", "flood-color", "flood-opacity", "font-family", "font-size", "font-stretch", "font-style", "font-variant",
    "font-weight", "image-rendering", "letter-spacing", "lighting-color", "marker-end", "marker-mid", "marker-start",
    "mask", "opacity", "overflow", "paint-order", "shape-rendering", "stop-color", "stop-opacity", "stroke",
    "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
    "stroke-opacity", "stroke-width", "text-anchor", "text-decoration", "text-rendering", "unicode-bidi",
    "vector-effect", "visibility", "word-spacing", "writing-mode",
];

/// MathML attributes.
#[rustfmt::skip]
pub const MATHML_ATTRIBUTES: &[&str] = &[
    "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "columnspan", "depth", "display",
    "displaystyle", "fence", "form", "frame", "height", "largeop", "linethickness", "lspace", "mathbackground",
    "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowalign", "rowlines",
    "rowspacing", "rowspan", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width",
];

/// What happens to an element that stands inside elements of `around`.
pub(super) fn fate(element: &Element, around: Vocabulary) -> Fate {
    let local = element.local();
    let listed = |list: &[&str]| list.binary_search(&local).is_ok();
    match (element.vocabulary(), around) {
        (Vocabulary::Html, Vocabulary::Html) if listed(HTML) => Fate::Keep,
        (Vocabulary::Html, Vocabulary::Html) if HTML_DROPPED.contains(&local) => Fate::Drop,
        (Vocabulary::Html, Vocabulary::Html) => Fate::Unwrap,
        (Vocabulary::Svg, Vocabulary::Html) if local == "svg" => Fate::Keep,
        (Vocabulary::Svg, Vocabulary::Svg) if listed(SVG) => Fate::Keep,
        (Vocabulary::Svg, Vocabulary::Svg) if matches!(local, "a" | "switch") => Fate::Unwrap,
        (Vocabulary::MathMl, Vocabulary::Html) if local == "math" => Fate::Keep,
        (Vocabulary::MathMl, Vocabulary::MathMl) if listed(MATHML) && local != "math" => Fate::Keep,
        (Vocabulary::MathMl, Vocabulary::MathMl) if local == "semantics" => Fate::Unwrap,
        _ => Fate::Drop,
    }
}

/// Whether an element may have an attribute, whatever its value.
pub(super) fn may_have(element: &Element, attribute: &str) -> bool {
    if GLOBAL.contains(&attribute) || is_prefixed(attribute, "aria-") || is_prefixed(attribute, "data-") {
        return true;
    }
    match element.vocabulary() {
        Vocabulary::Html => html_attributes(element.local()).contains(&attribute),
        Vocabulary::Svg => {
            SVG_ATTRIBUTES.binary_search(&attribute).is_ok()
                || PRESENTATION.binary_search(&attribute).is_ok()
                || (attribute == "href" && element.local() == "image")
        }
        Vocabulary::MathMl => MATHML_ATTRIBUTES.binary_search(&attribute).is_ok(),
        Vocabulary::Other => false,
    }
}

fn is_prefixed(attribute: &str, prefix: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    attribute.len() <= 64
        && attribute.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(allowed))
}

/// The attributes of an HTML element beside those that every element may have.
#[must_use]
pub fn html_attributes(element: &str) -> &'static [&'static str] {
    match element {
        "a" => &["href"],
        "img" => &["src", "alt", "width", "height"],
        "ol" => &["start", "reversed", "type"],
        "li" | "data" => &["value"],
        "time" | "del" | "ins" => &["datetime"],
        "meter" | "progress" => &["value", "min", "max", "low", "high", "optimum"],
        "td" | "th" => &[
            "colspan", "rowspan", "headers", "scope", "align", "valign", "width", "height", "bgcolor", "abbr",
        ],
        "tr" | "thead" | "tbody" | "tfoot" => &["align", "valign", "bgcolor"],
        "col" | "colgroup" => &["span", "width", "align"],
        "table" => &["width", "border", "cellpadding", "cellspacing", "align", "bgcolor"],
        "div" | "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => &["align"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        for list in [HTML, SVG, MATHML, SVG_ATTRIBUTES, PRESENTATION, MATHML_ATTRIBUTES] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
