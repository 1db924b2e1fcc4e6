//! What the engine gives back: the dictionaries that callers of the Python deployer know, and `lakebase_type`.

use serde::Serialize;

use crate::spec::LakebaseType;

/// The end of a run. Serialises to the fields of the variant, without a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// A create has put Tellr into the workspace.
    Created {
        /// Address of the app.
        url: String,
        /// Name of the app.
        app_name: String,
        /// Name of the database project or instance.
        lakebase_name: String,
        /// Kind of database.
        lakebase_type: LakebaseType,
        /// Schema of the app's tables.
        schema_name: String,
        /// Always `created`.
        status: &'static str,
    },
    /// An update has brought a new version.
    Updated {
        /// Address of the app.
        url: String,
        /// Name of the app.
        app_name: String,
        /// Id of the deployment that now runs.
        deployment_id: String,
        /// Kind of database.
        lakebase_type: LakebaseType,
        /// Always `updated`.
        status: &'static str,
        /// Whether everything in the schema was dropped, or will be by the app at its start.
        database_reset: bool,
    },
    /// A delete has taken the app away.
    Deleted {
        /// Name of the app.
        app_name: String,
        /// Always `deleted`.
        status: &'static str,
        /// Whether the schema was dropped.
        database_reset: bool,
    },
    /// A rollback has put a former version back.
    RolledBack {
        /// Address of the app.
        url: String,
        /// Name of the app.
        app_name: String,
        /// Id of the deployment that now runs.
        deployment_id: String,
        /// Id of the former deployment whose files it runs.
        restored: String,
        /// Always `rolled_back`.
        status: &'static str,
    },
}
