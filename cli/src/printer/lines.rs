//! Events as plain lines, for logs and pipes.

use deployer_wasm::event::Event;
use serde_json::Value;

/// One line for one event.
pub(super) fn line(event: &Event) -> String {
    match event {
        Event::StepStarted { title, .. } => format!("- {title}"),
        Event::Progress { message, elapsed_ms, .. } => format!("    {message} ({})", seconds(*elapsed_ms)),
        Event::StepDone { message, elapsed_ms, .. } => {
            format!("  done: {message} ({})", seconds(*elapsed_ms))
        }
        // The message comes once more with the failure of the whole run.
        Event::StepFailed { step, elapsed_ms, .. } => format!("  failed: {step} ({})", seconds(*elapsed_ms)),
    }
}

/// A value without JSON's quotes and brackets.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A duration for people: tenths of a second below a minute.
pub(super) fn seconds(elapsed_ms: u64) -> String {
    match elapsed_ms {
        0..60_000 => format!("{}.{} s", elapsed_ms / 1000, elapsed_ms % 1000 / 100),
        _ => format!("{} min {} s", elapsed_ms / 60_000, elapsed_ms % 60_000 / 1000),
    }
}
