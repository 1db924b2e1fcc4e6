//! Tokens: a fixed one, or OAuth's, which are kept while they are good and renewed when they are not.

pub(crate) mod answer;
pub(crate) mod discovery;
mod kept;
mod m2m;
#[cfg(not(target_arch = "wasm32"))]
mod u2m;

use std::time::Duration;

use crate::client::Client;
use crate::config::Credentials;
use crate::error::Error;
use crate::secret::Secret;
use kept::{Kept, Source};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use u2m::{CLIENT_ID, cached_token};

/// Gives the token for a call, keeping it as long as it is good.
pub(crate) enum Authenticator {
    Fixed(Secret),
    OAuth(Box<Kept>),
}

impl Authenticator {
    pub(crate) fn new(credentials: Credentials) -> Self {
        let source = match credentials {
            Credentials::PersonalAccessToken(token) => return Self::Fixed(token),
            // never sent: see `Client::signature`
            Credentials::Relay => return Self::Fixed(Secret::new("")),
            Credentials::OAuthM2m { client_id, client_secret } => {
                Source::ServicePrincipal(m2m::ServicePrincipal::new(client_id, client_secret))
            }
            #[cfg(not(target_arch = "wasm32"))]
            Credentials::OAuthU2m(sign_in) => Source::User(u2m::User::new(sign_in)),
        };
        Self::OAuth(Box::new(Kept::new(source)))
    }

    pub(crate) async fn token(&self, client: &Client, budget: Duration) -> Result<Secret, Error> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::OAuth(kept) => kept.token(client, budget).await,
        }
    }

    /// Forgets a token that the platform refused. Whether another one can be had.
    pub(crate) fn renew(&self, refused: &Secret) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::OAuth(kept) => {
                kept.forget(refused);
                true
            }
        }
    }
}
