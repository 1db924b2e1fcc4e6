//! Finding tags in text that is still growing.
//!
//! It only finds where slides begin and end; what is in them is read by the HTML parser.

use std::ops::Range;

/// Outside a slide, a longer tag is text.
const LONGEST_TAG: usize = 16 * 1024;

/// What stands at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Markup {
    /// A start tag.
    Start(Tag),
    /// An end tag.
    End(Tag),
    /// A comment, a doctype.
    Other(Range<usize>),
    /// A `<` that is text.
    Text,
    /// It cannot be told yet.
    More,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// In lower case.
    pub(super) name: String,
    pub(super) range: Range<usize>,
}

/// What begins at the `<` at a position. With `ended`, nothing more will come.
pub(super) fn markup(text: &str, at: usize, ended: bool) -> Markup {
    let rest = text.get(at..).unwrap_or_default();
    let undecided = if ended { Markup::Text } else { Markup::More };
    if rest.starts_with("<!--") {
        return match rest.get(4..).and_then(|inner| inner.find("-->")) {
            Some(end) => Markup::Other(at..at + 4 + end + 3),
            None => undecided,
        };
    }
    if "<!--".starts_with(rest) || rest == "</" {
        return undecided;
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return match rest.find('>') {
            Some(end) => Markup::Other(at..at + end + 1),
            None => undecided,
        };
    }
    let closing = rest.starts_with("</");
    let start = if closing { 2 } else { 1 };
    let name: String = rest
        .get(start..)
        .unwrap_or_default()
        .chars()
        .take_while(|character| character.is_ascii_alphanumeric() || *character == '-')
        .collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Markup::Text;
    }
    let after = start + name.len();
    match rest.as_bytes().get(after) {
        None => return undecided,
        Some(byte) if byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/') => {}
        Some(_) => return Markup::Text,
    }
    match tag_end(rest, after) {
        Some(end) => {
            let tag = Tag { name: name.to_ascii_lowercase(), range: at..at + end };
            if closing { Markup::End(tag) } else { Markup::Start(tag) }
        }
        None => undecided,
    }
}

/// Whether a tag outside a slide is too long to be one.
pub(super) fn is_endless(text: &str, at: usize) -> bool {
    text.len().saturating_sub(at) > LONGEST_TAG
}

/// The position after the `>` of a tag: one that is not in a quoted value.
fn tag_end(tag: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    let mut value_may_begin = false;
    for (index, byte) in tag.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if value_may_begin => quote = Some(byte),
            (None, b'>') => return Some(index + 1),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            value_may_begin = byte == b'=';
        }
    }
    None
}

/// Where the end tag of an element with raw text begins and ends.
pub(super) fn raw_end(text: &str, from: usize, name: &str) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let mut at = 0;
    while let Some(found) = rest.get(at..).and_then(|rest| rest.find("</")) {
        let start = at + found;
        let after = start + 2 + name.len();
        let same = rest.get(start + 2..after).is_some_and(|word| word.eq_ignore_ascii_case(name));
        let ends = rest
            .as_bytes()
            .get(after)
            .is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
        if same
            && ends
            && let Some(end) = rest.get(after..).and_then(|rest| rest.find('>'))
        {
            return Some(from + start..from + after + end + 1);
        }
        at = start + 2;
    }
    None
}
