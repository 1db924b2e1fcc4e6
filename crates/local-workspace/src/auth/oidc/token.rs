//! The token endpoint: for service principals, and for programs that people have agreed to.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::json;

use super::OFFLINE_ACCESS;
use super::grants::Granted;
use super::refusal::{Refusal, no_store};
use crate::auth::access_tokens::ALL_APIS;
use crate::workspace::Workspace;

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
    #[serde(default)]
    refresh_token: String,
}

/// What a token answer is made of.
struct Issued {
    subject: String,
    scope: String,
    refresh_token: Option<String>,
}

pub(super) async fn token(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(request) = form.map_err(|_| Refusal::bad("invalid_request", "The body must be a form"))?;
    let issued = match request.grant_type.as_str() {
        "client_credentials" => service_principal(&workspace, &headers, request)?,
        "authorization_code" => {
            let client_id = public_client(&request)?;
            let redeemed = workspace.person_grants.redeem(
                &request.code,
                client_id,
                &request.redirect_uri,
                &request.code_verifier,
            );
            person(redeemed?)
        }
        "refresh_token" => {
            let client_id = public_client(&request)?;
            person(workspace.person_grants.refresh(&request.refresh_token, client_id)?)
        }
        _ => {
            let description =
                "The local workspace knows client_credentials, authorization_code and refresh_token only";
            return Err(Refusal::bad("unsupported_grant_type", description));
        }
    };
    let (access_token, expires_in) = workspace.access_tokens.mint(&issued.subject, &issued.scope);
    let mut body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scope": issued.scope,
    });
    if let Some(refresh_token) = issued.refresh_token {
        body["refresh_token"] = json!(refresh_token);
    }
    Ok(no_store(Json(body).into_response()))
}

fn service_principal(
    workspace: &Workspace,
    headers: &HeaderMap,
    request: TokenRequest,
) -> Result<Issued, Refusal> {
    let (client_id, client_secret) = basic(headers)
        .or_else(|| request.client_id.zip(request.client_secret))
        .ok_or_else(Refusal::client)?;
    let known = workspace.store.read(|records| {
        records
            .service_principals
            .get(&client_id)
            .is_some_and(|found| found.client_secret.matches(&client_secret))
    });
    if !known {
        return Err(Refusal::client());
    }
    let scope = request.scope.filter(|scope| !scope.trim().is_empty()).unwrap_or_else(|| ALL_APIS.to_owned());
    Ok(Issued { subject: client_id, scope, refresh_token: None })
}

/// A public client has no secret; one that sends a secret is another.
fn public_client(request: &TokenRequest) -> Result<&str, Refusal> {
    let client_id = request.client_id.as_deref().filter(|_| request.client_secret.is_none());
    client_id.filter(|id| *id == super::authorization::CLIENT_ID).ok_or_else(Refusal::client)
}

fn person((granted, refresh_token): (Granted, String)) -> Issued {
    let offline = granted.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
    Issued {
        subject: granted.user,
        scope: granted.scopes.join(" "),
        refresh_token: offline.then_some(refresh_token),
    }
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

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
