//! From a request and an observation to the list of things to do.
//!
//! Everything here is pure: no I/O, no clock, no chance, and no way to fail. What stands in the way of a request is
//! itself part of the plan, as a [`Refusal`].

mod app;
mod create;
mod database;
mod delete;
mod difference;
mod files;
mod resume;
mod rollback;
mod update;
mod versions;

use databricks::apps::{App, AppAccessControlRequest};
use serde::{Deserialize, Serialize};

use crate::app_files::Manifest;
use crate::journal::{JournalSeen, SavedVersion};
use crate::observation::Observation;
use crate::schema::DatabaseAddress;
use crate::spec::{LakebaseCompute, LakebaseName, LakebaseType, Request, SchemaName};
use crate::timing::Stopwatch;

pub(crate) use app::{grants, principal};
pub(crate) use difference::differences;
pub use difference::{ApprovedPlan, Difference};
pub use resume::Resumed;
pub(crate) use versions::version_to_restore;

/// Scopes of the signed-in person that Tellr asks for.
pub const USER_API_SCOPES: [&str; 6] = [
    "sql",
    "dashboards.genie",
    "catalog.tables:read",
    "catalog.schemas:read",
    "catalog.catalogs:read",
    "serving.serving-endpoints",
];

/// Key of the database among the app's resources.
pub const DATABASE_RESOURCE: &str = "app_database";

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It stays as it is.
    Keep,
    /// It is taken away.
    Delete,
    /// Nothing is made; something is started.
    Run,
    /// Something that is under way already is awaited.
    Wait,
}

impl Change {
    /// Whether the engine changes something. What it only looks at or waits for may differ from one moment to the next.
    pub fn acts(self) -> bool {
        !matches!(self, Self::Keep | Self::Wait)
    }

    /// The word in plans.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Keep => "keep",
            Self::Delete => "delete",
            Self::Run => "run",
            Self::Wait => "wait",
        }
    }
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    /// What happens.
    pub change: Change,
    /// To what, for people: `app tellr`, `schema app_data in tellr-db`.
    pub resource: String,
    /// Why, or what exactly.
    pub reason: String,
    /// Digest of all that the row does, also of what the reason does not tell: the content of files, for example.
    pub digest: String,
    /// What the engine does for it; `None` where there is nothing to do.
    #[serde(skip)]
    pub action: Option<Action>,
}

/// Something that stands in the way; a plan with a refusal is not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What shall be done, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The lines, in the order in which they are done.
    pub rows: Vec<PlanRow>,
    /// What a careful reader should know.
    pub warnings: Vec<String>,
    /// What stands in the way.
    pub refusals: Vec<Refusal>,
    /// What the plan was made for.
    #[serde(skip)]
    pub request: Request,
    /// User name of the caller.
    #[serde(skip)]
    pub user_name: String,
    /// The database as it was seen, if it exists.
    #[serde(skip)]
    pub lakebase: Option<crate::lakebase::LakebaseDatabase>,
    /// How the database was asked, if it was.
    #[serde(skip)]
    pub address: Option<DatabaseAddress>,
    /// The app as it was seen, if it exists.
    #[serde(skip)]
    pub app: Option<App>,
    /// The journal as it was seen; without one there is nothing to lock.
    #[serde(skip)]
    pub journal: Option<JournalSeen>,
    /// The interrupted or failed run of the same request that this plan goes on with.
    #[serde(skip)]
    pub resumes: Option<Resumed>,
    /// Unique id of the run that applies it.
    #[serde(skip)]
    pub run_id: String,
    /// Id of the reset, which is carried out once however often the request is run again.
    #[serde(skip)]
    pub reset_id: Option<String>,
    /// The app's deployment before this request, or before the run that it goes on with.
    #[serde(skip)]
    pub deployment_before: Option<String>,
    /// The version that a rollback puts back.
    #[serde(skip)]
    pub saved_version: Option<SavedVersion>,
    /// When the workspace was looked at.
    #[serde(skip)]
    pub seen_at: Stopwatch,
}

/// One thing that the engine does: it looks, acts, waits and verifies.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Make the database and wait until it can be connected to.
    CreateLakebase {
        /// Name of the project or instance.
        name: LakebaseName,
        /// Which kind.
        lakebase_type: LakebaseType,
        /// How large.
        compute: LakebaseCompute,
    },
    /// Wait until an existing database can be connected to.
    AwaitLakebase,
    /// Make the folder and its parents.
    MakeDirectory {
        /// Path of the folder.
        path: String,
    },
    /// Write a file.
    WriteFile {
        /// Path of the file.
        path: String,
        /// What it holds.
        content: FileContent,
    },
    /// Delete a file of a former deployment.
    DeleteFile {
        /// Path of the file.
        path: String,
    },
    /// Keep the files of the version that runs, so that it can be put back.
    SaveVersion {
        /// The deployment that runs it.
        deployment_id: String,
        /// The app's folder.
        folder: crate::spec::WorkspacePath,
        /// Text of `app.yaml` as it is kept.
        app_yaml: String,
        /// Text of `requirements.txt`.
        requirements_txt: Option<String>,
        /// Names of its larger files, which are copied.
        files: Vec<String>,
        /// Versions that are kept for too long and go.
        forget: Vec<String>,
    },
    /// Copy a file of a version that is kept back into the app's folder.
    RestoreFile {
        /// Path of the kept file.
        from: String,
        /// Path in the app's folder.
        to: String,
    },
    /// Register the app and wait for its compute.
    CreateApp(Box<App>),
    /// Change some fields of the app and read them again.
    UpdateApp {
        /// The fields.
        mask: Vec<&'static str>,
        /// Their new values.
        app: Box<App>,
    },
    /// Start the app's compute, or wait for it if it is starting.
    StartCompute {
        /// Whether it has to be told to start.
        call: bool,
    },
    /// Give rights to others, keeping those that exist.
    GrantPermissions(Vec<AppAccessControlRequest>),
    /// Make the schema and grant the app its rights.
    PrepareSchema(SchemaName),
    /// Drop the schema with everything in it and make it again, once for each id.
    ResetSchema {
        /// The schema.
        schema: SchemaName,
        /// The id.
        reset_id: String,
    },
    /// Drop the schema with everything in it.
    DropSchema(SchemaName),
    /// Keep a former deployment's encryption key in the schema.
    KeepEncryptionKey {
        /// The schema.
        schema: SchemaName,
        /// The key.
        key: databricks::Secret,
    },
    /// Deploy the folder and wait until the app runs.
    Deploy {
        /// Path of the folder.
        source_code_path: String,
        /// A deployment of the same files that an interrupted run has started already.
        started: Option<String>,
    },
    /// Delete the app and wait until it is gone.
    DeleteApp,
}

/// What a file holds.
#[derive(Clone, PartialEq)]
pub enum FileContent {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The manifest, rendered when it is written: a new database's endpoint is known only then.
    AppYaml(Box<Manifest>),
}

/// Only the kind and size: bytes help no reader, and a manifest may carry a key.
impl std::fmt::Debug for FileContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::AppYaml(_) => f.write_str("AppYaml"),
        }
    }
}

/// Makes the plan of `request` for a workspace that looks like `observation`.
pub fn plan(request: &Request, observation: &Observation) -> Plan {
    let resumes = resume::resumed(request, observation);
    let mut plan = Plan {
        rows: Vec::new(),
        warnings: resume::notes(observation, resumes.as_ref()),
        refusals: Vec::new(),
        request: request.clone(),
        user_name: observation.user_name.clone(),
        lakebase: observation.lakebase.found().cloned(),
        address: observation.address.clone(),
        app: observation.app.clone(),
        journal: observation.journal.clone(),
        run_id: observation.run_id.clone(),
        reset_id: resume::reset_id(request, observation, resumes.as_ref()),
        deployment_before: resume::deployment_before(observation, resumes.as_ref()),
        resumes,
        saved_version: observation.saved_version.clone(),
        seen_at: observation.seen_at,
    };
    match request {
        Request::Create(spec) => create::plan(&mut plan, spec, observation),
        Request::Update(spec) => update::plan(&mut plan, spec, observation),
        Request::Delete(spec) => delete::plan(&mut plan, spec, observation),
        Request::Rollback(spec) => rollback::plan(&mut plan, spec, observation),
    }
    resume::skip_what_is_done(&mut plan, observation);
    for row in &mut plan.rows {
        row.digest = difference::digest(row);
    }
    plan
}

impl Plan {
    /// Whether applying it destroys data: a schema is dropped, by the engine or by the app.
    pub fn destroys_data(&self) -> bool {
        match &self.request {
            Request::Create(_) => false,
            Request::Update(spec) => spec.reset_database,
            Request::Delete(spec) => spec.reset.is_some(),
            Request::Rollback(_) => false,
        }
    }

    /// Whether there is anything to do.
    pub fn has_work(&self) -> bool {
        self.rows.iter().any(|row| row.action.is_some())
    }

    fn add(
        &mut self,
        change: Change,
        resource: impl Into<String>,
        reason: impl Into<String>,
        action: Option<Action>,
    ) {
        let (resource, reason) = (resource.into(), reason.into());
        self.rows.push(PlanRow { change, resource, reason, digest: String::new(), action });
    }

    fn refuse(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.refusals.push(Refusal { message: message.into(), hint: Some(hint.into()) });
    }
}
