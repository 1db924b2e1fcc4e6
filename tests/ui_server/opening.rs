//! The browser that is opened.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use system_tests::{LocalWorkspace, Settings, binaries};

use crate::ui::Ui;

const DEADLINE: Duration = Duration::from_secs(20);

/// What a program is started with can be read by everybody on the machine.
#[tokio::test]
async fn a_browser_is_opened_without_the_secret_among_its_arguments() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let folder = workspace.scratch().unwrap();
    let seen = folder.join("seen");
    let script =
        format!("#!/bin/sh\n(echo \"$@\"; cat \"$1\") > {0}.part && mv {0}.part {0}\n", seen.display());
    let browser = folder.join("xdg-open");
    std::fs::write(&browser, script).unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = workspace.command(binaries::tellr().unwrap().as_os_str()).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", folder.display())).args(["ui", "--no-input"]);
    let ui = Ui::run(command).await.unwrap();
    let started = Instant::now();
    let text = loop {
        if let Ok(text) = std::fs::read_to_string(&seen) {
            break text;
        }
        assert!(started.elapsed() < DEADLINE, "no browser was opened");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let (arguments, file) = text.split_once('\n').unwrap();
    assert!(!arguments.contains(&ui.secret), "{arguments}");
    assert!(file.contains(&format!("url={}/#secret={}", ui.origin, ui.secret)), "{file}");
}
