//! Starting, stopping and deleting an app's compute. Each change answers at once and is finished in the background.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::Value;

use super::api::{find, find_mut, forget, show};
use super::environment;
use super::permissions::{Level, require};
use super::record::{AppRecord, ComputeState, DeploymentState};
use crate::auth::Caller;
use crate::faults::{Settles, Thing};
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// An app that is being deleted takes no more orders.
pub(super) fn refuse_while_deleting(app: &AppRecord) -> Result<(), ApiError> {
    if app.compute != ComputeState::Deleting {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("App {} is being deleted.", app.name)))
}

pub(super) async fn start(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.read(|records| {
        let app = find(records, &name)?;
        require(app, &caller, Level::CanManage)?;
        refuse_while_deleting(app)?;
        if matches!(app.compute, ComputeState::Stopped | ComputeState::Error) {
            return Ok(());
        }
        let message = format!("Cannot start app {name} as its compute is in state {}.", app.compute.as_str());
        Err(ApiError::bad_request(message))
    })?;
    begin_start(&workspace, &name)?;
    show(&workspace, &name)
}

/// Sets the compute to STARTING, and to ACTIVE in the background.
pub(super) fn begin_start(workspace: &Arc<Workspace>, name: &str) -> Result<(), ApiError> {
    workspace.store.write(|records| {
        let app = find_mut(records, name)?;
        app.compute = ComputeState::Starting;
        app.compute_message = None;
        Ok::<_, ApiError>(())
    })?;
    finish_start(workspace, name);
    Ok(())
}

/// Brings the compute of a STARTING app up, and its last good deployment with it.
pub(super) fn finish_start(workspace: &Arc<Workspace>, name: &str) {
    let (shared, name) = (Arc::clone(workspace), name.to_owned());
    workspace.spawn(async move {
        shared.state_delay().await;
        if let Settles::As(becomes) = shared.faults.settle(Thing::AppCompute, &name).await {
            advance(&shared, &name, ComputeState::Starting, |app| {
                app.compute =
                    if becomes.state == "STOPPED" { ComputeState::Stopped } else { ComputeState::Error };
                app.compute_message = Some(becomes.message);
            });
            return;
        }
        let started = advance(&shared, &name, ComputeState::Starting, |app| {
            app.compute = ComputeState::Active;
            app.active_deployment.clone_from(&app.last_good_deployment);
        });
        if started {
            run_again(&shared, &name).await;
        }
    });
}

/// Runs the last good deployment of an app, if it has one.
pub(super) async fn run_again(workspace: &Workspace, name: &str) {
    let deployed = workspace
        .store
        .read(|records| records.apps.get(name).is_some_and(|app| app.active_deployment.is_some()));
    if !deployed {
        return;
    }
    let platform_env =
        workspace.store.read(|records| environment::platform_env(records, &workspace.host, name));
    let platform_env = match platform_env {
        Ok(platform_env) => platform_env,
        Err(error) => {
            tracing::error!(app = name, "the app does not come up again: {error:?}");
            return;
        }
    };
    // the state of the process tells the same to those who ask for the app
    if let Err(error) = workspace.app_host.restart(name, platform_env).await {
        tracing::error!(app = name, "the app does not come up again: {error}");
    }
}

pub(super) async fn stop(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    workspace.store.write(|records| {
        let app = find_mut(records, &name)?;
        require(app, &caller, Level::CanManage)?;
        refuse_while_deleting(app)?;
        if matches!(app.compute, ComputeState::Stopped | ComputeState::Stopping) {
            let message =
                format!("Cannot stop app {name} as its compute is in state {}.", app.compute.as_str());
            return Err(ApiError::bad_request(message));
        }
        app.compute = ComputeState::Stopping;
        app.compute_message = None;
        cancel_pending(app, "The app was stopped.");
        app.active_deployment = None;
        Ok(())
    })?;
    finish_stop(&workspace, &name);
    show(&workspace, &name)
}

/// Marks a deployment in flight as cancelled.
pub(super) fn cancel_pending(app: &mut AppRecord, why: &str) {
    let Some(id) = app.pending_deployment.take() else { return };
    if let Some(deployment) = app.deployment_mut(&id) {
        deployment.state = DeploymentState::Cancelled;
        why.clone_into(&mut deployment.message);
    }
}

/// Ends the process of a STOPPING app.
pub(super) fn finish_stop(workspace: &Arc<Workspace>, name: &str) {
    let (shared, name) = (Arc::clone(workspace), name.to_owned());
    workspace.spawn(async move {
        shared.app_host.stop(&name).await;
        shared.state_delay().await;
        advance(&shared, &name, ComputeState::Stopping, |app| app.compute = ComputeState::Stopped);
    });
}

/// Removes a DELETING app; until then its name stays taken.
pub(super) fn finish_delete(workspace: &Arc<Workspace>, name: &str) {
    let (shared, name) = (Arc::clone(workspace), name.to_owned());
    workspace.spawn(async move {
        shared.app_host.remove(&name).await;
        shared.state_delay().await;
        let removed = shared.store.write(|records| {
            forget(records, &name);
            Ok::<_, ApiError>(())
        });
        if let Err(error) = removed {
            tracing::error!(app = name, "the app stays DELETING: {}", error.message());
        }
    });
}

/// Applies `change` if the compute is still in state `from`; says whether it was.
fn advance(
    workspace: &Workspace,
    name: &str,
    from: ComputeState,
    change: impl FnOnce(&mut AppRecord),
) -> bool {
    let advanced = workspace.store.write(|records| match records.apps.get_mut(name) {
        Some(app) if app.compute == from => {
            change(app);
            Ok::<_, ApiError>(true)
        }
        _ => Ok(false),
    });
    advanced.unwrap_or_else(|error| {
        tracing::error!(app = name, "the app stays {}: {}", from.as_str(), error.message());
        false
    })
}
