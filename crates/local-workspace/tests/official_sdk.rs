//! The official Databricks SDK from PyPI as a client of the local workspace, in a virtual environment that is kept
//! between runs.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "functions of tests")]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use support::TestWorkspace;
use tokio::process::Command;

const SDK: &str = "databricks-sdk==0.156.0";
const POSTGRES_CLIENT: &str = "psycopg2-binary";
const DEADLINE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdk_finds_a_workspace() {
    let python = python_with_sdk().await;
    let folder = tempfile::tempdir().unwrap();
    let ready_file = folder.path().join("ready.json");
    let workspace = TestWorkspace::start_with(|options| {
        options.ready_file = Some(ready_file.clone());
        options.state_delay = Duration::from_millis(50);
    })
    .await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/official_sdk_test.py");
    let mut command = Command::new(python);
    command.arg(script).arg(&ready_file).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    // no profile of the developer's, no settings of theirs
    command.env("HOME", folder.path()).kill_on_drop(true);
    let run = tokio::time::timeout(DEADLINE, command.output()).await;
    let output = run.expect("the script takes longer than ten minutes").unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let passed = output.status.success();
    if !passed {
        // what the apps said helps most
        for app in ["sdk-one", "sdk-two"] {
            let (_, logs) = workspace.get(&format!("/local/apps/{app}/logs")).await;
            eprintln!("logs of {app}: {logs}");
        }
    }
    workspace.stop().await;
    assert!(passed, "{text}");
}

/// The Python of an environment that holds the SDK; made on first use, named after what is in it.
async fn python_with_sdk() -> PathBuf {
    let name = format!("{SDK}-{POSTGRES_CLIENT}").replace("==", "-");
    let environment = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = environment.join("bin/python");
    let complete = environment.join("complete");
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment)).await;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", SDK, POSTGRES_CLIENT])).await;
        std::fs::write(&complete, "").unwrap();
    }
    python
}

async fn run(command: &mut Command) {
    let output =
        tokio::time::timeout(DEADLINE, command.kill_on_drop(true).output()).await.expect("in time").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
