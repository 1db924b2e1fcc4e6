//! The built `tellr-app` against a real PostgreSQL.
//!
//! `postgres` and `program` start the two, `workspace` stands in for the API that issues database credentials; the other
//! modules hold the tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first surprise, in its helpers as well"
)]

mod init_db;
mod lakebase;
mod package;
mod page;
mod postgres;
mod program;
mod reset;
mod rooms;
mod serve;
mod shutdown;
mod workspace;
