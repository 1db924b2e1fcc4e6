//! Identities: `Me`, and lists of users and service principals with the filters that clients send.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::{Caller, CallerKind};
use crate::records::{Records, ServicePrincipal};
use crate::rest::{ApiError, ApiQuery};
use crate::workspace::Workspace;

/// `/2.0/preview/scim/v2/…`
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/2.0/preview/scim/v2/Me", get(me))
        .route("/2.0/preview/scim/v2/Users", get(users))
        .route("/2.0/preview/scim/v2/Users/{id}", get(user))
        .route("/2.0/preview/scim/v2/ServicePrincipals", get(service_principals))
}

async fn me(State(workspace): State<Arc<Workspace>>, Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(workspace.store.read(|records| match caller.kind {
        CallerKind::User => user_json(records),
        CallerKind::ServicePrincipal => {
            records.service_principals.get(&caller.name).map_or(Value::Null, service_principal_as_user)
        }
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListQuery {
    filter: Option<String>,
    start_index: Option<usize>,
    count: Option<usize>,
}

async fn users(
    State(workspace): State<Arc<Workspace>>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    list(&query, vec![workspace.store.read(user_json)]).map(Json)
}

async fn user(
    State(workspace): State<Arc<Workspace>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ScimError> {
    workspace
        .store
        .read(|records| (records.identity.user_id == id).then(|| user_json(records)))
        .map(Json)
        .ok_or_else(|| ScimError(format!("User with id {id} not found.")))
}

async fn service_principals(
    State(workspace): State<Arc<Workspace>>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let all = workspace
        .store
        .read(|records| records.service_principals.values().map(service_principal_json).collect());
    list(&query, all).map(Json)
}

/// One page, SCIM's way: by index, counted from 1.
fn list(query: &ListQuery, mut all: Vec<Value>) -> Result<Value, ApiError> {
    if let Some(filter) = query.filter.as_deref().filter(|filter| !filter.is_empty()) {
        let (attribute, wanted) = equality(filter).ok_or_else(|| {
            ApiError::invalid_parameter(format!("Given filter operator is not supported: {filter}"))
        })?;
        all.retain(|resource| {
            resource
                .get(&attribute)
                .and_then(Value::as_str)
                .is_some_and(|found| found.eq_ignore_ascii_case(&wanted))
        });
    }
    let start = query.start_index.unwrap_or(1).max(1);
    let total = all.len();
    let resources: Vec<Value> =
        all.into_iter().skip(start - 1).take(query.count.unwrap_or(100).min(100)).collect();
    let mut answer = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
    });
    if !resources.is_empty() {
        answer["Resources"] = Value::from(resources);
    }
    Ok(answer)
}

/// Reads `attribute eq "value"`.
fn equality(filter: &str) -> Option<(String, String)> {
    let mut words = filter.trim().splitn(3, char::is_whitespace);
    let (attribute, operator, value) = (words.next()?, words.next()?, words.next()?.trim());
    if !operator.eq_ignore_ascii_case("eq") {
        return None;
    }
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    Some((attribute.to_owned(), value.to_owned()))
}

fn user_json(records: &Records) -> Value {
    let identity = &records.identity;
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": identity.user_id,
        "userName": identity.user_name,
        "displayName": identity.display_name,
        "name": {"givenName": identity.display_name},
        "active": true,
        "emails": [{"type": "work", "value": identity.user_name, "primary": true}],
        "groups": [
            {"display": "admins", "type": "direct", "value": "1", "$ref": "Groups/1"},
            {"display": "users", "type": "direct", "value": "2", "$ref": "Groups/2"},
        ],
        "entitlements": [{"value": "workspace-access"}, {"value": "databricks-sql-access"}],
    })
}

/// How a service principal sees itself in `Me`: its user name is its client id.
fn service_principal_as_user(principal: &ServicePrincipal) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": principal.id.to_string(),
        "userName": principal.client_id,
        "displayName": principal.display_name,
        "active": true,
        "groups": groups(principal),
    })
}

fn service_principal_json(principal: &ServicePrincipal) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"],
        "id": principal.id.to_string(),
        "applicationId": principal.client_id,
        "displayName": principal.display_name,
        "active": true,
        "groups": groups(principal),
    })
}

fn groups(principal: &ServicePrincipal) -> Value {
    let users = json!({"display": "users", "type": "direct", "value": "2", "$ref": "Groups/2"});
    if principal.admin {
        json!([{"display": "admins", "type": "direct", "value": "1", "$ref": "Groups/1"}, users])
    } else {
        json!([users])
    }
}

/// A 404 in SCIM's own error form.
struct ScimError(String);

impl axum::response::IntoResponse for ScimError {
    fn into_response(self) -> axum::response::Response {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": self.0,
            "status": "404",
        });
        (StatusCode::NOT_FOUND, Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_filter_can_be_read(filter in ".*") {
            let _ = equality(&filter);
        }
    }

    #[test]
    fn filters_and_pages() -> Result<(), String> {
        let all = || vec![json!({"userName": "a@x"}), json!({"userName": "b@x"})];
        let query = |filter: Option<&str>, start, count| ListQuery {
            filter: filter.map(str::to_owned),
            start_index: start,
            count,
        };
        let run = |query| list(&query, all()).map_err(|error: ApiError| error.message().to_owned());
        assert_eq!(
            run(query(Some(r#"userName eq "B@x""#), None, None))?["Resources"],
            json!([{"userName": "b@x"}])
        );
        let second = run(query(None, Some(2), Some(1)))?;
        assert_eq!(
            (&second["Resources"], &second["totalResults"]),
            (&json!([{"userName": "b@x"}]), &json!(2))
        );
        assert!(run(query(None, Some(3), Some(1)))?.get("Resources").is_none());
        assert!(run(query(Some("userName co b"), None, None)).is_err());
        Ok(())
    }
}
