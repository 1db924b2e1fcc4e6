//! Values of declarations.

use cssparser::{Parser, Token};

use super::{ParseError, Refused, tokens};
use crate::sanitise::urls;

/// Functions nested deeper than this are refused.
const DEEPEST: usize = 24;

/// Functions that compute or paint, and load nothing.
#[rustfmt::skip]
pub const FUNCTIONS: &[&str] = &[
    "abs", "acos", "anchor", "asin", "atan", "atan2", "blur", "brightness", "calc", "calc-size", "circle", "clamp",
    "color", "color-mix", "conic-gradient", "contrast", "cos", "counter", "counters", "cubic-bezier", "drop-shadow",
    "ellipse", "env", "exp", "fit-content", "format", "grayscale", "hsl", "hsla", "hue-rotate", "hwb", "hypot", "inset",
    "invert", "lab", "lch", "light-dark", "linear", "linear-gradient", "local", "log", "matrix", "matrix3d", "max", "min",
    "minmax", "mod", "oklab", "oklch", "opacity", "path", "perspective", "polygon", "pow", "radial-gradient", "ray",
    "rect", "rem", "repeat", "repeating-conic-gradient", "repeating-linear-gradient", "repeating-radial-gradient", "rgb",
    "rgba", "rotate", "rotate3d", "rotatex", "rotatey", "rotatez", "round", "saturate", "scale", "scale3d", "scalex",
    "scaley", "scalez", "sepia", "sign", "sin", "skew", "skewx", "skewy", "sqrt", "steps", "symbols", "tan", "translate",
    "translate3d", "translatex", "translatey", "translatez", "var", "xywh",
];

/// Which addresses a value may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addresses {
    /// Images in place, the app's images, and `#fragment`.
    Images,
    /// Fonts in place.
    Fonts,
}

/// Reads a value to the end of the input and writes it canonically.
pub(super) fn write(
    input: &mut Parser<'_>,
    addresses: Addresses,
    out: &mut String,
) -> Result<(), ParseError> {
    let start = out.len();
    write_nested(input, addresses, out, start, 0)?;
    tokens::trim_end(out, start);
    if out.len() == start {
        return Err(refuse("an empty value"));
    }
    Ok(())
}

/// The canonical form of an SVG presentation attribute that CSS reads, if it may stay.
pub(crate) fn presentation_value(value: &str) -> Result<String, Refused> {
    let mut parser = Parser::new(value);
    let mut out = String::with_capacity(value.len());
    match write(&mut parser, Addresses::Images, &mut out) {
        Ok(()) => Ok(out),
        Err(error) => Err(reason(error)),
    }
}

/// What a parse error says.
pub(super) fn reason(error: ParseError) -> Refused {
    match error.kind {
        cssparser::ParseErrorKind::Custom(refused) => refused,
        cssparser::ParseErrorKind::Basic(_) => Refused::because("it cannot be read"),
    }
}

pub(super) fn refuse(why: impl Into<String>) -> ParseError {
    ParseError::custom(Refused::because(why))
}

fn write_nested(
    input: &mut Parser<'_>,
    addresses: Addresses,
    out: &mut String,
    start: usize,
    depth: usize,
) -> Result<(), ParseError> {
    if depth > DEEPEST {
        return Err(refuse("functions nested too deep"));
    }
    while let Ok(token) = input.next_including_whitespace_and_comments() {
        let token = token.clone();
        match &token {
            Token::WhiteSpace(_) | Token::Comment(_) => tokens::space(out, start),
            Token::Ident(_)
            | Token::Hash(_)
            | Token::IDHash(_)
            | Token::QuotedString(_)
            | Token::Number { .. }
            | Token::Percentage { .. }
            | Token::Dimension { .. }
            | Token::Comma => tokens::write(&token, out),
            Token::Delim('!') if depth == 0 => return important(input, out, start),
            Token::Delim('+' | '-' | '*' | '/' | '.' | '%') => tokens::write(&token, out),
            Token::UnquotedUrl(address) => write_url(address, addresses, out)?,
            Token::Function(name) => function(input, name, addresses, out, depth)?,
            Token::ParenthesisBlock => block(input, addresses, out, depth, ('(', ')'))?,
            Token::SquareBracketBlock => block(input, addresses, out, depth, ('[', ']'))?,
            other => return Err(refuse(format!("{other:?} in a value"))),
        }
    }
    Ok(())
}

fn important(input: &mut Parser<'_>, out: &mut String, start: usize) -> Result<(), ParseError> {
    input.expect_ident_matching("important")?;
    input.expect_exhausted()?;
    tokens::trim_end(out, start);
    out.push_str(" !important");
    Ok(())
}

fn block(
    input: &mut Parser<'_>,
    addresses: Addresses,
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
) -> Result<(), ParseError> {
    out.push(open);
    let start = out.len();
    input.parse_nested_block(|inner| write_nested(inner, addresses, out, start, depth + 1))?;
    tokens::trim_end(out, start);
    out.push(close);
    Ok(())
}

fn function(
    input: &mut Parser<'_>,
    name: &str,
    addresses: Addresses,
    out: &mut String,
    depth: usize,
) -> Result<(), ParseError> {
    let name = name.to_ascii_lowercase();
    if name == "url" {
        let address = input.parse_nested_block(|inner| {
            let address = inner.expect_string()?.to_string();
            inner.expect_exhausted()?;
            Ok::<_, ParseError>(address)
        })?;
        return write_url(&address, addresses, out);
    }
    if name == "attr" {
        let attribute = input.parse_nested_block(|inner| {
            let attribute = inner.expect_ident()?.to_string();
            inner.expect_exhausted()?;
            Ok::<_, ParseError>(attribute)
        })?;
        out.push_str("attr(");
        tokens::write(&Token::Ident(attribute.into()), out);
        out.push(')');
        return Ok(());
    }
    if FUNCTIONS.binary_search(&name.as_str()).is_err() {
        return Err(refuse(format!("{name}() is not allowed")));
    }
    out.push_str(&name);
    block(input, addresses, out, depth, ('(', ')'))
}

fn write_url(address: &str, addresses: Addresses, out: &mut String) -> Result<(), ParseError> {
    let allowed = match addresses {
        Addresses::Images => urls::image(address).or_else(|| urls::fragment(address)),
        Addresses::Fonts => urls::font(address),
    };
    let Some(allowed) = allowed else {
        return Err(refuse(format!("it loads {}", crate::report::quote(address))));
    };
    out.push_str("url(");
    tokens::write(&Token::QuotedString(allowed.into()), out);
    out.push(')');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_searched() {
        assert!(FUNCTIONS.is_sorted());
    }

    #[test]
    fn values_become_canonical_or_are_refused() {
        let canonical = |value: &str| presentation_value(value).ok();
        let same = |value: &str| assert_eq!(canonical(value).as_deref(), Some(value));
        same("linear-gradient(135deg, #667eea 0%, rgb(118 75 162/50%) 100%)");
        same("var(--accent, red) !important");
        same("[full-start] minmax(1rem, 1fr) [main-start] repeat(3, minmax(0, 1fr))");
        same("calc(100% - (2*var(--gap)))");
        same("url(\"data:image/png;base64,iVBORw0KGgo=\")");
        same("url(\"#gradient\")");
        assert_eq!(canonical("1px/**/2px").as_deref(), Some("1px 2px"));
        assert_eq!(canonical("\"</style>\"").as_deref(), Some("\"\\3c /style\\3e \""));
        assert_eq!(canonical(r#""\3c /style\3e ""#).as_deref(), Some("\"\\3c /style\\3e \""));
        for hostile in [
            "url(https://x.example/a.png)",
            "URL( 'https://x.example/a.png' )",
            r"\75rl(https://x.example/a.png)",
            r"u\72l('//x.example')",
            "image-set('https://x.example/a.png' 1x)",
            "-webkit-image-set(url(https://x.example/) 1x)",
            "image('https://x.example')",
            "src('https://x.example')",
            "cross-fade(url(https://x.example/a), red)",
            "element(#x)",
            "expression(alert(1))",
            "paint(x)",
            "url(javascript:alert(1))",
            "url(data:text/html,<script>alert(1)</script>)",
            "url(data:image/svg+xml,<svg onload=alert(1)>)",
            "red; background: url(//x)",
            "{}",
            "red } body { color: red",
            "",
            "attr(data-x type(<url>))",
            "progid:DXImageTransform.Microsoft.AlphaImageLoader(src='x')",
        ] {
            assert_eq!(canonical(hostile), None, "{hostile}");
        }
    }
}
