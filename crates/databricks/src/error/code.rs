//! Error codes and what they mean to a caller.

use std::fmt;

/// The platform's `error_code` as it was sent, or the one that stands for the HTTP status when none was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode(String);

impl ErrorCode {
    /// Takes the word on the wire.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code of a status whose answer held none.
    pub(crate) fn from_status(status: u16) -> Self {
        Self::new(match status {
            400 => "BAD_REQUEST",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            409 => "RESOURCE_CONFLICT",
            429 => "REQUEST_LIMIT_EXCEEDED",
            499 => "CANCELLED",
            500 => "INTERNAL_ERROR",
            501 => "NOT_IMPLEMENTED",
            503 => "TEMPORARILY_UNAVAILABLE",
            504 => "DEADLINE_EXCEEDED",
            _ => "UNKNOWN",
        })
    }

    /// The meaning of the code, if it has one of its own.
    pub fn class(&self) -> Option<ErrorClass> {
        Some(match self.as_str() {
            "UNAUTHENTICATED" | "CUSTOMER_UNAUTHORIZED" => ErrorClass::Unauthenticated,
            "PERMISSION_DENIED" => ErrorClass::PermissionDenied,
            "ENDPOINT_NOT_FOUND" | "FEATURE_DISABLED" | "NOT_IMPLEMENTED" => ErrorClass::ApiMissing,
            "NOT_FOUND" => ErrorClass::NotFound,
            code if code.ends_with("_DOES_NOT_EXIST") => ErrorClass::NotFound,
            "ALREADY_EXISTS" => ErrorClass::AlreadyExists,
            code if code.ends_with("_ALREADY_EXISTS") => ErrorClass::AlreadyExists,
            "ABORTED" | "RESOURCE_CONFLICT" | "COULD_NOT_ACQUIRE_LOCK" => ErrorClass::Conflict,
            "RESOURCE_EXHAUSTED" | "REQUEST_LIMIT_EXCEEDED" => ErrorClass::Throttled,
            "BAD_REQUEST"
            | "INVALID_PARAMETER_VALUE"
            | "MALFORMED_REQUEST"
            | "INVALID_STATE"
            | "INVALID_STATE_TRANSITION"
            | "DIRECTORY_NOT_EMPTY"
            | "MAX_NOTEBOOK_SIZE_EXCEEDED" => ErrorClass::Invalid,
            "QUOTA_EXCEEDED" | "RESOURCE_LIMIT_EXCEEDED" => ErrorClass::QuotaExceeded,
            "INTERNAL_ERROR" | "DATA_LOSS" | "UNKNOWN" | "IO_ERROR" => ErrorClass::Internal,
            "TEMPORARILY_UNAVAILABLE"
            | "UNAVAILABLE"
            | "DEADLINE_EXCEEDED"
            | "CANCELLED"
            | "SERVICE_UNDER_MAINTENANCE"
            | "WORKSPACE_TEMPORARILY_UNAVAILABLE" => ErrorClass::Unavailable,
            _ => return None,
        })
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an error means to a caller. The code decides; the HTTP status only where the code says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// No token, a wrong one or an expired one.
    Unauthenticated,
    /// Known, but not allowed.
    PermissionDenied,
    /// The named thing does not exist.
    NotFound,
    /// The workspace does not offer the API or the feature.
    ApiMissing,
    /// A thing of that name exists.
    AlreadyExists,
    /// The thing is being changed by someone else, or is in another state than the call needs.
    Conflict,
    /// Too many requests.
    Throttled,
    /// The request is wrong.
    Invalid,
    /// A limit of the workspace or account is reached.
    QuotaExceeded,
    /// The platform failed.
    Internal,
    /// The platform is not available now.
    Unavailable,
    /// None of these.
    Other,
}

impl ErrorClass {
    pub(crate) fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::Conflict,
            429 => Self::Throttled,
            501 => Self::ApiMissing,
            503 | 504 | 499 => Self::Unavailable,
            400..=499 => Self::Invalid,
            500..=599 => Self::Internal,
            _ => Self::Other,
        }
    }
}
