//! An error answer of the platform.

use std::fmt;

use super::code::{ErrorClass, ErrorCode};
use super::detail::ErrorDetail;

/// What the platform answered instead of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The platform's code, or the one that stands for the status.
    pub code: ErrorCode,
    /// The platform's words.
    pub message: String,
    /// The typed details, in the order they came.
    pub details: Vec<ErrorDetail>,
    /// The method of the call.
    pub method: String,
    /// The path of the call, without host and query.
    pub path: String,
    /// The id to quote to the platform's support.
    pub request_id: Option<String>,
    /// An earlier attempt of the same call ended without a clear answer and may have taken effect: "already exists"
    /// may then mean "it worked", "not found" may mean "it is deleted".
    pub after_retry: bool,
}

impl ApiError {
    /// What it means to a caller.
    pub fn class(&self) -> ErrorClass {
        if self.is_rejected_token() {
            return ErrorClass::Unauthenticated;
        }
        if self.is_duplicate_role() {
            return ErrorClass::AlreadyExists;
        }
        self.code.class().unwrap_or_else(|| ErrorClass::from_status(self.status))
    }

    /// A wrong personal access token is answered with 403, as if it were known but had no right.
    fn is_rejected_token(&self) -> bool {
        self.status == 403 && self.message.starts_with("Invalid access token")
    }

    /// Lakebase answers a second role of the same name with 400 `BAD_REQUEST`; only the words tell.
    fn is_duplicate_role(&self) -> bool {
        self.code.as_str() == "BAD_REQUEST"
            && self.method == "POST"
            && self.path.starts_with("/api/2.0/postgres/")
            && self.message.contains("already exists")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, message, method, path, .. } = self;
        write!(f, "{method} {path}: {message} ({status} {code})")?;
        let ambiguous = matches!(
            self.class(),
            ErrorClass::AlreadyExists | ErrorClass::Conflict | ErrorClass::NotFound | ErrorClass::Invalid
        );
        if self.after_retry && ambiguous {
            f.write_str("; an earlier attempt of this call got no clear answer and may have taken effect")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}
