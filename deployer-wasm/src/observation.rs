//! What the workspace looked like before anything was changed.

use databricks::Secret;
use databricks::apps::{App, AppPermissions};

use crate::journal::{JournalSeen, SavedVersion};
use crate::lakebase::LakebaseDatabase;
use crate::schema::{DatabaseAddress, SchemaObservation};
use crate::spec::WorkspacePath;
use crate::timing::Stopwatch;

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Id of this run, new each time; a reset that the app makes is tied to it.
    pub run_id: String,
    /// User name of the caller; the Postgres role of the same name is the caller's.
    pub user_name: String,
    /// The app, if there is one of that name.
    pub app: Option<App>,
    /// The database, if there is one of that name.
    pub lakebase: LakebaseSeen,
    /// The app's folder.
    pub files: FilesSeen,
    /// The schema, where the database could be asked.
    pub schema: Option<SchemaObservation>,
    /// How the database was asked; a plan that is applied soon asks again with the same token.
    pub address: Option<DatabaseAddress>,
    /// Who may use the app; asked only if the request gives rights.
    pub permissions: Option<AppPermissions>,
    /// The app's folder: the request's, else the one that the app was last deployed from.
    pub folder: Option<WorkspacePath>,
    /// The journal beside that folder.
    pub journal: Option<JournalSeen>,
    /// The version that a rollback puts back, if it is kept.
    pub saved_version: Option<SavedVersion>,
    /// When all this was looked at.
    pub seen_at: Stopwatch,
}

/// What is known of the database.
#[derive(Clone, Debug, PartialEq)]
pub enum LakebaseSeen {
    /// Nobody asked: the request does not touch it.
    NotAsked,
    /// It exists.
    Found(LakebaseDatabase),
    /// It does not exist, in any kind that was asked for.
    Absent {
        /// Whether the workspace has the Autoscaling API at all.
        autoscaling_available: bool,
    },
}

impl LakebaseSeen {
    /// The database, if it exists.
    pub fn found(&self) -> Option<&LakebaseDatabase> {
        match self {
            Self::Found(database) => Some(database),
            _ => None,
        }
    }
}

/// What is known of the app's folder.
#[derive(Clone, Debug, Default)]
pub struct FilesSeen {
    /// Whether the folder exists.
    pub directory: bool,
    /// Names of the files and folders in it.
    pub names: Vec<String>,
    /// Text of `app.yaml`.
    pub app_yaml: Option<String>,
    /// Text of `requirements.txt`.
    pub requirements_txt: Option<String>,
    /// Encryption key that a former deployer wrote into `app.yaml`.
    pub encryption_key: Option<Secret>,
}
