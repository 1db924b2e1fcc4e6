//! One call that faults can meet: a request to the API, or a commit in a Lakebase.

use serde::Serialize;

/// What is known of a call when it arrives.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    /// The HTTP method, or [`Call::COMMIT`].
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    #[serde(skip)]
    pub(crate) user_agent: String,
}

impl Call {
    /// What stands for the method when a transaction ends well.
    pub(crate) const COMMIT: &'static str = "COMMIT";

    /// A call.
    pub(crate) fn new(method: &str, path: &str, user_agent: &str) -> Call {
        Call { method: method.to_owned(), path: path.to_owned(), user_agent: user_agent.to_owned() }
    }

    /// Whether it can change anything: a commit, or a request to the API that does more than read.
    pub(crate) fn is_mutating(&self) -> bool {
        self.method == Call::COMMIT
            || (self.path.starts_with("/api/") && !["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str()))
    }
}
