//! How it ends.

use nix::sys::signal::Signal;
use system_tests::{LocalWorkspace, Settings, binaries, process};

use crate::ui::Ui;

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
    let output = process::run(command, std::time::Duration::from_secs(60)).await.unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(!output.stdout.contains("#secret") && !output.stderr.contains("dapi-wrong"), "{output:?}");
}
