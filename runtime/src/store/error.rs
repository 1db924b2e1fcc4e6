//! What can go wrong with the database, and what to do about it.

use std::time::Duration;

use crate::credentials::CredentialError;

/// SQLSTATE codes that mean something to us.
mod sqlstate {
    pub(super) const INSUFFICIENT_PRIVILEGE: &str = "42501";
    pub(super) const INVALID_AUTHORIZATION: &str = "28000";
    pub(super) const INVALID_PASSWORD: &str = "28P01";
    pub(super) const INVALID_CATALOG_NAME: &str = "3D000";
    pub(super) const INVALID_SCHEMA_NAME: &str = "3F000";
    pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";
    pub(super) const QUERY_CANCELED: &str = "57014";
    pub(super) const UNDEFINED_TABLE: &str = "42P01";
    /// Operator intervention: the server is starting, stopping or out of connections.
    pub(super) const TRANSIENT: [&str; 4] = ["57P01", "57P02", "57P03", "53300"];
    /// The server ends a session that was open: an administrator's wish, or a crash of another session.
    pub(super) const SESSION_ENDED: [&str; 2] = ["57P01", "57P02"];
}

/// A failure of the database or of the way to it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("DATABASE_URL can't be used: {0}")]
    Url(#[source] sqlx::Error),
    #[error("no client for the workspace: {0}")]
    Workspace(#[source] databricks::TransportError),
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error("no connection to the database: {}", words(.0))]
    Connect(#[source] sqlx::Error),
    #[error("{doing} failed: {}", words(.source))]
    Query {
        /// What the statement was for, e.g. `creating schema "app_data"`.
        doing: String,
        source: sqlx::Error,
    },
    #[error("{doing} was blocked for {} s by another session", .after.as_secs())]
    Blocked { doing: String, after: Duration },
    #[error("migrating schema \"{schema}\" failed: {source}")]
    Migrate { schema: String, source: sqlx::migrate::MigrateError },
    #[error(
        "GOOGLE_OAUTH_ENCRYPTION_KEY is not the key that schema \"{schema}\" already holds, and credentials stored \
         there can be read only with that one"
    )]
    DifferentKey { schema: String },
    #[error("schema \"{schema}\" can't be reset by the app: its tables belong to role {owner}")]
    ResetRefused { schema: String, owner: String },
    #[error("the system gave no random bytes for an encryption key")]
    NoRandomness,
}

impl StoreError {
    /// An error of a statement that was run for `doing`; `lock_timeout` is how long it would have waited for a lock.
    pub(super) fn query(doing: impl Into<String>, lock_timeout: Duration, source: sqlx::Error) -> Self {
        let doing = doing.into();
        match code(&source).as_deref() {
            Some(sqlstate::LOCK_NOT_AVAILABLE) => Self::Blocked { doing, after: lock_timeout },
            _ => Self::Query { doing, source },
        }
    }

    /// What to do about it, when there is something to say.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Credential(CredentialError::Refused(error)) => return error.hint(),
            Self::Blocked { .. } => {
                "another instance may be preparing the same schema. Run `tellr-app init-db` again when it is done"
            }
            Self::ResetRefused { .. } => {
                "let the deployer empty the schema: `tellr update --reset-database --schema-setup engine`"
            }
            Self::DifferentKey { .. } => {
                "remove GOOGLE_OAUTH_ENCRYPTION_KEY from app.yaml, or reset the database to start with the new key"
            }
            Self::Connect(source) | Self::Query { source, .. } => match code(source).as_deref() {
                Some(sqlstate::INSUFFICIENT_PRIVILEGE) => {
                    "the app's role needs CREATE on the database, or USAGE and CREATE on a schema that the deployer \
                     made. `tellr update` sets both right"
                }
                Some(sqlstate::INVALID_PASSWORD | sqlstate::INVALID_AUTHORIZATION) => {
                    "the database doesn't know the app's role, or not with this credential. `tellr update` attaches \
                     the database to the app again"
                }
                Some(sqlstate::INVALID_CATALOG_NAME) => {
                    "PGDATABASE (or DATABASE_URL) must name a database that exists"
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the same thing may work in a moment: the server is starting, waking or was cut off.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Connect(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_)) => true,
            Self::Credential(CredentialError::NoHost(_)) => true,
            Self::Connect(source) | Self::Query { source, .. } => {
                matches!(source, sqlx::Error::Io(_))
                    || code(source).is_some_and(|code| sqlstate::TRANSIENT.contains(&code.as_str()))
            }
            _ => false,
        }
    }

    /// Whether the server ended the session under a statement, or while it was being opened. A read may be done again.
    pub(super) fn is_lost_session(&self) -> bool {
        let (Self::Connect(source) | Self::Query { source, .. }) = self else { return false };
        matches!(source, sqlx::Error::Io(_))
            || code(source).is_some_and(|code| sqlstate::SESSION_ENDED.contains(&code.as_str()))
    }

    /// Whether a statement named a table or schema that isn't there.
    pub(super) fn is_missing_table(&self) -> bool {
        let Self::Query { source, .. } = self else { return false };
        matches!(code(source).as_deref(), Some(sqlstate::UNDEFINED_TABLE | sqlstate::INVALID_SCHEMA_NAME))
    }

    /// What a page may say about it: no host names, no roles, no words of other systems.
    pub(super) fn public_message(&self) -> &'static str {
        match self {
            Self::Credential(_) | Self::Workspace(_) => "the workspace issues no database credential",
            Self::Connect(source) | Self::Query { source, .. } => match code(source).as_deref() {
                Some(sqlstate::INVALID_PASSWORD | sqlstate::INVALID_AUTHORIZATION) => {
                    "the database refuses the app's credential"
                }
                Some(sqlstate::INSUFFICIENT_PRIVILEGE) => "the app may not read its own schema",
                Some(sqlstate::QUERY_CANCELED) => "the database took too long to answer",
                Some(_) => "the database reports an error",
                None => "the database can't be reached",
            },
            _ => "the database can't be used",
        }
    }
}

/// What the database said, without the place in its own source that said it.
fn words(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(said) => match said.code() {
            Some(code) => format!("{} (SQLSTATE {code})", said.message()),
            None => said.message().to_owned(),
        },
        None => error.to_string(),
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}
