//! Names of apps.

use http::StatusCode;

use crate::records::Records;
use crate::rest::ApiError;

const MIN_LENGTH: usize = 2;
const MAX_LENGTH: usize = 30;
/// The platform's quota.
const MAX_APPS: usize = 100;

/// Checks that an app called `name` may be created.
///
/// # Errors
/// 400 for a bad name, 409 if it is taken (also by an app that is being deleted), 400 when there are too many apps.
pub(super) fn check_new(records: &Records, name: &str) -> Result<(), ApiError> {
    if !is_valid(name) {
        let message = format!(
            "Invalid app name '{name}': it must be {MIN_LENGTH} to {MAX_LENGTH} characters long and contain only \
             lowercase letters, numbers, and hyphens."
        );
        return Err(ApiError::invalid_parameter(message));
    }
    if records.apps.contains_key(name) {
        let message = format!("An app with the same name already exists: {name}");
        return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS", message));
    }
    if records.apps.len() >= MAX_APPS {
        let message = format!("The workspace has reached its limit of {MAX_APPS} apps.");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "QUOTA_EXCEEDED", message));
    }
    Ok(())
}

fn is_valid(name: &str) -> bool {
    (MIN_LENGTH..=MAX_LENGTH).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, valid) in [
            ("tellr", true),
            ("tellr-2", true),
            ("", false),
            ("a", false),
            ("Tellr", false),
            ("-tellr", false),
            ("tellr_x", false),
            ("../x", false),
            ("a23456789012345678901234567890", true),
            ("a234567890123456789012345678901", false),
        ] {
            assert_eq!(is_valid(name), valid, "{name}");
        }
    }
}
