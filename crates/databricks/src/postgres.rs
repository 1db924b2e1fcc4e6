//! Lakebase Autoscaling: projects, branches, endpoints, roles, databases, credentials. Resources are named by their path,
//! such as `projects/p/branches/production`. What changes something gives an [`Operation`] to wait for.

mod branch;
mod endpoint;
mod operations;
mod project;
mod role;

use serde::Serialize;

use crate::call::Call;
use crate::client::Client;
use crate::credential::{DatabaseCredential, WireCredential};
use crate::error::Error;
use crate::path;

pub use branch::*;
pub use endpoint::*;
pub use operations::*;
pub use project::*;
pub use role::*;

const ROOT: &str = "/api/2.0/postgres";

/// Calls about Lakebase Autoscaling.
#[derive(Clone, Copy, Debug)]
pub struct Postgres<'a> {
    client: &'a Client,
}

impl<'a> Postgres<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All projects that the caller may see.
    pub async fn projects(self) -> Result<Vec<Project>, Error> {
        self.client.pages(Call::get(format!("{ROOT}/projects")), "projects").await
    }

    /// One project, by `projects/p`.
    pub async fn project(self, name: &str) -> Result<Project, Error> {
        self.client.json(Call::get(resource_path("project", name)?)).await
    }

    /// Makes the project `projects/{id}` with its default branch `production`, endpoint `primary` and database. `id` is 1 to
    /// 63 lower-case letters, digits and hyphens.
    pub async fn create_project(self, id: &str, spec: &ProjectSpec) -> Result<Operation, Error> {
        let call = Call::post(format!("{ROOT}/projects")).query("project_id", id);
        self.client.json(call.json(&WithSpec { spec })?).await
    }

    /// Deletes a project; the platform keeps it for a while so that it can be brought back.
    pub async fn delete_project(self, name: &str) -> Result<Operation, Error> {
        self.client.json(Call::delete(resource_path("project", name)?)).await
    }

    /// The branches of a project.
    pub async fn branches(self, project: &str) -> Result<Vec<Branch>, Error> {
        self.client.pages(Call::get(child_path("project", project, "branches")?), "branches").await
    }

    /// One branch, by `projects/p/branches/b`.
    pub async fn branch(self, name: &str) -> Result<Branch, Error> {
        self.client.json(Call::get(resource_path("branch", name)?)).await
    }

    /// The endpoints of a branch.
    pub async fn endpoints(self, branch: &str) -> Result<Vec<Endpoint>, Error> {
        self.client.pages(Call::get(child_path("branch", branch, "endpoints")?), "endpoints").await
    }

    /// One endpoint, by `projects/p/branches/b/endpoints/e`.
    pub async fn endpoint(self, name: &str) -> Result<Endpoint, Error> {
        self.client.json(Call::get(resource_path("endpoint", name)?)).await
    }

    /// The roles of a branch.
    pub async fn roles(self, branch: &str) -> Result<Vec<Role>, Error> {
        self.client.pages(Call::get(child_path("branch", branch, "roles")?), "roles").await
    }

    /// One role, by `projects/p/branches/b/roles/r`.
    pub async fn role(self, name: &str) -> Result<Role, Error> {
        self.client.json(Call::get(resource_path("role", name)?)).await
    }

    /// Makes a role; `role_id` is 4 to 63 characters.
    pub async fn create_role(self, branch: &str, role_id: &str, spec: &RoleSpec) -> Result<Operation, Error> {
        let call = Call::post(child_path("branch", branch, "roles")?).query("role_id", role_id);
        self.client.json(call.json(&WithSpec { spec })?).await
    }

    /// Deletes a role; what it owns must have another owner first.
    pub async fn delete_role(self, name: &str) -> Result<Operation, Error> {
        self.client.json(Call::delete(resource_path("role", name)?)).await
    }

    /// The databases of a branch.
    pub async fn databases(self, branch: &str) -> Result<Vec<Database>, Error> {
        self.client.pages(Call::get(child_path("branch", branch, "databases")?), "databases").await
    }

    /// A password for the caller's role at an endpoint.
    pub async fn credential(self, endpoint: &str) -> Result<DatabaseCredential, Error> {
        let call = Call::post(format!("{ROOT}/credentials")).json(&CredentialRequest { endpoint })?;
        let name = call.name();
        self.client.json::<WireCredential>(call).await?.into_credential(&name)
    }
}

#[derive(Serialize)]
struct WithSpec<'a, T> {
    spec: &'a T,
}

#[derive(Serialize)]
struct CredentialRequest<'a> {
    endpoint: &'a str,
}

fn resource_path(what: &'static str, name: &str) -> Result<String, Error> {
    Ok(format!("{ROOT}/{}", path::resource(what, name)?))
}

fn child_path(what: &'static str, parent: &str, children: &str) -> Result<String, Error> {
    Ok(format!("{}/{children}", resource_path(what, parent)?))
}
