//! A local stand-in for a Databricks workspace: the REST calls that Tellr's deployer makes, Lakebase as real
//! PostgreSQL servers, and deployed apps that really run behind a proxy.
//!
//! It answers the official Databricks SDKs as the platform does, as far as the platform's behaviour is known;
//! what it cannot do it says (`NOT_IMPLEMENTED`). It is for development, demonstrations and tests on one machine:
//! it listens on loopback only, and its pages say that they are local.
//!
//! This room may use HTTP, processes and PostgreSQL. It must not know Tellr: whatever it runs is some app to it.
//! It shares no types with the client in `crates/databricks`, so that each checks the other.

mod app_host;
mod apps;
mod auth;
mod database_api;
mod error;
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
