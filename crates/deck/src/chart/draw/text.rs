//! How wide text is, without a font: widths of common sans-serif fonts, a little too wide.

/// The width of a text at a size, in CSS pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(character_width).sum::<f64>() * size * 1.06
}

fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' | 'I' => 0.26,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | ' ' | '-' | '"' | '*' | '\u{a0}' => 0.34,
        'm' | 'M' | 'W' | '@' | '%' => 0.88,
        'w' | 'O' | 'Q' | 'G' | 'C' | 'D' | 'N' | 'H' | 'U' | 'R' | '−' | '+' | '&' => 0.72,
        'A'..='Z' => 0.66,
        '0'..='9' | '$' => 0.56,
        'a'..='z' => 0.54,
        _ if character.is_ascii() => 0.56,
        // Combining marks and joiners have no width of their own.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' => 1.0,
        '\u{ff00}'..='\u{ff60}' | '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' => 1.1,
        _ => 0.6,
    }
}

/// A text cut to a width, with an ellipsis; empty if there is room for nothing.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut used = 0.0;
    let kept: String = text
        .chars()
        .take_while(|character| {
            used += character_width(*character) * size * 1.06;
            used <= room
        })
        .collect();
    let kept = kept.trim_end();
    if kept.is_empty() { String::new() } else { format!("{kept}…") }
}

/// A text broken at spaces into at most so many lines, the last one cut.
pub(super) fn wrap(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() >= most;
        match lines.last_mut() {
            Some(line) if full || width(line, size) + width(word, size) + size * 0.34 <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fit(line, size, room)).collect()
}
