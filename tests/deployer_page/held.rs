//! Calls that wait, so that a moment of a run can be looked at for as long as one likes.

use std::time::Duration;

use serde_json::json;
use system_tests::LocalWorkspace;

/// No call is waited for longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Lets the next such call wait.
pub(crate) async fn hold(workspace: &LocalWorkspace, method: &str, path: &str) -> anyhow::Result<()> {
    workspace.add_fault(&json!({"id": "hold", "on": {"method": method, "path": path}, "do": "hold"})).await
}

/// Lets it go on.
pub(crate) async fn release(workspace: &LocalWorkspace) -> anyhow::Result<()> {
    workspace.remove_fault("hold").await
}
