//! A local stand-in for a Databricks workspace: the REST calls that Tellr's deployer makes, Lakebase as real
//! PostgreSQL servers, and deployed apps that really run behind a proxy.
//!
//! It answers the official Databricks SDKs as the platform does, as far as the platform's behaviour is known;
//! what it cannot do it says (`NOT_IMPLEMENTED`). It is for development, demonstrations and tests on one machine:
//! it listens on loopback only, and its pages say that they are local.
//!
//! Known differences from the platform, besides its size:
//!
//! - One user, an admin, and one announced service principal, also an admin; each app adds a service principal.
//! - A project has the branch `production` with the endpoint `primary` and one database; a deleted project or
//!   instance is gone at once. A credential opens one instance, and needs a role that exists.
//! - Both Lakebase APIs are always there, and an instance stays an instance.
//! - Addresses are plain HTTP on 127.0.0.1; Lakebase answers with TLS on loopback addresses of its own.
//! - Resources without a counterpart here (warehouses, endpoints, secrets …) are kept, but not checked.
//! - Texts of errors that nobody has recorded are our own.
//!
//! This room may use HTTP, processes and PostgreSQL. It must not know Tellr: whatever it runs is some app to it.
//! It shares no types with the client in `crates/databricks`, so that each checks the other.

mod app_host;
mod apps;
mod auth;
mod connection;
mod database_api;
mod error;
mod faults;
mod lakebase;
mod local_pages;
mod options;
mod postgres_api;
mod private_file;
mod process_guard;
mod ready;
mod records;
mod rest;
mod router;
mod scim;
mod secret;
mod server;
mod wire_time;
mod workspace;
mod workspace_files;

pub use error::WorkspaceError;
pub use options::{CorsMode, Options};
pub use ready::Ready;
pub use records::StoreError;
pub use server::{RunningWorkspace, start};

pub(crate) use router::unknown_api;
