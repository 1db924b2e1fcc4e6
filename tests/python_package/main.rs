//! The unit tests of the Python packages: standard library only, no network, no platform.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it checks has failed")]

use std::process::Command;

use system_tests::repository::root;

#[test]
fn unit_tests_of_databricks_tellr() {
    run_unit_tests("databricks-tellr", "src");
}

fn run_unit_tests(package: &str, sources: &str) {
    let folder = root().join("python").join(package);
    let output = Command::new("python3")
        .current_dir(&folder)
        .args(["-W", "error", "-m", "unittest", "discover", "-s", "tests", "-t", "."])
        .env("PYTHONPATH", folder.join(sources))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let ran = report.lines().find_map(|line| line.strip_prefix("Ran ")).unwrap_or_default();
    assert!(!ran.starts_with('0') && !ran.is_empty(), "no test ran: {report}");
}
