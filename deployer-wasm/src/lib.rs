//! The deploy engine: puts Tellr into a Databricks workspace, updates it and deletes it.
//!
//! Data flows one way: a [`spec`] (validated once) and an [`observation`] (reads only) go into [`plan::plan`], which is
//! pure; the plan's actions go to [`apply`], where each action looks, acts, waits and verifies, and tells what it does
//! through [`event`]s.
//!
//! The room may use `databricks` for every call and knows no URL itself. It knows Postgres only as the fixed set of
//! operations of [`schema::SchemaPort`]; the implementation over a Postgres connection exists on native targets.
//! It must not know a terminal, a page or a notebook, and it compiles for `wasm32-unknown-unknown`.

pub mod app_files;
pub mod apply;
pub mod doctor;
pub mod drift;
pub mod engine;
pub mod error;
pub mod event;
pub mod journal;
#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub mod js;
pub mod lakebase;
pub mod moment;
pub mod observation;
pub mod observe;
pub mod outcome;
pub mod plan;
mod repeat;
pub mod schema;
pub mod spec;
pub mod timing;
pub mod ways_out;
mod yaml;

pub use apply::Applied;
pub use engine::Engine;
pub use error::DeployError;
pub use outcome::Outcome;
