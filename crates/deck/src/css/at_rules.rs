//! What stands before the block of an at-rule.

use cssparser::{Parser, Token};

use super::values::refuse;
use super::{ParseError, tokens};

/// Conditions nested deeper than this are refused.
const DEEPEST: usize = 8;
/// A step of an animation with more positions than this is refused.
const MOST: usize = 100;

/// An at-rule that may stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AtRule {
    /// It holds rules: the text before its block.
    Nested(String),
    /// It holds the steps of an animation: the text before its block.
    Keyframes(String),
    FontFace,
}

/// Reads what stands between an at-rule's name, in lower case, and its block.
pub(super) fn prelude(name: &str, input: &mut Parser<'_>) -> Result<AtRule, ParseError> {
    let mut out = format!("@{name} ");
    let start = out.len();
    match name {
        "media" | "supports" | "container" | "layer" => {
            condition(input, name != "layer", &mut out, start, 0)?;
            tokens::trim_end(&mut out, start);
            if out.len() == start && name != "layer" {
                return Err(refuse("an empty condition"));
            }
            Ok(AtRule::Nested(out))
        }
        "keyframes" | "-webkit-keyframes" => {
            let name = input.expect_ident_or_string()?.clone();
            input.expect_exhausted()?;
            tokens::write(&Token::Ident(name), &mut out);
            Ok(AtRule::Keyframes(out))
        }
        "font-face" => {
            input.expect_exhausted()?;
            Ok(AtRule::FontFace)
        }
        _ => Err(refuse(format!("@{name} is not allowed"))),
    }
}

/// Reads the positions of one step of an animation.
pub(super) fn keyframe_selector(input: &mut Parser<'_>) -> Result<String, ParseError> {
    let positions = input.parse_comma_separated(|input| match input.next()?.clone() {
        Token::Ident(word) if word.eq_ignore_ascii_case("from") => Ok("from".to_owned()),
        Token::Ident(word) if word.eq_ignore_ascii_case("to") => Ok("to".to_owned()),
        token @ Token::Percentage { .. } => {
            let mut text = String::new();
            tokens::write(&token, &mut text);
            Ok(text)
        }
        other => Err(refuse(format!("{other:?} as a keyframe"))),
    })?;
    if positions.len() > MOST {
        return Err(refuse("too many positions"));
    }
    Ok(positions.join(","))
}

/// Words, numbers, comparisons and parentheses: a media query, a condition of support or of a container, names of layers.
fn condition(
    input: &mut Parser<'_>,
    parentheses: bool,
    out: &mut String,
    start: usize,
    depth: usize,
) -> Result<(), ParseError> {
    if depth > DEEPEST {
        return Err(refuse("conditions nested too deep"));
    }
    while let Ok(token) = input.next_including_whitespace_and_comments() {
        let token = token.clone();
        match &token {
            Token::WhiteSpace(_) | Token::Comment(_) => tokens::space(out, start),
            Token::Ident(_)
            | Token::Number { .. }
            | Token::Percentage { .. }
            | Token::Dimension { .. }
            | Token::Hash(_)
            | Token::IDHash(_)
            | Token::Comma => tokens::write(&token, out),
            Token::Delim('.') if !parentheses => out.push('.'),
            Token::Colon if depth > 0 => out.push(':'),
            // With spaces around them they cannot become part of a tag or of a comment.
            Token::Delim(sign @ ('<' | '>' | '=' | '/')) if depth > 0 => {
                if *sign == '=' && out.ends_with(['<', '>']) {
                    out.push('=');
                } else {
                    tokens::space(out, start);
                    out.push(*sign);
                }
                if !matches!(sign, '<' | '>') || !follows_equals(input) {
                    out.push(' ');
                }
            }
            Token::ParenthesisBlock if parentheses => {
                out.push('(');
                let inner_start = out.len();
                input.parse_nested_block(|inner| condition(inner, true, out, inner_start, depth + 1))?;
                tokens::trim_end(out, inner_start);
                out.push(')');
            }
            other => return Err(refuse(format!("{other:?} in a condition"))),
        }
    }
    Ok(())
}

fn follows_equals(input: &mut Parser<'_>) -> bool {
    let state = input.state();
    let follows = matches!(input.next_including_whitespace_and_comments(), Ok(Token::Delim('=')));
    input.reset(&state);
    follows
}
