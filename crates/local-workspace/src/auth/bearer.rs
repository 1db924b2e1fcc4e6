//! The check in front of the REST API.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

use super::access_tokens::{ALL_APIS, TokenRefused};
use super::{Caller, scopes};
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// Lets a request through if its bearer token names a [`Caller`], which the handlers then find as an extension.
pub(crate) async fn require_bearer(
    State(workspace): State<Arc<Workspace>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match caller_of_bearer(&workspace, request.headers()) {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    if let Err(error) = scopes::check(&caller, request.uri().path()) {
        return error.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The caller whom the `Authorization` header proves.
///
/// # Errors
/// 401 without a bearer token or with an expired one, 403 with one that is not ours.
pub(crate) fn caller_of_bearer(workspace: &Workspace, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let token = bearer(headers).ok_or_else(ApiError::no_credential)?;
    let invalid = || ApiError::permission_denied("Invalid access token.");
    workspace.store.read(|records| {
        if records.identity.token.matches(token) {
            return Caller::find(records, &records.identity.user_name, ALL_APIS).ok_or_else(invalid);
        }
        let claims = workspace.access_tokens.verify(token).map_err(|refused| match refused {
            TokenRefused::Invalid => invalid(),
            TokenRefused::Expired => ApiError::unauthenticated("Access token has expired."),
        })?;
        // a service principal that was deleted takes its tokens with it
        Caller::find(records, &claims.sub, &claims.scope).ok_or_else(invalid)
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}
