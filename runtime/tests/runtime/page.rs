//! The page in a real browser, from the binary, with a real database.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::postgres::Database;
use crate::program::{Server, init_db};

/// What a page gets to load, start its WebAssembly and ask the server, in the page's own time.
const BUDGET_MS: &str = "--virtual-time-budget=15000";
const DEADLINE: Duration = Duration::from_secs(120);

fn browser() -> PathBuf {
    let named = std::env::var_os("CHROME").map(PathBuf::from);
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let found =
        on_path.flat_map(|folder| ["chromium", "google-chrome", "chrome"].map(|name| folder.join(name)));
    named
        .into_iter()
        .chain(found)
        .find(|path| path.is_file())
        .expect("Chromium (apt install chromium), or CHROME")
}

/// The document as the browser has it once nothing happens any more, and what it wrote to its console.
async fn render(url: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new(browser());
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--disable-dev-shm-usage", "--enable-logging=stderr", BUDGET_MS, "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(url);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, output).await.expect("the browser ends in time").unwrap();
    let console = String::from_utf8_lossy(&output.stderr);
    let console: Vec<_> = console.lines().filter(|line| line.contains("CONSOLE")).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console.join("\n"))
}

#[tokio::test]
async fn it_shows_version_user_and_database() {
    let database = Database::create().await;
    let url = database.url();
    let environment =
        [("DATABASE_URL", url.as_str()), ("TELLR_DEV_USER", "ann@example.com"), ("LAKEBASE_SCHEMA", "decks")];
    let server = Server::start(&environment).await;
    if server.get("/").await.status() == 503 {
        // no front end in this build: `serve` checks that the server says so
        return;
    }
    let (page, console) = render(&server.url("/")).await;
    assert!(page.contains("Not prepared") && page.contains("run `tellr-app init-db`"), "{page}\n{console}");

    init_db(&environment).await;
    let (page, console) = render(&server.url("/")).await;
    assert_eq!(console, "", "no errors, and nothing that the security policy had to stop");
    for expected in [
        "<h1>Tellr is installed.</h1>",
        "ann@example.com",
        env!("CARGO_PKG_VERSION"),
        "Ready",
        "Schema decks, version 1",
    ] {
        assert!(page.contains(expected), "{expected} is missing in {page}");
    }
    assert!(!page.contains("Asking the server"), "{page}");
}
