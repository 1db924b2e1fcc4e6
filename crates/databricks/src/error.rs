//! What can go wrong with a call, told apart by what a caller can do about it.

mod api;
mod body;
mod code;
mod detail;
mod hint;

use std::time::Duration;

pub use api::ApiError;
pub use code::{ErrorClass, ErrorCode};
pub use detail::{ErrorDetail, FieldViolation, HelpLink, Violation};

use crate::transport::TransportError;

/// Any failure of a call or a wait.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The platform answered with an error.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A wait or a series of attempts took too long.
    #[error(transparent)]
    Timeout(#[from] TimeoutError),
    /// The caller ended a wait.
    #[error("cancelled while waiting for {waiting_for}")]
    Cancelled {
        /// What was waited for.
        waiting_for: String,
    },
    /// No token could be had.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The answer was not what the API promises.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// What was waited for has failed on the platform's side.
    #[error(transparent)]
    FailedState(#[from] FailedState),
    /// A name or path that cannot be part of a call. Nothing was sent.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

/// A deadline or retry budget ran out.
#[derive(Clone, Debug, thiserror::Error)]
#[error("timed out after {} s: {what}{}", after.as_secs(), seen(last_seen))]
pub struct TimeoutError {
    /// The call or the state that was waited for.
    pub what: String,
    /// The last thing the platform said, in its words.
    pub last_seen: Option<String>,
    /// How long it was waited for.
    pub after: Duration,
    /// For a call: what its last attempt failed with.
    pub last_error: Option<Box<Error>>,
}

fn seen(words: &Option<String>) -> String {
    words.as_ref().map(|words| format!(" (last seen: {words})")).unwrap_or_default()
}

/// Getting a token failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The workspace's OAuth addresses could not be found out.
    #[error("OAuth sign-in to {host}: the address of its token endpoint could not be found ({reason})")]
    Discovery {
        /// The workspace.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// The token endpoint refused the service principal.
    #[error("OAuth sign-in as service principal {client_id} was refused: {error}{}", described(description))]
    Refused {
        /// The client id that was used.
        client_id: String,
        /// OAuth's error code, such as `invalid_client`.
        error: String,
        /// OAuth's description, when there was one.
        description: String,
    },
    /// The token endpoint did not answer as one does.
    #[error("OAuth sign-in as service principal {client_id}: {reason}")]
    Endpoint {
        /// The client id that was used.
        client_id: String,
        /// What went wrong.
        reason: String,
    },
    /// Nobody is signed in, or no longer: only a new sign-in helps.
    #[error("not signed in to {host}: {reason}")]
    SignedOut {
        /// The workspace.
        host: String,
        /// The profile that the configuration came from, if it came from one.
        profile: Option<String>,
        /// How that shows.
        reason: String,
    },
    /// Signing a person in, or renewing the sign-in, failed.
    #[error("OAuth sign-in to {host}: {reason}")]
    SignIn {
        /// The workspace.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// The file with people's tokens cannot be used.
    #[error("the token cache {}: {reason}", path.display())]
    TokenCache {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A personal access token was given where the platform takes OAuth tokens only.
    #[error(
        "{what} is shown for OAuth tokens only: the platform refuses a personal access token there; in a browser it is at {url}"
    )]
    OAuthNeeded {
        /// What was asked for.
        what: String,
        /// Where a browser shows it.
        url: String,
    },
    /// The token holds characters that no HTTP header can carry.
    #[error("the access token holds characters that cannot be sent (a line break or a non-ASCII character)")]
    UnsendableToken,
}

fn described(description: &str) -> String {
    if description.is_empty() { String::new() } else { format!(" ({description})") }
}

/// An answer of the right status with the wrong content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: the answer is not as documented: {reason}")]
pub struct DecodeError {
    /// `GET /api/…`.
    pub call: String,
    /// What is wrong with it.
    pub reason: String,
}

impl DecodeError {
    pub(crate) fn new(call: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { call: call.into(), reason: reason.into() }
    }
}

/// The platform gave up on something that was waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} failed: {state}{}", described(message))]
pub struct FailedState {
    /// What was waited for.
    pub what: String,
    /// The state it ended in, such as `ERROR` or `CANCELLED`, or an operation's error code.
    pub state: String,
    /// The platform's explanation; may be empty.
    pub message: String,
}

/// An argument that no call can carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no {what}: {rule}")]
pub struct InvalidArgument {
    /// Which argument.
    pub what: &'static str,
    /// Its value.
    pub given: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl Error {
    /// The platform's error, if that is what it was (also as the last error of a series of attempts).
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::Timeout(TimeoutError { last_error: Some(error), .. }) => error.api(),
            _ => None,
        }
    }

    /// The platform's error class, if the platform answered.
    pub fn class(&self) -> Option<ErrorClass> {
        self.api().map(ApiError::class)
    }

    /// The named thing does not exist. Not true when the whole API is missing: see [`Error::is_api_missing`].
    pub fn is_not_found(&self) -> bool {
        self.class() == Some(ErrorClass::NotFound)
    }

    /// This workspace does not have that API, or has it switched off.
    pub fn is_api_missing(&self) -> bool {
        self.class() == Some(ErrorClass::ApiMissing)
    }

    /// A thing of that name exists.
    pub fn is_already_exists(&self) -> bool {
        self.class() == Some(ErrorClass::AlreadyExists)
    }

    /// The caller is known but may not do this.
    pub fn is_permission_denied(&self) -> bool {
        self.class() == Some(ErrorClass::PermissionDenied)
    }

    /// The caller is not known: no token, a wrong one, an expired one, or none could be had.
    pub fn is_unauthenticated(&self) -> bool {
        matches!(self, Self::Auth(_)) || self.class() == Some(ErrorClass::Unauthenticated)
    }

    /// Too many requests, or over a quota of requests.
    pub fn is_throttled(&self) -> bool {
        self.class() == Some(ErrorClass::Throttled)
    }

    /// Whether an earlier attempt of the failed call may have taken effect, so that looking again is wise.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Api(error) => error.after_retry,
            Self::Transport(error) => error.may_have_taken_effect(),
            Self::Timeout(error) => {
                error.last_error.as_ref().is_some_and(|last| last.may_have_taken_effect())
            }
            _ => false,
        }
    }

    /// Notes that earlier attempts of the same call may have taken effect.
    pub(crate) fn after_attempts(self, ambiguous: bool) -> Self {
        match self {
            Self::Api(mut error) => {
                error.after_retry |= ambiguous;
                Self::Api(error)
            }
            other => other,
        }
    }

    /// What to do about it, when that is known.
    pub fn hint(&self) -> Option<String> {
        hint::hint(self)
    }
}
