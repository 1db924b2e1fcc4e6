//! Faults on demand: what a network, a busy service or a dying client does to calls, at the call a test chooses.
//!
//! Rules are set through `/local/faults`. They meet requests in front of the handlers (`intercept`) and commits of the
//! deployer's database connections in the Lakebase's front. A fault happens before the call has any effect, or after
//! all of it. Faults live in memory; a restart of the workspace ends them.

mod api;
mod board;
mod call;
mod intercept;
mod pattern;
mod presets;
mod rule;
mod stale;
mod states;
mod tokens;

pub(crate) use api::routes;
pub(crate) use board::{Faults, Release};
pub(crate) use call::Call;
pub(crate) use intercept::intercept;
pub(crate) use rule::{Action, When};
pub(crate) use states::{Becomes, Settles, Shown, Thing};
