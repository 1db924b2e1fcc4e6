//! The unit tests of the Python package: standard library only, no network, no platform.

use std::time::Duration;

use system_tests::process;
use system_tests::repository::root;
use tokio::process::Command;

const DEADLINE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn unit_tests_of_databricks_tellr() {
    let folder = root().join("python/databricks-tellr");
    let mut python = Command::new("python3");
    python.current_dir(&folder).args(["-W", "error", "-m", "unittest", "discover", "-s", "tests", "-t", "."]);
    python.env("PYTHONPATH", folder.join("src")).env("PYTHONDONTWRITEBYTECODE", "1");
    let report = process::run(python, DEADLINE).await.unwrap().successful().unwrap().stderr;
    let ran = report.lines().find_map(|line| line.strip_prefix("Ran ")).unwrap_or_default();
    assert!(!ran.starts_with('0') && !ran.is_empty(), "no test ran: {report}");
}
