//! Passwords for Postgres that expire.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::paths::Resource;
use super::roles::OAUTH;
use super::{ENDPOINT_ID, branches, errors};
use crate::auth::Caller;
use crate::database_api::roles::refused;
use crate::rest::ApiError;
use crate::wire_time::rfc3339;
use crate::workspace::Workspace;

const TTL_RANGE: std::ops::RangeInclusive<u64> = 300..=3600;

#[derive(Debug, Default, Deserialize)]
pub(super) struct CredentialBody {
    #[serde(default)]
    endpoint: String,
    /// Such as `3600s`.
    ttl: Option<String>,
}

/// A token with which the caller opens sessions as the role of its own name.
pub(super) async fn generate(
    workspace: &Workspace,
    caller: &Caller,
    body: &CredentialBody,
) -> Result<Value, ApiError> {
    if body.endpoint.is_empty() {
        return Err(errors::required("endpoint"));
    }
    let ttl = lifetime(body.ttl.as_deref(), workspace.options.token_ttl)?;
    let uid = workspace.store.read(|records| {
        let Some(Resource::Endpoint { project, branch, endpoint }) = Resource::parse(&body.endpoint) else {
            return Err(ApiError::invalid_parameter(format!(
                "Field 'endpoint' is no endpoint: {}",
                body.endpoint
            )));
        };
        let project = branches::project(records, &project, &branch)?;
        if endpoint != ENDPOINT_ID {
            return Err(errors::missing("endpoint"));
        }
        project.address()?;
        let login = |name: &str| {
            project.roles.values().any(|role| role.postgres_role == name && role.auth_method == OAUTH)
        };
        if !login(&caller.name) {
            let message =
                format!("{} has no Postgres role with OAuth in the project {}", caller.name, project.id);
            return Err(ApiError::permission_denied(message));
        }
        Ok(project.uid.clone())
    })?;
    let issued =
        workspace.lakebase.issue_token(&uid, &caller.name, ttl).await.map_err(|error| refused(&error))?;
    Ok(json!({"token": issued.token, "expire_time": rfc3339(issued.expires)}))
}

/// The asked lifetime, but never longer than tokens live in this workspace.
fn lifetime(asked: Option<&str>, longest: Duration) -> Result<Duration, ApiError> {
    let Some(asked) = asked else { return Ok(longest) };
    let seconds = asked.strip_suffix('s').and_then(|number| number.parse::<u64>().ok());
    let seconds = seconds.filter(|seconds| TTL_RANGE.contains(seconds)).ok_or_else(|| {
        let message = format!("Field 'ttl' must be between {}s and {}s", TTL_RANGE.start(), TTL_RANGE.end());
        ApiError::invalid_parameter(message)
    })?;
    Ok(Duration::from_secs(seconds).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        let hour = Duration::from_secs(3600);
        let seconds = |asked, longest| lifetime(asked, longest).ok().map(|ttl| ttl.as_secs());
        assert_eq!(seconds(None, hour), Some(3600));
        assert_eq!(seconds(Some("600s"), hour), Some(600));
        assert_eq!(seconds(Some("600s"), Duration::from_secs(5)), Some(5));
        for bad in ["299s", "3601s", "600", "-1s", "s", ""] {
            assert_eq!(seconds(Some(bad), hour), None, "{bad}");
        }
    }
}
