//! OAuth for people: the token of a sign-in that a browser made, from the official tool's cache, renewed there.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::answer::{self, Granted, Refused};
use super::discovery::Endpoints;
use super::kept::{EARLY_REFRESH_PAUSE, EXPIRY_MARGIN, Token};
use crate::client::Client;
use crate::config::UserSignIn;
use crate::error::{AuthError, Error};
use crate::path;
use crate::secret::Secret;
use crate::token_cache::CachedToken;

/// The public OAuth client of the official tool.
pub(crate) const CLIENT_ID: &str = "databricks-cli";
/// From this long before expiry a cached token is renewed, as the official tool does.
const EARLY_REFRESH: SignedDuration = SignedDuration::from_mins(5);
/// Another program holds the lock only while it asks for a token.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct User {
    sign_in: UserSignIn,
    endpoint: Mutex<Option<String>>,
}

impl User {
    pub(super) fn new(sign_in: UserSignIn) -> Self {
        Self { sign_in, endpoint: Mutex::new(None) }
    }

    /// The cached token if it is good for a while, else a new one, which is cached for all programs.
    pub(super) async fn fetch(
        &self,
        client: &Client,
        refused: Option<&Secret>,
        budget: Duration,
    ) -> Result<Token, Error> {
        let cached = self.cached(client)?;
        let now = client.clock().timestamp();
        if let Some(token) = fresh(&cached, refused, now) {
            return Ok(token);
        }
        match self.refresh(client, refused, budget).await {
            Ok(token) => Ok(token),
            Err(error) => match still_good(&cached, refused, now) {
                Some(token) => {
                    tracing::warn!(%error, "the access token could not be renewed early; the old one is still good");
                    Ok(token)
                }
                None => Err(error),
            },
        }
    }

    /// Renews under the lock: of several programs one asks, and the others find its token in the cache.
    async fn refresh(
        &self,
        client: &Client,
        refused: Option<&Secret>,
        budget: Duration,
    ) -> Result<Token, Error> {
        // found out before the lock is taken, which all workspaces share
        let endpoint = self.endpoint(client, budget).await?;
        let _lock = self.sign_in.cache.lock(LOCK_PATIENCE.min(budget)).await?;
        let cached = self.cached(client)?;
        let now = client.clock().timestamp();
        if let Some(token) = fresh(&cached, refused, now) {
            return Ok(token);
        }
        let Some(refresh_token) = &cached.refresh_token else {
            return Err(
                self.signed_out(client, "the sign-in has ended, and it was made without a refresh token")
            );
        };
        let form = path::form(&[
            ("grant_type", "refresh_token".into()),
            ("refresh_token", refresh_token.expose().into()),
            ("client_id", CLIENT_ID.into()),
        ]);
        let granted = match answer::ask(client, &endpoint, form, None, budget).await? {
            Ok(granted) => granted,
            Err(refused) => return Err(self.refusal(client, &refused)),
        };
        let now = client.clock().timestamp();
        let lifetime = granted.lifetime;
        let renewed = cached_token(granted, Some(refresh_token.clone()), now);
        self.sign_in.cache.replace(&cached, &renewed)?;
        Ok(Token::new(renewed.access_token, now, lifetime))
    }

    fn cached(&self, client: &Client) -> Result<CachedToken, Error> {
        let found = self.sign_in.cache.find(&self.sign_in.keys)?;
        found.ok_or_else(|| {
            let reason = format!("{} holds no token for it", self.sign_in.cache.path().display());
            self.signed_out(client, &reason)
        })
    }

    async fn endpoint(&self, client: &Client, budget: Duration) -> Result<String, Error> {
        let known = self.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(url) = known {
            return Ok(url);
        }
        let url = Endpoints::discover(client, budget).await?.token(client)?;
        *self.endpoint.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.clone());
        Ok(url)
    }

    fn refusal(&self, client: &Client, refused: &Refused) -> Error {
        let is_dead = refused.error.as_deref() == Some("invalid_grant")
            || refused.description.contains("Refresh token is invalid");
        let words = refused.to_string();
        if is_dead {
            return self.signed_out(client, &format!("the sign-in has expired or was ended ({words})"));
        }
        let reason = format!("the access token could not be renewed: {words}");
        AuthError::SignIn { host: client.host().to_string(), reason }.into()
    }

    fn signed_out(&self, client: &Client, reason: &str) -> Error {
        AuthError::SignedOut {
            host: client.host().to_string(),
            profile: client.config().profile.clone(),
            reason: reason.to_owned(),
        }
        .into()
    }
}

/// What is kept of an answer; an endpoint that sends no new refresh token leaves the old one good.
pub(crate) fn cached_token(granted: Granted, old: Option<Secret>, now: Timestamp) -> CachedToken {
    CachedToken {
        access_token: granted.access_token,
        refresh_token: granted.refresh_token.or(old),
        expiry: Some(now.saturating_add(granted.lifetime).unwrap_or(now)),
    }
}

/// The cached token, if nothing speaks against using it for a while.
fn fresh(cached: &CachedToken, refused: Option<&Secret>, now: Timestamp) -> Option<Token> {
    let expiry = cached.expiry.unwrap_or(Timestamp::MAX);
    let refresh_from = expiry.saturating_sub(EARLY_REFRESH).unwrap_or(Timestamp::MIN);
    let good_until = expiry.saturating_sub(EXPIRY_MARGIN).unwrap_or(Timestamp::MIN);
    let usable = refused != Some(&cached.access_token) && now < refresh_from;
    usable.then(|| Token { secret: cached.access_token.clone(), good_until, refresh_from })
}

/// The cached token, if it has not expired: for when it cannot be renewed.
fn still_good(cached: &CachedToken, refused: Option<&Secret>, now: Timestamp) -> Option<Token> {
    let good_until = cached.expiry.unwrap_or(Timestamp::MAX);
    let usable = refused != Some(&cached.access_token) && now < good_until;
    let refresh_from = now.saturating_add(EARLY_REFRESH_PAUSE).unwrap_or(now).min(good_until);
    usable.then(|| Token { secret: cached.access_token.clone(), good_until, refresh_from })
}
