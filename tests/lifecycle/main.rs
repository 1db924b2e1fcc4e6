//! The life of a deployment, from outside: create, update, update with reset, delete with reset, for both kinds of
//! Lakebase, from the command and from Python, against a local workspace whose apps and databases are real.

mod bad_input;
mod binary;
mod command;
mod error_table;
mod python;
mod schema_by_app;
mod seed_app_yaml;
mod ways_out;
