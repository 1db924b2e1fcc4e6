//! Bringing the apps back when the workspace starts again.

use std::sync::Arc;

use super::api::open_proxy;
use super::lifecycle;
use super::record::{ComputeState, Update, UpdateState};
use crate::error::WorkspaceError;
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// Opens each app's address again, ends what a stop interrupted, and starts what ran.
pub(crate) async fn restore(workspace: &Arc<Workspace>) -> Result<(), WorkspaceError> {
    let apps: Vec<(String, u16, ComputeState)> = workspace.store.read(|records| {
        records.apps.values().map(|app| (app.name.clone(), app.proxy_port, app.compute)).collect()
    });
    for (name, port, compute) in apps {
        settle(workspace, &name).map_err(|error| address_error(&name, &error))?;
        open_proxy(workspace, &name, (port != 0).then_some(port))
            .await
            .map_err(|error| address_error(&name, &error))?;
        match compute {
            ComputeState::Starting => lifecycle::finish_start(workspace, &name),
            ComputeState::Stopping => lifecycle::finish_stop(workspace, &name),
            ComputeState::Deleting => lifecycle::finish_delete(workspace, &name),
            ComputeState::Active | ComputeState::Updating => {
                let shared = Arc::clone(workspace);
                workspace.spawn(async move { lifecycle::run_again(&shared, &name).await });
            }
            ComputeState::Stopped | ComputeState::Error => {}
        }
    }
    Ok(())
}

fn settle(workspace: &Workspace, name: &str) -> Result<(), ApiError> {
    const WHY: &str = "The local workspace was stopped meanwhile.";
    workspace.store.write(|records| {
        let Some(app) = records.apps.get_mut(name) else { return Ok(()) };
        lifecycle::cancel_pending(app, WHY);
        if app.update.as_ref().is_some_and(|update| update.state == UpdateState::InProgress) {
            app.update = Some(Update { state: UpdateState::Failed, message: WHY.to_owned() });
        }
        if app.compute == ComputeState::Updating {
            app.compute = ComputeState::Active;
        }
        Ok(())
    })
}

fn address_error(name: &str, error: &ApiError) -> WorkspaceError {
    WorkspaceError::AppAddress { app: name.to_owned(), message: error.message().to_owned() }
}
