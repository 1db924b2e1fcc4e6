//! The types that the runtime (`tellr-app`) and the single-page app exchange over `/api`.
//!
//! It may use `serde` and nothing else, because it is compiled into the server and into WebAssembly alike.
//! It must not know how a request travels (axum, fetch) nor where the data comes from (SQL, Databricks).
//!
//! Field names are the ones that clients of the Python original already read; new fields are only ever added.

mod error;
mod health;
mod user;

pub use error::ErrorBody;
pub use health::{
    DatabaseState, DatabaseStatus, Health, HealthState, Readiness, ReadinessState, SERVICE_NAME,
};
pub use user::CurrentUser;
