//! OAuth client credentials: a service principal's id and secret for tokens of an hour.

use std::sync::{Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::lock::Mutex;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::call::Call;
use crate::client::Client;
use crate::error::{AuthError, Error};
use crate::path;
use crate::secret::Secret;
use crate::send::decode;

/// A token counts as expired this much early: a call takes time, and clocks differ.
const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_secs(40);
/// From this long before expiry, at most, a new token is fetched although the old one is still good.
const EARLY_REFRESH: SignedDuration = SignedDuration::from_mins(20);
/// After a failed early refresh the old token is used this much longer before the next try.
const EARLY_REFRESH_PAUSE: SignedDuration = SignedDuration::from_mins(1);
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

pub(crate) struct ServicePrincipal {
    client_id: String,
    client_secret: Secret,
    token: SyncMutex<Option<Token>>,
    /// Held while a token is fetched: only one caller does it.
    flight: Mutex<Option<String>>,
}

#[derive(Clone)]
struct Token {
    secret: Secret,
    good_until: Timestamp,
    refresh_from: Timestamp,
}

impl Token {
    fn new(secret: Secret, now: Timestamp, lifetime: SignedDuration) -> Self {
        let margin = EXPIRY_MARGIN.min(lifetime / 2);
        let early = EARLY_REFRESH.min(lifetime / 2);
        let after = |duration| now.saturating_add(duration).unwrap_or(now);
        Self { secret, good_until: after(lifetime - margin), refresh_from: after(lifetime - early) }
    }
}

impl ServicePrincipal {
    pub(super) fn new(client_id: String, client_secret: Secret) -> Self {
        Self { client_id, client_secret, token: SyncMutex::new(None), flight: Mutex::new(None) }
    }

    /// A token that is good for a call now. One caller at a time fetches; meanwhile the others use the old token if it is
    /// still good, and wait if not.
    pub(super) async fn token(&self, client: &Client, budget: Duration) -> Result<Secret, Error> {
        let now = client.clock().timestamp();
        match self.good_token(now) {
            Some(token) if now < token.refresh_from => Ok(token.secret),
            Some(token) => self.refresh_early(client, token, budget).await,
            None => {
                let mut endpoint = self.flight.lock().await;
                match self.good_token(client.clock().timestamp()) {
                    Some(token) => Ok(token.secret),
                    None => self.fetch(client, &mut endpoint, budget).await,
                }
            }
        }
    }

    pub(super) fn forget(&self, refused: &Secret) {
        self.slot().take_if(|token| token.secret == *refused);
    }

    async fn refresh_early(&self, client: &Client, token: Token, budget: Duration) -> Result<Secret, Error> {
        let Some(mut endpoint) = self.flight.try_lock() else { return Ok(token.secret) };
        match self.fetch(client, &mut endpoint, budget).await {
            Ok(secret) => Ok(secret),
            Err(error) => {
                tracing::warn!(%error, "the access token could not be renewed early; the old one is still good");
                let now = client.clock().timestamp();
                let later = now.saturating_add(EARLY_REFRESH_PAUSE).unwrap_or(now);
                if let Some(kept) = self.slot().as_mut().filter(|kept| kept.secret == token.secret) {
                    kept.refresh_from = later;
                }
                Ok(token.secret)
            }
        }
    }

    fn good_token(&self, now: Timestamp) -> Option<Token> {
        self.slot().clone().filter(|token| now < token.good_until)
    }

    fn slot(&self) -> MutexGuard<'_, Option<Token>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches a token and keeps it. Not tried again: a wrong secret stays wrong, and the call itself may be repeated.
    async fn fetch(
        &self,
        client: &Client,
        endpoint: &mut Option<String>,
        budget: Duration,
    ) -> Result<Secret, Error> {
        let url = match endpoint {
            Some(url) => url.clone(),
            None => endpoint.insert(self.discover(client, budget).await?).clone(),
        };
        let form = path::form(&[("grant_type", "client_credentials".into()), ("scope", "all-apis".into())]);
        let call = Call::post(url).body(FORM, form).header(AUTHORIZATION, self.basic()?);
        let request = call.request(client, &client.anonymous(None));
        let response = client.dispatch(request, budget).await?;
        let answer: Answer = serde_json::from_slice(&response.body).unwrap_or_default();
        let Some(secret) = answer.access_token.clone().filter(|_| response.status.is_success()) else {
            return Err(self.refusal(response.status.as_u16(), answer).into());
        };
        let lifetime = SignedDuration::from_secs(answer.expires_in.unwrap_or(0).max(0));
        *self.slot() = Some(Token::new(secret.clone(), client.clock().timestamp(), lifetime));
        Ok(secret)
    }

    fn basic(&self) -> Result<HeaderValue, AuthError> {
        let pair = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret.expose()));
        let mut value =
            HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| AuthError::UnsendableToken)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn refusal(&self, status: u16, answer: Answer) -> AuthError {
        let client_id = self.client_id.clone();
        match answer.error {
            Some(error) => AuthError::Refused {
                client_id,
                error,
                description: answer.error_description.unwrap_or_default(),
            },
            None => AuthError::Endpoint {
                client_id,
                reason: format!("the token endpoint answered {status} without a token"),
            },
        }
    }

    /// The token endpoint, from the workspace's OAuth metadata.
    async fn discover(&self, client: &Client, budget: Duration) -> Result<String, Error> {
        let fail = |reason: String| AuthError::Discovery { host: client.host().to_string(), reason };
        let url = match client.config().discovery_url.clone() {
            Some(url) => url,
            None => {
                let metadata = client.metadata(budget).await?;
                let account = client.config().account_id.clone().or(metadata.account_id).unwrap_or_default();
                let oidc = metadata.oidc_endpoint.filter(|url| !url.is_empty());
                let oidc = oidc.ok_or_else(|| {
                    fail("the host names no oidc_endpoint at /.well-known/databricks-config".into())
                })?;
                let oidc = oidc.replace("{account_id}", &account);
                format!("{}/.well-known/oauth-authorization-server", oidc.trim_end_matches('/'))
            }
        };
        let call = Call::get(as_safe_as_host(client, url).map_err(fail)?);
        let response =
            client.retrying(&call, &HeaderMap::new(), budget).await.map_err(|error| match error {
                Error::Api(error) => fail(error.to_string()).into(),
                other => other,
            })?;
        let server: AuthorizationServer = decode(&call.name(), &response.body)?;
        let endpoint =
            server.token_endpoint.ok_or_else(|| fail("the OAuth metadata names no token_endpoint".into()))?;
        Ok(as_safe_as_host(client, endpoint).map_err(fail)?)
    }
}

/// The secret goes to this address: it may be plain http only when the workspace itself is.
fn as_safe_as_host(client: &Client, url: String) -> Result<String, String> {
    let plaintext = url.starts_with("http://") && client.host().is_plaintext();
    if plaintext || url.starts_with("https://") {
        Ok(url)
    } else {
        Err(format!("`{url}` is not an https address"))
    }
}

#[derive(Deserialize)]
struct AuthorizationServer {
    token_endpoint: Option<String>,
}

/// A token or a refusal; two spellings of the refusal are in use.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    access_token: Option<Secret>,
    #[serde(deserialize_with = "crate::wire::read")]
    expires_in: Option<i64>,
    #[serde(alias = "errorCode")]
    error: Option<String>,
    #[serde(alias = "errorSummary")]
    error_description: Option<String>,
}
