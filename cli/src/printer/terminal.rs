//! Events on a terminal: a spinner for the step that runs, a line for each that has ended.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deployer_wasm::event::Event;
use indicatif::{ProgressBar, ProgressStyle};

use super::lines::seconds;

/// The spinner of the running step, if one runs.
#[derive(Default)]
pub(crate) struct Bars {
    running: Mutex<Option<(String, ProgressBar)>>,
}

impl Bars {
    /// Shows one event.
    pub(crate) fn show(&self, event: &Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StepStarted { title, .. } => {
                let bar = ProgressBar::new_spinner().with_message(title.clone());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(120));
                *running = Some((title.clone(), bar));
            }
            Event::Progress { message, .. } => {
                if let Some((title, bar)) = running.as_ref() {
                    bar.set_message(format!("{title} · {message}"));
                }
            }
            Event::Notice { message } => {
                let line = format!("note: {message}");
                match running.as_ref() {
                    Some((_, bar)) => bar.suspend(|| super::write_error(&line)),
                    None => super::write_error(&line),
                }
            }
            Event::StepDone { message, elapsed_ms, .. } => end(running.take(), "✓", message, *elapsed_ms),
            Event::StepFailed { elapsed_ms, .. } => end(running.take(), "✗", "failed", *elapsed_ms),
        }
    }
}

fn end(running: Option<(String, ProgressBar)>, sign: &str, message: &str, elapsed_ms: u64) {
    let Some((title, bar)) = running else { return };
    let line = format!("{sign} {title} · {message} ({})", seconds(elapsed_ms));
    bar.suspend(|| super::write_error(&line));
    bar.finish_and_clear();
}
