//! The schema step: a narrow, fixed set of operations on one Postgres schema, never free SQL.
//!
//! The engine calls [`SchemaPort`]. On native targets [`postgres::PostgresSchema`] implements it over a TLS connection;
//! a page hands the operations to a relay that does ([`RelayedSchema`], [`wire`]).

#[cfg(not(target_arch = "wasm32"))]
pub mod postgres;
mod relayed;
#[cfg(not(target_arch = "wasm32"))]
mod statements;
pub mod wire;

use async_trait::async_trait;
use databricks::Secret;
use jiff::Timestamp;
pub use relayed::RelayedSchema;

use crate::spec::SchemaName;

/// Where a database is and who is calling. The password is a Lakebase token, good for minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseAddress {
    /// Host of the read-write endpoint; the port is always 5432.
    pub host: String,
    /// Postgres role of the caller.
    pub user_name: String,
    /// The caller's token.
    pub token: Secret,
    /// When the token stops opening connections.
    pub expires: Timestamp,
}

impl DatabaseAddress {
    /// Whether the token is good for some time yet: longer than any single operation takes.
    pub fn is_fresh(&self) -> bool {
        self.expires.duration_since(databricks::now()).as_secs() > 120
    }
}

/// The Postgres role of the app: its service principal's client id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRole(String);

impl AppRole {
    /// Takes a client id; anything but a UUID's characters is refused, since the name goes into statements.
    pub fn parse(client_id: &str) -> Option<Self> {
        let fits = client_id.len() == 36 && client_id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        fits.then(|| Self(client_id.to_owned()))
    }

    /// The role's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a look at a schema showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaObservation {
    /// Owner of the schema; `None` when it does not exist.
    pub owner: Option<String>,
    /// Number of tables in it.
    pub tables: u64,
    /// Whether its tables are those of the Python original.
    pub python_original: bool,
    /// Whether the app's role has every right that [`SchemaPort::prepare`] gives; `None` if there is no role to ask for.
    pub app_granted: Option<bool>,
}

/// What came of a reset that is done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetDone {
    /// It was done now.
    Now,
    /// A reset with this id had been done before; nothing was dropped.
    Before,
}

impl SchemaObservation {
    /// Whether the schema exists.
    pub fn exists(&self) -> bool {
        self.owner.is_some()
    }
}

/// The operations. Each is safe to repeat.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait SchemaPort: MaybeSendSync {
    /// Looks at the schema, and at what `role` may do in it, and changes nothing.
    async fn inspect(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: Option<&AppRole>,
    ) -> Result<SchemaObservation, SchemaError>;

    /// Whether the app's role exists in the database.
    async fn has_role(&self, at: &DatabaseAddress, role: &AppRole) -> Result<bool, SchemaError>;

    /// Makes the schema if it is missing and grants the app's role what it needs, in one transaction; then reads the
    /// grants again and fails if one is missing.
    async fn prepare(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
    ) -> Result<(), SchemaError>;

    /// Drops the schema with everything in it, makes it again and grants the app's role what it needs, in one
    /// transaction, in which `reset_id` is recorded as well. Does nothing if that id is recorded already.
    async fn reset(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        reset_id: &str,
    ) -> Result<ResetDone, SchemaError>;

    /// Drops the schema with everything in it.
    async fn drop_schema(&self, at: &DatabaseAddress, schema: &SchemaName) -> Result<(), SchemaError>;

    /// Keeps the encryption key of a former deployment in the schema. A different key that is there already is an
    /// error: either of the two would make the other's data unreadable.
    async fn keep_encryption_key(
        &self,
        at: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        key: &Secret,
    ) -> Result<(), SchemaError>;
}

/// Threads exist only on native targets.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSendSync: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync> MaybeSendSync for T {}

/// Threads exist only on native targets.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSendSync {}
#[cfg(target_arch = "wasm32")]
impl<T> MaybeSendSync for T {}

/// Why a schema operation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The connection was lost in the middle of an operation, which may have taken effect.
    #[error("the connection to Postgres was lost while it was to {operation}: {reason}")]
    Lost {
        /// What was to be done.
        operation: String,
        /// The client's words.
        reason: String,
    },
    /// No connection came about.
    #[error("cannot connect to Lakebase at {host}:5432 as {user_name}: {reason}")]
    Connect {
        /// Host that was tried.
        host: String,
        /// Role that was tried.
        user_name: String,
        /// The client's or server's words.
        reason: String,
    },
    /// Postgres refused for want of rights.
    #[error("Postgres refused to {operation}: {reason}")]
    Denied {
        /// What was to be done.
        operation: String,
        /// The server's words.
        reason: String,
    },
    /// A statement failed for another reason.
    #[error("Postgres failed to {operation}: {reason}")]
    Failed {
        /// What was to be done.
        operation: String,
        /// The server's words.
        reason: String,
    },
    /// The schema keeps another encryption key than the one that was to be kept.
    #[error(
        "the schema {schema} already keeps a different encryption key than the deployed app.yaml; keeping either would \
         make what was encrypted with the other unreadable"
    )]
    DifferentKey {
        /// The schema.
        schema: String,
    },
    /// The app's role did not appear in time.
    #[error("the app's Postgres role {role} did not appear in the database within {seconds} s")]
    NoRole {
        /// The role.
        role: String,
        /// How long the engine waited.
        seconds: u64,
    },
    /// This host has no way to Postgres.
    #[error("no Postgres connection can be opened from here")]
    Unavailable,
}

impl SchemaError {
    /// Whether the same operation may succeed a moment later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Connect { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Connect { .. } => {
                "let this machine reach port 5432 of the Lakebase host, or let the app make its schema itself with \
                 `--schema-setup app`"
            }
            Self::Denied { .. } => {
                "run it as the owner of the schema, or let the app do it with `--schema-setup app` if the app owns it"
            }
            Self::DifferentKey { .. } => {
                "find out which key reads the stored credentials, make `encryption_keys` and app.yaml agree, and run the \
                 update again"
            }
            Self::NoRole { .. } => {
                "run the same command again; if it happens again, look at the app's resources"
            }
            Self::Unavailable => {
                "use `schema_setup` = `app`: the app then makes its schema at its next start"
            }
            Self::Lost { .. } => "run the same command again: it sees what was done and does the rest",
            Self::Failed { .. } => return None,
        };
        Some(text.into())
    }
}
