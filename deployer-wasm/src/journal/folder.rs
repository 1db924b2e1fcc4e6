//! Where the journal of an app lies.

use crate::spec::WorkspacePath;

/// What is added to the name of the app's folder: beside it, since everything inside it becomes part of the app.
const SUFFIX: &str = ".history";

/// The folder of an app's journal and of its former versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFolder(String);

impl HistoryFolder {
    /// The folder beside the app's.
    pub fn beside(app: &WorkspacePath) -> Self {
        Self(format!("{app}{SUFFIX}"))
    }

    /// Path of the folder.
    pub fn path(&self) -> &str {
        &self.0
    }

    /// Path of the file of run `number`.
    pub fn run(&self, number: u64) -> String {
        format!("{}/run-{number:06}.json", self.0)
    }

    /// Path of the description of the version that `deployment_id` ran.
    pub fn version(&self, deployment_id: &str) -> String {
        format!("{}/version-{deployment_id}.json", self.0)
    }

    /// Path of the folder with the larger files of that version.
    pub fn version_files(&self, deployment_id: &str) -> String {
        format!("{}/version-{deployment_id}", self.0)
    }

    /// Path of one of them.
    pub fn version_file(&self, deployment_id: &str, name: &str) -> String {
        format!("{}/{name}", self.version_files(deployment_id))
    }
}

/// The number of the run whose file has this name.
pub(super) fn run_number(file_name: &str) -> Option<u64> {
    let digits = file_name.strip_prefix("run-")?.strip_suffix(".json")?;
    let plain = (6..=18).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// The deployment id of the version whose description has this name.
pub(super) fn version_id(file_name: &str) -> Option<&str> {
    let id = file_name.strip_prefix("version-")?.strip_suffix(".json")?;
    is_plain_id(id).then_some(id)
}

/// Whether a deployment's id can be part of a path.
pub(crate) fn is_plain_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let folder = HistoryFolder::beside(&WorkspacePath::parse("/Users/me@example.com/tellr").unwrap());
        assert_eq!(folder.run(12), "/Workspace/Users/me@example.com/tellr.history/run-000012.json");
        assert_eq!(run_number("run-000012.json"), Some(12));
        assert_eq!(run_number("run-1000000.json"), Some(1_000_000));
        assert_eq!(version_id("version-01f0-a.json"), Some("01f0-a"));
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in
            ["run-12.json", "run-.json", "run-+00012.json", "run-9999999999999999999.json", "notes.json"]
        {
            assert_eq!(run_number(name), None, "{name}");
        }
        assert_eq!(version_id("version-../x.json"), None);
        assert_eq!(version_id("version-.json"), None);
    }
}
