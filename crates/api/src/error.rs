//! The one body that every failed call under `/api` has.

use serde::{Deserialize, Serialize};

/// Body of every response under `/api` with a status of 400 or above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What failed and what to do about it, in a sentence fit for showing to the user.
    pub detail: String,
}

impl ErrorBody {
    /// A body that says `detail`.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into() }
    }
}
