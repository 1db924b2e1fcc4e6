//! Moments in files and for people: RFC 3339 and what can be cut out of it.
//!
//! The date library's own formats and errors would be three times the rest of it in a browser.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// A moment for people, to the second: `2026-11-23 10:02:11 UTC`.
pub fn in_words(moment: Timestamp) -> String {
    let text = moment.to_string();
    let seconds = text.get(..19).unwrap_or(&text);
    format!("{} UTC", seconds.replace('T', " "))
}

/// For `#[serde(with = "crate::moment")]`.
pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}

/// For `#[serde(with = "crate::moment")]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom(format_args!("{text:?} is no moment, such as 2026-11-23T10:02:11Z")))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn people_see_seconds() {
        for text in ["2026-11-23T10:02:11Z", "2026-11-23T10:02:11.987654321Z"] {
            assert_eq!(in_words(text.parse().unwrap()), "2026-11-23 10:02:11 UTC");
        }
    }
}
