//! Database passwords that expire: Lakebase logins, renewed before they run out.
//!
//! May use `crates/databricks` to ask for them. Knows neither SQL nor HTTP routes: whoever opens connections is told of
//! each new login by a callback and asks [`Credentials::current`] before it opens one.

mod lakebase;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use databricks::Secret;
use jiff::Timestamp;
use tokio::time::Instant;

pub(crate) use lakebase::LakebaseLogins;

/// Longest time before its end that a login is renewed.
const LARGEST_MARGIN: Duration = Duration::from_secs(10 * 60);
/// Longest wait for one answer of the workspace, retries included.
const ISSUE_DEADLINE: Duration = Duration::from_secs(60);
/// Waits between attempts after a failure: the first, and the longest.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// What opens a connection until it expires; open connections outlive it.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) expires: Timestamp,
}

/// Why there is no valid login.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("the workspace issued no database credential: {0}")]
    Refused(#[from] databricks::Error),
    #[error("the workspace issued no database credential within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error(
        "the workspace names no host for {0}: it may still be starting. Set LAKEBASE_PG_HOST to skip the question"
    )]
    NoHost(String),
}

/// Whoever issues logins: the workspace, or a test.
#[async_trait]
pub(crate) trait IssueLogin: Send + Sync {
    /// A new login, valid from now on.
    async fn issue(&self) -> Result<Login, CredentialError>;
}

/// The login in use, renewed in time.
pub(crate) struct Credentials {
    issuer: Box<dyn IssueLogin>,
    on_new: Box<dyn Fn(&Login) + Send + Sync>,
    state: Mutex<State>,
    /// Held while a login is asked for, so that any number of callers cause one call.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    failure: Option<Failure>,
}

struct Held {
    renew_at: Instant,
    expires_at: Instant,
}

#[derive(Clone)]
struct Failure {
    error: CredentialError,
    attempts: u32,
    retry_at: Instant,
}

impl Credentials {
    /// Credentials that `issuer` issues; `on_new` sees each login before anybody else does.
    pub(crate) fn new(
        issuer: impl IssueLogin + 'static,
        on_new: impl Fn(&Login) + Send + Sync + 'static,
    ) -> Self {
        Self {
            issuer: Box::new(issuer),
            on_new: Box::new(on_new),
            state: Mutex::default(),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// Makes sure that a valid login is in use. Asks for one only when there is none, and not again right after a failure.
    pub(crate) async fn current(&self) -> Result<(), CredentialError> {
        if self.is_valid() {
            return Ok(());
        }
        let _asking = self.asking.lock().await;
        if self.is_valid() {
            return Ok(());
        }
        if let Some(failure) = self.recent_failure() {
            return Err(failure.error);
        }
        self.ask().await
    }

    /// Renews the login before it expires, for ever; failures are logged and tried again.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            tokio::time::sleep_until(self.next_attempt()).await;
            let _asking = self.asking.lock().await;
            if self.next_attempt() > Instant::now() {
                continue; // somebody else asked while we waited
            }
            if let Err(error) = self.ask().await {
                tracing::warn!(%error, still_valid = self.is_valid(), "could not renew the database credential, will try again");
            }
        }
    }

    /// Asks once and keeps the answer. The caller holds `asking`.
    async fn ask(&self) -> Result<(), CredentialError> {
        let answer = match tokio::time::timeout(ISSUE_DEADLINE, self.issuer.issue()).await {
            Ok(answer) => answer,
            Err(_) => Err(CredentialError::TimedOut(ISSUE_DEADLINE)),
        };
        match answer {
            Ok(login) => {
                self.hold(&login);
                Ok(())
            }
            Err(error) => {
                self.note_failure(error.clone());
                Err(error)
            }
        }
    }

    fn hold(&self, login: &Login) {
        let now = Instant::now();
        let life = Duration::try_from(login.expires.duration_since(Timestamp::now())).unwrap_or_default();
        if life.is_zero() {
            tracing::warn!(expires = %login.expires, "the workspace issued a credential that is over by this machine's clock: is the clock right?");
        }
        tracing::debug!(life_seconds = life.as_secs(), "new database credential");
        (self.on_new)(login);
        let held = Held { renew_at: now + life - renewal_margin(life), expires_at: now + life };
        *self.lock() = State { held: Some(held), failure: None };
    }

    fn note_failure(&self, error: CredentialError) {
        let mut state = self.lock();
        let attempts = state.failure.as_ref().map_or(0, |failure| failure.attempts) + 1;
        let retry_at = Instant::now() + retry_delay(attempts);
        state.failure = Some(Failure { error, attempts, retry_at });
    }

    /// When [`Self::keep_fresh`] has to ask next. Never sooner than a moment after the last login, whatever the clocks say.
    fn next_attempt(&self) -> Instant {
        let state = self.lock();
        match (&state.failure, &state.held) {
            (Some(failure), _) => failure.retry_at,
            (None, Some(held)) if held.renew_at >= held.expires_at => held.expires_at + FIRST_RETRY,
            (None, Some(held)) => held.renew_at,
            (None, None) => Instant::now(),
        }
    }

    fn is_valid(&self) -> bool {
        self.lock().held.as_ref().is_some_and(|held| Instant::now() < held.expires_at)
    }

    fn recent_failure(&self) -> Option<Failure> {
        self.lock().failure.clone().filter(|failure| Instant::now() < failure.retry_at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long before its end a login with `life` left is renewed: a fifth of its life, at most ten minutes.
fn renewal_margin(life: Duration) -> Duration {
    (life / 5).min(LARGEST_MARGIN)
}

/// Wait before the attempt after failure number `attempts`.
fn retry_delay(attempts: u32) -> Duration {
    FIRST_RETRY.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests;
