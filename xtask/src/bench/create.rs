//! A create against local workspaces without artificial delays.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;

use super::figures::{Figures, Unit};
use crate::command;
use crate::local_workspace::Workspace;
use crate::wheels::{Wheels, wheels_of};

const RUNS: usize = 3;
/// The steps that consist of waiting for the platform.
const WAITS: [&str; 3] = ["lakebase", "compute", "deploy"];

/// How often a wait looks, in milliseconds: often, so that the pauses between two looks count little.
const POLL_MS: &str = "10";

/// One create: times in milliseconds, calls of the REST API.
struct Sample {
    total: f64,
    overhead: f64,
    distinct: f64,
    journal: f64,
    repeated: f64,
}

/// Time of a whole create, what of it is not waiting for the platform, and its calls.
pub(super) fn measure(figures: &mut Figures, wheels: &Wheels, folder: &Path) -> anyhow::Result<()> {
    let samples = (0..RUNS).map(|run| once(wheels, &folder.join(format!("create-{run}"))));
    let samples = samples.collect::<anyhow::Result<Vec<_>>>()?;
    let column = |of: fn(&Sample) -> f64| samples.iter().map(of).collect::<Vec<_>>();
    figures.add(
        "`create` in an empty local workspace, until the app answers",
        "",
        Unit::Milliseconds,
        column(|s| s.total),
    );
    let what = "the same without the steps that wait for the platform";
    figures.add(what, "< 1,000 ms", Unit::Milliseconds, column(|s| s.overhead));
    figures.add(
        "different REST calls of that `create`, without the journal",
        "",
        Unit::Calls,
        column(|s| s.distinct),
    );
    figures.add("calls that keep its journal", "", Unit::Calls, column(|s| s.journal));
    let what = format!("calls that repeat one of these, waiting, every {POLL_MS} ms");
    figures.add(&what, "", Unit::Calls, column(|s| s.repeated));
    Ok(())
}

fn once(wheels: &Wheels, folder: &Path) -> anyhow::Result<Sample> {
    let wheel =
        wheels_of(&wheels.folder, "databricks-tellr-app")?.pop().context("the app's wheel is missing")?;
    let workspace = Workspace::start(folder, &wheels.tellr, &["--state-delay", "0"])?;
    let mut create = Command::new(&wheels.tellr);
    workspace.sign_in(&mut create);
    create.args([
        "create",
        "--app-name",
        "tellr",
        "--lakebase-name",
        "tellr-db",
        "--schema-name",
        "app_data",
    ]);
    create.args(["--workspace-path", &format!("/Workspace/Users/{}/.apps/tellr", workspace.user())]);
    create.args(["--json", "--events", "--no-input", "--yes", "--poll-ms", POLL_MS, "--wheel"]).arg(&wheel);
    let start = Instant::now();
    let output = command::output(&mut create)?;
    let total = start.elapsed().as_secs_f64() * 1e3;
    let requests = workspace.get("/local/requests")?;
    workspace.stop()?;
    let requests = requests["requests"].as_array().context("the workspace keeps no request log")?;
    let (journal, work): (Vec<&Value>, Vec<&Value>) =
        requests.iter().partition(|request| is_journal(request));
    let distinct: BTreeSet<String> = work.iter().copied().map(call).collect();
    Ok(Sample {
        total,
        overhead: total - waits(&output),
        distinct: distinct.len() as f64,
        journal: journal.len() as f64,
        repeated: (work.len() - distinct.len()) as f64,
    })
}

/// Milliseconds spent in steps that wait.
fn waits(output: &str) -> f64 {
    let events = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ended = events.filter(|event| event["event"] == "step_done");
    let waits = ended.filter(|event| event["step"].as_str().is_some_and(|step| WAITS.contains(&step)));
    waits.filter_map(|event| event["elapsed_ms"].as_f64()).sum()
}

/// What makes a call this one and no other; of an upload, the path it goes to.
fn call(request: &Value) -> String {
    let (query, body) = (&request["query"], &request["body_json"]);
    format!("{} {} {query} {body} {}", request["method"], request["path"], uploaded_to(request))
}

/// Whether a call is about the folder beside the app's, where the deployer keeps its journal.
fn is_journal(request: &Value) -> bool {
    let paths = [&request["query"]["path"], &request["body_json"]["path"], uploaded_to(request)];
    paths.iter().any(|path| path.as_str().is_some_and(|path| path.contains(".history")))
}

fn uploaded_to(request: &Value) -> &Value {
    let parts = request["body_multipart"].as_array().into_iter().flatten();
    parts.into_iter().find(|part| part["name"] == "path").map_or(&Value::Null, |part| &part["text"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ended_waits_count() {
        let output = r#"{"event":"step_started","step":"lakebase","title":"x"}
{"event":"progress","step":"lakebase","message":"x","elapsed_ms":5}
{"event":"step_done","step":"lakebase","message":"x","elapsed_ms":70}
{"event":"step_done","step":"files","message":"x","elapsed_ms":9}
{"event":"step_done","step":"deploy","message":"x","elapsed_ms":30}
{"status":"created"}"#;
        assert_eq!(waits(output), 100.0);
    }
}
