//! Requests per second.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::Context;

use super::figures::{Figures, Unit};
use super::runtime::Runtime;
use crate::command;

const RUNS: usize = 3;

/// Health and static files, from a server that is held to one core.
pub(super) fn measure(figures: &mut Figures, runtime: &Runtime, pages: &Path) -> anyhow::Result<()> {
    let has_two = available_parallelism()?.get() > 1;
    let server = runtime.serve(has_two.then_some("0"))?;
    let script = largest(pages, "js.br")?;
    for (what, path, target) in [
        ("requests/s, `/api/health`", "/api/health".to_owned(), "≥ 20,000/s"),
        ("requests/s, the page", "/".to_owned(), "≥ 20,000/s"),
        ("requests/s, its script, compressed", format!("/assets/{script}"), "≥ 20,000/s"),
    ] {
        let url = format!("{}{path}", server.url);
        let samples =
            (0..RUNS).map(|_| requests_per_second(&url, has_two)).collect::<anyhow::Result<Vec<_>>>()?;
        figures.add(what, target, Unit::PerSecond, samples);
    }
    figures.add("first load of the page", "≤ 450 KB", Unit::Kilobytes, vec![first_load(pages)? as f64 / 1e3]);
    Ok(())
}

fn requests_per_second(url: &str, has_two: bool) -> anyhow::Result<f64> {
    let mut wrk = Command::new("taskset");
    wrk.args([
        "--cpu-list",
        if has_two { "1" } else { "0" },
        "wrk",
        "-t1",
        "-c32",
        "-d4s",
        "-H",
        "Accept-Encoding: br",
        url,
    ]);
    let report = command::output(&mut wrk)?;
    parse(&report).with_context(|| format!("wrk reported: {report}"))
}

/// The rate in wrk's report; none if there were errors.
fn parse(report: &str) -> Option<f64> {
    if report.contains("Non-2xx") || report.contains("Socket errors") {
        return None;
    }
    report
        .lines()
        .find_map(|line| line.trim().strip_prefix("Requests/sec:"))
        .and_then(|rate| rate.trim().parse().ok())
}

/// Name of the largest asset with that ending, without the ending of its compression.
fn largest(pages: &Path, ending: &str) -> anyhow::Result<String> {
    let mut assets = Vec::new();
    for entry in fs::read_dir(pages.join("assets"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(ending) {
            assets.push((entry.metadata()?.len(), name));
        }
    }
    let (_, name) =
        assets.into_iter().max().with_context(|| format!("no {ending} in {}", pages.display()))?;
    Ok(name.trim_end_matches(".br").to_owned())
}

/// Bytes of all compressed files.
fn first_load(pages: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for folder in [pages.to_owned(), pages.join("assets")] {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(".br") {
                bytes += entry.metadata()?.len();
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_the_report_unless_there_were_errors() {
        let report =
            "Running 4s test\n  1000 requests in 4.00s\nRequests/sec:  25012.50\nTransfer/sec: 1MB\n";
        assert_eq!(parse(report), Some(25012.5));
        assert_eq!(parse(&format!("{report}  Non-2xx or 3xx responses: 5\n")), None);
        assert_eq!(parse("nothing"), None);
    }
}
