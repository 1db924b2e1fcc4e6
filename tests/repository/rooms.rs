//! Borders inside a crate, which the dependency graph cannot show.

use std::path::Path;

use system_tests::repository::rust_files;

/// Lines of code (comments left out) that hold one of the words, outside the folders where they belong.
fn strays(folder: &str, allowed: &[&str], words: &[&str]) -> Vec<String> {
    let files = rust_files(folder).unwrap();
    assert!(files.len() > 2, "only {} files in {folder}", files.len());
    let outside = files.iter().filter(|(path, _)| !allowed.iter().any(|allowed| is_in(path, allowed)));
    let mut strays = Vec::new();
    for (path, text) in outside {
        let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in code.filter(|(_, line)| words.iter().any(|word| line.contains(word))) {
            strays.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    strays
}

/// `runtime/src/http` stands for the folder and for `runtime/src/http.rs`.
fn is_in(path: &Path, allowed: &str) -> bool {
    path.starts_with(allowed) || path == Path::new(&format!("{allowed}.rs"))
}

#[test]
fn only_the_http_room_of_the_runtime_knows_axum() {
    assert_eq!(strays("runtime/src", &["runtime/src/http"], &["axum::", "axum_", "use axum"]), [""; 0]);
    assert!(!strays("runtime/src", &[], &["axum::"]).is_empty(), "the runtime has an HTTP room");
}

#[test]
fn only_the_store_of_the_runtime_knows_sql() {
    assert_eq!(strays("runtime/src", &["runtime/src/store"], &["sqlx::", "use sqlx"]), [""; 0]);
    assert!(!strays("runtime/src", &[], &["sqlx::"]).is_empty(), "the runtime has a store");
}

#[test]
fn only_the_client_knows_databricks_paths() {
    for room in ["deployer-wasm/src", "cli/src"] {
        assert_eq!(strays(room, &[], &["/api/2.", "/oidc/v1", "/.well-known/"]), [""; 0], "{room}");
    }
    assert!(!strays("crates/databricks/src", &[], &["/api/2."]).is_empty(), "the client has the paths");
}

#[test]
fn only_the_engines_postgres_port_knows_sql() {
    let strays = strays("deployer-wasm/src", &["deployer-wasm/src/schema"], &["sqlx::", "use sqlx"]);
    assert_eq!(strays, [""; 0]);
}
