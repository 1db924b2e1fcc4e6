//! One version for all packages, and tools that agree with the lock file.

use std::collections::BTreeSet;

use system_tests::repository::{metadata, read, root};
use toml::Table;

fn toml(path: &str) -> Table {
    read(path).unwrap().parse().unwrap()
}

fn workspace_version() -> String {
    toml("Cargo.toml")["workspace"]["package"]["version"].as_str().unwrap().to_owned()
}

fn locked_version(package: &str) -> String {
    let lock = toml("Cargo.lock");
    let packages = lock["package"].as_array().unwrap();
    let versions: Vec<&str> = packages
        .iter()
        .filter(|candidate| candidate["name"].as_str() == Some(package))
        .map(|found| found["version"].as_str().unwrap())
        .collect();
    assert_eq!(versions.len(), 1, "{package} should be in Cargo.lock once: {versions:?}");
    versions[0].to_owned()
}

#[test]
fn all_crates_have_the_workspaces_version() {
    let metadata = metadata(&["--no-deps"]).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() >= 9, "only {} packages found", packages.len());
    let versions: BTreeSet<&str> =
        packages.iter().map(|package| package["version"].as_str().unwrap()).collect();
    assert_eq!(versions, BTreeSet::from([workspace_version().as_str()]));
}

#[test]
fn both_wheels_take_their_version_from_the_crate_they_carry() {
    for (package, manifest) in
        [("databricks-tellr", "cli/Cargo.toml"), ("databricks-tellr-app", "runtime/Cargo.toml")]
    {
        let project = toml(&format!("python/{package}/pyproject.toml"));
        assert_eq!(project["project"]["name"].as_str(), Some(package));
        assert!(project["project"].get("version").is_none(), "{package} states a version of its own");
        assert_eq!(project["project"]["dynamic"].as_array().unwrap()[0].as_str(), Some("version"));
        let relative = project["tool"]["maturin"]["manifest-path"].as_str().unwrap();
        let named = root().join("python").join(package).join(relative).canonicalize().unwrap();
        assert_eq!(named, root().join(manifest).canonicalize().unwrap(), "{package}");
        assert_eq!(toml(manifest)["package"]["version"]["workspace"].as_bool(), Some(true));
    }
}

/// `cargo xtask test` says where the wheels are that it has built.
#[test]
fn built_wheels_carry_the_workspaces_version() {
    let Some(folder) = std::env::var_os("TELLR_WHEELS") else { return };
    let version = workspace_version();
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".whl"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with(&format!("databricks_tellr-{version}-py3-none-")), "{names:?}");
    assert!(names[1].starts_with(&format!("databricks_tellr_app-{version}-py3-none-")), "{names:?}");
}

#[test]
fn everything_of_wasm_bindgen_is_the_same_release() {
    let release = locked_version("wasm-bindgen");
    assert_eq!(locked_version("wasm-bindgen-cli-support"), release);
    assert_eq!(locked_version("wasm-bindgen-cli"), release);
    assert_eq!(toml("Trunk.toml")["tools"]["wasm_bindgen"].as_str(), Some(release.as_str()));
}

#[test]
fn the_toolchain_is_the_one_that_the_crates_ask_for() {
    let channel = toml("rust-toolchain.toml")["toolchain"]["channel"].as_str().unwrap().to_owned();
    let wanted = toml("Cargo.toml")["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned();
    assert!(channel.starts_with(&wanted), "{channel} is not a release of {wanted}");
}
