//! Resources of an app: what its service principal may use.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::database_api;
use crate::postgres_api;
use crate::records::Records;
use crate::rest::ApiError;
use crate::workspace::Workspace;

const MAX_RESOURCES: usize = 50;
const KINDS: [&str; 10] = [
    "app",
    "database",
    "experiment",
    "genie_space",
    "job",
    "postgres",
    "secret",
    "serving_endpoint",
    "sql_warehouse",
    "uc_securable",
];

/// One resource, under the key that `valueFrom` refers to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AppResource {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<Database>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) postgres: Option<Postgres>,
    /// The kinds that have no counterpart here: kept as they are.
    #[serde(flatten)]
    pub(crate) others: Map<String, Value>,
}

/// A database of a Lakebase Provisioned instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) instance_name: String,
    pub(crate) database_name: String,
    pub(crate) permission: DatabasePermission,
}

/// A database of a Lakebase Autoscaling branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Postgres {
    pub(crate) branch: String,
    pub(crate) database: String,
    pub(crate) permission: DatabasePermission,
}

/// The one permission on a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DatabasePermission {
    CanConnectAndCreate,
}

impl AppResource {
    fn kinds(&self) -> usize {
        let others =
            self.others.iter().filter(|(kind, value)| KINDS.contains(&kind.as_str()) && value.is_object());
        usize::from(self.database.is_some()) + usize::from(self.postgres.is_some()) + others.count()
    }
}

/// Checks resources before they are given to an app.
///
/// # Errors
/// 400 for a malformed list, 404 for a database that is not there.
pub(super) fn check(records: &Records, resources: &[AppResource]) -> Result<(), ApiError> {
    if resources.len() > MAX_RESOURCES {
        return Err(ApiError::invalid_parameter(format!(
            "An app can have at most {MAX_RESOURCES} resources."
        )));
    }
    for (index, resource) in resources.iter().enumerate() {
        if resource.name.is_empty() {
            return Err(ApiError::invalid_parameter("Each app resource must have a name."));
        }
        if resources.iter().take(index).any(|other| other.name == resource.name) {
            let message = format!("Duplicate app resource name: {}", resource.name);
            return Err(ApiError::invalid_parameter(message));
        }
        if resource.kinds() != 1 {
            let message = format!("App resource {} must have exactly one kind of resource.", resource.name);
            return Err(ApiError::invalid_parameter(message));
        }
        check_databases(records, resource)?;
    }
    Ok(())
}

fn check_databases(records: &Records, resource: &AppResource) -> Result<(), ApiError> {
    if let Some(database) = &resource.database {
        // an autoscaling project of that name does not help: it needs a `postgres` resource
        let instance = records.instances.get(&database.instance_name).ok_or_else(|| {
            ApiError::does_not_exist(format!("Database instance {} does not exist", database.instance_name))
        })?;
        check_database_name(&database.database_name)?;
        instance.address()?;
    }
    if let Some(postgres) = &resource.postgres {
        let project = postgres_api::project_of_branch(records, &postgres.branch)?;
        if postgres.database != format!("{}/databases/{}", postgres.branch, postgres_api::DATABASE_ID) {
            let message = format!("Database {} does not exist", postgres.database);
            return Err(ApiError::does_not_exist(message));
        }
        project.address()?;
    }
    Ok(())
}

fn check_database_name(name: &str) -> Result<(), ApiError> {
    if name == database_api::DATABASE_NAME {
        return Ok(());
    }
    Err(ApiError::does_not_exist(format!("Database {name} does not exist")))
}

/// Gives the service principal `client_id` its Postgres role, with CONNECT and CREATE, wherever `resources` say.
pub(super) async fn grant(
    workspace: &Workspace,
    client_id: &str,
    resources: &[AppResource],
) -> Result<(), ApiError> {
    for resource in resources {
        if let Some(database) = &resource.database {
            database_api::grant_connect_and_create(workspace, &database.instance_name, client_id).await?;
        }
        if let Some(postgres) = &resource.postgres {
            postgres_api::grant_connect_and_create(workspace, &postgres.branch, client_id).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(resources: Value) -> Result<String, Box<dyn std::error::Error>> {
        let resources: Vec<AppResource> = serde_json::from_value(resources)?;
        let error = check(&Records::new(), &resources).err().ok_or("it was accepted")?;
        Ok(error.message().to_owned())
    }

    #[test]
    fn a_database_must_exist() -> Result<(), Box<dyn std::error::Error>> {
        let database = json!({"instance_name": "tellr-db", "database_name": "databricks_postgres", "permission": "CAN_CONNECT_AND_CREATE"});
        let message = refused(json!([{"name": "db", "database": database}]))?;
        assert_eq!(message, "Database instance tellr-db does not exist");
        Ok(())
    }

    #[test]
    fn names_are_unique_and_kinds_single() -> Result<(), Box<dyn std::error::Error>> {
        let warehouse = json!({"name": "w", "sql_warehouse": {"id": "1", "permission": "CAN_USE"}});
        assert_eq!(refused(json!([warehouse, warehouse]))?, "Duplicate app resource name: w");
        assert_eq!(
            refused(json!([{"name": "w"}]))?,
            "App resource w must have exactly one kind of resource."
        );
        assert_eq!(refused(json!([{"sql_warehouse": {}}]))?, "Each app resource must have a name.");
        Ok(())
    }
}
