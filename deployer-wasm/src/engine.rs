//! What the engine works with, whoever drives it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use databricks::apps::App;
use databricks::{Cancel, Client};

use crate::event::{Event, EventSink};
use crate::schema::{MaybeSendSync, SchemaPort};
use crate::timing::Timing;

/// The engine: a client of one workspace, a way to Postgres where there is one, and somebody who listens.
#[derive(Clone)]
pub struct Engine {
    pub(crate) client: Client,
    pub(crate) schema: Option<Arc<dyn SchemaPort>>,
    pub(crate) events: EventSink,
    pub(crate) timing: Timing,
    pub(crate) cancel: Cancel,
    pub(crate) origin: Origin,
    pub(crate) lock: LockPolicy,
    pub(crate) logs: Option<Arc<dyn LogSource>>,
    pub(crate) rollback: bool,
}

/// Where a run comes from, as the journal tells others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Name of the machine or page.
    pub name: String,
    /// The process, in a form that [`LockPolicy::is_gone`] on the same machine understands.
    pub process: Option<String>,
    /// The program and its version.
    pub program: String,
}

/// How a run treats another one that has not said that it ended.
#[derive(Clone)]
pub struct LockPolicy {
    /// Take over at once.
    pub take_over: bool,
    /// How long a run must be silent before it counts as dead. A living run gives a sign four times in this time.
    pub lease: Duration,
    /// Whether the process that [`Origin::process`] named on this machine is certainly gone.
    pub is_gone: Arc<ProcessProbe>,
}

/// Tells whether a process is certainly gone.
#[cfg(not(target_arch = "wasm32"))]
pub type ProcessProbe = dyn Fn(&str) -> bool + Send + Sync;

/// Tells whether a process is certainly gone.
#[cfg(target_arch = "wasm32")]
pub type ProcessProbe = dyn Fn(&str) -> bool;

impl Default for LockPolicy {
    fn default() -> Self {
        Self { take_over: false, lease: Duration::from_secs(60), is_gone: Arc::new(|_| false) }
    }
}

/// A way to what an app has written to its log. The platform offers it only to OAuth tokens, outside of browsers.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait LogSource: MaybeSendSync {
    /// The last `lines` lines, the latest last; the error says in words why they cannot be had.
    async fn tail(&self, app: &App, lines: usize) -> Result<Vec<String>, String>;
}

impl Engine {
    /// An engine without a way to Postgres, with the default deadlines, that nobody listens to.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            schema: None,
            events: Arc::new(|_| {}),
            timing: Timing::default(),
            cancel: Cancel::default(),
            origin: Origin {
                name: "an unnamed host".into(),
                process: None,
                program: concat!("deployer-wasm ", env!("CARGO_PKG_VERSION")).into(),
            },
            lock: LockPolicy::default(),
            logs: None,
            rollback: false,
        }
    }

    /// Gives the engine a way to Postgres.
    #[must_use]
    pub fn with_schema_port(self, schema: Arc<dyn SchemaPort>) -> Self {
        Self { schema: Some(schema), ..self }
    }

    /// Sends every event to `events`.
    #[must_use]
    pub fn with_events(self, events: EventSink) -> Self {
        Self { events, ..self }
    }

    /// Sets the deadlines.
    #[must_use]
    pub fn with_timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    /// Lets `cancel` end every wait.
    #[must_use]
    pub fn with_cancel(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Says where its runs come from.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Sets how it treats other runs.
    #[must_use]
    pub fn with_lock_policy(self, lock: LockPolicy) -> Self {
        Self { lock, ..self }
    }

    /// Gives the engine a way to the apps' logs, for errors.
    #[must_use]
    pub fn with_logs(self, logs: Arc<dyn LogSource>) -> Self {
        Self { logs: Some(logs), ..self }
    }

    /// Lets a failed update put the version back that ran before it.
    #[must_use]
    pub fn with_rollback(self, rollback: bool) -> Self {
        Self { rollback, ..self }
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.events)(event);
    }
}
