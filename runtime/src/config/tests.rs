//! The environment in all its forms.

use proptest::prelude::*;

use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The platform's variables and `more`.
fn on_the_platform(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut values = map(&[
        ("DATABRICKS_HOST", "example.cloud.databricks.com"),
        ("DATABRICKS_CLIENT_ID", "11111111-2222-4333-8444-555555555555"),
        ("DATABRICKS_CLIENT_SECRET", "dose0123-very-secret"),
    ]);
    values.extend(map(more));
    values
}

fn lakebase(values: &BTreeMap<String, String>) -> LakebaseConfig {
    match Config::from_map(values).unwrap().database {
        DatabaseConfig::Lakebase(lakebase) => lakebase,
        DatabaseConfig::Url(_) => panic!("a URL was taken for Lakebase"),
    }
}

fn failures(values: &BTreeMap<String, String>) -> Vec<&'static str> {
    Config::from_map(values).unwrap_err().0.iter().map(|error| error.variable).collect()
}

#[test]
fn a_url_alone_is_enough_and_the_rest_has_defaults() {
    let config = Config::from_map(&map(&[("DATABASE_URL", "postgres://me:pw@localhost/tellr")])).unwrap();
    assert!(matches!(config.database, DatabaseConfig::Url(_)));
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.port, 8000);
    assert_eq!(config.schema.as_str(), "app_data");
    assert!(config.reset_id.is_none() && config.encryption_key.is_none() && config.dev_user.is_none());
}

#[test]
fn provisioned_as_the_seed_deploys_it() {
    let lakebase = lakebase(&on_the_platform(&[
        ("ENVIRONMENT", "production"),
        ("LAKEBASE_INSTANCE", "tellr-db"),
        ("LAKEBASE_SCHEMA", "app_data"),
        ("PGHOST", "instance-1.database.cloud.databricks.com"),
        ("PGUSER", "11111111-2222-4333-8444-555555555555"),
        ("PGDATABASE", "databricks_postgres"),
        ("PGPORT", "5432"),
        ("PGSSLMODE", "require"),
    ]));
    assert_eq!(lakebase.kind, LakebaseKind::Provisioned { instance: "tellr-db".to_owned() });
    assert_eq!(lakebase.host.as_deref(), Some("instance-1.database.cloud.databricks.com"));
}

#[test]
fn the_text_none_of_the_python_deployer_counts_as_unset() {
    let lakebase = lakebase(&on_the_platform(&[
        ("LAKEBASE_TYPE", "provisioned"),
        ("LAKEBASE_INSTANCE", "tellr-db"),
        ("LAKEBASE_PG_HOST", "None"),
        ("LAKEBASE_PROJECT_ID", "None"),
        ("LAKEBASE_ENDPOINT_NAME", "None"),
    ]));
    assert_eq!(lakebase.kind, LakebaseKind::Provisioned { instance: "tellr-db".to_owned() });
    assert_eq!(lakebase.host, None);
    assert_eq!(lakebase.user, "11111111-2222-4333-8444-555555555555", "the client id is the role");
}

#[test]
fn autoscaling_by_endpoint_or_by_project() {
    let endpoint = "projects/tellr-db/branches/production/endpoints/primary".to_owned();
    let by_endpoint = on_the_platform(&[
        ("LAKEBASE_TYPE", "autoscaling"),
        ("LAKEBASE_ENDPOINT_NAME", &endpoint),
        ("LAKEBASE_PG_HOST", "ep-1.database.eu.cloud.databricks.com"),
    ]);
    let by_project = on_the_platform(&[("LAKEBASE_PROJECT_ID", "tellr-db")]);
    assert_eq!(lakebase(&by_endpoint).kind, LakebaseKind::Autoscaling { endpoint: endpoint.clone() });
    assert_eq!(lakebase(&by_endpoint).host.as_deref(), Some("ep-1.database.eu.cloud.databricks.com"));
    assert_eq!(lakebase(&by_project).kind, LakebaseKind::Autoscaling { endpoint });
}

#[test]
fn pghost_wins_over_lakebase_pg_host() {
    let values = on_the_platform(&[
        ("LAKEBASE_INSTANCE", "db"),
        ("PGHOST", "first.example.com"),
        ("LAKEBASE_PG_HOST", "second.example.com"),
    ]);
    assert_eq!(lakebase(&values).host.as_deref(), Some("first.example.com"));
}

#[test]
fn a_jdbc_url_is_ignored() {
    let values = on_the_platform(&[("DATABASE_URL", "jdbc:postgresql://x/y"), ("LAKEBASE_INSTANCE", "db")]);
    assert_eq!(lakebase(&values).kind, LakebaseKind::Provisioned { instance: "db".to_owned() });
}

#[test]
fn each_wrong_value_names_its_variable() {
    for (variable, value) in [
        ("ENVIRONMENT", "staging"),
        ("DATABRICKS_APP_PORT", "0"),
        ("DATABRICKS_APP_PORT", "65536"),
        ("DATABRICKS_APP_PORT", "eighty"),
        ("LAKEBASE_SCHEMA", "x\"; drop schema public; --"),
        ("LAKEBASE_SCHEMA", "pg_toast"),
        ("LAKEBASE_TYPE", "serverless"),
        ("LAKEBASE_INSTANCE", "../other"),
        ("LAKEBASE_PROJECT_ID", "a/b"),
        ("LAKEBASE_ENDPOINT_NAME", "projects/x"),
        ("LAKEBASE_ENDPOINT_NAME", "projects/x/branches/../endpoints/primary"),
        ("PGHOST", "a host"),
        ("PGPORT", "-1"),
        ("PGSSLMODE", "disable"),
        ("PGSSLMODE", "prefer"),
        ("TELLR_DATABASE_RESET_ID", "one two"),
        ("GOOGLE_OAUTH_ENCRYPTION_KEY", "short"),
        ("TELLR_DEV_USER", "a\u{7}b"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgresql+psycopg2://localhost/x"),
    ] {
        let mut values = on_the_platform(&[("LAKEBASE_INSTANCE", "db")]);
        values.insert(variable.to_owned(), value.to_owned());
        assert_eq!(failures(&values), [variable], "{variable}={value}");
    }
}

#[test]
fn what_lakebase_needs_is_asked_for_by_name() {
    assert_eq!(
        failures(&map(&[("LAKEBASE_INSTANCE", "db")])),
        ["DATABRICKS_HOST", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"]
    );
    assert_eq!(failures(&on_the_platform(&[])), ["LAKEBASE_INSTANCE"]);
    assert_eq!(failures(&on_the_platform(&[("LAKEBASE_TYPE", "autoscaling")])), ["LAKEBASE_ENDPOINT_NAME"]);
}

#[test]
fn the_message_says_variable_value_and_rule() {
    let errors =
        Config::from_map(&on_the_platform(&[("LAKEBASE_INSTANCE", "db"), ("LAKEBASE_SCHEMA", "App\nData")]))
            .unwrap_err();
    insta::assert_snapshot!(errors, @r#"
    the environment is not a valid configuration
      LAKEBASE_SCHEMA ("App\nData") isn't a plain lower-case identifier. Rule: `^[a-z_][a-z0-9_]{0,62}$`, not `pg_…` and not `information_schema`
    "#);
}

#[test]
fn secrets_are_neither_printed_nor_repeated_in_errors() {
    let key = "c2VjcmV0LWtleS10aGF0LWlzLXRvby1zaG9ydA==";
    let values =
        map(&[("DATABASE_URL", "mysql://me:hunter2@localhost/x"), ("GOOGLE_OAUTH_ENCRYPTION_KEY", key)]);
    let errors = Config::from_map(&values).unwrap_err().to_string();
    assert!(!errors.contains("hunter2") && !errors.contains(key), "{errors}");

    let config = Config::from_map(&on_the_platform(&[("LAKEBASE_INSTANCE", "db")])).unwrap();
    assert!(!format!("{config:?}").contains("dose0123-very-secret"));
}

proptest! {
    #[test]
    fn any_environment_is_read_or_refused_by_name(values in proptest::collection::btree_map(
        proptest::sample::select(variables::ALL).prop_map(|variable| variable.name.to_owned()),
        prop_oneof![any::<String>(), "[a-z0-9_./:-]{0,80}", Just("None".to_owned())],
        0..12,
    )) {
        match Config::from_map(&values) {
            Ok(config) => prop_assert!(SchemaName::parse(config.schema.as_str()).is_ok()),
            Err(errors) => {
                prop_assert!(!errors.0.is_empty());
                for error in errors.0 {
                    prop_assert!(variables::ALL.iter().any(|variable| variable.name == error.variable));
                    prop_assert!(!error.to_string().contains(['\n', '\r']), "one line each");
                }
            }
        }
    }
}
