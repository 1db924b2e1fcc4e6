//! Tells cargo what the macros embed, so that a new migration or a new front end means a new build.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    // a path that doesn't exist would make every build stale: watch the folder it will appear in instead
    let frontend = if Path::new("../frontend/dist").exists() { "../frontend/dist" } else { "../frontend" };
    println!("cargo::rerun-if-changed={frontend}");
}
