//! What the engine works with, whoever drives it.

use std::sync::Arc;

use databricks::{Cancel, Client};

use crate::event::{Event, EventSink};
use crate::schema::SchemaPort;
use crate::timing::Timing;

/// The engine: a client of one workspace, a way to Postgres where there is one, and somebody who listens.
#[derive(Clone)]
pub struct Engine {
    pub(crate) client: Client,
    pub(crate) schema: Option<Arc<dyn SchemaPort>>,
    pub(crate) events: EventSink,
    pub(crate) timing: Timing,
    pub(crate) cancel: Cancel,
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

    pub(crate) fn tell(&self, event: Event) {
        (self.events)(event);
    }
}
