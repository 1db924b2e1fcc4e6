//! `tellr ui` from outside: a browser's calls, those of others who must not be let in, and the engine working through the
//! relay as the page does.
//!
//! This one target knows the engine and the client, since they are what runs in the page; the harness does not.

#![expect(clippy::unwrap_used, reason = "what cannot be done fails the test")]

mod behind;
mod ending;
mod engine;
mod hostile_requests;
mod hostile_workspace;
mod opening;
mod page_calls;
mod raw;
mod relayed;
mod schema_operations;
mod ui;
mod upstream;
