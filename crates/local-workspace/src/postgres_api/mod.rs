//! Lakebase Autoscaling: `/2.0/postgres`. Resources have paths for names; changes answer with operations.

mod branches;
mod credentials;
mod endpoints;
mod errors;
mod operations;
mod paths;
pub(crate) mod projects;
mod record;
mod roles;
mod routes;

pub(crate) use operations::{OperationRecord, abandon_pending};
pub(crate) use record::ProjectRecord;
pub(crate) use roles::grant_connect_and_create;
pub(crate) use routes::routes;

use crate::records::Records;
use crate::rest::ApiError;

/// The branch that every project has.
pub(crate) const BRANCH_ID: &str = "production";
/// Its read-write endpoint.
pub(crate) const ENDPOINT_ID: &str = "primary";
/// Id of its database, whose name in Postgres is [`crate::database_api::DATABASE_NAME`].
pub(crate) const DATABASE_ID: &str = "databricks-postgres";

/// The project that the branch `name` (`projects/p/branches/b`) belongs to.
///
/// # Errors
/// 404 if either does not exist.
pub(crate) fn project_of_branch<'a>(records: &'a Records, name: &str) -> Result<&'a ProjectRecord, ApiError> {
    match paths::Resource::parse(name) {
        Some(paths::Resource::Branch { project, branch }) => {
            let project = find(records, &project)?;
            if branch == BRANCH_ID { Ok(project) } else { Err(errors::missing("branch")) }
        }
        _ => Err(errors::missing("branch")),
    }
}

fn find<'a>(records: &'a Records, id: &str) -> Result<&'a ProjectRecord, ApiError> {
    records.projects.get(id).ok_or_else(|| errors::missing("project"))
}

fn find_mut<'a>(records: &'a mut Records, id: &str) -> Result<&'a mut ProjectRecord, ApiError> {
    records.projects.get_mut(id).ok_or_else(|| errors::missing("project"))
}
