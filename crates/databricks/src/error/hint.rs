//! What a person can do about an error.

use super::body::{PRIVATE_LINK, REDIRECTED, WEB_PAGE};
use super::{ApiError, AuthError, Error, ErrorClass};
use crate::transport::{TransportError, TransportErrorKind};

pub(super) fn hint(error: &Error) -> Option<String> {
    let words = match error {
        Error::Api(error) => api(error)?,
        Error::Transport(error) => transport(error)?,
        Error::Timeout(error) => return error.last_error.as_ref().and_then(|last| last.hint()),
        Error::Auth(error) => return auth(error),
        Error::Decode(_) => {
            "check that the host is a Databricks workspace, and that this program is up to date"
        }
        Error::Cancelled { .. } | Error::FailedState(_) | Error::InvalidArgument(_) => return None,
    };
    Some(words.to_owned())
}

fn api(error: &ApiError) -> Option<&'static str> {
    Some(match error.code.as_str() {
        WEB_PAGE => {
            "check the host: it must be the address of a workspace, and the token must be valid there"
        }
        REDIRECTED => "check the host: use the workspace's own address, with https",
        PRIVATE_LINK => {
            "run this from a network that the workspace's Private Link setting allows, or ask its administrator"
        }
        // the code of a quota, too; calls that come too fast have this status
        "RESOURCE_EXHAUSTED" if error.status != 429 => return by_class(ErrorClass::QuotaExceeded),
        _ => return by_words(error).or_else(|| by_class(error.class())),
    })
}

fn by_words(error: &ApiError) -> Option<&'static str> {
    let said = |words: &str| error.message.contains(words);
    Some(if said("user token passthrough not enabled") {
        "a workspace administrator must enable user authorization for Apps, or deploy without user scopes"
    } else if said("does not have required scopes") {
        "the token lacks an OAuth scope; use one with the scope that is named, or with all-apis"
    } else if said("Cannot deploy app") && said("active deployment in progress") {
        "another deployment of this app is running; wait until it has ended"
    } else {
        return None;
    })
}

fn by_class(class: ErrorClass) -> Option<&'static str> {
    Some(match class {
        ErrorClass::Unauthenticated => {
            "the token is missing, wrong or expired; sign in with `tellr login`, or set a new one (DATABRICKS_TOKEN or a profile in ~/.databrickscfg)"
        }
        ErrorClass::PermissionDenied => {
            "ask an administrator of the workspace for this right, or use another identity"
        }
        ErrorClass::ApiMissing => {
            "this workspace does not offer the feature; it may be off, or not in its region or plan"
        }
        ErrorClass::Throttled => "the workspace limits the number of calls; try again in a minute",
        ErrorClass::QuotaExceeded => {
            "a limit of the workspace is reached; delete what is not needed or ask for more"
        }
        ErrorClass::Unavailable | ErrorClass::Internal => {
            "the platform has a problem; try again in a few minutes"
        }
        _ => return None,
    })
}

fn transport(error: &TransportError) -> Option<&'static str> {
    Some(match error.kind {
        TransportErrorKind::UnknownHost => "check the spelling of the host",
        TransportErrorKind::Connect => "check the network, the proxy variables (HTTPS_PROXY) and the host",
        TransportErrorKind::Tls => {
            "the server's certificate is not trusted by this machine; is there a proxy in between that replaces certificates?"
        }
        TransportErrorKind::Opaque => {
            "Databricks workspaces refuse most calls from web pages of another origin (CORS), and the browser hides why; \
             unless the network is down, use the `tellr` command or the page that `tellr ui` serves"
        }
        TransportErrorKind::Interrupted | TransportErrorKind::Timeout => "check the network and try again",
        TransportErrorKind::TooLarge | TransportErrorKind::InvalidRequest => return None,
    })
}

fn auth(error: &AuthError) -> Option<String> {
    let words = match error {
        AuthError::Refused { .. } => {
            "check DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET; the secret may have expired"
        }
        AuthError::Discovery { .. } | AuthError::Endpoint { .. } | AuthError::SignIn { .. } => {
            "check that the host is a Databricks workspace"
        }
        AuthError::SignedOut { host, profile, .. } => {
            let profile = profile.as_ref().map(|name| format!(" --profile {name}")).unwrap_or_default();
            return Some(format!("run `tellr login --host {host}{profile}`"));
        }
        AuthError::TokenCache { .. } => {
            "check the file's permissions and form; deleting it means that everybody who uses it signs in again"
        }
        AuthError::OAuthNeeded { .. } => {
            "sign in with `tellr login`, and unset DATABRICKS_TOKEN; or use a service principal (DATABRICKS_CLIENT_ID and \
             DATABRICKS_CLIENT_SECRET)"
        }
        AuthError::UnsendableToken => "check the token for a stray line break or quote",
    };
    Some(words.to_owned())
}
