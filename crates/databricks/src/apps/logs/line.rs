//! One line of a log.

use jiff::Timestamp;
use serde_json::Value;

use crate::wire::{WireValue, wire_enum};

/// Longest message that is kept, in bytes.
const LONGEST: usize = 64 * 1024;

wire_enum! {
    /// Who wrote a line: the app's program, or the platform about it.
    LogSource { App = "APP", System = "SYSTEM" }
}

/// One line of a log, in the program's own words: it may hold control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogLine {
    /// Who wrote it, when the platform says so.
    pub source: Option<LogSource>,
    /// When it was written, when the platform says so.
    pub timestamp: Option<Timestamp>,
    /// At most 64 KiB, without the line end.
    pub message: String,
}

impl LogLine {
    /// Reads a message of the stream: an object, or the bare line.
    pub(super) fn read(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(mut fields)) if fields.contains_key("message") => {
                let mut take = |name: &str| fields.remove(name).unwrap_or_default();
                Self {
                    source: Option::read(take("source")).ok().flatten(),
                    timestamp: take("timestamp").as_f64().and_then(moment),
                    message: match take("message") {
                        Value::String(text) => bounded(&text),
                        other => bounded(&other.to_string()),
                    },
                }
            }
            _ => Self { source: None, timestamp: None, message: bounded(&String::from_utf8_lossy(bytes)) },
        }
    }
}

/// Seconds since 1970, with a fraction.
fn moment(seconds: f64) -> Option<Timestamp> {
    let milliseconds = (seconds * 1000.0).round();
    let fits = milliseconds.is_finite() && milliseconds.abs() < 1e15;
    fits.then(|| Timestamp::from_millisecond(milliseconds as i64).ok()).flatten()
}

fn bounded(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{} […]", &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn objects_and_bare_lines_are_read() {
        let line =
            LogLine::read(br#"{"source":"APP","timestamp":1700000000.123,"message":"hello\n","new":1}"#);
        assert_eq!(line.source, Some(LogSource::App));
        assert_eq!(line.timestamp.unwrap().to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!(line.message, "hello");
        let odd = LogLine::read(br#"{"source":"BUILD","timestamp":"soon","message":{"a":1}}"#);
        assert_eq!(odd.source, Some(LogSource::Unknown("BUILD".to_owned())));
        assert_eq!((odd.timestamp, odd.message.as_str()), (None, r#"{"a":1}"#));
        for bare in ["plain text", "{}", "[1]", "17", "{\"level\":\"info\"}"] {
            assert_eq!(LogLine::read(bare.as_bytes()).message, bare);
        }
    }

    proptest! {
        #[test]
        fn anything_is_a_line_of_bounded_length(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            LogLine::read(&bytes);
        }

        #[test]
        fn long_lines_are_cut_between_characters(text in "[aü€😀]{30000}", seconds in any::<f64>()) {
            let json = serde_json::json!({"message": text, "timestamp": seconds}).to_string();
            let line = LogLine::read(json.as_bytes());
            prop_assert!(line.message.len() <= LONGEST + " […]".len());
        }
    }
}
