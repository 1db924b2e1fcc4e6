//! What the engine tells while it works. A terminal, a page, a log or a journal listens; the engine knows none of them.

use serde::Serialize;

/// One thing that happened. `elapsed_ms` counts from the start of the step in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step has begun.
    StepStarted {
        /// Stable name of the step.
        step: &'static str,
        /// What it does, for people.
        title: String,
    },
    /// News from a wait, in the platform's own words.
    Progress {
        /// Stable name of the step.
        step: &'static str,
        /// The news.
        message: String,
        /// Milliseconds since the step began.
        elapsed_ms: u64,
    },
    /// A step has been confirmed by looking at its effect.
    StepDone {
        /// Stable name of the step.
        step: &'static str,
        /// What was found or made.
        message: String,
        /// Milliseconds since the step began.
        elapsed_ms: u64,
    },
    /// A step has failed; nothing after it is tried.
    StepFailed {
        /// Stable name of the step.
        step: &'static str,
        /// What failed and why.
        message: String,
        /// What to do about it.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
        /// Milliseconds since the step began.
        elapsed_ms: u64,
    },
    /// Something to know that belongs to no step.
    Notice {
        /// What.
        message: String,
    },
}

/// Where events go. It must not block.
#[cfg(not(target_arch = "wasm32"))]
pub type EventSink = std::sync::Arc<dyn Fn(Event) + Send + Sync>;

/// Where events go. It must not block.
#[cfg(target_arch = "wasm32")]
pub type EventSink = std::sync::Arc<dyn Fn(Event)>;
