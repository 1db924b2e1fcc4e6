//! Discovery and the token endpoint (OAuth M2M).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access_tokens::ALL_APIS;
use crate::workspace::Workspace;

/// `/.well-known/databricks-config` and `/oidc/…`; none of them asks for a bearer token.
pub(crate) fn routes() -> Router<Arc<Workspace>> {
    Router::new()
        .route("/.well-known/databricks-config", get(host_metadata))
        .route("/oidc/.well-known/oauth-authorization-server", get(authorization_server))
        .route("/oidc/.well-known/openid-configuration", get(authorization_server))
        .route("/oidc/v1/token", post(token))
}

async fn host_metadata(State(workspace): State<Arc<Workspace>>) -> Json<Value> {
    let (workspace_id, account_id) = workspace
        .store
        .read(|records| (records.identity.workspace_id.clone(), records.identity.account_id.clone()));
    Json(json!({
        "oidc_endpoint": format!("{}/oidc", workspace.host),
        "workspace_id": workspace_id,
        "account_id": account_id,
        "cloud": "AWS",
    }))
}

async fn authorization_server(State(workspace): State<Arc<Workspace>>) -> Json<Value> {
    let issuer = format!("{}/oidc", workspace.host);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/v1/authorize"),
        "token_endpoint": format!("{issuer}/v1/token"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": [ALL_APIS],
    }))
}

#[derive(Deserialize)]
struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

async fn token(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Form(request)) = form else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "The body must be a form");
    };
    if request.grant_type != "client_credentials" {
        let message = "The local workspace knows the grant type client_credentials only";
        return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", message);
    }
    let Some((client_id, client_secret)) =
        basic(&headers).or_else(|| request.client_id.zip(request.client_secret))
    else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed");
    };
    let known = workspace.store.read(|records| {
        records
            .service_principals
            .get(&client_id)
            .is_some_and(|found| found.client_secret.matches(&client_secret))
    });
    if !known {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed");
    }
    let scope = request.scope.filter(|scope| !scope.trim().is_empty()).unwrap_or_else(|| ALL_APIS.to_owned());
    let (access_token, expires_in) = workspace.access_tokens.mint(&client_id, &scope);
    let body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scope": scope,
    });
    no_store(Json(body).into_response())
}

/// Client id and secret from HTTP Basic; each is form-encoded inside (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(id), decode(secret)))
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    no_store((status, Json(json!({"error": error, "error_description": description}))).into_response())
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(value: &[u8]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(value).ok()?);
        basic(&headers)
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read(id in "[a-z0-9-]{1,36}", secret in "[ -~]{0,40}") {
            let encoded = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC);
            let value = format!("Basic {}", STANDARD.encode(format!("{id}:{encoded}")));
            prop_assert_eq!(read(value.as_bytes()), Some((id, secret)));
        }

        #[test]
        fn anything_can_be_read(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&value);
            let _ = read(&[b"Basic ", value.as_slice()].concat());
        }
    }
}
