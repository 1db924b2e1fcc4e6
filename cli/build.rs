//! Tells cargo what the macros embed, so that a new page means a new build.

use std::path::Path;

const PAGE: &str = "../deployer-ui/dist";

fn main() {
    let is_debug = std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let watched = match Path::new(PAGE).exists() {
        // a path that doesn't exist would make every build stale: watch the folder it will appear in instead
        false => "../deployer-ui",
        // a debug build reads the page from disk
        true if is_debug => "build.rs",
        true => PAGE,
    };
    println!("cargo::rerun-if-changed={watched}");
}
