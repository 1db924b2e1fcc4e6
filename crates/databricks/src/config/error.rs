//! Why no configuration came about.

use std::path::PathBuf;

use crate::error::{AuthError, Error};
use crate::host::HostError;

/// Why no configuration came about, in the words of the official SDKs where they have any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The profile that was asked for is not in the file, or there is no file.
    #[error("resolve: {} has no {profile} profile configured", path.display())]
    NoProfile {
        /// The file that was looked in.
        path: PathBuf,
        /// The profile that was asked for.
        profile: String,
    },
    /// The name of a section that is never a profile.
    #[error("resolve: {profile} is a reserved section of {}, not a profile", path.display())]
    ReservedProfile {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        profile: String,
    },
    /// The file is there but cannot be read.
    #[error("resolve: cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Values for more than one kind of sign-in, and no `auth_type` that says which one counts.
    #[error("validate: more than one authorization method configured: {}", methods.join(" and "))]
    SeveralMethods {
        /// The kinds, sorted.
        methods: Vec<String>,
    },
    /// A kind of sign-in that this program cannot do.
    #[error("default auth: the configured sign-in method `{method}` is not supported by this program")]
    UnsupportedMethod {
        /// Its official name.
        method: String,
    },
    /// Nothing that would do for signing in.
    #[error(
        "default auth: cannot configure default credentials, please check \
         https://docs.databricks.com/en/dev-tools/auth.html#databricks-client-unified-authentication \
         to configure credentials for your preferred authentication method."
    )]
    NoCredentials {
        /// The official name of the method that was asked for, if any.
        method: Option<String>,
        /// The names of the values that are missing.
        missing: Vec<&'static str>,
    },
    /// The host is not one.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The file with people's tokens cannot be used.
    #[error(transparent)]
    TokenCache(#[from] AuthError),
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoProfile { path, .. } => {
                format!("see the names in square brackets in {}, or make the profile with `databricks configure`", path.display())
            }
            Self::ReservedProfile { .. } => "choose another profile".to_owned(),
            Self::Unreadable { .. } => "check the file's permissions and form".to_owned(),
            Self::SeveralMethods { .. } => {
                "remove the values of all but one, or say which one counts with auth_type (DATABRICKS_AUTH_TYPE=pat, oauth-m2m or databricks-cli)".to_owned()
            }
            Self::UnsupportedMethod { method } => unsupported(method),
            Self::NoCredentials { missing, .. } => format!(
                "not set: {}. Sign in with a browser: `tellr login --host <workspace>`. Or set DATABRICKS_HOST and \
                 DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or a profile in ~/.databrickscfg",
                missing.join(", ")
            ),
            Self::Host(_) => return None,
            Self::TokenCache(error) => return Error::from(error.clone()).hint(),
        })
    }
}

fn unsupported(method: &str) -> String {
    let instead = "use `tellr login`, a personal access token (DATABRICKS_TOKEN) or a service principal's OAuth secret (DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET)";
    match method {
        "external-browser" => "use `tellr login`, which signs in with a browser and keeps the token for all Databricks tools (auth_type = databricks-cli)".to_owned(),
        "basic" => format!("Databricks has retired passwords for its API; {instead}"),
        method if method.starts_with("azure") => format!(
            "{instead}; a Microsoft Entra token also serves as DATABRICKS_TOKEN: \
             az account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --query accessToken -o tsv"
        ),
        _ => instead.to_owned(),
    }
}
