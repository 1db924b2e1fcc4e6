//! Logins for both kinds of Lakebase, issued by the workspace to the app's service principal.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use databricks::{Client, ClientOptions, Config, Credentials, HttpTransport, Product, TransportError};
use tokio::sync::OnceCell;

use super::{CredentialError, IssueLogin, Login};
use crate::config::{LakebaseConfig, LakebaseKind, WorkspaceConfig};

/// A call that is answered by "try later" is tried again for this long; after that the renewal's own pauses apply.
const RETRY_BUDGET: Duration = Duration::from_secs(30);

/// Issues logins for one Lakebase database.
pub(crate) struct LakebaseLogins {
    client: Client,
    kind: LakebaseKind,
    user: String,
    /// The database's host, asked of the workspace at most once.
    host: OnceCell<String>,
}

impl LakebaseLogins {
    /// Logins for the database that `config` names, as the service principal it names. Makes no call yet.
    pub(crate) fn new(config: &LakebaseConfig) -> Result<Self, TransportError> {
        Ok(Self {
            client: connect(&config.workspace)?,
            kind: config.kind.clone(),
            user: config.user.clone(),
            host: OnceCell::new_with(config.host.clone()),
        })
    }

    async fn ask_for_host(&self) -> Result<String, CredentialError> {
        let (what, host) = match &self.kind {
            LakebaseKind::Autoscaling { endpoint } => {
                let found = self.client.postgres().endpoint(endpoint).await?;
                let hosts = found.status.and_then(|status| status.hosts);
                (endpoint, hosts.and_then(|hosts| hosts.host))
            }
            LakebaseKind::Provisioned { instance } => {
                (instance, self.client.database().instance(instance).await?.read_write_dns)
            }
        };
        host.filter(|host| !host.is_empty()).ok_or_else(|| CredentialError::NoHost(what.clone()))
    }
}

#[async_trait]
impl IssueLogin for LakebaseLogins {
    async fn issue(&self) -> Result<Login, CredentialError> {
        let host = self.host.get_or_try_init(|| self.ask_for_host()).await?;
        let credential = match &self.kind {
            LakebaseKind::Autoscaling { endpoint } => self.client.postgres().credential(endpoint).await?,
            LakebaseKind::Provisioned { instance } => {
                let request_id = uuid::Uuid::new_v4().to_string();
                self.client.database().credential(&[instance.as_str()], &request_id).await?
            }
        };
        Ok(Login {
            host: host.clone(),
            user: self.user.clone(),
            password: credential.token,
            expires: credential.expires,
        })
    }
}

fn connect(workspace: &WorkspaceConfig) -> Result<Client, TransportError> {
    let credentials = Credentials::OAuthM2m {
        client_id: workspace.client_id.clone(),
        client_secret: workspace.client_secret.clone(),
    };
    let config = Config::new(workspace.host.clone(), credentials);
    let product = Product { name: "tellr-app".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let options = ClientOptions { product, retry_budget: RETRY_BUDGET, ..ClientOptions::default() };
    Ok(Client::new(config, Arc::new(HttpTransport::new()?), options))
}
