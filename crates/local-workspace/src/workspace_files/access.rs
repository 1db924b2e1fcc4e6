//! Who may touch which path.

use http::StatusCode;

use super::WorkspacePath;
use crate::auth::Caller;
use crate::rest::ApiError;

/// Refuses `caller` the home folders of others and, unless it is an admin, everything outside homes and `/Shared`.
pub(crate) fn check(caller: &Caller, path: &WorkspacePath) -> Result<(), ApiError> {
    let allowed = match path.home_owner() {
        Some(owner) => owner == caller.name,
        None => {
            let shared = path.canonical() == "/Shared" || path.canonical().starts_with("/Shared/");
            caller.admin || shared || matches!(path.canonical(), "/" | "/Users")
        }
    };
    if allowed {
        return Ok(());
    }
    let message = format!("{} does not have permission on {}.", caller.name, path.shown_self());
    Err(ApiError::permission_denied(message))
}

/// Refuses to delete what every workspace has.
pub(super) fn check_delete(caller: &Caller, path: &WorkspacePath) -> Result<(), ApiError> {
    check(caller, path)?;
    let home = path.canonical().strip_prefix("/Users/").is_some_and(|rest| !rest.contains('/'));
    if home || matches!(path.canonical(), "/" | "/Users" | "/Shared") {
        let message = format!("Folder {} is protected", path.shown_self());
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "DIRECTORY_PROTECTED", message));
    }
    Ok(())
}
