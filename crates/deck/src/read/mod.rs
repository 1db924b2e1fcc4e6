//! Readers: whatever a model, a person or another program wrote, as slides; and a report of what was not taken over.

pub(crate) mod document;
pub(crate) mod slide;
mod stream;

pub use document::{Document, document};
pub use stream::{Change, Event, StreamReader, operations};

use crate::report::Report;

/// Longer input is cut, in bytes.
pub(crate) const LONGEST: usize = 8 * 1024 * 1024;

/// Bytes as text. What is not UTF-8 becomes replacement characters, and is reported.
pub(crate) fn decode(bytes: &[u8], report: &mut Report) -> String {
    let bytes = if bytes.len() > LONGEST {
        report.dropped(format!("{} bytes after the first {LONGEST}", bytes.len() - LONGEST));
        bytes.get(..LONGEST).unwrap_or_default()
    } else {
        bytes
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        report.repaired("bytes that are not UTF-8; each shows as a replacement character");
    }
    text.into_owned()
}
