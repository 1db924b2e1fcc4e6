//! The walls between the rooms, as ARCHITECTURE.md draws them.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file of the runtime, relative to `src`, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files
                    .push((path.strip_prefix(&root).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 20, "the sources moved");
    files
}

/// Lines of code that mention one of `words` outside `room`.
fn strays(room: &str, words: &[&str]) -> Vec<String> {
    let outside = sources().into_iter().filter(|(path, _)| !path.starts_with(room));
    outside
        .flat_map(|(path, text)| {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let strays = code.filter(|line| words.iter().any(|word| line.contains(word)));
            strays.map(|line| format!("{}: {}", path.display(), line.trim())).collect::<Vec<_>>()
        })
        .collect()
}

fn assert_only(room: &str, words: &[&str]) {
    let strays = strays(room, words);
    assert!(strays.is_empty(), "only `{room}` may know {words:?}:\n{}", strays.join("\n"));
}

#[test]
fn only_http_knows_axum() {
    assert_only("http", &["axum::", "hyper::", "hyper_util::", "tower::", "tower_http::"]);
}

#[test]
fn only_store_knows_sql() {
    assert_only("store", &["sqlx::", "SELECT ", "INSERT INTO", "CREATE TABLE"]);
}

#[test]
fn only_config_reads_the_environment() {
    assert_only("config", &["env::var", "vars_os", "std::env"]);
}

#[test]
fn only_credentials_and_config_know_databricks() {
    let strays = strays("credentials", &["databricks::"]);
    let allowed = |line: &String| {
        line.starts_with("config/")
            || line.contains("databricks::Secret")
            || line.contains("databricks::TransportError")
    };
    let strays: Vec<_> = strays.into_iter().filter(|line| !allowed(line)).collect();
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}
