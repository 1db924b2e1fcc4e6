//! Which workspace, and as whom.

#[cfg(not(target_arch = "wasm32"))]
mod attributes;
#[cfg(not(target_arch = "wasm32"))]
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod profile;
#[cfg(not(target_arch = "wasm32"))]
mod profile_writer;
#[cfg(not(target_arch = "wasm32"))]
mod resolve;

#[cfg(not(target_arch = "wasm32"))]
pub use error::ConfigError;
#[cfg(not(target_arch = "wasm32"))]
pub use profile_writer::ProfileWriteError;
#[cfg(not(target_arch = "wasm32"))]
pub use resolve::{ConfigOverrides, Environment, ProcessEnvironment};

use crate::host::Host;
use crate::secret::Secret;

/// How to prove who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A personal access token, or any other bearer token used as it is.
    PersonalAccessToken(Secret),
    /// OAuth for a service principal (client credentials): tokens of an hour, fetched when needed.
    OAuthM2m {
        /// The service principal's application id.
        client_id: String,
        /// Its OAuth secret.
        client_secret: Secret,
    },
    /// None: whoever relays the calls to the workspace signs them.
    Relay,
    /// OAuth for a person who signed in with a browser: tokens of an hour from the official tool's cache, renewed there.
    #[cfg(not(target_arch = "wasm32"))]
    OAuthU2m(UserSignIn),
}

/// Which sign-in of a person counts.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSignIn {
    /// Where its tokens are kept.
    pub cache: crate::token_cache::TokenCache,
    /// The keys under which they may be, the first one that is there counts: the profile, the workspace's address.
    pub keys: Vec<String>,
}

impl Credentials {
    /// The official name of the method, as in `auth_type`.
    pub fn auth_type(&self) -> &'static str {
        match self {
            Self::PersonalAccessToken(_) => "pat",
            Self::OAuthM2m { .. } => "oauth-m2m",
            Self::Relay => "relay",
            #[cfg(not(target_arch = "wasm32"))]
            Self::OAuthU2m(_) => "databricks-cli",
        }
    }

    /// Whether the platform shows an app's log to them: OAuth tokens only. A bearer token of unknown make is let try.
    pub fn can_read_app_logs(&self) -> bool {
        match self {
            Self::PersonalAccessToken(token) => !token.expose().starts_with("dapi"),
            // the relay forwards calls to the workspace only
            Self::Relay => false,
            _ => true,
        }
    }
}

/// A workspace and an identity in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The workspace.
    pub host: Host,
    /// The identity.
    pub credentials: Credentials,
    /// The Databricks account, when known.
    pub account_id: Option<String>,
    /// The workspace's number, when known; sent with every call, as hosts that serve several workspaces need it.
    pub workspace_id: Option<String>,
    /// The address of the OAuth authorization server's metadata, when it is not to be looked up at the host.
    pub discovery_url: Option<String>,
    /// The profile that the values came from, for messages.
    pub profile: Option<String>,
}

impl Config {
    /// The least that is needed; the rest is looked up at the host when it is needed.
    pub fn new(host: Host, credentials: Credentials) -> Self {
        Self { host, credentials, account_id: None, workspace_id: None, discovery_url: None, profile: None }
    }
}
