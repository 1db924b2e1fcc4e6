//! Names of slides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest id, in bytes.
const LONGEST: usize = 64;

/// A slide's id. It stays with the slide for as long as the deck lives, wherever the slide moves; it is never given to
/// another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SlideId(String);

impl SlideId {
    /// An id of letters, digits, `-`, `_` and `.`, at most 64; none of another text.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (!id.is_empty() && id.len() <= LONGEST && id.bytes().all(allowed)).then(|| Self(id.to_owned()))
    }

    /// The id that a deck gives as its number so and so.
    pub(crate) fn numbered(number: u64) -> Self {
        Self(format!("s{number}"))
    }

    /// The number in an id that a deck gave.
    pub(crate) fn number(&self) -> Option<u64> {
        self.0.strip_prefix('s').and_then(|number| number.parse().ok())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlideId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for SlideId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        Self::new(&id).ok_or_else(|| format!("{} is no slide id", crate::report::quote(&id)))
    }
}
