//! Lakebase Provisioned: instances, roles, credentials.

mod types;

use serde::Serialize;

use crate::call::Call;
use crate::client::Client;
use crate::credential::{DatabaseCredential, WireCredential};
use crate::error::Error;
use crate::path;
use crate::wait::{Seen, Wait, poll};

pub use types::*;

const INSTANCES: &str = "/api/2.0/database/instances";

/// Calls about Lakebase Provisioned.
#[derive(Clone, Copy, Debug)]
pub struct Database<'a> {
    client: &'a Client,
}

impl<'a> Database<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// One instance.
    pub async fn instance(self, name: &str) -> Result<DatabaseInstance, Error> {
        self.client.json(Call::get(instance_path(name)?)).await
    }

    /// All instances of the workspace.
    pub async fn instances(self) -> Result<Vec<DatabaseInstance>, Error> {
        self.client.pages(Call::get(INSTANCES), "database_instances").await
    }

    /// Makes an instance; returns before it is ready (see [`Database::wait_available`]).
    pub async fn create_instance(self, instance: &DatabaseInstance) -> Result<DatabaseInstance, Error> {
        self.client.json(Call::post(INSTANCES).json(instance)?).await
    }

    /// Deletes an instance with its data, for good: the platform refuses to delete one in any other way.
    pub async fn delete_instance(self, name: &str) -> Result<(), Error> {
        self.client.done(Call::delete(instance_path(name)?).query("purge", "true")).await
    }

    /// Waits until an instance takes connections. Being deleted ends the wait as a failure.
    pub async fn wait_available(self, name: &str, wait: &Wait<'_>) -> Result<DatabaseInstance, Error> {
        let path = instance_path(name)?;
        let look = |left| self.client.json(Call::get(path.clone()).within(left));
        let judge = |instance: &DatabaseInstance| {
            let state = instance.state.as_ref().map_or("no state", DatabaseInstanceState::as_str).to_owned();
            match instance.state {
                Some(DatabaseInstanceState::Available) => Seen::Reached,
                Some(DatabaseInstanceState::Deleting) => Seen::Failed { state, message: None },
                _ => Seen::Pending { state, message: None },
            }
        };
        poll(self.client, format!("database instance {name} to become AVAILABLE"), wait, look, judge).await
    }

    /// The roles of an instance.
    pub async fn roles(self, instance: &str) -> Result<Vec<DatabaseInstanceRole>, Error> {
        self.client.pages(Call::get(roles_path(instance)?), "database_instance_roles").await
    }

    /// One role of an instance.
    pub async fn role(self, instance: &str, role: &str) -> Result<DatabaseInstanceRole, Error> {
        let role = path::segment("role name", role)?;
        self.client.json(Call::get(format!("{}/{role}", roles_path(instance)?))).await
    }

    /// Makes a role of an instance.
    pub async fn create_role(
        self,
        instance: &str,
        role: &DatabaseInstanceRole,
    ) -> Result<DatabaseInstanceRole, Error> {
        self.client.json(Call::post(roles_path(instance)?).json(role)?).await
    }

    /// A password for the caller's role at these instances. `request_id` (a UUID) only names the request in the platform's logs.
    pub async fn credential(self, instances: &[&str], request_id: &str) -> Result<DatabaseCredential, Error> {
        let body = CredentialRequest { instance_names: instances, request_id };
        let call = Call::post("/api/2.0/database/credentials").json(&body)?;
        let name = call.name();
        self.client.json::<WireCredential>(call).await?.into_credential(&name)
    }
}

#[derive(Serialize)]
struct CredentialRequest<'a> {
    instance_names: &'a [&'a str],
    request_id: &'a str,
}

fn instance_path(name: &str) -> Result<String, Error> {
    Ok(format!("{INSTANCES}/{}", path::segment("instance name", name)?))
}

fn roles_path(instance: &str) -> Result<String, Error> {
    Ok(format!("{}/roles", instance_path(instance)?))
}
