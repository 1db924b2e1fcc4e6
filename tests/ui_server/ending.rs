//! How it ends.

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use system_tests::{LocalWorkspace, Settings, binaries, process};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::ui::Ui;

const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn ctrl_c_ends_it_well_and_its_port_is_free() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let ui = Ui::start(&workspace, &[]).await.unwrap();
        let port = ui.port;
        let ended = ui.end(signal).await.unwrap();
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
    }
}

#[tokio::test]
async fn it_can_end_with_whoever_started_it() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let mut command = workspace.command(binaries::tellr().unwrap().as_os_str()).unwrap();
    command.args(["ui", "--no-browser", "--no-input", "--json", "--end-with-stdin"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(said["address"].as_str().unwrap().contains("/#secret=") && said["behind"].is_null(), "{line}");
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    let ended = tokio::time::timeout(DEADLINE, child.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn who_reads_json_is_told_as_json_why_it_does_not_serve() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let mut command = workspace.command(binaries::tellr().unwrap().as_os_str()).unwrap();
    command.env("DATABRICKS_TOKEN", "dapi-wrong").args(["ui", "--no-browser", "--no-input", "--json"]);
    let output = process::run(command, DEADLINE).await.unwrap();
    let said: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert!(said["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{output:?}");
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    for address in ["127.0.0.2", "::1"] {
        let reached = tokio::net::TcpStream::connect((address, ui.port)).await;
        assert!(reached.is_err(), "{address}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_at_once() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let mut command = workspace.command(binaries::tellr().unwrap().as_os_str()).unwrap();
    command.env("DATABRICKS_TOKEN", "dapi-wrong").args(["ui", "--no-browser", "--no-input"]);
    let output = process::run(command, DEADLINE).await.unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(!output.stdout.contains("#secret") && !output.stderr.contains("dapi-wrong"), "{output:?}");
}
