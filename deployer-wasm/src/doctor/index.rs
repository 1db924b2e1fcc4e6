//! What a package index says about a package, in either form of the simple API (PEP 503 as HTML, PEP 691 as JSON).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::spec::AppVersion;

/// The versions of a package in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The index, as it may be shown: without credentials.
    pub index: String,
    /// Versions with at least one file, in no useful order.
    pub versions: Vec<String>,
}

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    /// `false`, `true`, or the reason.
    #[serde(default)]
    yanked: serde_json::Value,
}

impl Published {
    /// Reads the page of `package`. A file that was withdrawn does not count; what is not a version is left out.
    pub fn read(index: &str, package: &str, body: &str) -> Self {
        let names: Vec<String> = match serde_json::from_str::<Project>(body) {
            Ok(project) => project
                .files
                .into_iter()
                .filter(|file| !is_yanked(&file.yanked))
                .map(|file| file.filename)
                .collect(),
            Err(_) => texts(body).map(str::to_owned).collect(),
        };
        let versions: BTreeSet<String> = names.iter().filter_map(|name| version_of(name, package)).collect();
        Self { index: index.to_owned(), versions: versions.into_iter().collect() }
    }
}

fn is_yanked(yanked: &serde_json::Value) -> bool {
    !matches!(yanked, serde_json::Value::Null | serde_json::Value::Bool(false))
}

/// The texts between the tags of a page, without those of withdrawn files.
fn texts(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').filter_map(|piece| {
        let (tag, text) = piece.split_once('>')?;
        (tag.starts_with("a ") && !tag.contains("data-yanked")).then(|| text.trim())
    })
}

/// The version in the name of a wheel or a source archive of `package`.
fn version_of(file_name: &str, package: &str) -> Option<String> {
    let stem = [".whl", ".tar.gz", ".zip"].iter().find_map(|end| file_name.strip_suffix(end))?;
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
    if !plain(stem).starts_with(&format!("{}-", plain(package))) {
        return None;
    }
    let rest = stem.get(package.len() + 1..)?;
    let version = if file_name.ends_with(".whl") { rest.split('-').next()? } else { rest };
    AppVersion::parse(version).ok().map(|version| version.as_str().to_owned())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACKAGE: &str = "databricks-tellr-app";

    #[test]
    fn both_forms_of_an_index_are_read() {
        let html = r#"<!DOCTYPE html><html><body><h1>Links</h1>
            <a href="/x.whl#sha256=1">databricks_tellr_app-0.4.2-py3-none-any.whl</a><br/>
            <a href="/y.whl" data-yanked="bad">databricks_tellr_app-0.4.3-py3-none-any.whl</a>
            <a href="/z.tar.gz"> databricks-tellr-app-0.4.1.tar.gz </a>
            <a href="/other.whl">databricks_tellr-9.9.9-py3-none-any.whl</a></body></html>"#;
        assert_eq!(Published::read("i", PACKAGE, html).versions, ["0.4.1", "0.4.2"]);
        let json = r#"{"meta":{"api-version":"1.1"},"name":"databricks-tellr-app","files":[
            {"filename":"databricks_tellr_app-1.0.0-py3-none-manylinux_2_17_x86_64.whl","yanked":false},
            {"filename":"databricks_tellr_app-1.0.1-py3-none-any.whl","yanked":"broken"},
            {"filename":"databricks_tellr_app-../../x-py3.whl"},
            {"filename":"databricks_tellr_app-1.0.0.tar.gz"}]}"#;
        assert_eq!(Published::read("i", PACKAGE, json).versions, ["1.0.0"]);
        assert!(Published::read("i", "databricks-tellr", json).versions.is_empty());
    }

    proptest! {
        #[test]
        fn any_page_is_read(body in "(<a href=\"x\">|databricks_tellr_app-|1\\.0|\\.whl|[<>{}\":]|\\PC){0,60}") {
            for version in Published::read("i", PACKAGE, &body).versions {
                prop_assert!(AppVersion::parse(&version).is_ok());
            }
        }
    }
}
