//! Apps, their deployments, updates and states.

use serde_json::Value;

use super::resource::AppResource;
use crate::wire::{wire_enum, wire_struct};

wire_struct! {
    /// An app. A PATCH with it replaces all that can be changed: read it, change it, write it whole.
    App {
        /// At most 30 lower-case letters, digits and hyphens; unique in the workspace.
        name: String,
        /// Set by the platform.
        id: Option<String>,
        /// Where the app answers. Set by the platform; it cannot be derived from the name.
        url: Option<String>,
        /// For people.
        description: Option<String>,
        /// The size of the machine.
        compute_size: Option<ComputeSize>,
        /// The least number of instances.
        compute_min_instances: Option<i64>,
        /// The greatest number of instances.
        compute_max_instances: Option<i64>,
        /// The state of the machine.
        compute_status: Option<ComputeStatus>,
        /// The state of the program.
        app_status: Option<ApplicationStatus>,
        /// The deployment that runs.
        active_deployment: Option<AppDeployment>,
        /// The deployment that is on its way.
        pending_deployment: Option<AppDeployment>,
        /// The folder that deployments take the source from unless they name another.
        default_source_code_path: Option<String>,
        /// What the app may use; the platform grants it to the app's service principal.
        resources: Vec<AppResource>,
        /// What the app may do as the user who calls it.
        user_api_scopes: Vec<String>,
        /// Those scopes and the platform's defaults.
        effective_user_api_scopes: Vec<String>,
        /// Whether the user's token is forwarded to the app.
        forward_user_access_token: Option<bool>,
        /// The application id of the app's service principal; also the name of its Postgres role.
        service_principal_client_id: Option<String>,
        /// The workspace's number for the service principal.
        service_principal_id: Option<i64>,
        /// The service principal's name.
        service_principal_name: Option<String>,
        /// The OAuth client for user sign-in.
        oauth2_app_client_id: Option<String>,
        /// The OAuth integration for user sign-in.
        oauth2_app_integration_id: Option<String>,
        /// The budget policy that was asked for.
        budget_policy_id: Option<String>,
        /// The usage policy that was asked for.
        usage_policy_id: Option<String>,
        /// Where source comes from, when it comes from Git.
        git_repository: Option<Value>,
        /// Where telemetry goes.
        telemetry_export_destinations: Vec<Value>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// Who made it.
        creator: Option<String>,
        /// When it was changed (RFC 3339).
        update_time: Option<String>,
        /// Who changed it.
        updater: Option<String>,
        ; ..other
    }
}

wire_enum! {
    /// The size of an app's machine; some workspaces know more.
    ComputeSize { Medium = "MEDIUM", Large = "LARGE", XLarge = "XLARGE" }
}

wire_struct! {
    /// The state of an app's machine.
    ComputeStatus {
        /// The state.
        state: Option<ComputeState>,
        /// In words.
        message: Option<String>,
        /// How many instances run.
        active_instances: Option<i64>,
    }
}

wire_enum! {
    /// The states of an app's machine.
    ComputeState {
        Active = "ACTIVE",
        Deleting = "DELETING",
        Error = "ERROR",
        Starting = "STARTING",
        Stopped = "STOPPED",
        Stopping = "STOPPING",
        Updating = "UPDATING",
    }
}

wire_struct! {
    /// The state of an app's program.
    ApplicationStatus {
        /// The state.
        state: Option<ApplicationState>,
        /// In words.
        message: Option<String>,
        /// How many instances run.
        running_instances: Option<i64>,
    }
}

wire_enum! {
    /// The states of an app's program.
    ApplicationState {
        Crashed = "CRASHED",
        Deploying = "DEPLOYING",
        Running = "RUNNING",
        Unavailable = "UNAVAILABLE",
    }
}

wire_struct! {
    /// One deployment of an app's source.
    AppDeployment {
        /// Set by the platform.
        deployment_id: Option<String>,
        /// The folder in the workspace.
        source_code_path: Option<String>,
        /// Whether the folder is copied or followed.
        mode: Option<AppDeploymentMode>,
        /// Wins over the command in `app.yaml`.
        command: Vec<String>,
        /// Win over the variables in `app.yaml`; values are masked when read.
        env_vars: Vec<EnvVar>,
        /// Where the platform keeps its copy.
        deployment_artifacts: Option<AppDeploymentArtifacts>,
        /// How far it is.
        status: Option<AppDeploymentStatus>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// Who made it.
        creator: Option<String>,
        /// When it changed (RFC 3339).
        update_time: Option<String>,
    }
}

wire_enum! {
    /// Whether a deployment copies its source folder or follows it.
    AppDeploymentMode { Snapshot = "SNAPSHOT", AutoSync = "AUTO_SYNC" }
}

wire_struct! {
    /// Where the platform keeps its copy of the source.
    AppDeploymentArtifacts {
        /// The folder.
        source_code_path: Option<String>,
    }
}

wire_struct! {
    /// How far a deployment is.
    AppDeploymentStatus {
        /// The state.
        state: Option<AppDeploymentState>,
        /// In words.
        message: Option<String>,
    }
}

wire_enum! {
    /// The states of a deployment; all but the first are final.
    AppDeploymentState {
        InProgress = "IN_PROGRESS",
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
        Cancelled = "CANCELLED",
    }
}

wire_struct! {
    /// A variable of the app's environment.
    EnvVar {
        /// Its name.
        name: String,
        /// Its value, unless it comes from a resource.
        value: Option<String>,
        /// The key of the resource that it comes from.
        value_from: Option<String>,
    }
}

wire_struct! {
    /// A change of some of an app's fields, and how far it is.
    AppUpdate {
        /// How far it is.
        status: Option<AppUpdateStatus>,
        /// As in [`App`].
        description: Option<String>,
        /// As in [`App`].
        compute_size: Option<ComputeSize>,
        /// As in [`App`].
        resources: Vec<AppResource>,
        /// As in [`App`].
        user_api_scopes: Vec<String>,
        /// As in [`App`].
        forward_user_access_token: Option<bool>,
        /// As in [`App`].
        budget_policy_id: Option<String>,
        /// As in [`App`].
        usage_policy_id: Option<String>,
    }
}

wire_struct! {
    /// How far a change of an app is.
    AppUpdateStatus {
        /// The state.
        state: Option<AppUpdateState>,
        /// In words.
        message: Option<String>,
    }
}

wire_enum! {
    /// The states of a change of an app.
    AppUpdateState {
        NotUpdated = "NOT_UPDATED",
        InProgress = "IN_PROGRESS",
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
    }
}
