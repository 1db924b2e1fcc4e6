//! Signing a person in with a browser: OAuth's authorization code with PKCE, the code coming back to a loopback port.
//!
//! Everything that arrives on that port is foreign: any page or program of this machine can send it something. Only a
//! request with the `state` of this sign-in counts, and a code without the verifier, which never leaves this process, is
//! worth nothing.

mod loopback;
mod pkce;

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::auth::CLIENT_ID;
use crate::auth::answer;
use crate::auth::cached_token;
use crate::auth::discovery::Endpoints;
use crate::client::Client;
use crate::error::{AuthError, Error, TimeoutError};
use crate::path;
use crate::token_cache::CachedToken;
use loopback::{Loopback, Redirected};
use pkce::Pkce;

/// The ports that the official tool tries, one after the other.
pub const PORTS: RangeInclusive<u16> = 8020..=8040;

/// A sign-in that waits for the browser.
pub struct SignIn {
    client: Client,
    loopback: Loopback,
    pkce: Pkce,
    token_endpoint: String,
    url: String,
}

impl SignIn {
    /// Asks the workspace where people sign in, and listens for the browser's return on the first free port of `ports`.
    /// The client's credentials are not used.
    pub async fn begin(client: &Client, ports: RangeInclusive<u16>) -> Result<Self, Error> {
        let failed = |reason| failed(client, reason);
        let endpoints = Endpoints::discover(client, client.options().retry_budget).await?;
        let (authorization, token_endpoint) = (endpoints.authorization(client)?, endpoints.token(client)?);
        let pkce = Pkce::new().map_err(failed)?;
        let loopback = Loopback::bind(ports, pkce.state.expose().to_owned()).await.map_err(failed)?;
        let query = path::query(&[
            ("response_type", "code".to_owned()),
            ("client_id", CLIENT_ID.to_owned()),
            ("redirect_uri", loopback.redirect_uri()),
            ("scope", "all-apis offline_access".to_owned()),
            ("state", pkce.state.expose().to_owned()),
            ("code_challenge", pkce.challenge()),
            ("code_challenge_method", "S256".to_owned()),
        ]);
        let query = if authorization.contains('?') { query.replacen('?', "&", 1) } else { query };
        let url = format!("{authorization}{query}");
        Ok(Self { client: client.clone(), loopback, pkce, token_endpoint, url })
    }

    /// The page to open in a browser of this machine.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the person has agreed, and exchanges the code for tokens. Keep them with [`crate::TokenCache::store`].
    pub async fn finish(self, deadline: Duration) -> Result<CachedToken, Error> {
        let Self { client, loopback, pkce, token_endpoint, .. } = self;
        let redirect_uri = loopback.redirect_uri();
        let redirected = tokio::time::timeout(deadline, loopback.wait()).await.map_err(|_| {
            let what = format!("the sign-in to {} in a browser", client.host());
            Error::from(TimeoutError { what, last_seen: None, after: deadline, last_error: None })
        })?;
        let code = match redirected.map_err(|reason| failed(&client, reason))? {
            Redirected::Code(code) => code,
            Redirected::Refused(words) => {
                return Err(failed(&client, format!("it was refused in the browser: {words}")));
            }
        };
        let form = path::form(&[
            ("grant_type", "authorization_code".into()),
            ("code", code.expose().into()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", pkce.verifier.expose().into()),
            ("client_id", CLIENT_ID.into()),
        ]);
        let granted =
            answer::ask(&client, &token_endpoint, form, None, client.options().request_timeout).await?;
        match granted {
            Ok(granted) => Ok(cached_token(granted, None, client.clock().timestamp())),
            Err(refused) => Err(failed(&client, refused.to_string())),
        }
    }
}

fn failed(client: &Client, reason: String) -> Error {
    AuthError::SignIn { host: client.host().to_string(), reason }.into()
}
