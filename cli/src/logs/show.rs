//! A line of a log for a terminal, a pipe or a program.

use std::io::{IsTerminal as _, Write as _, stdout};

use databricks::apps::LogLine;
use serde_json::json;

/// How lines are written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Control characters are made visible: what an app logs must not command a terminal.
    Terminal,
    /// As the app wrote it.
    Pipe,
    /// An object for each line.
    Json,
}

impl Form {
    /// What suits standard output.
    pub(super) fn for_output(json: bool) -> Self {
        match (json, stdout().is_terminal()) {
            (true, _) => Self::Json,
            (false, true) => Self::Terminal,
            (false, false) => Self::Pipe,
        }
    }

    /// Writes a line. `false` when nobody reads any more.
    pub(super) fn print(self, line: &LogLine) -> bool {
        let mut out = stdout().lock();
        writeln!(out, "{}", self.text(line)).and_then(|()| out.flush()).is_ok()
    }

    /// Writes lines. `false` when nobody reads any more.
    pub(super) fn print_all(self, lines: &[LogLine]) -> bool {
        lines.iter().all(|line| self.print(line))
    }

    fn text(self, line: &LogLine) -> String {
        match self {
            Self::Terminal => plain(line),
            Self::Pipe => format!("{}{}", head(line), line.message),
            Self::Json => json!({
                "source": line.source.as_ref().map(|source| source.as_str()),
                "timestamp": line.timestamp.map(|time| time.to_string()),
                "message": line.message,
            })
            .to_string(),
        }
    }
}

/// One line of text that does nothing to a terminal.
pub(super) fn plain(line: &LogLine) -> String {
    visible(&format!("{}{}", head(line), line.message))
}

fn head(line: &LogLine) -> String {
    let time = line.timestamp.map(|time| format!("{time:.3} ")).unwrap_or_default();
    let source = line.source.as_ref().map(|source| format!("[{}] ", source.as_str())).unwrap_or_default();
    format!("{time}{source}")
}

/// Control characters, and those that turn text around, as the pictures or numbers that stand for them. Tabs stay.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(c),
            '\u{7f}' => shown.push('\u{2421}'),
            c if c.is_ascii_control() => {
                shown.extend(char::from_u32(0x2400 + u32::from(c)));
            }
            c if c.is_control() || turns_text(c) => shown.push_str(&format!("<U+{:04X}>", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use databricks::apps::LogSource;

    use super::*;

    fn line(message: &str) -> LogLine {
        LogLine {
            source: Some(LogSource::App),
            timestamp: Some("2026-11-23T05:00:00.5Z".parse().unwrap()),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_terminal_is_not_commanded() {
        let text = Form::Terminal.text(&line("\u{1b}[2Jgone\ta\r\nb\u{9b}31m\u{202e}x\u{7f}"));
        assert_eq!(text, "2026-11-23T05:00:00.500Z [APP] ␛[2Jgone\ta␍␊b<U+009B>31m<U+202E>x␡");
    }

    #[test]
    fn a_source_that_nobody_knows_cannot_command_it_either() {
        let hostile = LogLine { source: Some("\u{1b}[2J".into()), timestamp: None, message: String::new() };
        assert_eq!(Form::Terminal.text(&hostile), "[␛[2J] ");
    }

    #[test]
    fn pipes_get_the_line_and_programs_an_object() {
        assert_eq!(Form::Pipe.text(&line("\u{1b}[31mred")), "2026-11-23T05:00:00.500Z [APP] \u{1b}[31mred");
        let object: serde_json::Value = serde_json::from_str(&Form::Json.text(&line("\u{1b}x"))).unwrap();
        assert_eq!(
            object,
            json!({"source": "APP", "timestamp": "2026-11-23T05:00:00.5Z", "message": "\u{1b}x"})
        );
    }
}
