//! What runs say when they fail, each text once, without what differs from run to run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::ensure;
use regex::Regex;
use system_tests::tellr::Finished;

use super::fault::Fault;

/// Texts that differ from run to run, and what stands for them; in this order.
const FILTERS: [(&str, &str); 9] = [
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"[0-9a-f]{32}", "<id>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?", "<time>"),
    (r"127\.\d+\.\d+\.\d+(:\d+)?", "<address>"),
    (r"tellr-\d+-db", "<lakebase>"),
    (r"tellr-\d+", "<app>"),
    (r"run-?\s?\d+", "<run>"),
    (r"\b\d+(\.\d+)? (ms|s|seconds)\b", "<duration>"),
    (r"\d+ (steps?) confirmed, the last: [^)]*", "<steps> confirmed"),
];

#[derive(Debug, Default)]
pub(crate) struct Messages {
    texts: BTreeMap<String, BTreeSet<Fault>>,
    through: BTreeMap<Fault, usize>,
}

impl Messages {
    /// Notes how a run under `fault` ended. One that failed must say why and what to do.
    pub(crate) fn note(&mut self, fault: Fault, finished: &Finished) -> anyhow::Result<()> {
        if finished.code == Some(0) {
            *self.through.entry(fault).or_default() += 1;
            return Ok(());
        }
        let error = &finished.result["error"];
        let message = error["message"].as_str().unwrap_or_default();
        let hint = error["hint"].as_str().unwrap_or_default();
        ensure!(!message.is_empty(), "a failure without a word: {finished:#?}");
        ensure!(!hint.is_empty(), "no way on: {message}");
        let mut text = format!("exit code {}\n{message}\nhint: {hint}", finished.code.unwrap_or(-1));
        for (pattern, placeholder) in FILTERS {
            text = Regex::new(pattern)?.replace_all(&text, placeholder).into_owned();
        }
        self.texts.entry(text).or_default().insert(fault);
        Ok(())
    }

    /// All of it, to be read.
    pub(crate) fn to_text(&self) -> String {
        let mut all = String::new();
        for (text, faults) in &self.texts {
            // writing to a string does not fail
            _ = writeln!(all, "{text}\n    after {faults:?}\n");
        }
        let through: Vec<&Fault> = self.through.keys().collect();
        _ = writeln!(all, "Runs got through {through:?}");
        all
    }
}
