//! The check in front of the REST API.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

use super::access_tokens::{ALL_APIS, TokenRefused};
use super::{Caller, CallerKind, scopes};
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// Lets a request through if its bearer token names a [`Caller`], which the handlers then find as an extension.
pub(crate) async fn require_bearer(
    State(workspace): State<Arc<Workspace>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match usable(&workspace, request.headers())
        .and_then(|()| caller_of_bearer(&workspace, request.headers()))
    {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    if let Err(error) = scopes::check(&caller, request.uri().path()) {
        return error.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Refuses a token that a fault rule has made worthless: as one that expired, or, since those do not, as one that was
/// taken back.
fn usable(workspace: &Workspace, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(token) = bearer(headers).filter(|token| workspace.faults.is_revoked(token)) else {
        return Ok(());
    };
    if workspace.access_tokens.verify(token).is_ok() {
        return Err(ApiError::unauthenticated("Access token has expired."));
    }
    Err(ApiError::permission_denied("Invalid access token."))
}

/// Lets only the user through, who may do what only a local workspace can; neither apps nor tokens that apps get
/// forwarded.
///
/// # Errors
/// As for all calls, and 403 for others.
pub(crate) fn require_user(workspace: &Workspace, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let caller = caller_of_bearer(workspace, headers)?;
    if caller.kind == CallerKind::User && caller.scopes.is_none() {
        return Ok(caller);
    }
    Err(ApiError::permission_denied("Only the workspace's user may do this."))
}

/// The caller whom the `Authorization` header proves.
///
/// # Errors
/// 401 without a bearer token or with an expired one, 403 with one that is not ours.
fn caller_of_bearer(workspace: &Workspace, headers: &HeaderMap) -> Result<Caller, ApiError> {
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

/// The bearer token in the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}
