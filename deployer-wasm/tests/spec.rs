//! The rules of the fields: every field with wrong, empty and hostile values.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

use deployer_wasm::spec::{FIELDS, RawSpec, Wheel, wheel};
use proptest::prelude::*;

fn valid() -> RawSpec {
    let values = [
        ("app_name", "tellr"),
        ("lakebase_name", "tellr-db"),
        ("schema_name", "app_data"),
        ("app_file_workspace_path", "/Workspace/Users/me@example.com/.apps/tellr"),
    ];
    let values = values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    RawSpec { values, ..RawSpec::default() }
}

fn with(key: &str, value: &str) -> RawSpec {
    let mut raw = valid();
    raw.values.insert(key.to_owned(), value.to_owned());
    raw
}

#[test]
fn a_complete_request_is_accepted() {
    assert!(valid().create().is_ok());
    assert!(valid().update().is_ok());
    assert!(valid().delete().is_ok());
}

/// Values that must be refused, and why somebody would send them.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "app_name",
        &["", " ", "Tellr", "tellr_app", "-tellr", "tellr-", "tellr;rm", "../x", "tellr\n", "täller", "x y"],
    ),
    (
        "lakebase_name",
        &[
            "",
            "1db",
            "-db",
            "db-",
            "DB",
            "db_1",
            "db/branches/x",
            "db?x=1",
            "db'--",
            "projects/db",
            "a b",
            "db\0",
        ],
    ),
    (
        "schema_name",
        &[
            "",
            "public",
            "pg_catalog",
            "information_schema",
            "1schema",
            "App",
            "app-data",
            "a\"; DROP SCHEMA x; --",
            "a'b",
            "a;b",
            "a b",
            "a.b",
            "ä",
            "a\n",
        ],
    ),
    (
        "app_file_workspace_path",
        &[
            "",
            "tellr",
            "/",
            "/Workspace",
            "/Workspace/Users",
            "/Workspace/Users/me@example.com",
            "/Workspace/Users/me@example.com/",
            "/Workspace/Shared",
            "/etc/passwd",
            "/Workspace/Users/me@example.com/../you/x",
            "/Workspace/Users/me@example.com/./x",
            "/Workspace/Users/me@example.com//x",
            "/Workspace/Users/me@example.com/a\"b",
            "/Workspace/Users/me/a\\b",
            "/Workspace/Users/me/a\nb",
            "/Workspace/Users/me/%2e%2e",
            "/Workspace/Users/me/a;b",
            "Workspace/Users/me/x",
        ],
    ),
    ("lakebase_type", &["", "Autoscaling", "serverless", "autoscaling "]),
    ("lakebase_compute", &["", "CU_3", "cu_1", "1", "CU_1; DROP"]),
    ("app_compute", &["", "medium", "MEDIUM ", "M'", "-X", "_X", "MEDIUM\n"]),
    (
        "app_version",
        &[
            "",
            "v1",
            "1.0 --index-url http://evil",
            "1.0;x",
            "1.0\n-r evil",
            "==1.0",
            "1.0,<2",
            "latest",
            "1.0 ",
        ],
    ),
    ("description", &["", "two\nlines", "tab\there", "\u{7}"]),
    ("schema_setup", &["", "Engine", "both", "none"]),
];

#[test]
fn every_hostile_value_is_refused_with_the_field_and_its_rule() {
    for (key, values) in REFUSED {
        for value in *values {
            let errors = with(key, value).create().expect_err(&format!("{key} took {value:?}"));
            assert_eq!(errors.len(), 1, "{key} {value:?}: {errors:?}");
            assert_eq!(errors[0].field, *key, "{value:?}");
            let rule =
                FIELDS.iter().find(|field| field.key == *key).map(|field| field.rule).unwrap_or_default();
            assert!(
                errors[0].message.contains(rule) && errors[0].message.contains(key),
                "{}",
                errors[0].message
            );
        }
    }
}

#[test]
fn overlong_values_are_refused_and_shown_shortened() {
    for (key, length) in [
        ("app_name", 31),
        ("lakebase_name", 64),
        ("schema_name", 64),
        ("app_version", 65),
        ("description", 501),
        ("app_compute", 33),
    ] {
        let value = if key == "app_compute" { "A" } else { "1" };
        let value = if key == "app_version" || key == "app_compute" { value } else { "a" }.repeat(length);
        let errors = with(key, &value).create().expect_err(key);
        assert_eq!(errors[0].field, key);
        assert!(errors[0].message.len() < 500, "{}", errors[0].message);
    }
    let path = format!("/Workspace/Users/me/{}", "a".repeat(400));
    assert_eq!(
        with("app_file_workspace_path", &path).create().expect_err("path")[0].field,
        "app_file_workspace_path"
    );
}

#[test]
fn every_field_but_the_optional_is_covered_by_a_refusal() {
    let covered: Vec<&str> = REFUSED.iter().map(|(key, _)| *key).collect();
    for field in FIELDS {
        // files have tests of their own
        let is_file = matches!(field.key, "local_wheel_path" | "local_binary_path");
        assert!(covered.contains(&field.key) || is_file, "{}", field.key);
    }
}

#[test]
fn missing_fields_are_all_named() {
    let errors = RawSpec::default().create().expect_err("nothing given");
    let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["app_name", "app_file_workspace_path", "lakebase_name", "schema_name"]);
}

#[test]
fn a_create_does_not_reset() {
    let raw = RawSpec { reset_database: true, ..valid() };
    assert_eq!(raw.create().expect_err("reset")[0].field, "reset_database");
}

#[test]
fn a_delete_needs_database_and_schema_only_to_reset() {
    let mut raw = RawSpec::default();
    raw.values.insert("app_name".into(), "tellr".into());
    assert!(raw.delete().is_ok());
    raw.reset_database = true;
    let fields: Vec<String> = raw.delete().expect_err("reset").into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["lakebase_name", "schema_name"]);
}

#[test]
fn paths_without_the_prefix_name_the_same_folder() {
    let raw = with("app_file_workspace_path", "/Users/me@example.com/.apps/tellr/");
    let path = raw.create().expect("valid").deployment.workspace_path;
    assert_eq!(path.as_str(), "/Workspace/Users/me@example.com/.apps/tellr");
}

#[test]
fn a_wheel_must_be_one_of_the_app_and_fit() {
    let zip = b"PK\x03\x04rest".to_vec();
    let good = "databricks_tellr_app-0.1.0-py3-none-manylinux_2_17_x86_64.whl";
    assert!(Wheel::new(good, zip.clone()).is_ok());
    for name in [
        "",
        "other-1.0-py3-none-any.whl",
        "databricks_tellr_app-0.1.0.tar.gz",
        "../databricks_tellr_app-1.whl",
    ] {
        assert_eq!(Wheel::new(name, zip.clone()).expect_err(name).field, "local_wheel_path");
    }
    assert!(Wheel::new(good, b"not a zip".to_vec()).is_err());
    let mut large = zip.clone();
    large.resize(wheel::IMPORT_LIMIT + 1, 0);
    assert!(Wheel::new(good, large).expect_err("large").message.contains("10485760"));
    let mut both = with("app_version", "1.0");
    both.wheel = Some((good.into(), zip));
    assert_eq!(both.create().expect_err("both")[0].field, "local_wheel_path");
}

#[test]
fn variables_of_others_are_not_taken_over() {
    for (name, value) in [
        ("PGHOST", "x"),
        ("DATABRICKS_TOKEN", "x"),
        ("lower", "x"),
        ("A B", "x"),
        ("OK", "a\nb"),
        ("", ""),
        ("TELLR_DATABASE_RESET_ID", "x"),
    ] {
        let env = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert_eq!(RawSpec { env, ..valid() }.create().expect_err(name)[0].field, "env_vars");
    }
    let env = BTreeMap::from([("LOG_LEVEL".to_owned(), "INFO".to_owned())]);
    assert!(RawSpec { env, ..valid() }.create().is_ok());
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_accepted_is_harmless(value in ".{0,80}") {
        for field in FIELDS.iter().filter(|field| !field.key.starts_with("local_")) {
            let result = with(field.key, &value).create();
            if result.is_ok() && field.key != "description" {
                prop_assert!(!value.contains(['"', '\'', ';', '\\', '\n', '\0', '`', '$']), "{} {value:?}", field.key);
            }
        }
    }
}
