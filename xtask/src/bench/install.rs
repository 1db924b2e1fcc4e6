//! What a user downloads and how long pip needs for it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;

use super::RUNS;
use super::figures::{Figures, Unit};
use crate::command;
use crate::wheels::{Wheels, wheels_of};

/// Sizes of both wheels, and the installation of the app's one in fresh environments.
pub(super) fn measure(figures: &mut Figures, wheels: &Wheels, folder: &Path) -> anyhow::Result<()> {
    for (package, target) in [("databricks-tellr", ""), ("databricks-tellr-app", "≤ 25 MB")] {
        for wheel in wheels_of(&wheels.folder, package)? {
            let bytes = fs::metadata(&wheel)?.len();
            figures.add(&format!("wheel `{package}`"), target, Unit::Megabytes, vec![bytes as f64 / 1e6]);
        }
    }
    let wheel =
        wheels_of(&wheels.folder, "databricks-tellr-app")?.pop().context("the app's wheel is missing")?;
    let mut samples = Vec::new();
    for run in 0..RUNS {
        let environment = folder.join(format!("venv-{run}"));
        command::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "-q", "--disable-pip-version-check", "--no-index", "--no-cache-dir"])
            .arg(&wheel);
        let start = Instant::now();
        command::run(&mut pip)?;
        samples.push(start.elapsed().as_secs_f64() * 1e3);
    }
    figures.add("`pip install` of the app in a fresh environment", "< 3,000 ms", Unit::Milliseconds, samples);
    Ok(())
}
