//! Putting a configuration together in the official order: arguments, environment, file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::attributes::ATTRIBUTES;
use super::error::ConfigError;
use super::profile_writer::{self, ProfileWriteError};
use super::{Config, Credentials, UserSignIn, profile};
use crate::host::Host;
use crate::secret::Secret;
use crate::token_cache::TokenCache;

/// Where environment variables come from.
pub trait Environment {
    /// The variable's value, if it is set.
    fn var(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Environment for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

/// Values that win over the environment and the file.
#[derive(Clone, Debug, Default)]
pub struct ConfigOverrides {
    /// A profile of `.databrickscfg`.
    pub profile: Option<String>,
    /// The workspace.
    pub host: Option<String>,
    /// A personal access token.
    pub token: Option<Secret>,
    /// A service principal's application id.
    pub client_id: Option<String>,
    /// Its OAuth secret.
    pub client_secret: Option<Secret>,
}

impl Config {
    /// Puts a configuration together: for each value the first non-empty one of `overrides`, the environment
    /// (`DATABRICKS_HOST`, `DATABRICKS_TOKEN`, …) and `.databrickscfg` counts. The file is not read when no profile was
    /// asked for and the host or a way to sign in is known already. With a host and nothing else, a person's sign-in counts
    /// whose token is in the official tool's cache. No network is used.
    pub fn resolve(overrides: ConfigOverrides, env: &dyn Environment) -> Result<Self, ConfigError> {
        let asked =
            non_empty(overrides.profile.clone()).or_else(|| non_empty(env.var("DATABRICKS_CONFIG_PROFILE")));
        let mut values = Values::of_overrides(overrides);
        values.add_environment(env);
        let mut from_file = None;
        let mut host_in_file = None;
        if asked.is_some() || !values.names_host_or_auth() {
            let profile = profile::read(&config_file(env), asked.as_deref())?;
            host_in_file = profile.values.get("host").cloned();
            values.add(profile.values);
            from_file = profile.name;
        }
        values.validate()?;
        values.into_config(from_file, host_in_file.as_deref(), env)
    }

    /// The address that is configured, for signing in to it: nothing else needs to be known. Reads what
    /// [`Config::resolve`] reads.
    pub fn resolve_host(overrides: &ConfigOverrides, env: &dyn Environment) -> Result<Host, ConfigError> {
        let asked = non_empty(overrides.profile.clone());
        let given = non_empty(overrides.host.clone()).or_else(|| non_empty(env.var("DATABRICKS_HOST")));
        let host = match given {
            Some(host) => Some(host),
            // a profile that is yet to be written is no error
            None => match profile::read(&config_file(env), asked.as_deref()) {
                Ok(mut profile) => profile.values.remove("host"),
                Err(ConfigError::NoProfile { .. }) => None,
                Err(error) => return Err(error),
            },
        };
        let host = host.ok_or(ConfigError::NoCredentials { method: None, missing: vec!["host"] })?;
        Ok(Host::parse(&host)?)
    }

    /// Whether [`Config::write_profile`] would succeed, as far as the file's content tells.
    pub fn check_profile(name: &str, host: &Host, env: &dyn Environment) -> Result<(), ProfileWriteError> {
        profile_writer::check(&config_file(env), name, host)
    }

    /// Writes a profile for people who sign in with a browser: `host` and `auth_type = databricks-cli`. The rest of the file
    /// stays as it is, byte for byte. Gives the file.
    pub fn write_profile(
        name: &str,
        host: &Host,
        env: &dyn Environment,
    ) -> Result<PathBuf, ProfileWriteError> {
        let path = config_file(env);
        profile_writer::write(&path, name, host)?;
        Ok(path)
    }
}

impl UserSignIn {
    /// The sign-in to `host`, kept under the name of `profile` if there is one, in the home folder of `env`. `None` when
    /// that folder is not known.
    pub fn new(host: &Host, profile: Option<&str>, env: &dyn Environment) -> Option<Self> {
        let cache = TokenCache::in_home(&home(env)?);
        let mut keys: Vec<String> = profile.map(str::to_owned).into_iter().collect();
        keys.push(host.to_string());
        Some(Self { cache, keys })
    }
}

fn home(env: &dyn Environment) -> Option<PathBuf> {
    non_empty(env.var("HOME")).or_else(|| non_empty(env.var("USERPROFILE"))).map(PathBuf::from)
}

/// `~/.databrickscfg`, unless `DATABRICKS_CONFIG_FILE` names another.
fn config_file(env: &dyn Environment) -> PathBuf {
    let given = non_empty(env.var("DATABRICKS_CONFIG_FILE")).unwrap_or_else(|| "~/.databrickscfg".to_owned());
    match (given.strip_prefix("~/"), home(env)) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(&given).to_owned(),
    }
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Attribute values by name; the first one that was added counts.
struct Values(BTreeMap<&'static str, Secret>);

impl Values {
    fn of_overrides(overrides: ConfigOverrides) -> Self {
        let exposed = |secret: Option<Secret>| secret.map(|secret| secret.expose().to_owned());
        let mut values = Self(BTreeMap::new());
        values.set("host", overrides.host);
        values.set("token", exposed(overrides.token));
        values.set("client_id", overrides.client_id);
        values.set("client_secret", exposed(overrides.client_secret));
        values
    }

    fn set(&mut self, name: &'static str, value: Option<String>) {
        if let Some(value) = non_empty(value) {
            self.0.entry(name).or_insert(Secret::new(value));
        }
    }

    fn add_environment(&mut self, env: &dyn Environment) {
        for attribute in ATTRIBUTES {
            let value = attribute.env.iter().find_map(|name| non_empty(env.var(name)));
            self.set(attribute.name, value);
        }
    }

    fn add(&mut self, mut file: BTreeMap<String, String>) {
        for attribute in ATTRIBUTES {
            self.set(attribute.name, file.remove(attribute.name));
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.expose().to_owned())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The kinds of sign-in that there are values for, sorted.
    fn methods(&self) -> BTreeSet<&'static str> {
        ATTRIBUTES
            .iter()
            .filter(|attribute| self.has(attribute.name))
            .filter_map(|attribute| attribute.auth)
            .collect()
    }

    fn names_host_or_auth(&self) -> bool {
        self.has("host") || !self.methods().is_empty()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let methods = self.methods();
        if methods.len() > 1 && !self.has("auth_type") {
            return Err(ConfigError::SeveralMethods {
                methods: methods.into_iter().map(str::to_owned).collect(),
            });
        }
        Ok(())
    }

    fn into_config(
        self,
        profile: Option<String>,
        host_in_file: Option<&str>,
        env: &dyn Environment,
    ) -> Result<Config, ConfigError> {
        let host = self.get("host").map(|host| Host::parse(&host));
        let user = match &host {
            // the token of a profile goes to the profile's own host only
            Some(Ok(host)) => {
                let is_of_profile =
                    host_in_file.and_then(|text| Host::parse(text).ok()).as_ref() == Some(host);
                UserSignIn::new(host, profile.as_deref().filter(|_| is_of_profile), env)
            }
            _ => None,
        };
        let credentials = self.credentials(user)?;
        let host = host.ok_or_else(|| self.no_credentials(&["host"]))??;
        Ok(Config {
            host,
            credentials,
            account_id: self.get("account_id"),
            workspace_id: self.get("workspace_id"),
            discovery_url: self.get("discovery_url"),
            profile,
        })
    }

    fn credentials(&self, user: Option<UserSignIn>) -> Result<Credentials, ConfigError> {
        let method = self.get("auth_type").or_else(|| self.methods().first().map(|&kind| kind.to_owned()));
        match (method.as_deref(), user) {
            (Some("pat"), _) => self.pat(),
            (Some("oauth-m2m" | "oauth"), _) => self.m2m(),
            (Some("databricks-cli"), Some(user)) => Ok(Credentials::OAuthU2m(user)),
            (Some("databricks-cli"), None) => Err(self.no_credentials(&["host"])),
            (Some(method), _) => Err(ConfigError::UnsupportedMethod { method: method.to_owned() }),
            (None, Some(user)) if user.cache.find(&user.keys)?.is_some() => Ok(Credentials::OAuthU2m(user)),
            (None, _) => Err(self.no_credentials(&["host", "token", "client_id", "client_secret"])),
        }
    }

    fn pat(&self) -> Result<Credentials, ConfigError> {
        let token = self.0.get("token").ok_or_else(|| self.no_credentials(&["host", "token"]))?;
        Ok(Credentials::PersonalAccessToken(token.clone()))
    }

    fn m2m(&self) -> Result<Credentials, ConfigError> {
        match (self.get("client_id"), self.0.get("client_secret")) {
            (Some(client_id), Some(client_secret)) => {
                Ok(Credentials::OAuthM2m { client_id, client_secret: client_secret.clone() })
            }
            _ => Err(self.no_credentials(&["host", "client_id", "client_secret"])),
        }
    }

    fn no_credentials(&self, needed: &[&'static str]) -> ConfigError {
        let missing = needed.iter().copied().filter(|name| !self.has(name)).collect();
        ConfigError::NoCredentials { method: self.get("auth_type"), missing }
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
