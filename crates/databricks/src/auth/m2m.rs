//! OAuth client credentials: a service principal's id and secret for tokens of an hour.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::answer::{self, Refused};
use super::discovery::Endpoints;
use super::kept::Token;
use crate::client::Client;
use crate::error::{AuthError, Error};
use crate::path;
use crate::secret::Secret;

pub(super) struct ServicePrincipal {
    client_id: String,
    client_secret: Secret,
    endpoint: Mutex<Option<String>>,
}

impl ServicePrincipal {
    pub(super) fn new(client_id: String, client_secret: Secret) -> Self {
        Self { client_id, client_secret, endpoint: Mutex::new(None) }
    }

    pub(super) async fn fetch(&self, client: &Client, budget: Duration) -> Result<Token, Error> {
        let endpoint = self.endpoint(client, budget).await?;
        let form = path::form(&[("grant_type", "client_credentials".into()), ("scope", "all-apis".into())]);
        match answer::ask(client, &endpoint, form, Some(self.basic()?), budget).await? {
            Ok(granted) => Ok(Token::new(granted.access_token, client.clock().timestamp(), granted.lifetime)),
            Err(refused) => Err(self.refusal(refused).into()),
        }
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

    fn basic(&self) -> Result<HeaderValue, AuthError> {
        let pair = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret.expose()));
        let mut value =
            HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| AuthError::UnsendableToken)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn refusal(&self, refused: Refused) -> AuthError {
        let client_id = self.client_id.clone();
        match refused.error {
            Some(error) => AuthError::Refused { client_id, error, description: refused.description },
            None => AuthError::Endpoint {
                client_id,
                reason: format!("the token endpoint answered {} without a token", refused.status),
            },
        }
    }
}
