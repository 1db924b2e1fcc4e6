//! Answers of the services that are hard to provoke: quotas, missing permissions, features that are off.
//!
//! Where the platform's own text has been recorded or is documented, it is here as it is; the others are ours, and say
//! so in the list.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::rule::Answer;

/// A named answer.
struct Preset {
    name: &'static str,
    /// The call that it is meant for.
    fits: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
    retry_after: Option<&'static str>,
    /// Whether status, code and message are known from the platform; else the message (at least) is our own.
    recorded: bool,
}

const fn ours(
    name: &'static str,
    fits: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
) -> Preset {
    Preset { name, fits, status, code, message, retry_after: None, recorded: false }
}

const fn recorded(
    name: &'static str,
    fits: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
) -> Preset {
    Preset { recorded: true, ..ours(name, fits, status, code, message) }
}

const PRESETS: &[Preset] = &[
    // the limit of 100 apps is documented, its answer is not
    ours(
        "quota.apps",
        "POST /api/2.0/apps",
        400,
        "RESOURCE_EXHAUSTED",
        "This workspace has reached the limit of 100 apps. Delete an app before creating a new one.",
    ),
    ours(
        "quota.lakebase_projects",
        "POST /api/2.0/postgres/projects",
        400,
        "QUOTA_EXCEEDED",
        "The workspace has reached its limit of projects.",
    ),
    ours(
        "quota.lakebase_instances",
        "POST /api/2.0/database/instances",
        400,
        "QUOTA_EXCEEDED",
        "The workspace has reached its limit of database instances.",
    ),
    recorded(
        "quota.import_size",
        "POST /api/2.0/workspace/import",
        400,
        "MAX_NOTEBOOK_SIZE_EXCEEDED",
        "File size imported is (10485761 bytes), exceeded max size (10485760 bytes)",
    ),
    Preset {
        retry_after: Some("1"),
        ..ours(
            "quota.requests",
            "**",
            429,
            "REQUEST_LIMIT_EXCEEDED",
            "Too many requests. Please retry after the time in the Retry-After header.",
        )
    },
    Preset {
        retry_after: Some("1"),
        ..ours("unavailable", "**", 503, "TEMPORARILY_UNAVAILABLE", "The service is temporarily unavailable.")
    },
    ours("internal", "**", 500, "INTERNAL_ERROR", "An internal error occurred."),
    ours("timeout", "**", 504, "DEADLINE_EXCEEDED", "The request took too long."),
    ours(
        "permission.apps",
        "POST /api/2.0/apps",
        403,
        "PERMISSION_DENIED",
        "User does not have permission to create apps in this workspace.",
    ),
    ours(
        "permission.app",
        "** /api/2.0/apps/*",
        403,
        "PERMISSION_DENIED",
        "User does not have CAN_MANAGE permission on the app.",
    ),
    ours(
        "permission.workspace_files",
        "POST /api/2.0/workspace/*",
        403,
        "PERMISSION_DENIED",
        "User does not have permission to write to this folder.",
    ),
    ours(
        "permission.lakebase_projects",
        "POST /api/2.0/postgres/projects",
        403,
        "PERMISSION_DENIED",
        "User does not have permission to create projects in this workspace.",
    ),
    ours(
        "permission.lakebase_instances",
        "POST /api/2.0/database/instances",
        403,
        "PERMISSION_DENIED",
        "User does not have permission to create database instances in this workspace.",
    ),
    ours(
        "permission.lakebase_credentials",
        "POST /api/2.0/*/credentials",
        403,
        "PERMISSION_DENIED",
        "User does not have permission to connect to this database.",
    ),
    ours(
        "permission.permissions",
        "** /api/2.0/permissions/**",
        403,
        "PERMISSION_DENIED",
        "User does not have permission to manage the permissions of this object.",
    ),
    recorded("token.invalid", "**", 403, "PERMISSION_DENIED", "Invalid access token."),
    ours("token.expired", "**", 401, "UNAUTHENTICATED", "Access token has expired."),
    recorded(
        "off.lakebase_projects",
        "** /api/2.0/postgres/**",
        404,
        "ENDPOINT_NOT_FOUND",
        "No API found for 'GET /postgres/projects'",
    ),
    ours(
        "off.lakebase_instances",
        "** /api/2.0/database/**",
        404,
        "FEATURE_DISABLED",
        "Lakebase database instances are not enabled in this workspace.",
    ),
    ours(
        "off.apps",
        "** /api/2.0/apps**",
        404,
        "FEATURE_DISABLED",
        "Databricks Apps are not enabled in this workspace.",
    ),
    // the words are known, status and code are not
    ours(
        "off.user_authorization",
        "POST /api/2.0/apps",
        400,
        "BAD_REQUEST",
        "user token passthrough not enabled",
    ),
];

/// The answer called `name`.
///
/// # Errors
/// The names there are, in words.
pub(super) fn answer(name: &str) -> Result<Answer, String> {
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        return Err(format!("there is no preset {name:?}; there are {}", names.join(", ")));
    };
    let mut headers = HeaderMap::new();
    if let Some(seconds) = preset.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    let status = StatusCode::from_u16(preset.status).map_err(|error| error.to_string())?;
    Ok(Answer { status, headers, body: json!({"error_code": preset.code, "message": preset.message}) })
}

/// `{"presets": [{"name", "fits", "status", "error_code", "message", "text"}]}`
pub(super) fn list() -> Value {
    let presets = PRESETS.iter().map(|preset| {
        json!({
            "name": preset.name,
            "fits": preset.fits,
            "status": preset.status,
            "error_code": preset.code,
            "message": preset.message,
            "text": if preset.recorded { "recorded" } else { "ours" },
        })
    });
    json!({"presets": presets.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_an_error_in_the_platforms_form() -> Result<(), String> {
        for preset in PRESETS {
            let answer = answer(preset.name)?;
            assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{}", preset.name);
            assert_eq!(answer.body["error_code"], preset.code);
            let twins = PRESETS.iter().filter(|other| other.name == preset.name).count();
            assert_eq!(twins, 1, "{}", preset.name);
        }
        Ok(())
    }
}
