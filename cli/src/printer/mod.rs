//! What a person or a program sees of a run.
//!
//! Results go to standard output, everything else to standard error, so that a pipe gets results only.

mod lines;
mod terminal;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ArgMatches;
use deployer_wasm::Outcome;
use deployer_wasm::event::Event;
use deployer_wasm::plan::Plan;

use crate::failure::Failure;
use crate::plan_table;
use terminal::Bars;

/// How a run is shown. Cheap to clone; all clones write to the same place.
#[derive(Clone)]
pub(crate) struct Printer {
    form: Form,
    json: bool,
    /// Whether the result has been printed. It is the last line on standard output: what comes after it goes elsewhere.
    has_result: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Form {
    /// A spinner for the running step, on a terminal.
    Terminal(Arc<Bars>),
    /// A line for each thing that happens, on standard error.
    Lines,
    /// Each event as a line of JSON on standard output.
    JsonEvents,
}

impl Printer {
    /// The form that flags and terminal ask for.
    pub(crate) fn for_arguments(arguments: &ArgMatches) -> Self {
        let flag = |name: &str| arguments.try_get_one(name).ok().flatten().copied().unwrap_or(false);
        let form = if flag("events") {
            Form::JsonEvents
        } else if stderr().is_terminal() && !flag("no-input") {
            Form::Terminal(Arc::new(Bars::default()))
        } else {
            Form::Lines
        };
        Self { form, json: flag("json"), has_result: Arc::default() }
    }

    /// Shows one event.
    pub(crate) fn event(&self, event: &Event) {
        match &self.form {
            Form::Terminal(bars) => bars.show(event),
            Form::Lines => write_error(&lines::line(event)),
            Form::JsonEvents if self.has_result.load(Ordering::Relaxed) => write_error(&lines::line(event)),
            Form::JsonEvents => {
                if let Ok(line) = serde_json::to_string(event) {
                    write_line(&line);
                }
            }
        }
    }

    /// Shows the plan that is about to be applied.
    pub(crate) fn plan(&self, plan: &Plan) {
        if !matches!(self.form, Form::JsonEvents) {
            write_error(&format!("Plan\n{}\n", plan_table::render(plan)));
        }
    }

    /// Shows a warning.
    pub(crate) fn warning(&self, text: &str) {
        write_error(&format!("warning: {text}"));
    }

    /// Prints the result: one JSON object, or its fields as lines.
    pub(crate) fn outcome(&self, outcome: &Outcome) -> Result<(), Failure> {
        let value = serde_json::to_value(outcome).map_err(|error| Failure::Machine(error.to_string()))?;
        self.result(&value);
        Ok(())
    }

    /// Prints any result.
    pub(crate) fn result(&self, value: &serde_json::Value) {
        self.has_result.store(true, Ordering::Relaxed);
        match (self.json, value.as_object()) {
            (false, Some(fields)) => {
                for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                    write_line(&format!("{name}: {}", lines::plain(value)));
                }
            }
            _ => write_line(&value.to_string()),
        }
    }

    /// Prints a failure and what to do about it.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            write_line(&failure.to_json().to_string());
            return;
        }
        write_error(&format!("error: {failure}"));
        if let Some(hint) = failure.hint() {
            write_error(&format!("hint: {hint}"));
        }
    }
}

/// A line on standard output. A reader that has gone away is no failure of ours.
pub(crate) fn write_line(text: &str) {
    let mut out = stdout().lock();
    _ = writeln!(out, "{text}");
    _ = out.flush();
}

fn write_error(text: &str) {
    _ = writeln!(stderr().lock(), "{text}");
}
