//! The client: a workspace, an identity and a transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::lock::Mutex;
use serde_json::Value;

use crate::apps::Apps;
use crate::auth::Authenticator;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::current_user::CurrentUser;
use crate::database::Database;
use crate::error::Error;
use crate::host::Host;
use crate::postgres::Postgres;
use crate::transport::Transport;
use crate::wire::{Fields, WireValue};
use crate::workspace_files::WorkspaceFiles;

/// A Databricks workspace as one identity sees it. Cloning is cheap; clones share tokens and what is known of the host.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    transport: Arc<dyn Transport>,
    options: ClientOptions,
    authenticator: Authenticator,
    metadata: Mutex<Option<HostMetadata>>,
}

/// How a client presents itself and how patient it is.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Named in the `User-Agent` header, natively.
    pub product: Product,
    /// One call with all its retries takes no longer than this.
    pub retry_budget: Duration,
    /// One attempt takes no longer than this, plus a second for each 64 KiB that it sends.
    pub request_timeout: Duration,
    /// How often waits look.
    pub poll: Poll,
    /// Time and jitter.
    pub clock: Arc<dyn Clock>,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Letters, digits and `_.+-`; other characters are replaced.
    pub name: String,
    /// A semantic version.
    pub version: String,
}

/// How often a wait looks at the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The pauses grow by a second each up to 10 s, and to no more than this.
    pub max_interval: Duration,
}

impl Default for ClientOptions {
    /// The official SDKs' figures: 5 minutes for a call, 60 s for an attempt, looks up to 11 s apart.
    fn default() -> Self {
        Self {
            product: Product { name: "unknown".to_owned(), version: "0.0.0".to_owned() },
            retry_budget: Duration::from_secs(300),
            request_timeout: Duration::from_secs(60),
            poll: Poll { max_interval: Duration::from_secs(11) },
            clock: Arc::new(SystemClock),
        }
    }
}

/// What the host says of itself at `/.well-known/databricks-config`.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostMetadata {
    pub(crate) oidc_endpoint: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) workspace_id: Option<String>,
}

impl WireValue for HostMetadata {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            oidc_endpoint: fields.take("oidc_endpoint")?,
            account_id: fields.take("account_id")?,
            workspace_id: fields.take("workspace_id")?,
        })
    }
}

impl Client {
    /// A client. Nothing is sent before the first call; what the host says of itself is then fetched once, if needed.
    #[cfg_attr(
        target_arch = "wasm32",
        expect(
            clippy::arc_with_non_send_sync,
            reason = "one type for both targets; a browser has one thread"
        )
    )]
    pub fn new(config: Config, transport: Arc<dyn Transport>, options: ClientOptions) -> Self {
        if config.host.is_plaintext() && !config.host.is_loopback() {
            tracing::warn!(host = %config.host, "tokens will be sent over plain http, which others on the network can read");
        }
        let authenticator = Authenticator::new(config.credentials.clone());
        let metadata = Mutex::new(None);
        Self { inner: Arc::new(Inner { config, transport, options, authenticator, metadata }) }
    }

    /// The workspace's address.
    pub fn host(&self) -> &Host {
        &self.inner.config.host
    }

    /// What the client was made with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The workspace's number: configured, or as the host says.
    pub async fn workspace_id(&self) -> Result<Option<String>, Error> {
        if let Some(id) = &self.inner.config.workspace_id {
            return Ok(Some(id.clone()));
        }
        let metadata = self.metadata(self.inner.options.retry_budget).await?;
        Ok(metadata.workspace_id.filter(|id| !id.is_empty()))
    }

    /// Who the caller is.
    pub fn current_user(&self) -> CurrentUser<'_> {
        CurrentUser::new(self)
    }

    /// Databricks Apps.
    pub fn apps(&self) -> Apps<'_> {
        Apps::new(self)
    }

    /// Files and folders of the workspace.
    pub fn workspace_files(&self) -> WorkspaceFiles<'_> {
        WorkspaceFiles::new(self)
    }

    /// Lakebase Autoscaling.
    pub fn postgres(&self) -> Postgres<'_> {
        Postgres::new(self)
    }

    /// Lakebase Provisioned.
    pub fn database(&self) -> Database<'_> {
        Database::new(self)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.options.clock
    }

    pub(crate) fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.inner.transport
    }

    pub(crate) fn authenticator(&self) -> &Authenticator {
        &self.inner.authenticator
    }

    /// The pause before look number `attempt + 1`.
    pub(crate) fn poll_interval(&self, attempt: u32) -> Duration {
        let pause = Duration::from_secs(u64::from(attempt.min(10))) + self.jitter();
        pause.min(self.inner.options.poll.max_interval)
    }

    /// Up to a second, so that clients do not march in step.
    pub(crate) fn jitter(&self) -> Duration {
        Duration::from_secs_f64(self.clock().jitter().clamp(0.0, 1.0))
    }

    /// What the host says of itself, asked for once. A host that answers with anything else is not an error: all of it
    /// is optional, and who needs a part reports that part missing. A host that does not answer at all is one.
    pub(crate) async fn metadata(&self, budget: Duration) -> Result<HostMetadata, Error> {
        let mut known = self.inner.metadata.lock().await;
        if let Some(metadata) = &*known {
            return Ok(metadata.clone());
        }
        let metadata = match self.fetch_metadata(budget).await {
            Ok(metadata) => metadata,
            Err(error @ (Error::Api(_) | Error::Decode(_))) => {
                tracing::warn!(host = %self.host(), %error, "the host does not describe itself at /.well-known/databricks-config");
                HostMetadata::default()
            }
            Err(error) => return Err(error),
        };
        *known = Some(metadata.clone());
        Ok(metadata)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
