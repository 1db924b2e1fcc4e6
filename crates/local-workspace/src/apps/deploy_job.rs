//! A deployment in the background: reads the source, has the app host build and start it, notes how it went.

use std::sync::Arc;

use jiff::Timestamp;

use super::record::{AppRecord, Deployment, DeploymentState};
use super::{environment, inline_overrides, source};
use crate::app_host::DeployOrder;
use crate::faults::{Becomes, Settles, Thing};
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// Runs `deployment` of the app `name`.
pub(super) fn spawn(workspace: &Arc<Workspace>, name: &str, deployment: Deployment) {
    let (shared, name) = (Arc::clone(workspace), name.to_owned());
    workspace.spawn(async move {
        shared.state_delay().await;
        let outcome = match shared.faults.settle(Thing::Deployment, &name).await {
            Settles::Normally => attempt(&shared, &name, &deployment).await.map_err(Ended::failed),
            Settles::As(becomes) => Err(Ended::by_fault(becomes)),
        };
        finish(&shared, &name, &deployment, outcome).await;
    });
}

/// How a deployment ended otherwise than well.
struct Ended {
    state: DeploymentState,
    message: String,
}

impl Ended {
    fn failed(message: String) -> Ended {
        Ended { state: DeploymentState::Failed, message }
    }

    fn by_fault(becomes: Becomes) -> Ended {
        let cancelled = becomes.state == "CANCELLED";
        let state = if cancelled { DeploymentState::Cancelled } else { DeploymentState::Failed };
        Ended { state, message: becomes.message }
    }
}

async fn attempt(workspace: &Arc<Workspace>, name: &str, deployment: &Deployment) -> Result<(), String> {
    let mut files = source::read(workspace, &deployment.source_code_path)?;
    inline_overrides::apply(&mut files, deployment.command.as_deref(), &deployment.env_vars)?;
    let order = workspace.store.read(|records| {
        Ok::<_, ApiError>(DeployOrder {
            app_name: name.to_owned(),
            deployment_id: deployment.deployment_id.clone(),
            files,
            platform_env: environment::platform_env(records, &workspace.host, name)?,
            resource_values: environment::resource_values(records, name)?,
            progress: reporter(workspace, name, &deployment.deployment_id),
        })
    });
    let order = order.map_err(|error| error.message().to_owned())?;
    workspace.app_host.deploy(order).await.map_err(|failure| failure.message)
}

/// Writes what the app host says into the deployment's status.
fn reporter(workspace: &Arc<Workspace>, name: &str, id: &str) -> Arc<dyn Fn(&str) + Send + Sync> {
    let (workspace, name, id) = (Arc::downgrade(workspace), name.to_owned(), id.to_owned());
    Arc::new(move |message| {
        let Some(workspace) = workspace.upgrade() else { return };
        change(&workspace, &name, &id, |_, deployment| {
            if deployment.state == DeploymentState::InProgress {
                message.clone_into(&mut deployment.message);
            }
        });
    })
}

async fn finish(workspace: &Workspace, name: &str, deployment: &Deployment, outcome: Result<(), Ended>) {
    let id = &deployment.deployment_id;
    let mut outdated = false;
    let known = change(workspace, name, id, |app, record| {
        if record.state != DeploymentState::InProgress {
            outdated = true;
            return;
        }
        match &outcome {
            Ok(()) => {
                record.state = DeploymentState::Succeeded;
                "App started successfully".clone_into(&mut record.message);
                app.default_source_code_path = Some(record.source_code_path.clone());
                app.active_deployment = Some(id.clone());
                app.last_good_deployment = Some(id.clone());
            }
            Err(ended) => {
                record.state = ended.state;
                record.message.clone_from(&ended.message);
            }
        }
        app.pending_deployment = None;
    });
    // stopped or deleted while it was under way: what came up nevertheless has to go
    if (outdated || !known) && outcome.is_ok() {
        workspace.app_host.stop(name).await;
    }
}

/// Changes a deployment and its app together; says whether they still exist.
fn change(
    workspace: &Workspace,
    name: &str,
    id: &str,
    apply: impl FnOnce(&mut AppRecord, &mut Deployment),
) -> bool {
    let changed = workspace.store.write(|records| {
        let Some(app) = records.apps.get_mut(name) else { return Ok(false) };
        let Some(mut deployment) = app.deployment(id).cloned() else { return Ok(false) };
        apply(app, &mut deployment);
        deployment.update_time = Timestamp::now();
        if let Some(slot) = app.deployment_mut(id) {
            *slot = deployment;
        }
        Ok::<_, ApiError>(true)
    });
    changed.unwrap_or_else(|error| {
        tracing::error!(
            app = name,
            deployment = id,
            "the deployment could not be recorded: {}",
            error.message()
        );
        true
    })
}
