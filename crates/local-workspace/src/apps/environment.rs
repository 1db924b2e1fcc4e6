//! What the platform puts into the environment of an app.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::find;
use super::record::AppRecord;
use super::resources::AppResource;
use crate::database_api;
use crate::postgres_api;
use crate::records::Records;
use crate::rest::ApiError;

/// The platform's variables: `DATABRICKS_*`, and `PG*` for the first database among the resources.
///
/// The port is not among them: the app host chooses it.
pub(super) fn platform_env(
    records: &Records,
    host: &str,
    name: &str,
) -> Result<Vec<(String, String)>, ApiError> {
    let app = find(records, name)?;
    let principal = records
        .service_principals
        .get(&app.service_principal_client_id)
        .ok_or_else(|| ApiError::internal(format!("the app {name} has lost its service principal")))?;
    let mut env = vec![
        ("DATABRICKS_APP_NAME", app.name.clone()),
        ("DATABRICKS_APP_URL", app.url()),
        ("DATABRICKS_HOST", host.to_owned()),
        ("DATABRICKS_WORKSPACE_ID", records.identity.workspace_id.clone()),
        ("DATABRICKS_CLIENT_ID", principal.client_id.clone()),
        ("DATABRICKS_CLIENT_SECRET", principal.client_secret.expose().to_owned()),
    ];
    if let Some(pg_host) = first_database(records, app)? {
        env.extend([
            ("PGHOST", pg_host),
            ("PGPORT", "5432".to_owned()),
            ("PGDATABASE", database_api::DATABASE_NAME.to_owned()),
            ("PGUSER", principal.client_id.clone()),
            ("PGSSLMODE", "require".to_owned()),
            ("PGAPPNAME", app.name.clone()),
        ]);
    }
    Ok(env.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn first_database(records: &Records, app: &AppRecord) -> Result<Option<String>, ApiError> {
    let hosts =
        app.settings.resources.iter().filter_map(|resource| database_host(records, resource).transpose());
    hosts.take(1).next().transpose()
}

fn database_host(records: &Records, resource: &AppResource) -> Result<Option<String>, ApiError> {
    if let Some(database) = &resource.database {
        let instance = database_api::find(records, &database.instance_name)?;
        return instance.address().map(|address| Some(address.to_owned()));
    }
    if let Some(postgres) = &resource.postgres {
        let project = postgres_api::project_of_branch(records, &postgres.branch)?;
        return project.address().map(|address| Some(address.to_owned()));
    }
    Ok(None)
}

/// What `valueFrom` gives for each resource key. Secrets and whatever else has no value here are left out.
pub(super) fn resource_values(records: &Records, name: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let app = find(records, name)?;
    let mut values = BTreeMap::new();
    for resource in &app.settings.resources {
        if let Some(value) = resource_value(records, resource)? {
            values.insert(resource.name.clone(), value);
        }
    }
    Ok(values)
}

fn resource_value(records: &Records, resource: &AppResource) -> Result<Option<String>, ApiError> {
    if let Some(postgres) = &resource.postgres {
        return Ok(Some(format!("{}/endpoints/{}", postgres.branch, postgres_api::ENDPOINT_ID)));
    }
    if resource.database.is_some() {
        return database_host(records, resource);
    }
    const FIELDS: [(&str, &str); 7] = [
        ("sql_warehouse", "id"),
        ("serving_endpoint", "name"),
        ("genie_space", "space_id"),
        ("job", "id"),
        ("experiment", "experiment_id"),
        ("uc_securable", "securable_full_name"),
        ("app", "name"),
    ];
    let value = FIELDS.iter().find_map(|(kind, field)| {
        let other = resource.others.get(*kind)?;
        let value = other.get(*field).and_then(Value::as_str)?;
        let volume = other.get("securable_type").and_then(Value::as_str) == Some("VOLUME");
        Some(if volume { format!("/Volumes/{}", value.replace('.', "/")) } else { value.to_owned() })
    });
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn value_from_gives_what_identifies_the_resource() -> Result<(), Box<dyn std::error::Error>> {
        let cases = [
            (json!({"name": "k", "sql_warehouse": {"id": "abc", "permission": "CAN_USE"}}), Some("abc")),
            (
                json!({"name": "k", "uc_securable": {"securable_full_name": "a.b.c", "securable_type": "VOLUME"}}),
                Some("/Volumes/a/b/c"),
            ),
            (
                json!({"name": "k", "uc_securable": {"securable_full_name": "a.b.c", "securable_type": "TABLE"}}),
                Some("a.b.c"),
            ),
            (json!({"name": "k", "secret": {"scope": "s", "key": "x"}}), None),
            (
                json!({"name": "k", "postgres": {"branch": "projects/p/branches/production", "database": "d", "permission": "CAN_CONNECT_AND_CREATE"}}),
                Some("projects/p/branches/production/endpoints/primary"),
            ),
        ];
        let records = Records::new();
        for (resource, expected) in cases {
            let resource: AppResource = serde_json::from_value(resource)?;
            let value = resource_value(&records, &resource).map_err(|error| error.message().to_owned())?;
            assert_eq!(value.as_deref(), expected);
        }
        Ok(())
    }
}
