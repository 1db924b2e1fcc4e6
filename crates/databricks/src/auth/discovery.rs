//! Where a workspace's OAuth endpoints are.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::call::Call;
use crate::client::Client;
use crate::error::{AuthError, Error};
use crate::send::decode;
use crate::wire::{Fields, WireValue};

/// The OAuth metadata of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    #[cfg(not(target_arch = "wasm32"))]
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
}

impl WireValue for Endpoints {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            #[cfg(not(target_arch = "wasm32"))]
            authorization_endpoint: fields.take("authorization_endpoint")?,
            token_endpoint: fields.take("token_endpoint")?,
        })
    }
}

impl Endpoints {
    /// Asks the workspace, unless the configuration names the metadata's address.
    pub(crate) async fn discover(client: &Client, budget: Duration) -> Result<Self, Error> {
        let url = match client.config().discovery_url.clone() {
            Some(url) => url,
            None => {
                let metadata = client.metadata(budget).await?;
                let account = client.config().account_id.clone().or(metadata.account_id).unwrap_or_default();
                let oidc = metadata.oidc_endpoint.filter(|url| !url.is_empty());
                let oidc = oidc.ok_or_else(|| {
                    failed(client, "the host names no oidc_endpoint at /.well-known/databricks-config".into())
                })?;
                let oidc = oidc.replace("{account_id}", &account);
                format!("{}/.well-known/oauth-authorization-server", oidc.trim_end_matches('/'))
            }
        };
        let call = Call::get(as_safe_as_host(client, url)?);
        let response =
            client.retrying(&call, &HeaderMap::new(), budget).await.map_err(|error| match error {
                Error::Api(error) => failed(client, error.to_string()),
                other => other,
            })?;
        decode(&call.name(), &response.body)
    }

    /// Where tokens are given out.
    pub(crate) fn token(&self, client: &Client) -> Result<String, Error> {
        safe(client, self.token_endpoint.as_deref(), "token_endpoint")
    }

    /// The page where a person agrees.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn authorization(&self, client: &Client) -> Result<String, Error> {
        safe(client, self.authorization_endpoint.as_deref(), "authorization_endpoint")
    }
}

fn safe(client: &Client, endpoint: Option<&str>, name: &str) -> Result<String, Error> {
    let endpoint = endpoint.ok_or_else(|| failed(client, format!("the OAuth metadata names no {name}")))?;
    as_safe_as_host(client, endpoint.to_owned())
}

/// Secrets go to this address: it may be plain http only when the workspace itself is.
fn as_safe_as_host(client: &Client, url: String) -> Result<String, Error> {
    let plaintext = url.starts_with("http://") && client.host().is_plaintext();
    if plaintext || url.starts_with("https://") {
        Ok(url)
    } else {
        Err(failed(client, format!("`{url}` is not an https address")))
    }
}

fn failed(client: &Client, reason: String) -> Error {
    AuthError::Discovery { host: client.host().to_string(), reason }.into()
}
