//! Passwords for Postgres that expire.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::find;
use super::roles::refused;
use crate::auth::Caller;
use crate::rest::{ApiError, ApiJson};
use crate::wire_time::rfc3339;
use crate::workspace::Workspace;

#[derive(Deserialize)]
pub(super) struct CredentialBody {
    #[serde(default)]
    instance_names: Vec<String>,
}

/// A token with which the caller opens sessions as the role of its own name.
///
/// Here each instance has its own passwords, so the token is for one instance; the platform takes several names.
pub(super) async fn generate(
    State(workspace): State<Arc<Workspace>>,
    Extension(caller): Extension<Caller>,
    ApiJson(body): ApiJson<CredentialBody>,
) -> Result<Json<Value>, ApiError> {
    let name = match body.instance_names.as_slice() {
        [] => {
            return Err(ApiError::invalid_parameter(
                "Field 'instance_names' is required and must not be empty.",
            ));
        }
        [name] => name,
        [..] => return Err(ApiError::not_implemented("make one credential for several database instances")),
    };
    let uid = workspace.store.read(|records| {
        let instance = find(records, name)?;
        instance.address()?;
        Ok::<_, ApiError>(instance.uid.clone())
    })?;
    let exists = workspace.lakebase.role_exists(&uid, &caller.name).await.map_err(|error| refused(&error))?;
    if !exists {
        let message = format!("{} has no Postgres role in the database instance '{name}'.", caller.name);
        return Err(ApiError::permission_denied(message));
    }
    let issued = workspace
        .lakebase
        .issue_token(&uid, &caller.name, workspace.options.token_ttl)
        .await
        .map_err(|error| refused(&error))?;
    Ok(Json(json!({"token": issued.token, "expiration_time": rfc3339(issued.expires)})))
}
