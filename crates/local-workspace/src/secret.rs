//! A string that cannot be printed by accident.
//!
//! Unlike the client's type of the same name this one can be serialised: the state file and the ready file,
//! both readable by their owner only, must keep secrets.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A secret whose `Debug` prints nothing.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new secret: `prefix` and 32 random hexadecimal digits.
    pub(crate) fn random(prefix: &str) -> Secret {
        Secret(format!("{prefix}{}", Uuid::new_v4().simple()))
    }

    /// The text itself, for the one place that must send or check it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is this secret; the time taken says nothing about how much of it is right.
    pub(crate) fn matches(&self, candidate: &str) -> bool {
        Sha256::digest(self.0.as_bytes()) == Sha256::digest(candidate.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::random("dapi");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert!(secret.matches(secret.expose()));
        assert!(!secret.matches("dapi"));
    }
}
