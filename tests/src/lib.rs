//! What tests of the whole system need: the built programs, a running local workspace, commands against it, virtual
//! environments, REST calls and database connections.
//!
//! May start processes and talk to them from outside, as a user does. It must not reach into the rooms: none of them is
//! a dependency. Every wait has a deadline and says what it waited for.

pub mod binaries;
pub mod browser;
pub mod checks;
pub mod deployment;
pub mod faults;
pub mod lakebase;
pub mod local_workspace;
pub mod probes;
pub mod process;
pub mod python;
pub mod repository;
pub mod request_log;
pub mod rest;
pub mod running;
pub mod scenario;
pub mod state;
pub mod tellr;

pub use checks::{Deployment, Kind};
pub use local_workspace::{LocalWorkspace, Settings};
pub use tellr::Finished;
