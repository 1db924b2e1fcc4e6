//! The deployer's page: connects to a workspace, shows what is there, makes a plan, carries it out and tells how it went.
//!
//! May drive the engine and use the browser; what it knows of Databricks comes from `deployer_wasm` and `databricks`. It must
//! not build an address of the platform, decide what a deployment consists of, or keep a token anywhere but in memory. No
//! inline scripts or styles: the page's security policy forbids them. It keeps nothing in the browser's storage.

#![expect(clippy::needless_pass_by_value, reason = "a component owns its properties")]
#![expect(unreachable_pub, reason = "`#[component]` makes what it generates public")]

mod bridge;
mod connect;
mod context;
mod deployment;
mod difference;
mod draft;
mod embedding;
mod fields;
mod form;
mod history;
mod order;
mod outcome;
mod overview;
mod page;
mod plan;
mod problem;
mod run;
mod server;
mod session;
mod source;
mod timeline;

use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(page::Shell);
}
