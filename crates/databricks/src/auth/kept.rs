//! An OAuth token in memory: used while it is good, renewed early by one caller at a time, never used again once refused.

use std::sync::{Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::lock::Mutex;
use jiff::{SignedDuration, Timestamp};

use super::m2m::ServicePrincipal;
use crate::client::Client;
use crate::error::Error;
use crate::secret::Secret;

/// A token counts as expired this much early: a call takes time, and clocks differ.
pub(super) const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_secs(40);
/// From this long before expiry, at most, a new token is fetched although the old one is still good.
const EARLY_REFRESH: SignedDuration = SignedDuration::from_mins(20);
/// After a failed early refresh the old token is used this much longer before the next try.
pub(super) const EARLY_REFRESH_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Where new tokens come from.
pub(super) enum Source {
    ServicePrincipal(ServicePrincipal),
    #[cfg(not(target_arch = "wasm32"))]
    User(super::u2m::User),
}

impl Source {
    /// A token other than `refused`.
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, reason = "only a cached token can come again")
    )]
    async fn fetch(
        &self,
        client: &Client,
        refused: Option<&Secret>,
        budget: Duration,
    ) -> Result<Token, Error> {
        match self {
            // the token endpoint makes a new one for each request
            Self::ServicePrincipal(principal) => principal.fetch(client, budget).await,
            #[cfg(not(target_arch = "wasm32"))]
            Self::User(user) => user.fetch(client, refused, budget).await,
        }
    }
}

/// A token and until when it is used.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
    /// It is not used from here on.
    pub(super) good_until: Timestamp,
    /// It is used, but a new one is fetched.
    pub(super) refresh_from: Timestamp,
}

impl Token {
    /// A token that was made now for `lifetime`.
    pub(super) fn new(secret: Secret, now: Timestamp, lifetime: SignedDuration) -> Self {
        let margin = EXPIRY_MARGIN.min(lifetime / 2);
        let early = EARLY_REFRESH.min(lifetime / 2);
        let after = |duration| now.saturating_add(duration).unwrap_or(now);
        Self { secret, good_until: after(lifetime - margin), refresh_from: after(lifetime - early) }
    }
}

/// The token of one identity, shared by all callers.
pub(crate) struct Kept {
    source: Source,
    token: SyncMutex<Option<Token>>,
    refused: SyncMutex<Option<Secret>>,
    /// Held while a token is fetched: only one caller does it.
    flight: Mutex<()>,
}

impl Kept {
    pub(super) fn new(source: Source) -> Self {
        Self { source, token: SyncMutex::new(None), refused: SyncMutex::new(None), flight: Mutex::new(()) }
    }

    /// A token that is good for a call now. One caller at a time fetches; meanwhile the others use the old token if it is
    /// still good, and wait if not.
    pub(super) async fn token(&self, client: &Client, budget: Duration) -> Result<Secret, Error> {
        let now = client.clock().timestamp();
        match self.good_token(now) {
            Some(token) if now < token.refresh_from => Ok(token.secret),
            Some(token) => self.refresh_early(client, token, budget).await,
            None => {
                let _flight = self.flight.lock().await;
                match self.good_token(client.clock().timestamp()) {
                    Some(token) => Ok(token.secret),
                    None => self.fetch(client, budget).await,
                }
            }
        }
    }

    pub(super) fn forget(&self, refused: &Secret) {
        if lock(&self.token).take_if(|token| token.secret == *refused).is_some() {
            *lock(&self.refused) = Some(refused.clone());
        }
    }

    async fn refresh_early(&self, client: &Client, token: Token, budget: Duration) -> Result<Secret, Error> {
        let Some(_flight) = self.flight.try_lock() else { return Ok(token.secret) };
        match self.fetch(client, budget).await {
            Ok(secret) => Ok(secret),
            Err(error) => {
                tracing::warn!(%error, "the access token could not be renewed early; the old one is still good");
                let now = client.clock().timestamp();
                let later = now.saturating_add(EARLY_REFRESH_PAUSE).unwrap_or(now);
                if let Some(kept) = lock(&self.token).as_mut().filter(|kept| kept.secret == token.secret) {
                    kept.refresh_from = later;
                }
                Ok(token.secret)
            }
        }
    }

    fn good_token(&self, now: Timestamp) -> Option<Token> {
        lock(&self.token).clone().filter(|token| now < token.good_until)
    }

    /// Fetches a token and keeps it. Not tried again: a wrong secret stays wrong, and the call itself may be repeated.
    async fn fetch(&self, client: &Client, budget: Duration) -> Result<Secret, Error> {
        let refused = lock(&self.refused).clone();
        let token = self.source.fetch(client, refused.as_ref(), budget).await?;
        let secret = token.secret.clone();
        *lock(&self.token) = Some(token);
        Ok(secret)
    }
}

fn lock<T>(mutex: &SyncMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
