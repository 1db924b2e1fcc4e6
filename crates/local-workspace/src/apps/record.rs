//! What is remembered of an app.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::permissions::AccessEntry;
use super::settings::AppSettings;

/// How many deployments of an app are kept; the oldest go first.
const MAX_DEPLOYMENTS: usize = 100;

/// One app.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AppRecord {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) settings: AppSettings,
    /// Follows the last active deployment.
    pub(crate) default_source_code_path: Option<String>,
    pub(crate) creator: String,
    pub(crate) create_time: Timestamp,
    pub(crate) updater: String,
    pub(crate) update_time: Timestamp,
    pub(crate) service_principal_client_id: String,
    pub(crate) oauth2_app_client_id: String,
    pub(crate) oauth2_app_integration_id: String,
    pub(crate) compute: ComputeState,
    /// What is said of the compute instead of the usual.
    #[serde(default)]
    pub(crate) compute_message: Option<String>,
    /// Port of the proxy in front of the app.
    pub(crate) proxy_port: u16,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) active_deployment: Option<String>,
    pub(crate) pending_deployment: Option<String>,
    /// The last deployment that succeeded: what a start of the compute brings up again.
    pub(crate) last_good_deployment: Option<String>,
    pub(crate) update: Option<Update>,
    pub(crate) access: Vec<AccessEntry>,
}

impl AppRecord {
    /// Address at which the app's proxy answers.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy_port)
    }

    /// The deployment with this id.
    pub(crate) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.deployment_id == id)
    }

    /// The deployment with this id, to change it.
    pub(crate) fn deployment_mut(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.deployment_id == id)
    }

    /// Adds a deployment in progress.
    pub(crate) fn add_deployment(&mut self, deployment: Deployment) {
        self.pending_deployment = Some(deployment.deployment_id.clone());
        self.deployments.push(deployment);
        let active = self.active_deployment.clone();
        let good = self.last_good_deployment.clone();
        while self.deployments.len() > MAX_DEPLOYMENTS {
            let oldest = self.deployments.iter().position(|old| {
                let id = Some(&old.deployment_id);
                id != active.as_ref() && id != good.as_ref()
            });
            let Some(oldest) = oldest else { break };
            self.deployments.remove(oldest);
        }
    }

    /// Notes that somebody changed the app.
    pub(crate) fn touch(&mut self, updater: &str) {
        self.updater = updater.to_owned();
        self.update_time = Timestamp::now();
    }
}

/// `compute_status.state`; only a fault rule leads to ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ComputeState {
    Starting,
    Active,
    Updating,
    Stopping,
    Stopped,
    Deleting,
    Error,
}

impl ComputeState {
    /// Its name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ComputeState::Starting => "STARTING",
            ComputeState::Active => "ACTIVE",
            ComputeState::Updating => "UPDATING",
            ComputeState::Stopping => "STOPPING",
            ComputeState::Stopped => "STOPPED",
            ComputeState::Deleting => "DELETING",
            ComputeState::Error => "ERROR",
        }
    }
}

/// One deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) deployment_id: String,
    pub(crate) source_code_path: String,
    pub(crate) mode: String,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) env_vars: Vec<EnvVar>,
    pub(crate) git_source: Option<Value>,
    pub(crate) health_check: Option<Value>,
    pub(crate) artifacts_path: String,
    pub(crate) creator: String,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
    pub(crate) state: DeploymentState,
    pub(crate) message: String,
}

/// `deployment.status.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DeploymentState {
    InProgress,
    Succeeded,
    Failed,
    Cancelled,
}

/// An environment variable given with a deployment.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EnvVar {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_from: Option<String>,
}

impl std::fmt::Debug for EnvVar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvVar").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The last masked update.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Update {
    pub(crate) state: UpdateState,
    pub(crate) message: String,
}

/// `update.status.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum UpdateState {
    InProgress,
    Succeeded,
    Failed,
}
