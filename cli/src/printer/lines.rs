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
        Event::Notice { message } => format!("note: {message}"),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_short_and_never_rounded_up() {
        assert_eq!(seconds(0), "0.0 s");
        assert_eq!(seconds(1_999), "1.9 s");
        assert_eq!(seconds(59_999), "59.9 s");
        assert_eq!(seconds(61_000), "1 min 1 s");
    }

    #[test]
    fn a_failed_step_is_named_and_its_message_left_to_the_end() {
        let event = Event::StepFailed {
            step: "app",
            message: "told at the end".into(),
            hint: None,
            elapsed_ms: 1_500,
        };
        assert_eq!(line(&event), "  failed: app (1.5 s)");
    }

    #[test]
    fn lists_are_joined() {
        assert_eq!(plain(&json!(["sql", "dashboards.genie"])), "sql, dashboards.genie");
        assert_eq!(plain(&json!(true)), "true");
    }
}
