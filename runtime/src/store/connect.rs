//! How to reach the database.

use std::str::FromStr;

use databricks::Secret;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::StoreError;
use crate::config::{LakebaseConfig, SchemaName, TlsMode};
use crate::credentials::Login;

/// What the server shows in `pg_stat_activity`.
const APPLICATION_NAME: &str = "tellr-app";
/// Longest run of one statement, unless the statement's transaction says otherwise.
const STATEMENT_TIMEOUT: &str = "30s";
/// A transaction that sits idle longer is ended by the server: its locks block others.
const IDLE_TRANSACTION_TIMEOUT: &str = "60s";

/// Options for the server that `url` names.
pub(super) fn to_url(url: &Secret) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url.expose()).map_err(StoreError::Url)?;
    Ok(options.application_name(APPLICATION_NAME))
}

/// Options for Lakebase, still without a login.
pub(super) fn to_lakebase(lakebase: &LakebaseConfig) -> PgConnectOptions {
    let tls = match lakebase.tls {
        TlsMode::Require => PgSslMode::Require,
        TlsMode::VerifyCa => PgSslMode::VerifyCa,
        TlsMode::VerifyFull => PgSslMode::VerifyFull,
    };
    PgConnectOptions::new_without_pgpass()
        .port(lakebase.port)
        .database(&lakebase.database)
        .username(&lakebase.user)
        .ssl_mode(tls)
        .application_name(APPLICATION_NAME)
}

/// `options` with the host, role and password of `login`.
pub(super) fn with_login(options: PgConnectOptions, login: &Login) -> PgConnectOptions {
    options.host(&login.host).username(&login.user).password(login.password.expose())
}

/// What every connection is told first, as one message. It is not part of the start-up packet, where connection poolers
/// refuse such settings.
pub(super) fn session_settings(schema: &SchemaName) -> String {
    format!(
        "SET search_path = {}; SET statement_timeout = '{STATEMENT_TIMEOUT}'; \
         SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_TIMEOUT}'",
        schema.quoted()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_refused_without_its_password() {
        let url = Secret::new("postgres://me:hunter2@db.example.com:port/tellr");
        let error = to_url(&url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
