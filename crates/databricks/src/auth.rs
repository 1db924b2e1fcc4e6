//! Tokens: a fixed one, or OAuth's for a service principal.

mod m2m;

use std::time::Duration;

use crate::client::Client;
use crate::config::Credentials;
use crate::error::Error;
use crate::secret::Secret;

/// Gives the token for a call, keeping it as long as it is good.
pub(crate) enum Authenticator {
    Fixed(Secret),
    ServicePrincipal(Box<m2m::ServicePrincipal>),
}

impl Authenticator {
    pub(crate) fn new(credentials: Credentials) -> Self {
        match credentials {
            Credentials::PersonalAccessToken(token) => Self::Fixed(token),
            Credentials::OAuthM2m { client_id, client_secret } => {
                Self::ServicePrincipal(Box::new(m2m::ServicePrincipal::new(client_id, client_secret)))
            }
        }
    }

    pub(crate) async fn token(&self, client: &Client, budget: Duration) -> Result<Secret, Error> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::ServicePrincipal(principal) => principal.token(client, budget).await,
        }
    }

    /// Forgets a token that the platform refused. Whether another one can be had.
    pub(crate) fn renew(&self, refused: &Secret) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::ServicePrincipal(principal) => {
                principal.forget(refused);
                true
            }
        }
    }
}
