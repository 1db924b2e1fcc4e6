//! Selectors, scoped to the slide.
//!
//! What a rule applies to must be the slide or lie inside it. `.slide` names the slide itself; a selector that does not
//! name it gets it as an ancestor, and as itself, because a deck's own class may stand on the slide.

use cssparser::{Parser, Token};

use super::values::refuse;
use super::{ParseError, tokens};

/// The class of a slide's root element.
const SLIDE: &str = "slide";
/// Functions nested deeper than this are refused.
const DEEPEST: usize = 6;
/// A rule with more selectors than this is refused.
const MOST: usize = 500;

#[rustfmt::skip]
const PSEUDO_CLASSES: &[&str] = &[
    "active", "after", "any-link", "before", "checked", "disabled", "empty", "enabled", "first-child", "first-letter",
    "first-line", "first-of-type", "focus", "focus-visible", "focus-within", "hover", "last-child", "last-of-type",
    "link", "only-child", "only-of-type",
];
const PSEUDO_ELEMENTS: &[&str] = &["after", "before", "first-letter", "first-line", "marker", "selection"];
const COUNTING: &[&str] = &["nth-child", "nth-last-child", "nth-last-of-type", "nth-of-type"];
const MATCHING: &[&str] = &["has", "is", "not", "where"];

/// Part of a selector between two combinators.
#[derive(Debug, Default, Clone)]
struct Compound {
    /// Empty for the document, which has another name here.
    text: String,
    present: bool,
    names_slide: bool,
    names_document: bool,
    pseudo_element: bool,
}

/// What joins a compound to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combinator {
    Descendant,
    Child,
    Next,
    Later,
}

impl Combinator {
    const fn text(self) -> &'static str {
        match self {
            Self::Descendant => " ",
            Self::Child => " > ",
            Self::Next => " + ",
            Self::Later => " ~ ",
        }
    }
}

type Complex = Vec<(Combinator, Compound)>;

/// Reads a list of selectors to the end of the input and gives it scoped.
pub(super) fn scoped(input: &mut Parser<'_>) -> Result<String, ParseError> {
    let list = list(input, 0)?;
    let mut out: Vec<String> = Vec::new();
    for complex in &list {
        for selector in scope(complex).map_err(refuse)? {
            if !out.contains(&selector) {
                out.push(selector);
            }
        }
    }
    Ok(out.join(","))
}

fn scope(complex: &Complex) -> Result<Vec<String>, &'static str> {
    // Everything before the last mention of the slide, or of the document, says where the slide stands: that is ours to say.
    let named = complex.iter().rposition(|(_, compound)| compound.names_slide);
    let document = complex.iter().rposition(|(_, compound)| compound.names_document);
    let start = named.max(document).unwrap_or(0);
    let inside = complex.get(start..).unwrap_or_default();
    let Some(((first_combinator, first), rest)) = inside.split_first() else {
        return Err("an empty selector");
    };
    if start == 0 && *first_combinator != Combinator::Descendant {
        return Err("a selector that begins with a combinator");
    }
    if start > 0 && sideways(*first_combinator) {
        return Err("it depends on another slide");
    }
    let anchored = first.names_slide || first.names_document;
    if anchored && rest.first().is_some_and(|(combinator, _)| sideways(*combinator)) {
        return Err("it reaches out of the slide");
    }
    let tail: String =
        rest.iter().map(|(combinator, compound)| format!("{}{}", combinator.text(), compound.text)).collect();
    if first.names_slide {
        return Ok(vec![format!("{}{tail}", first.text)]);
    }
    if first.names_document {
        return Ok(vec![format!(".{SLIDE}{}{tail}", first.text)]);
    }
    let descendant = format!(".{SLIDE} {}{tail}", first.text);
    let sideways_next = rest.first().is_some_and(|(combinator, _)| sideways(*combinator));
    match itself(first) {
        Some(itself) if !sideways_next => Ok(vec![format!("{itself}{tail}"), descendant]),
        _ => Ok(vec![descendant]),
    }
}

fn sideways(combinator: Combinator) -> bool {
    matches!(combinator, Combinator::Next | Combinator::Later)
}

/// A compound of classes and ids, said of the slide itself.
fn itself(compound: &Compound) -> Option<String> {
    compound.text.starts_with(['.', '#']).then(|| format!(".{SLIDE}{}", compound.text))
}

/// Reads selectors separated by commas.
fn list(input: &mut Parser<'_>, depth: usize) -> Result<Vec<Complex>, ParseError> {
    if depth > DEEPEST {
        return Err(refuse("selectors nested too deep"));
    }
    let mut complexes = Vec::new();
    let mut complex: Complex = Vec::new();
    let mut combinator = Combinator::Descendant;
    let mut compound = Compound::default();
    let mut between = false;
    loop {
        let Ok(token) = input.next_including_whitespace_and_comments().cloned() else { break };
        let next = match token {
            Token::Comment(_) => continue,
            Token::WhiteSpace(_) => {
                between = true;
                continue;
            }
            Token::Delim('>') => Some(Combinator::Child),
            Token::Delim('+') => Some(Combinator::Next),
            Token::Delim('~') => Some(Combinator::Later),
            Token::Comma => {
                finish(&mut complexes, &mut complex, combinator, &mut compound)?;
                combinator = Combinator::Descendant;
                between = false;
                continue;
            }
            _ => None,
        };
        if let Some(next) = next {
            if compound.present {
                complex.push((combinator, std::mem::take(&mut compound)));
            } else if combinator != Combinator::Descendant || !complex.is_empty() {
                return Err(refuse("two combinators in a row"));
            }
            combinator = next;
            between = false;
            continue;
        }
        if between && compound.present {
            complex.push((combinator, std::mem::take(&mut compound)));
            combinator = Combinator::Descendant;
        }
        between = false;
        simple(input, &token, &mut compound, depth)?;
    }
    finish(&mut complexes, &mut complex, combinator, &mut compound)?;
    Ok(complexes)
}

fn finish(
    complexes: &mut Vec<Complex>,
    complex: &mut Complex,
    combinator: Combinator,
    compound: &mut Compound,
) -> Result<(), ParseError> {
    if !compound.present {
        return Err(refuse("an empty selector"));
    }
    complex.push((combinator, std::mem::take(compound)));
    if complex.iter().rev().skip(1).any(|(_, compound)| compound.pseudo_element) {
        return Err(refuse("something after a pseudo-element"));
    }
    if complexes.len() >= MOST {
        return Err(refuse("too many selectors"));
    }
    complexes.push(std::mem::take(complex));
    Ok(())
}

fn simple<'i>(
    input: &mut Parser<'i>,
    token: &Token<'i>,
    compound: &mut Compound,
    depth: usize,
) -> Result<(), ParseError> {
    if compound.pseudo_element && !matches!(token, Token::Colon) {
        return Err(refuse("something after a pseudo-element"));
    }
    let first = !std::mem::replace(&mut compound.present, true);
    match token {
        Token::Ident(name) if first => {
            if name.eq_ignore_ascii_case("html") || name.eq_ignore_ascii_case("body") {
                compound.names_document = true;
            } else {
                tokens::write(token, &mut compound.text);
            }
        }
        Token::Delim('*') if first => compound.text.push('*'),
        Token::IDHash(_) => tokens::write(token, &mut compound.text),
        Token::Delim('.') => {
            let name = input.expect_ident()?.clone();
            if &*name == SLIDE {
                compound.names_slide = true;
            }
            compound.text.push('.');
            tokens::write(&Token::Ident(name), &mut compound.text);
        }
        Token::SquareBracketBlock => {
            compound.text.push('[');
            input.parse_nested_block(|inner| attribute(inner, &mut compound.text))?;
            compound.text.push(']');
        }
        Token::Colon => pseudo(input, compound, depth)?,
        other => return Err(refuse(format!("{other:?} in a selector"))),
    }
    Ok(())
}

fn attribute<'i>(input: &mut Parser<'i>, out: &mut String) -> Result<(), ParseError> {
    let name = input.expect_ident()?.clone();
    tokens::write(&Token::Ident(name), out);
    if input.is_exhausted() {
        return Ok(());
    }
    let operator = input.next()?.clone();
    match operator {
        Token::Delim('=')
        | Token::IncludeMatch
        | Token::DashMatch
        | Token::PrefixMatch
        | Token::SuffixMatch
        | Token::SubstringMatch => tokens::write(&operator, out),
        _ => return Err(refuse("an attribute selector that cannot be read")),
    }
    let value = input.expect_ident_or_string()?.clone();
    tokens::write(&Token::QuotedString(value), out);
    if let Ok(flag) = input.try_parse(|input| input.expect_ident().cloned()) {
        match &*flag {
            "i" | "I" => out.push_str(" i"),
            "s" | "S" => out.push_str(" s"),
            _ => return Err(refuse("an attribute selector that cannot be read")),
        }
    }
    input.expect_exhausted()?;
    Ok(())
}

fn pseudo<'i>(input: &mut Parser<'i>, compound: &mut Compound, depth: usize) -> Result<(), ParseError> {
    match input.next_including_whitespace()?.clone() {
        Token::Colon => {
            let name = input.expect_ident()?.to_ascii_lowercase();
            if !PSEUDO_ELEMENTS.contains(&name.as_str()) {
                return Err(refuse(format!("::{name} is not allowed")));
            }
            compound.pseudo_element = true;
            compound.text.push_str("::");
            compound.text.push_str(&name);
        }
        Token::Ident(name) => {
            let name = name.to_ascii_lowercase();
            if name == "root" {
                compound.names_document = true;
                return Ok(());
            }
            if !PSEUDO_CLASSES.contains(&name.as_str()) {
                return Err(refuse(format!(":{name} is not allowed")));
            }
            compound.pseudo_element |=
                matches!(name.as_str(), "after" | "before" | "first-letter" | "first-line");
            compound.text.push(':');
            compound.text.push_str(&name);
        }
        Token::Function(name) => pseudo_function(input, &name.to_ascii_lowercase(), compound, depth)?,
        other => return Err(refuse(format!("{other:?} after a colon"))),
    }
    Ok(())
}

fn pseudo_function<'i>(
    input: &mut Parser<'i>,
    name: &str,
    compound: &mut Compound,
    depth: usize,
) -> Result<(), ParseError> {
    let argument = if COUNTING.contains(&name) {
        input.parse_nested_block(|inner| {
            let (a, b) = cssparser::parse_nth(inner)?;
            inner.expect_exhausted()?;
            Ok::<_, ParseError>(format!("{a}n{b:+}"))
        })?
    } else if MATCHING.contains(&name) {
        let list = input.parse_nested_block(|inner| list(inner, depth + 1))?;
        if list.iter().flatten().any(|(_, compound)| compound.names_document || compound.pseudo_element) {
            return Err(refuse(format!(":{name}() of the document")));
        }
        let texts = list.iter().map(|complex| plain(complex, name == "has"));
        texts.collect::<Vec<_>>().join(",")
    } else if name == "lang" || name == "dir" {
        input.parse_nested_block(|inner| {
            let value = inner.expect_ident()?.clone();
            inner.expect_exhausted()?;
            let mut text = String::new();
            tokens::write(&Token::Ident(value), &mut text);
            Ok::<_, ParseError>(text)
        })?
    } else {
        return Err(refuse(format!(":{name}() is not allowed")));
    };
    compound.text.push(':');
    compound.text.push_str(name);
    compound.text.push('(');
    compound.text.push_str(&argument);
    compound.text.push(')');
    Ok(())
}

/// A selector inside a function, which is not scoped: what the whole applies to is.
fn plain(complex: &Complex, relative: bool) -> String {
    let mut text = String::new();
    for (index, (combinator, compound)) in complex.iter().enumerate() {
        if index > 0 || (relative && *combinator != Combinator::Descendant) {
            text.push_str(if index == 0 { combinator.text().trim_start() } else { combinator.text() });
        }
        text.push_str(&compound.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(selector: &str) -> Option<String> {
        scoped(&mut Parser::new(selector)).ok()
    }

    #[test]
    fn a_selector_stays_on_the_slide() {
        for (selector, expected) in [
            (".card h2", ".slide.card h2,.slide .card h2"),
            ("h1", ".slide h1"),
            ("*", ".slide *"),
            ("body", ".slide"),
            ("html, body", ".slide"),
            (":root", ".slide"),
            ("body::before", ".slide::before"),
            (".deck > .slide h1", ".slide h1"),
            ("div.slide.dark > p:first-child", "div.slide.dark > p:first-child"),
            (".a + .b", ".slide .a + .b"),
            ("li:nth-child(2n + 1)::marker", ".slide li:nth-child(2n+1)::marker"),
            ("p:not(.x, .y)", ".slide p:not(.x,.y)"),
            (".x:has(> img)", ".slide.x:has(> img),.slide .x:has(> img)"),
            ("[data-x='a\"b' i]", ".slide [data-x=\"a\\\"b\" i]"),
            ("body .slide:hover, .slide", ".slide:hover,.slide"),
            ("#\\31 a", ".slide#\\31 a,.slide #\\31 a"),
        ] {
            let once = scope(selector);
            assert_eq!(once.as_deref(), Some(expected), "{selector}");
            assert_eq!(scope(expected).as_deref(), Some(expected), "again: {selector}");
        }
    }

    #[test]
    fn what_reaches_out_is_refused() {
        for selector in [
            ".slide + div",
            ".slide ~ .toolbar",
            "body + *",
            ":root ~ p",
            ".slide + .slide",
            "> p",
            "a >> b",
            "",
            ",",
            ":host",
            "::slotted(p)",
            "::part(x)",
            ":is(body)",
            ":not(:root)",
            ":visited",
            "svg|a",
            "p::before b",
            "a,",
            ".slide::before + p",
            "p {",
            "&",
            "::-webkit-scrollbar",
        ] {
            assert_eq!(scope(selector), None, "{selector}");
        }
    }
}
