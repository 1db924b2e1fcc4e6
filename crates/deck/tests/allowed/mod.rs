//! Checks what the sanitiser wrote by a reading that shares only the lists with it: every element, attribute, address,
//! property, function and at-rule is listed, and every selector stays on the slide. Panics at what is not.
#![expect(clippy::panic, clippy::expect_used, reason = "output outside the lists fails the test")]

use deck::sanitise::lists;

/// Checks HTML in canonical form.
pub fn html(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        assert!(!text.contains(['>', '\0', '\r']), "{text:?} in {html}");
        let end = tag.find('>').unwrap_or_else(|| panic!("a tag that does not end in {html}"));
        rest = &tag[end + 1..];
        let tag = &tag[..end];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
            continue;
        }
        let (name, attributes) = tag.split_at(tag.find(' ').unwrap_or(tag.len()));
        let foreign = match open.iter().rfind(|name| matches!(**name, "svg" | "math")) {
            _ if matches!(name, "svg" | "math") => Some(name),
            Some(foreign) => Some(*foreign),
            None => None,
        };
        let list = match foreign {
            Some("svg") => lists::SVG,
            Some(_) => lists::MATHML,
            None => lists::HTML,
        };
        assert!(list.contains(&name), "<{name}> in {html}");
        each_attribute(attributes, |attribute, value| check_attribute(foreign, name, attribute, value));
        if foreign.is_some() || !matches!(name, "br" | "col" | "hr" | "img" | "wbr") {
            open.push(name);
        }
    }
    assert!(!rest.contains('>'), "{html}");
    assert!(open.is_empty(), "{open:?} stays open in {html}");
}

fn each_attribute(mut rest: &str, mut check: impl FnMut(&str, &str)) {
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (name, after) = attribute.split_once("=\"").expect("an attribute without a value");
        let (value, after) = after.split_once('"').expect("a value that does not end");
        check(name, value);
        rest = after;
    }
    assert!(rest.is_empty(), "{rest:?} in a tag");
}

fn check_attribute(foreign: Option<&str>, element: &str, name: &str, value: &str) {
    assert!(!value.contains(['<', '>', '`', '\0']), "{name}={value}");
    let value = value
        .replace("&quot;", "\"")
        .replace("&#96;", "`")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let prefixed = ["data-", "aria-"].iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            rest.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
    });
    let own = match foreign {
        Some("svg") => lists::SVG_ATTRIBUTES.contains(&name) || lists::PRESENTATION.contains(&name),
        Some(_) => lists::MATHML_ATTRIBUTES.contains(&name),
        None => lists::html_attributes(element).contains(&name),
    };
    match name {
        "style" => return declarations(&value),
        "href" if foreign.is_none() && element == "a" => {
            return assert!(
                is_fragment(&value)
                    || ["https://", "http://", "mailto:"].iter().any(|start| value.starts_with(start)),
                "{value}"
            );
        }
        "src" if element == "img" => return assert!(is_image(&value), "{value}"),
        "href" if element == "image" => return assert!(is_image(&value), "{value}"),
        "target" if element == "a" => return assert_eq!(value, "_blank"),
        "rel" if element == "a" => return assert_eq!(value, "noopener noreferrer"),
        _ => assert!(prefixed || own || lists::GLOBAL.contains(&name), "{name} of <{element}>"),
    }
    if foreign == Some("svg") && lists::PRESENTATION.contains(&name) {
        check_value(&value, is_image);
    }
}

fn is_image(address: &str) -> bool {
    address.strip_prefix("image:").is_some_and(is_word)
        || ["png", "jpeg", "jpg", "gif", "webp", "avif"].iter().any(|kind| {
            address
                .strip_prefix("data:image/")
                .and_then(|rest| rest.strip_prefix(kind))
                .and_then(|rest| rest.strip_prefix(";base64,"))
                .is_some_and(is_base64)
        })
}

fn is_font(address: &str) -> bool {
    address
        .strip_prefix("data:font/")
        .and_then(|rest| rest.split_once(";base64,"))
        .is_some_and(|(kind, data)| is_word(kind) && is_base64(data))
}

fn is_fragment(address: &str) -> bool {
    address
        .strip_prefix('#')
        .is_some_and(|id| is_word(&id.replace(['.', ':'], "")) || id.chars().all(|c| ".:".contains(c)))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// Pieces of CSS in canonical form between separators that stand outside strings and brackets, with the separators.
fn pieces(css: &str, separators: &str) -> Vec<(String, Option<char>)> {
    let (mut out, mut piece, mut depth, mut string) = (Vec::new(), String::new(), 0_u32, false);
    let mut characters = css.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                piece.push('\\');
                piece.extend(characters.next());
                continue;
            }
            '"' => string = !string,
            _ if string => {}
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth = depth.checked_sub(1).unwrap_or_else(|| panic!("a bracket closes nothing in {css}"))
            }
            _ if depth == 0 && separators.contains(character) => {
                out.push((std::mem::take(&mut piece), Some(character)));
                continue;
            }
            _ => {}
        }
        piece.push(character);
    }
    assert!(!string && depth == 0, "something stays open in {css}");
    out.push((piece, None));
    out
}

/// Checks a style attribute or the body of a rule.
pub fn declarations(css: &str) {
    check_declarations(css, lists::PROPERTIES, is_image);
}

fn check_declarations(css: &str, allowed: &[&str], address: fn(&str) -> bool) {
    assert!(!css.contains("</") && !css.contains("<!"), "{css}");
    for (declaration, _) in pieces(css, ";") {
        if declaration.is_empty() {
            continue;
        }
        let (name, value) = declaration.split_once(':').unwrap_or_else(|| panic!("{declaration} in {css}"));
        assert!(name.starts_with("--") || allowed.contains(&name), "the property {name} in {css}");
        check_value(value, address);
        if name == "position" {
            let word = value.trim_end_matches(" !important");
            assert!(
                ["static", "relative", "absolute", "inherit", "initial", "unset"].contains(&word),
                "{declaration}"
            );
        }
    }
}

/// Functions are listed, addresses are allowed, and nothing stands in a value that could end it.
fn check_value(value: &str, address: fn(&str) -> bool) {
    let mut rest = value;
    let mut word = String::new();
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '"' => {
                let (string, after) = string(rest);
                if word == "url(" {
                    assert!(address(&string) || is_fragment(&string), "it loads {string} in {value}");
                    assert!(after.starts_with(')'), "{value}");
                }
                rest = after;
                word.clear();
            }
            '(' => {
                assert!(
                    word.is_empty()
                        || is_no_name(&word)
                        || word == "url"
                        || word == "attr"
                        || lists::FUNCTIONS.contains(&word.as_str()),
                    "{word}() in {value}"
                );
                assert!(word != "url" || rest.starts_with('"'), "{value}");
                // Only of an address must it be known in what it stands.
                if word == "url" {
                    word.push('(');
                } else {
                    word.clear();
                }
            }
            '\\' => {
                let escaped = rest.chars().next().map_or(0, char::len_utf8);
                word.push('\\');
                word.push_str(&rest[..escaped]);
                rest = &rest[escaped..];
            }
            '{' | '}' | ';' | '@' | '<' | '>' | '\n' => panic!("{character:?} in the value {value}"),
            _ if character.is_alphanumeric() || "-_".contains(character) || !character.is_ascii() => {
                word.push(character)
            }
            '#' => "#".clone_into(&mut word),
            _ => word.clear(),
        }
    }
}

/// A colour or a number with its unit: a parenthesis after it begins a block of its own.
fn is_no_name(word: &str) -> bool {
    word.strip_prefix('-').unwrap_or(word).starts_with(|first: char| first == '#' || first.is_ascii_digit())
}

/// The string that began, with its escapes read, and what comes after it.
fn string(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (out, &text[at + 1..]),
            '\\' => {
                let digits: String =
                    std::iter::from_fn(|| characters.next_if(|(_, next)| next.is_ascii_hexdigit()))
                        .map(|(_, digit)| digit)
                        .collect();
                if digits.is_empty() {
                    out.extend(characters.next().map(|(_, escaped)| escaped));
                } else {
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                    characters.next_if(|(_, next)| *next == ' ');
                }
            }
            other => out.push(other),
        }
    }
    panic!("a string that does not end: {text}");
}

/// Checks a style sheet.
pub fn css(css: &str) {
    assert!(!css.contains("</") && !css.contains("<!--") && !css.contains('\0'), "{css}");
    rules(css, false);
}

fn rules(css: &str, keyframes: bool) {
    let mut rest = css;
    while !rest.trim().is_empty() {
        let (prelude, end) = pieces(rest, "{;").into_iter().next().expect("a piece");
        rest = &rest[prelude.len()..];
        let prelude = prelude.trim();
        if end == Some(';') {
            assert!(prelude.starts_with("@layer "), "{prelude} in {css}");
            rest = &rest[1..];
            continue;
        }
        assert_eq!(end, Some('{'), "{css}");
        let body = block(&rest[1..]);
        rest = &rest[1 + body.len() + 1..];
        let name = prelude.split(' ').next().unwrap_or_default();
        match name {
            "@media" | "@supports" | "@container" | "@layer" => {
                assert!(!prelude.contains(['"', '\'']), "{prelude}");
                rules(body, false);
            }
            "@keyframes" | "@-webkit-keyframes" => rules(body, true),
            "@font-face" => check_declarations(body, lists::FONT_FACE, is_font),
            _ if keyframes => {
                assert!(
                    pieces(prelude, ",")
                        .iter()
                        .all(|(step, _)| step == "from" || step == "to" || step.ends_with('%')),
                    "{prelude}"
                );
                declarations(body);
            }
            _ => {
                assert!(!prelude.starts_with('@'), "{prelude}");
                pieces(prelude, ",").iter().for_each(|(selector, _)| check_selector(selector));
                declarations(body);
            }
        }
    }
}

/// The inside of a block that has begun.
fn block(text: &str) -> &str {
    let mut depth = 0_u32;
    for (piece, end) in pieces_of_blocks(text) {
        match end {
            '{' => depth += 1,
            _ if depth == 0 => return &text[..piece],
            _ => depth -= 1,
        }
    }
    panic!("a block that does not end: {text}");
}

/// Where braces outside strings stand.
fn pieces_of_blocks(text: &str) -> Vec<(usize, char)> {
    let (mut out, mut string, mut escaped) = (Vec::new(), false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => string = !string,
            '{' | '}' if !string => out.push((at, character)),
            _ => {}
        }
    }
    out
}

/// The first part of a selector is the slide, and what follows it lies inside.
fn check_selector(selector: &str) {
    let parts = pieces(selector, " >+~");
    let (first, _) = parts.first().expect("a part");
    let names_slide = first.match_indices(".slide").any(|(at, found)| {
        !first[at + found.len()..]
            .starts_with(|next: char| next.is_alphanumeric() || "-_\\".contains(next) || !next.is_ascii())
    });
    assert!(names_slide, "{selector}");
    let after = selector[first.len()..].trim_start();
    assert!(!after.starts_with(['+', '~']), "{selector}");
}
