//! From a request and an observation to the list of things to do.
//!
//! Everything here is pure: no I/O, no clock, no chance, and no way to fail. What stands in the way of a request is
//! itself part of the plan, as a [`Refusal`].

mod app;
mod create;
mod database;
mod delete;
mod files;
mod update;

use databricks::apps::{App, AppAccessControlRequest};
use serde::Serialize;

use crate::app_files::Manifest;
use crate::observation::Observation;
use crate::schema::DatabaseAddress;
use crate::spec::{LakebaseCompute, LakebaseName, LakebaseType, Request, SchemaName};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    /// Nothing is made; something is started or awaited.
    Run,
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanRow {
    /// What happens.
    pub change: Change,
    /// To what, for people: `app tellr`, `schema app_data in tellr-db`.
    pub resource: String,
    /// Why, or what exactly.
    pub reason: String,
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
    /// Drop the schema with everything in it and make it again.
    ResetSchema(SchemaName),
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
    let mut plan = Plan {
        rows: Vec::new(),
        warnings: Vec::new(),
        refusals: Vec::new(),
        request: request.clone(),
        user_name: observation.user_name.clone(),
        lakebase: observation.lakebase.found().cloned(),
        address: observation.address.clone(),
        app: observation.app.clone(),
    };
    match request {
        Request::Create(spec) => create::plan(&mut plan, spec, observation),
        Request::Update(spec) => update::plan(&mut plan, spec, observation),
        Request::Delete(spec) => delete::plan(&mut plan, spec, observation),
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
        }
    }

    fn add(
        &mut self,
        change: Change,
        resource: impl Into<String>,
        reason: impl Into<String>,
        action: Option<Action>,
    ) {
        self.rows.push(PlanRow { change, resource: resource.into(), reason: reason.into(), action });
    }

    fn refuse(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.refusals.push(Refusal { message: message.into(), hint: Some(hint.into()) });
    }
}
