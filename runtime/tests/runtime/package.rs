//! The Python module that comes with the binary, run by a real Python beside the binary of this build.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// A virtual environment that holds the module and the binary as the wheel would put them.
struct Installed(tempfile::TempDir);

impl Installed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("python3")
            .args(["-m", "venv", "--without-pip"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(made.success());
        let installed = Self(folder);
        let source =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../python/databricks-tellr-app/src/databricks_tellr_app");
        let packages = installed.evaluate("import sysconfig; print(sysconfig.get_path('purelib'))");
        symlink(source, Path::new(packages.trim()).join("databricks_tellr_app")).unwrap();
        symlink(env!("CARGO_BIN_EXE_tellr-app"), installed.0.path().join("bin/tellr-app")).unwrap();
        installed
    }

    fn python(&self) -> Command {
        let mut command = Command::new(self.0.path().join("bin/python"));
        // the environment's `bin` is not on the PATH: the module has to find the binary all the same
        command.env_clear().env("PATH", "/usr/bin:/bin").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn evaluate(&self, code: &str) -> String {
        let output = self.python().args(["-c", code]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[tokio::test]
async fn the_seeds_app_yaml_prepares_the_database() {
    let database = crate::postgres::Database::create().await;
    let installed = Installed::new();
    let output = installed
        .python()
        .args(["-c", "from databricks_tellr_app.run import init_database; init_database()"])
        .env("DATABASE_URL", database.url())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(database.ask("SELECT count(*) FROM app_data.encryption_keys").await.unwrap(), "1");
}

#[test]
fn a_failed_preparation_ends_the_command() {
    let installed = Installed::new();
    let output = installed
        .python()
        .args(["-c", "from databricks_tellr_app.run import init_database; init_database(); print('went on')"])
        .env("DATABASE_URL", "mysql://localhost/x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("went on"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("DATABASE_URL"), "the reason is shown");
}

#[test]
fn python_m_becomes_the_server() {
    let installed = Installed::new();
    // a wrong configuration ends the server with its own exit code, which only an exec passes on
    let output = installed
        .python()
        .args(["-m", "databricks_tellr_app.run"])
        .env("DATABASE_URL", "mysql://localhost/x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let help = installed.python().args(["-m", "databricks_tellr_app.run", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("--shutdown-grace"));
}

#[test]
fn a_missing_binary_is_explained() {
    let installed = Installed::new();
    std::fs::remove_file(installed.0.path().join("bin/tellr-app")).unwrap();
    let output = installed.python().args(["-m", "databricks_tellr_app.run"]).output().unwrap();
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("pip install --force-reinstall databricks-tellr-app")
    );
}
