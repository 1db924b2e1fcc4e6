//! Where a configuration comes from: the order and the words of the official SDKs.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use databricks::{Config, ConfigError, ConfigOverrides, Credentials, Secret};

/// A home folder with a configuration file, if there is one, and an environment.
struct Machine {
    home: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Machine {
    fn new(file: Option<&str>, env: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(home.path().join(".databrickscfg"), text).unwrap();
        }
        let mut env: BTreeMap<String, String> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        env.insert("HOME".to_owned(), home.path().to_str().unwrap().to_owned());
        Self { home, env }
    }

    /// Puts a person's token into the official tool's cache.
    fn sign_in(&self, key: &str) {
        let folder = self.home.path().join(".databricks");
        std::fs::create_dir_all(&folder).unwrap();
        let cache = format!(r#"{{"version": 1, "tokens": {{"{key}": {{"access_token": "a"}}}}}}"#);
        std::fs::write(folder.join("token-cache.json"), cache).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.home.path().join(".databrickscfg")
    }

    fn resolve(&self) -> Result<Config, ConfigError> {
        Config::resolve(ConfigOverrides::default(), &self.env)
    }

    fn resolve_profile(&self, profile: &str) -> Result<Config, ConfigError> {
        Config::resolve(
            ConfigOverrides { profile: Some(profile.to_owned()), ..Default::default() },
            &self.env,
        )
    }
}

fn token(config: &Config) -> &str {
    match &config.credentials {
        Credentials::PersonalAccessToken(token) => token.expose(),
        other => panic!("{other:?}"),
    }
}

const FILE: &str = "\
; a comment
[DEFAULT]
host = https://default.example.com/
token = dapi-default

[two]
HOST : two.example.com
client_id = id-2
client_secret = dose;with#odd=characters\\n\"
workspace_id = 12

[cli]
host = https://cli.example.com
auth_type = databricks-cli

[bare]
host = https://bare.example.com
";

#[test]
fn the_default_profile_is_used_when_nothing_else_is_known() {
    let config = Machine::new(Some(FILE), &[]).resolve().unwrap();
    assert_eq!(config.host.as_str(), "https://default.example.com");
    assert_eq!(token(&config), "dapi-default");
    assert_eq!(config.profile.as_deref(), Some("DEFAULT"));
}

#[test]
fn settings_name_another_default() {
    let file = format!("[__settings__]\ndefault_profile = two\n\n{FILE}");
    let config = Machine::new(Some(&file), &[]).resolve().unwrap();
    assert_eq!(config.host.as_str(), "https://two.example.com");
    assert_eq!(config.workspace_id.as_deref(), Some("12"));
    assert_eq!(config.profile.as_deref(), Some("two"));
    let Credentials::OAuthM2m { client_id, client_secret } = config.credentials else { panic!() };
    assert_eq!((client_id.as_str(), client_secret.expose()), ("id-2", "dose;with#odd=characters\\n\""));
}

#[test]
fn a_profile_can_be_asked_for_in_two_ways_and_gets_nothing_from_default() {
    let machine = Machine::new(Some(FILE), &[("DATABRICKS_CONFIG_PROFILE", "bare")]);
    assert!(matches!(machine.resolve(), Err(ConfigError::NoCredentials { .. })));
    assert_eq!(machine.resolve_profile("two").unwrap().host.as_str(), "https://two.example.com");
}

#[test]
fn the_environment_wins_over_the_file_value_by_value() {
    let env = [("DATABRICKS_HOST", "env.example.com"), ("DATABRICKS_CONFIG_PROFILE", "DEFAULT")];
    let config = Machine::new(Some(FILE), &env).resolve().unwrap();
    assert_eq!((config.host.as_str(), token(&config)), ("https://env.example.com", "dapi-default"));
}

#[test]
fn arguments_win_over_the_environment_and_empty_values_do_not_count() {
    let env = [
        ("DATABRICKS_HOST", "env.example.com"),
        ("DATABRICKS_TOKEN", "dapi-env"),
        ("DATABRICKS_CLIENT_ID", " "),
    ];
    let overrides = ConfigOverrides {
        token: Some(Secret::new("dapi-argument")),
        host: Some(String::new()),
        ..ConfigOverrides::default()
    };
    let config = Config::resolve(overrides, &Machine::new(None, &env).env).unwrap();
    assert_eq!((config.host.as_str(), token(&config)), ("https://env.example.com", "dapi-argument"));
    assert_eq!(config.profile, None);
}

#[test]
fn the_file_is_not_read_when_the_host_or_a_sign_in_is_known() {
    let broken = "this is no configuration file\n[";
    for (env, missing) in [
        (("DATABRICKS_HOST", "env.example.com"), vec!["token", "client_id", "client_secret"]),
        (("DATABRICKS_TOKEN", "dapi-env"), vec!["host"]),
    ] {
        let error = Machine::new(Some(broken), &[env]).resolve().unwrap_err();
        assert_eq!(error, ConfigError::NoCredentials { method: None, missing }, "{env:?}");
    }
    assert!(matches!(Machine::new(Some(broken), &[]).resolve(), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn a_missing_profile_is_an_error_only_when_it_was_asked_for() {
    let machine = Machine::new(Some("[other]\nhost = x\n"), &[]);
    let official = "default auth: cannot configure default credentials, please check https://docs.databricks.com/en/dev-tools/auth.html#databricks-client-unified-authentication to configure credentials for your preferred authentication method.";
    assert_eq!(machine.resolve().unwrap_err().to_string(), official);
    assert_eq!(Machine::new(None, &[]).resolve().unwrap_err().to_string(), official);
    let message = machine.resolve_profile("prod").unwrap_err().to_string();
    assert_eq!(message, format!("resolve: {} has no prod profile configured", machine.file().display()));
    let machine = Machine::new(None, &[("DATABRICKS_CONFIG_PROFILE", "prod")]);
    assert_eq!(
        machine.resolve().unwrap_err().to_string(),
        format!("resolve: {} has no prod profile configured", machine.file().display())
    );
    let machine = Machine::new(Some("[__settings__]\ndefault_profile = gone\n"), &[]);
    assert!(machine.resolve().unwrap_err().to_string().contains("has no gone profile configured"));
    assert!(matches!(machine.resolve_profile("__settings__"), Err(ConfigError::ReservedProfile { .. })));
}

#[test]
fn another_file_can_be_named() {
    let machine = Machine::new(None, &[("DATABRICKS_CONFIG_FILE", "~/elsewhere.ini")]);
    std::fs::write(
        machine.home.path().join("elsewhere.ini"),
        "\u{feff}[DEFAULT]\r\nhost=h.example.com\r\ntoken=t\r\n",
    )
    .unwrap();
    let config = machine.resolve().unwrap();
    assert_eq!((config.host.as_str(), token(&config)), ("https://h.example.com", "t"));
}

#[test]
fn two_ways_to_sign_in_need_a_choice() {
    let both = [
        ("DATABRICKS_HOST", "h.example.com"),
        ("DATABRICKS_TOKEN", "dapi"),
        ("DATABRICKS_CLIENT_ID", "id"),
        ("DATABRICKS_CLIENT_SECRET", "secret"),
    ];
    let error = Machine::new(None, &both).resolve().unwrap_err();
    assert_eq!(error.to_string(), "validate: more than one authorization method configured: oauth and pat");
    let chosen = |method| {
        let mut env = both.to_vec();
        env.push(("DATABRICKS_AUTH_TYPE", method));
        Machine::new(None, &env).resolve().unwrap().credentials.auth_type()
    };
    assert_eq!(chosen("pat"), "pat");
    assert_eq!(chosen("oauth-m2m"), "oauth-m2m");
}

#[test]
fn a_sign_in_that_is_not_supported_is_named_never_skipped() {
    for (name, value, method) in [
        ("ARM_CLIENT_ID", "x", "azure"),
        ("DATABRICKS_AZURE_RESOURCE_ID", "/subscriptions/x", "azure"),
        ("DATABRICKS_USERNAME", "x", "basic"),
        ("GOOGLE_CREDENTIALS", "{}", "google"),
        ("DATABRICKS_METADATA_SERVICE_URL", "http://localhost", "metadata-service"),
        ("DATABRICKS_AUTH_TYPE", "azure-cli", "azure-cli"),
        ("DATABRICKS_AUTH_TYPE", "external-browser", "external-browser"),
    ] {
        let error =
            Machine::new(None, &[("DATABRICKS_HOST", "h.example.com"), (name, value)]).resolve().unwrap_err();
        assert_eq!(error, ConfigError::UnsupportedMethod { method: method.to_owned() }, "{name}");
        let hint = error.hint().unwrap();
        assert!(hint.contains("DATABRICKS_TOKEN") || hint.contains("tellr login"), "{name}: {hint}");
    }
}

fn keys(config: &Config) -> Vec<&str> {
    match &config.credentials {
        Credentials::OAuthU2m(user) => user.keys.iter().map(String::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_is_signed_in_by_profile_or_by_host() {
    let machine = Machine::new(Some(FILE), &[]);
    let config = machine.resolve_profile("cli").unwrap();
    assert_eq!(keys(&config), ["cli", "https://cli.example.com"]);
    assert_eq!(config.credentials.auth_type(), "databricks-cli");

    // a profile's token goes to the profile's host only
    let env = [("DATABRICKS_HOST", "other.example.com"), ("DATABRICKS_CONFIG_PROFILE", "cli")];
    assert_eq!(keys(&Machine::new(Some(FILE), &env).resolve().unwrap()), ["https://other.example.com"]);

    let env = [("DATABRICKS_AUTH_TYPE", "databricks-cli")];
    let error = Machine::new(None, &env).resolve().unwrap_err();
    assert_eq!(
        error,
        ConfigError::NoCredentials { method: Some("databricks-cli".to_owned()), missing: vec!["host"] }
    );
}

#[test]
fn a_sign_in_that_is_cached_counts_when_nothing_else_is_configured() {
    let machine = Machine::new(Some(FILE), &[("DATABRICKS_HOST", "env.example.com")]);
    machine.sign_in("https://other.example.com");
    assert!(matches!(machine.resolve(), Err(ConfigError::NoCredentials { .. })));
    machine.sign_in("https://env.example.com");
    assert_eq!(keys(&machine.resolve().unwrap()), ["https://env.example.com"]);
    let machine = Machine::new(Some(FILE), &[]);
    machine.sign_in("bare");
    assert_eq!(keys(&machine.resolve_profile("bare").unwrap()), ["bare", "https://bare.example.com"]);
}

#[test]
fn a_token_wins_over_a_cached_sign_in() {
    let env = [("DATABRICKS_HOST", "env.example.com"), ("DATABRICKS_TOKEN", "dapi")];
    let machine = Machine::new(None, &env);
    machine.sign_in("https://env.example.com");
    assert_eq!(token(&machine.resolve().unwrap()), "dapi");
    let mut chosen = env.to_vec();
    chosen.push(("DATABRICKS_AUTH_TYPE", "databricks-cli"));
    assert_eq!(keys(&Machine::new(None, &chosen).resolve().unwrap()), ["https://env.example.com"]);
}

#[test]
fn a_profile_is_written_that_can_be_used() {
    let machine = Machine::new(Some(FILE), &[]);
    let host = databricks::Host::parse("https://new.example.com").unwrap();
    Config::write_profile("mine", &host, &machine.env).unwrap();
    assert_eq!(keys(&machine.resolve_profile("mine").unwrap()), ["mine", "https://new.example.com"]);
    assert!(std::fs::read_to_string(machine.file()).unwrap().starts_with(FILE));
    let error = Config::write_profile("two", &host, &machine.env).unwrap_err();
    assert!(error.to_string().contains("it holds another way to sign in (`client_id`)"), "{error}");

    let overrides =
        |profile: &str| ConfigOverrides { profile: Some(profile.to_owned()), ..Default::default() };
    assert_eq!(Config::resolve_host(&overrides("mine"), &machine.env).unwrap(), host);
    assert!(matches!(
        Config::resolve_host(&overrides("new"), &machine.env),
        Err(ConfigError::NoCredentials { .. })
    ));
}

#[test]
fn half_a_service_principal_and_an_impossible_host_are_errors() {
    let env = [("DATABRICKS_HOST", "h.example.com"), ("DATABRICKS_CLIENT_ID", "id")];
    let error = Machine::new(None, &env).resolve().unwrap_err();
    assert_eq!(error, ConfigError::NoCredentials { method: None, missing: vec!["client_secret"] });
    assert!(error.hint().unwrap().starts_with("not set: client_secret."));
    let env = [("DATABRICKS_HOST", "not a host"), ("DATABRICKS_TOKEN", "dapi")];
    assert!(matches!(Machine::new(None, &env).resolve(), Err(ConfigError::Host(_))));
}

#[test]
fn nothing_prints_a_secret() {
    let env = [("DATABRICKS_HOST", "h.example.com"), ("DATABRICKS_TOKEN", "dapi-hidden")];
    let config = Machine::new(None, &env).resolve().unwrap();
    assert!(!format!("{config:?}").contains("hidden"));
}
