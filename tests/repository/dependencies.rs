//! Who may depend on what.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use system_tests::repository::metadata;

/// The graph of dependencies that end up in a program (tests and build scripts left out).
struct Graph {
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn of(target: &str) -> Self {
        let metadata = metadata(&["--filter-platform", target]).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let packages = metadata["packages"].as_array().unwrap();
        let names = packages.iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
        let edges = nodes.iter().map(|node| (text(&node["id"]), normal_dependencies(node))).collect();
        Self { names, edges }
    }

    fn id(&self, package: &str) -> &str {
        self.names.iter().find(|(_, name)| *name == package).map(|(id, _)| id.as_str()).unwrap()
    }

    fn direct(&self, package: &str) -> BTreeSet<&str> {
        self.edges[self.id(package)].iter().map(|id| self.names[id].as_str()).collect()
    }

    /// Everything below a package.
    fn below(&self, package: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![self.id(package)];
        while let Some(id) = open.pop() {
            for next in &self.edges[id] {
                if found.insert(self.names[next].as_str()) {
                    open.push(next);
                }
            }
        }
        found
    }
}

fn normal_dependencies(node: &Value) -> Vec<String> {
    let is_normal = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array().unwrap();
        kinds.iter().any(|kind| kind["kind"].is_null())
    };
    let dependencies = node["deps"].as_array().unwrap().iter().filter(is_normal);
    dependencies.map(|dependency| dependency["pkg"].as_str().unwrap().to_owned()).collect()
}

fn assert_absent(present: &BTreeSet<&str>, banned: &[&str], where_: &str) {
    let found: Vec<&&str> = banned.iter().filter(|name| present.contains(**name)).collect();
    assert!(found.is_empty(), "{where_} depends on {found:?}");
}

const NATIVE: &str = "x86_64-unknown-linux-gnu";
const WASM: &str = "wasm32-unknown-unknown";

#[test]
fn among_the_deployers_rooms_only_the_client_speaks_http() {
    for target in [NATIVE, WASM] {
        let graph = Graph::of(target);
        for room in ["deployer-wasm", "tellr"] {
            assert_absent(&graph.direct(room), &["reqwest", "gloo-net", "hyper", "ureq", "web-sys"], room);
        }
    }
    assert!(Graph::of(NATIVE).direct("databricks").contains("reqwest"));
    assert!(Graph::of(WASM).direct("databricks").contains("gloo-net"));
}

#[test]
fn the_engine_knows_no_server_no_terminal_and_no_page() {
    let banned =
        ["axum", "clap", "indicatif", "rpassword", "leptos", "local-workspace", "tellr-app", "tellr"];
    assert_absent(&Graph::of(NATIVE).direct("deployer-wasm"), &banned, "the engine");
}

#[test]
fn the_engine_in_a_browser_brings_nothing_that_only_works_natively() {
    let graph = Graph::of(WASM);
    let below = graph.below("deployer-wasm");
    assert!(
        below.contains("databricks") && below.contains("wasm-bindgen"),
        "the graph was not read: {below:?}"
    );
    assert_absent(
        &below,
        &["tokio", "reqwest", "sqlx", "rustls", "axum", "clap", "hyper", "mio"],
        "the engine as wasm",
    );
}

#[test]
fn the_shared_types_do_no_io() {
    let graph = Graph::of(NATIVE);
    let below = graph.below("tellr-api");
    assert!(below.contains("serde"), "the graph was not read: {below:?}");
    assert_absent(
        &below,
        &["tokio", "reqwest", "sqlx", "axum", "hyper", "databricks", "gloo-net", "web-sys"],
        "tellr-api",
    );
}

#[test]
fn the_workspace_and_what_is_tested_against_it_do_not_know_each_other() {
    let graph = Graph::of(NATIVE);
    assert_absent(
        &graph.direct("local-workspace"),
        &["databricks", "deployer-wasm", "tellr-app"],
        "the local workspace",
    );
    assert_absent(&graph.direct("tellr-app"), &["deployer-wasm", "local-workspace"], "the runtime");
}

/// One TLS stack, without a C library to find on the machine. `deny.toml` bans the same.
#[test]
fn tls_is_rustls_with_ring() {
    let graph = Graph::of(NATIVE);
    let banned = ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls"];
    for program in ["tellr", "tellr-app", "xtask"] {
        assert_absent(&graph.below(program), &banned, program);
    }
    assert!(graph.below("tellr-app").contains("ring"));
}
