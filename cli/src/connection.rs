//! Signing in: host and credentials from flags, environment, profile, standard input or a prompt.

use std::io::{IsTerminal, Read, stdin};
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use databricks::{
    Client, ClientOptions, Config, ConfigError, ConfigOverrides, HttpTransport, Poll, ProcessEnvironment,
    Product, Secret,
};
use deployer_wasm::spec::FieldError;

use crate::failure::Failure;

/// Longest token that is read from standard input, in bytes.
const TOKEN_LIMIT: u64 = 64 * 1024;

/// A client for the workspace that the flags and the environment name. Makes no call.
pub(crate) fn connect(arguments: &ArgMatches) -> Result<Client, Failure> {
    let mut overrides = named(arguments);
    if arguments.get_flag("token-stdin") {
        overrides.token = Some(token_from_stdin()?);
    }
    let config = match Config::resolve(overrides.clone(), &ProcessEnvironment) {
        Err(error)
            if matches!(error, ConfigError::NoCredentials { .. })
                && overrides.host.is_some()
                && may_ask(arguments) =>
        {
            let prompt = "Personal access token (it is not shown): ";
            let token = rpassword::prompt_password(prompt)
                .map_err(|error| Failure::Machine(format!("cannot ask for a token: {error}")))?;
            let overrides =
                ConfigOverrides { token: Some(Secret::new(token.trim().to_owned())), ..overrides };
            Config::resolve(overrides, &ProcessEnvironment)
        }
        other => other,
    };
    let config = config.map_err(|error| sign_in(&error))?;
    let transport = HttpTransport::new().map_err(|error| Failure::Machine(error.to_string()))?;
    Ok(Client::new(config, Arc::new(transport), options(arguments)))
}

/// Whether flags and environment name a workspace and nobody to sign in as, and a person at a terminal can say.
pub(crate) fn lacks_credentials(arguments: &ArgMatches) -> bool {
    let config = Config::resolve(named(arguments), &ProcessEnvironment);
    let lacks = matches!(config, Err(ConfigError::NoCredentials { .. }));
    lacks && may_ask(arguments) && !arguments.get_flag("token-stdin")
}

/// How clients of this program present themselves.
pub(crate) fn options(arguments: &ArgMatches) -> ClientOptions {
    ClientOptions {
        product: Product { name: "tellr".into(), version: env!("CARGO_PKG_VERSION").into() },
        poll: Poll { max_interval: poll_interval(arguments) },
        ..ClientOptions::default()
    }
}

/// The longest pause between two looks at the platform.
pub(crate) fn poll_interval(arguments: &ArgMatches) -> Duration {
    let milliseconds = arguments.try_get_one::<u64>("poll-ms").ok().flatten().copied();
    Duration::from_millis(milliseconds.unwrap_or(10_000))
}

/// What the flags name.
fn named(arguments: &ArgMatches) -> ConfigOverrides {
    ConfigOverrides {
        profile: arguments.get_one("profile").cloned(),
        host: arguments.get_one("host").cloned(),
        ..ConfigOverrides::default()
    }
}

fn may_ask(arguments: &ArgMatches) -> bool {
    stdin().is_terminal() && !arguments.get_flag("no-input")
}

fn token_from_stdin() -> Result<Secret, Failure> {
    let mut text = String::new();
    let read = stdin().take(TOKEN_LIMIT).read_to_string(&mut text);
    read.map_err(|error| Failure::Machine(format!("cannot read a token from standard input: {error}")))?;
    let token = text.trim();
    if token.is_empty() {
        let message = "standard input holds no token".to_owned();
        return Err(Failure::SignIn { message, hint: Some("pipe the token into the command".into()) });
    }
    Ok(Secret::new(token.to_owned()))
}

/// A configuration that does not do, as a failure of this command.
pub(crate) fn sign_in(error: &ConfigError) -> Failure {
    if let ConfigError::Host(error) = error {
        return Failure::field(FieldError::because("host", format!("`host`: {error}")));
    }
    Failure::SignIn { message: error.to_string(), hint: error.hint() }
}
