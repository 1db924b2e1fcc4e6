//! The Tellr single-page app. For now one page: what is installed, who is signed in, and whether the database works.
//!
//! May use the browser and the runtime's API through the types of `crates/api`. Must not know Databricks or SQL; what it
//! shows it asks the runtime for. No inline scripts or styles: the page's security policy forbids them.

#![expect(unreachable_pub, reason = "`#[component]` makes what it generates public")]

mod api;
mod page;
mod status;
mod theme;

use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(page::Page);
}
