//! Writing tokens so that they read back as themselves, in a style element, an attribute or a file.

use cssparser::{ToCss, Token};

/// Writes a token in its canonical form. No `<` is ever written inside a string, name or address, so that no text can
/// end the element it stands in.
pub(super) fn write(token: &Token<'_>, out: &mut String) {
    let start = out.len();
    // Writing to a string does not fail.
    let _ = token.to_css(out);
    let may_hide_markup = matches!(
        token,
        Token::Ident(_)
            | Token::Function(_)
            | Token::QuotedString(_)
            | Token::UnquotedUrl(_)
            | Token::Hash(_)
            | Token::IDHash(_)
            | Token::AtKeyword(_)
            | Token::Dimension { .. }
    );
    if may_hide_markup && out.get(start..).is_some_and(|written| written.contains(['<', '>'])) {
        let written = out.split_off(start);
        out.push_str(
            &written
                .replace("\\<", "\\3c ")
                .replace("\\>", "\\3e ")
                .replace('<', "\\3c ")
                .replace('>', "\\3e "),
        );
    }
}

/// Writes one space, unless there is one already or nothing stands before it.
pub(super) fn space(out: &mut String, start: usize) {
    if out.len() > start && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Takes back the spaces at the end; one that belongs to an escape stays.
pub(super) fn trim_end(out: &mut String, start: usize) {
    while out.len() > start && out.ends_with(' ') && !ends_with_escape(out.get(start..).unwrap_or_default()) {
        out.pop();
    }
}

/// Whether the last space ends a hexadecimal escape.
fn ends_with_escape(text: &str) -> bool {
    let Some(body) = text.strip_suffix(' ') else { return false };
    let digits = body.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    digits > 0 && digits <= 6 && body.get(..body.len() - digits).is_some_and(|before| before.ends_with('\\'))
}
