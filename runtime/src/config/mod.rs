//! Configuration: the only module that reads the environment.
//!
//! Takes a map of variables, gives a typed [`Config`] or every mistake in it at once. Each variable is a row of
//! [`variables::ALL`], which is also the table in `docs/runtime-configuration.md`.

mod database;
mod encryption_key;
mod error;
mod names;
mod source;
pub(crate) mod variables;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

pub(crate) use database::{DatabaseConfig, LakebaseConfig, LakebaseKind, TlsMode, WorkspaceConfig};
pub(crate) use encryption_key::{EncryptionKey, KEY_LENGTH};
pub(crate) use error::ConfigErrors;
pub(crate) use names::{ResetId, SchemaName};
use source::Source;

/// Everything the runtime is told from outside, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) environment: Environment,
    /// Address to listen on.
    pub(crate) host: IpAddr,
    /// Port to listen on.
    pub(crate) port: u16,
    /// Identity of a developer's own requests; see `http::identity`.
    pub(crate) dev_user: Option<String>,
    /// Filter of the log, in the syntax of `tracing_subscriber::EnvFilter`.
    pub(crate) log_filter: Option<String>,
    pub(crate) database: DatabaseConfig,
    /// Schema that holds all of the app's tables.
    pub(crate) schema: SchemaName,
    /// A reset that the deployer ordered and `init-db` carries out once.
    pub(crate) reset_id: Option<ResetId>,
    /// A key that `init-db` takes over when the schema holds none.
    pub(crate) encryption_key: Option<EncryptionKey>,
}

/// What kind of place this process runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Production,
    Development,
    Test,
}

impl Environment {
    /// Whether this is a deployment that people use.
    pub(crate) fn is_production(self) -> bool {
        self == Self::Production
    }
}

impl Config {
    /// The configuration of this process.
    pub(crate) fn from_environment() -> Result<Self, ConfigErrors> {
        let values = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        Self::from_map(&values.collect())
    }

    /// The configuration that `values` (variable to text) describes.
    pub(crate) fn from_map(values: &BTreeMap<String, String>) -> Result<Self, ConfigErrors> {
        let mut source = Source::new(values);
        let environment =
            source.parse_or(&variables::ENVIRONMENT, Environment::Development, parse_environment);
        let port = source.parse_or(&variables::DATABRICKS_APP_PORT, 8000, parse_port);
        let host =
            source.parse_or(&variables::UVICORN_HOST, IpAddr::V4(Ipv4Addr::UNSPECIFIED), parse_address);
        let dev_user = source.parse(&variables::TELLR_DEV_USER, parse_user_name);
        let log_filter = source.get(&variables::TELLR_LOG).map(str::to_owned);
        let schema = source.parse_or(&variables::LAKEBASE_SCHEMA, SchemaName::default(), SchemaName::parse);
        let reset_id = source.parse(&variables::TELLR_DATABASE_RESET_ID, ResetId::parse);
        let encryption_key =
            source.parse_secret(&variables::GOOGLE_OAUTH_ENCRYPTION_KEY, EncryptionKey::parse);
        let database = DatabaseConfig::read(&mut source);
        let (Some(database), true) = (database, source.is_clean()) else {
            return Err(source.into_errors());
        };
        Ok(Self { environment, host, port, dev_user, log_filter, database, schema, reset_id, encryption_key })
    }
}

fn parse_environment(text: &str) -> Result<Environment, String> {
    match text {
        "production" => Ok(Environment::Production),
        "development" => Ok(Environment::Development),
        "test" => Ok(Environment::Test),
        _ => Err("isn't one of the known environments".to_owned()),
    }
}

fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "isn't an IP address".to_owned())
}

fn parse_port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("isn't a TCP port".to_owned()),
        Ok(port) => Ok(port),
    }
}

fn parse_user_name(text: &str) -> Result<String, String> {
    if text.len() > 255 {
        return Err("is too long".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
