//! Addresses of databases, with the tokens that the page does not get.

use std::collections::HashMap;

use databricks::{Client, DatabaseCredential, DatabaseResource, Error};
use deployer_wasm::schema::wire::At;
use deployer_wasm::schema::{DatabaseAddress, SchemaError};
use tokio::sync::Mutex;

/// More than any page works with; beyond it everything is asked for anew.
const MOST_KEPT: usize = 32;

/// Why there is no address.
pub(super) enum NoAddress {
    /// The workspace knows no such database, or has it elsewhere.
    Refused(String),
    /// It could not be asked.
    Failed(SchemaError),
}

/// What is known of databases. Hosts and credentials come from the workspace alone.
pub(super) struct Databases {
    client: Client,
    user_name: String,
    known: Mutex<HashMap<DatabaseResource, Known>>,
}

#[derive(Clone, Default)]
struct Known {
    host: Option<String>,
    credential: Option<DatabaseCredential>,
}

impl Databases {
    pub(super) fn new(client: Client, user_name: String) -> Self {
        Self { client, user_name, known: Mutex::default() }
    }

    /// Keeps a credential that the workspace gave for the page.
    pub(super) async fn keep(&self, resource: DatabaseResource, credential: DatabaseCredential) {
        self.update(resource, |known| known.credential = Some(credential)).await;
    }

    /// The address of a database with a token that is good for an operation. The page's word for the host is only
    /// compared: the workspace must say the same.
    pub(super) async fn address(&self, at: &At) -> Result<DatabaseAddress, NoAddress> {
        let known = self.known.lock().await.get(&at.database).cloned().unwrap_or_default();
        let failed = |error: Error| {
            NoAddress::Failed(SchemaError::Connect {
                host: at.host.clone(),
                user_name: self.user_name.clone(),
                reason: error.to_string(),
            })
        };
        if known.host.as_ref() != Some(&at.host) {
            let host = self.host(&at.database).await.map_err(failed)?;
            if host.as_ref() != Some(&at.host) {
                return Err(NoAddress::Refused(format!("the workspace has no such database at {}", at.host)));
            }
            self.update(at.database.clone(), |known| known.host = host).await;
        }
        let address = |credential: DatabaseCredential| DatabaseAddress {
            host: at.host.clone(),
            user_name: self.user_name.clone(),
            token: credential.token,
            expires: credential.expires,
        };
        if let Some(address) = known.credential.map(address).filter(DatabaseAddress::is_fresh) {
            return Ok(address);
        }
        let credential = self.mint(&at.database).await.map_err(failed)?;
        self.keep(at.database.clone(), credential.clone()).await;
        Ok(address(credential))
    }

    async fn host(&self, database: &DatabaseResource) -> Result<Option<String>, Error> {
        if !database.is_possible() {
            return Ok(None);
        }
        let found = match database {
            DatabaseResource::Endpoint(name) => {
                let endpoint = self.client.postgres().endpoint(name).await;
                endpoint.map(|endpoint| endpoint.status.and_then(|status| status.hosts?.host))
            }
            DatabaseResource::Instance(name) => {
                self.client.database().instance(name).await.map(|instance| instance.read_write_dns)
            }
        };
        match found {
            Err(error) if error.is_not_found() => Ok(None),
            other => other,
        }
    }

    async fn mint(&self, database: &DatabaseResource) -> Result<DatabaseCredential, Error> {
        match database {
            DatabaseResource::Endpoint(name) => self.client.postgres().credential(name).await,
            DatabaseResource::Instance(name) => {
                let request_id = uuid::Uuid::new_v4().to_string();
                self.client.database().credential(&[name], &request_id).await
            }
        }
    }

    async fn update(&self, resource: DatabaseResource, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().await;
        if known.len() >= MOST_KEPT && !known.contains_key(&resource) {
            known.clear();
        }
        change(known.entry(resource).or_default());
    }
}
