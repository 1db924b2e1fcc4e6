//! Work in stages, each with its heading and its time.

use std::time::{Duration, Instant};

use crate::say;

/// What has been done so far, and how long it took.
#[derive(Default)]
pub(crate) struct Stages {
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    /// Does one stage; its time is printed when it ends well.
    pub(crate) fn stage<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        say::heading(name);
        let start = Instant::now();
        let result = work()?;
        let took = start.elapsed();
        say::done(name, took);
        self.done.push((name, took));
        Ok(result)
    }

    /// One line per stage and one for the sum.
    pub(crate) fn summary(&self) -> String {
        let total = self.done.iter().map(|(_, took)| *took).sum();
        let lines = self.done.iter().map(|(name, took)| row(name, *took));
        lines.chain([row("so far", total)]).collect::<Vec<_>>().join("\n")
    }
}

fn row(name: &str, took: Duration) -> String {
    format!("   {name:<24} {:>12}", say::seconds(took))
}
