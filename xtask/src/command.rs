//! Running other programs.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// Runs a command whose output goes where ours goes. An error names the command and how it ended.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = unburdened(command).stdin(Stdio::null()).status().with_context(|| not_started(command))?;
    ensure!(status.success(), "`{}` ended with {status}", words(command));
    Ok(())
}

/// Runs a command and gives what it wrote to stdout. An error carries what it wrote to stderr.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = unburdened(command).stdin(Stdio::null()).output().with_context(|| not_started(command))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{}` ended with {}: {}", words(command), output.status, errors.trim());
    String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote what is not text", words(command)))
}

/// Whether a command can be started and ends well. What it writes is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    unburdened(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command without what cargo told this program about its own package. Build scripts watch these variables: a cargo
/// that inherits them builds again what a cargo on the command line has built, and the other way round.
fn unburdened(command: &mut Command) -> &mut Command {
    let ours =
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    let names = env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| ours.iter().any(|start| name.to_string_lossy().starts_with(start))) {
        command.env_remove(name);
    }
    command
}

/// The program of that name on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| is_executable(path))
}

/// Whether the path is a file that may be run.
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn not_started(command: &Command) -> String {
    format!("`{}` cannot be started", words(command))
}

/// The command as a person would type it. No command of ours carries a secret in its arguments.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words: Vec<_> =
        std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_named_with_its_own_words() {
        let error = output(Command::new("sh").args(["-c", "echo no such thing >&2; exit 3"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c echo no such thing >&2; exit 3` ended with exit status: 3: no such thing"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("/nowhere/tellr-nothing")).unwrap_err();
        assert_eq!(error.to_string(), "`tellr-nothing` cannot be started");
        assert!(!succeeds(&mut Command::new("/nowhere/tellr-nothing")));
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find("sh").is_some());
        assert!(find("tellr-nothing").is_none());
    }
}
