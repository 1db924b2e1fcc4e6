//! Who is calling: what the platform's proxy says in its headers, and nothing else.
//!
//! The proxy authenticates people, removes these headers from what they send and sets its own. The server is reachable
//! only through it, so the headers are believed; without them a request is refused. A developer without a proxy names an
//! identity when starting the server, which is accepted on a loopback address only.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use tellr_api::CurrentUser;

use super::App;
use super::errors::ApiError;

const USER_ID: &str = "x-forwarded-user";
const EMAIL: &str = "x-forwarded-email";
const USER_NAME: &str = "x-forwarded-preferred-username";
/// Longest believed value of one of these headers, in bytes.
const MAX_LENGTH: usize = 255;

/// The caller of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    user_name: String,
    user_id: Option<String>,
    email: Option<String>,
}

/// Whose word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdentityPolicy {
    /// The proxy's alone.
    ProxyOnly,
    /// The proxy's, and without it this user name.
    DevelopmentUser(String),
}

/// A development identity on an address that others can reach.
#[derive(Debug, thiserror::Error)]
#[error(
    "TELLR_DEV_USER gives everybody who can reach {0} that identity, so it is accepted on a loopback address only"
)]
pub(crate) struct NotLoopback(IpAddr);

impl IdentityPolicy {
    /// The policy of a server that listens on `address` and was given `dev_user`.
    pub(crate) fn new(dev_user: Option<String>, address: IpAddr) -> Result<Self, NotLoopback> {
        match dev_user {
            None => Ok(Self::ProxyOnly),
            Some(user) if address.is_loopback() => Ok(Self::DevelopmentUser(user)),
            Some(_) => Err(NotLoopback(address)),
        }
    }

    fn identify(&self, uri: &Uri, headers: &HeaderMap) -> Option<Identity> {
        if let Some(identity) = Identity::from_proxy(headers) {
            return Some(identity);
        }
        match self {
            Self::DevelopmentUser(name) if is_addressed_to_loopback(uri, headers) => {
                Some(Identity { user_name: name.clone(), user_id: None, email: None })
            }
            _ => None,
        }
    }
}

impl Identity {
    fn from_proxy(headers: &HeaderMap) -> Option<Self> {
        let email = single(headers, EMAIL);
        let user_name = email.clone().or_else(|| single(headers, USER_NAME))?;
        Some(Self { user_name, user_id: single(headers, USER_ID), email })
    }
}

impl From<Identity> for CurrentUser {
    fn from(identity: Identity) -> Self {
        Self {
            display_name: identity.user_name.clone(),
            username: identity.user_name,
            user_id: identity.user_id,
            email: identity.email,
        }
    }
}

impl FromRequestParts<App> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        app.identity.identify(&parts.uri, &parts.headers).ok_or_else(ApiError::unidentified)
    }
}

/// The one value of a header. Two values, one that is too long or one with control characters can't be the proxy's.
fn single(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = std::str::from_utf8(values.next()?.as_bytes()).ok()?.trim();
    let believable = values.next().is_none()
        && !value.is_empty()
        && value.len() <= MAX_LENGTH
        && !value.chars().any(char::is_control);
    believable.then(|| value.to_owned())
}

/// Whether the request was addressed to this machine by name or number. A page of another site whose name was made to
/// point at 127.0.0.1 (DNS rebinding) sends its own name here. HTTP/2 puts the name in the URI, HTTP/1.1 in `Host`.
fn is_addressed_to_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    uri.authority().map(Authority::as_str).or(host).is_some_and(is_loopback_authority)
}

/// Whether `authority` (`name` or `name:port`) is this machine.
pub(super) fn is_loopback_authority(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn user_name(policy: &IdentityPolicy, pairs: &[(&'static str, &str)]) -> Option<String> {
        policy.identify(&Uri::from_static("/"), &headers(pairs)).map(|identity| identity.user_name)
    }

    #[test]
    fn the_proxy_is_believed() {
        let pairs = [(EMAIL, "ann@example.com"), (USER_NAME, "ann"), (USER_ID, "123@456")];
        let identity = IdentityPolicy::ProxyOnly.identify(&Uri::from_static("/"), &headers(&pairs));
        let expected = CurrentUser {
            username: "ann@example.com".to_owned(),
            display_name: "ann@example.com".to_owned(),
            user_id: Some("123@456".to_owned()),
            email: Some("ann@example.com".to_owned()),
        };
        assert_eq!(CurrentUser::from(identity.unwrap()), expected);
        assert_eq!(user_name(&IdentityPolicy::ProxyOnly, &[(USER_NAME, "ann")]).as_deref(), Some("ann"));
    }

    #[test]
    fn without_a_name_there_is_no_identity() {
        let long = "x".repeat(256);
        for pairs in [
            &[][..],
            &[(USER_ID, "123")],
            &[(EMAIL, "")],
            &[(EMAIL, "   ")],
            &[(EMAIL, &long)],
            &[(EMAIL, "ann@example.com"), (EMAIL, "eve@example.com")],
        ] {
            assert_eq!(user_name(&IdentityPolicy::ProxyOnly, pairs), None, "{pairs:?}");
        }
    }

    #[test]
    fn the_development_user_stands_in_only_for_requests_to_this_machine() {
        let policy = IdentityPolicy::DevelopmentUser("dev".to_owned());
        for host in ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"] {
            assert_eq!(user_name(&policy, &[("host", host)]).as_deref(), Some("dev"), "{host}");
        }
        for host in ["evil.example.com", "evil.example.com:8000", "localhost.evil.com", "10.0.0.1", ""] {
            assert_eq!(user_name(&policy, &[("host", host)]), None, "{host}");
        }
        assert_eq!(user_name(&policy, &[]), None);
        let over_http2 = Uri::from_static("http://evil.example.com/");
        assert_eq!(policy.identify(&over_http2, &headers(&[("host", "localhost")])), None);
        let both = [("host", "localhost"), (EMAIL, "ann@example.com")];
        assert_eq!(user_name(&policy, &both).as_deref(), Some("ann@example.com"), "the proxy's word wins");
    }

    #[test]
    fn a_development_user_needs_a_loopback_address() {
        let dev = || Some("dev".to_owned());
        assert!(IdentityPolicy::new(dev(), IpAddr::from([127, 0, 0, 1])).is_ok());
        assert!(IdentityPolicy::new(dev(), IpAddr::from([0, 0, 0, 0])).is_err());
        assert!(IdentityPolicy::new(dev(), IpAddr::from([192, 168, 1, 2])).is_err());
        let proxy_only = IdentityPolicy::new(None, IpAddr::from([0, 0, 0, 0])).unwrap();
        assert_eq!(proxy_only, IdentityPolicy::ProxyOnly);
    }
}
