//! What shall be deployed, checked once at the edge.
//!
//! [`RawSpec`] is what a person typed, key by key; [`CreateSpec`], [`UpdateSpec`] and [`DeleteSpec`] are what the engine
//! works with. Between them stand the rules of [`field::FIELDS`]; every broken rule is reported, not only the first.

pub mod binary;
pub mod choices;
pub mod deployment_file;
mod elf;
pub mod field;
pub mod names;
pub mod raw;
pub mod wheel;

use std::collections::BTreeMap;

use databricks::apps::AppAccessControlRequest;

pub use binary::{Binary, BinaryPart};
pub use choices::{LakebaseCompute, LakebaseType, SchemaSetup};
pub use field::{FIELDS, Field, FieldError};
pub use names::{AppCompute, AppName, AppVersion, Description, LakebaseName, SchemaName, WorkspacePath};
pub use raw::RawSpec;
pub use wheel::Wheel;

/// Where the app's code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppSource {
    /// The package `databricks-tellr-app` from the index that the app's build reads; the newest without a version.
    Package(Option<AppVersion>),
    /// A wheel that is uploaded beside the other files.
    Wheel(Wheel),
    /// The app's native program, uploaded in parts and unpacked when the app starts.
    Binary(Binary),
}

/// What a create and an update have in common: the app, its files and its database.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Name of the app.
    pub app_name: AppName,
    /// Folder of its files.
    pub workspace_path: WorkspacePath,
    /// Database project or instance.
    pub lakebase_name: LakebaseName,
    /// Kind of database; `None` takes whichever exists, else Autoscaling.
    pub lakebase_type: Option<LakebaseType>,
    /// Schema of the app's tables.
    pub schema_name: SchemaName,
    /// Who prepares the schema.
    pub schema_setup: SchemaSetup,
    /// Where the code comes from.
    pub source: AppSource,
    /// Variables added to app.yaml, by name.
    pub env: BTreeMap<String, String>,
    /// Rights given to others; rights that exist already are kept.
    pub permissions: Vec<AppAccessControlRequest>,
    /// Take away what others added to the app, such as variables in app.yaml, instead of keeping it.
    pub prune: bool,
}

/// A new deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSpec {
    /// App, files and database.
    pub deployment: Deployment,
    /// Capacity of the database, when it must be made.
    pub lakebase_compute: LakebaseCompute,
    /// Compute size of the app.
    pub app_compute: AppCompute,
    /// Description of the app.
    pub description: Description,
}

/// A new version of an existing deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateSpec {
    /// App, files and database.
    pub deployment: Deployment,
    /// New compute size; `None` keeps the app's own.
    pub app_compute: Option<AppCompute>,
    /// New description; `None` keeps the app's own.
    pub description: Option<Description>,
    /// Drop everything in the schema before the new version starts.
    pub reset_database: bool,
}

/// The end of a deployment. Database, workspace files and history of the app stay.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSpec {
    /// Name of the app.
    pub app_name: AppName,
    /// The schema to drop as well, if any.
    pub reset: Option<ResetTarget>,
}

/// A schema that is to be dropped.
#[derive(Clone, Debug, PartialEq)]
pub struct ResetTarget {
    /// Database project or instance.
    pub lakebase_name: LakebaseName,
    /// Kind of database; `None` takes whichever exists.
    pub lakebase_type: Option<LakebaseType>,
    /// The schema.
    pub schema_name: SchemaName,
}

/// The return of a former version.
#[derive(Clone, Debug, PartialEq)]
pub struct RollbackSpec {
    /// Name of the app.
    pub app_name: AppName,
    /// The deployment whose files are put back; `None` takes the one before the version that runs.
    pub to: Option<String>,
}

/// One of the four things the engine does.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Put Tellr into the workspace.
    Create(CreateSpec),
    /// Bring a new version.
    Update(UpdateSpec),
    /// Take the app away.
    Delete(DeleteSpec),
    /// Put a former version back.
    Rollback(RollbackSpec),
}

impl Request {
    /// Name of the app it is about.
    pub fn app_name(&self) -> &AppName {
        match self {
            Self::Create(spec) => &spec.deployment.app_name,
            Self::Update(spec) => &spec.deployment.app_name,
            Self::Delete(spec) => &spec.app_name,
            Self::Rollback(spec) => &spec.app_name,
        }
    }

    /// App, files and database, where the request has them.
    pub fn deployment(&self) -> Option<&Deployment> {
        match self {
            Self::Create(spec) => Some(&spec.deployment),
            Self::Update(spec) => Some(&spec.deployment),
            Self::Delete(_) | Self::Rollback(_) => None,
        }
    }
}
