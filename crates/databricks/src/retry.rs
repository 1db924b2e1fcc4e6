//! Which failures are tried again, and when: the rules of the official SDKs.

use std::time::Duration;

use http::HeaderMap;

use crate::call::Call;
use crate::client::Client;
use crate::error::{ApiError, Error, TimeoutError};
use crate::transport::{Response, TransportError, TransportErrorKind};

/// Messages of passing troubles, whatever the status.
const PASSING: &[&str] = &[
    "com.databricks.backend.manager.util.UnknownWorkerEnvironmentException",
    "does not have any associated worker environments",
    "There is no worker environment with id",
    "Unknown worker environment",
    "ClusterNotReadyException",
    "Unexpected error",
    "Please try again later or try a faster operation.",
    "RPC token bucket limit has been exceeded",
];

/// A browser does not tell a lost connection from a call that it will never allow; three attempts are enough for the second.
const MOST_OPAQUE_ATTEMPTS: u32 = 3;

/// One failed attempt.
pub(crate) struct Failed {
    error: Error,
    /// What the server asks for, where it may.
    retry_after: Option<Duration>,
}

impl From<TransportError> for Failed {
    fn from(error: TransportError) -> Self {
        Self { error: error.into(), retry_after: None }
    }
}

impl Failed {
    pub(crate) fn of_answer(error: ApiError, response: &Response) -> Self {
        let asked = matches!(response.status.as_u16(), 429 | 503).then(|| {
            let seconds = response.header("retry-after").and_then(|text| text.trim().parse().ok());
            Duration::from_secs(seconds.unwrap_or(1))
        });
        Self { error: error.into(), retry_after: asked }
    }

    /// The pause before attempt number `attempt + 1`, or `None` when there is no use in one.
    fn pause(&self, attempt: u32) -> Option<Duration> {
        let growing = Duration::from_secs(u64::from(attempt.min(10)));
        match &self.error {
            Error::Api(_) if self.retry_after.is_some() => self.retry_after,
            Error::Api(error) => PASSING.iter().any(|words| error.message.contains(words)).then_some(growing),
            Error::Transport(error) => is_passing(error.kind, attempt).then_some(growing),
            _ => None,
        }
    }

    /// Whether the server may have acted although it did not say so. A 429 says that it did not.
    fn is_ambiguous(&self) -> bool {
        match &self.error {
            Error::Api(error) => error.status != 429,
            Error::Transport(error) => error.may_have_taken_effect(),
            _ => false,
        }
    }
}

fn is_passing(kind: TransportErrorKind, attempt: u32) -> bool {
    use TransportErrorKind as Kind;
    match kind {
        Kind::Connect | Kind::Interrupted | Kind::Timeout => true,
        Kind::Opaque => attempt < MOST_OPAQUE_ATTEMPTS,
        _ => false,
    }
}

impl Client {
    /// Attempts a call until it succeeds, fails for good, or the budget is used up. All methods are tried again, POST
    /// included unless the call is marked as one to be done once; an error after an attempt whose fate is unknown is marked so.
    pub(crate) async fn retrying(
        &self,
        call: &Call,
        signature: &HeaderMap,
        budget: Duration,
    ) -> Result<Response, Error> {
        let clock = self.clock();
        let started = clock.elapsed();
        let left = || budget.saturating_sub(clock.elapsed().saturating_sub(started));
        let mut ambiguous = false;
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let failed = match self.attempt(call, signature, left()).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            let Some(pause) = failed.pause(attempt) else {
                return Err(failed.error.after_attempts(ambiguous));
            };
            ambiguous |= failed.is_ambiguous();
            if call.once && failed.is_ambiguous() {
                return Err(failed.error.after_attempts(true));
            }
            let pause = pause + self.jitter();
            // sleeping beyond the budget would only delay the same end
            if pause >= left() {
                return Err(exhausted(call, budget, failed.error.after_attempts(ambiguous)));
            }
            tracing::debug!(call = %call.name(), attempt, pause_ms = pause.as_millis() as u64, error = %failed.error, "trying again");
            clock.sleep(pause).await;
        }
    }
}

fn exhausted(call: &Call, after: Duration, last: Error) -> Error {
    let last_seen = Some(last.to_string());
    Error::Timeout(TimeoutError { what: call.name(), last_seen, after, last_error: Some(Box::new(last)) })
}
