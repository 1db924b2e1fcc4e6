//! The address of a workspace, in one spelling.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A workspace address as `scheme://host[:port]`: no path, no trailing slash, no default port, lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

/// Why a text is not the address of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a workspace address: {reason}; use one like `https://my-workspace.cloud.databricks.com`"
)]
pub struct HostError {
    /// The text that was given, with anything that looks like a password taken out.
    pub given: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl Host {
    /// Reads what people paste: with or without scheme, with a path or query from the browser's address bar, in any case.
    /// `http://` is kept (local workspaces use it); any other scheme, a user name or an impossible host name is refused.
    pub fn parse(given: &str) -> Result<Self, HostError> {
        let refuse = |reason| HostError { given: without_user_info(given), reason };
        let text = given.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("https".to_owned(), text),
        };
        let default_port = match scheme.as_str() {
            "https" => "443",
            "http" => "80",
            _ => return Err(refuse("its scheme is neither https nor http")),
        };
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(refuse("it holds a user name or password"));
        }
        let (name, port) =
            split_port(authority).ok_or_else(|| refuse("its port is not a number from 1 to 65535"))?;
        let name = name.to_ascii_lowercase();
        if !is_host_name(&name) {
            return Err(refuse("it holds no valid host name"));
        }
        Ok(match port {
            Some(port) if port != default_port => Self(format!("{scheme}://{name}:{port}")),
            _ => Self(format!("{scheme}://{name}")),
        })
    }

    /// The address, without trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there can be read on the way.
    pub fn is_plaintext(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        let authority = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let name = split_port(authority).map_or("", |(name, _)| name);
        name == "localhost"
            || name.ends_with(".localhost")
            || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Splits `name[:port]`, with `[v6]` in brackets. `None` when there is a port that is not one.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let colon = match authority.rfind(']') {
        Some(bracket) => authority[bracket..].find(':').map(|at| bracket + at),
        None => authority.find(':'),
    };
    let Some(colon) = colon else { return Some((authority, None)) };
    let (name, port) = (&authority[..colon], &authority[colon + 1..]);
    if port.is_empty() {
        return Some((name, None));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    (digits && port.parse::<u16>().is_ok()).then_some((name, Some(port)))
}

fn is_host_name(name: &str) -> bool {
    if let Some(v6) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return v6.parse::<Ipv6Addr>().is_ok();
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    !name.is_empty() && name.len() <= 253 && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// For messages: people paste `https://user:password@host`, which must not be printed.
fn without_user_info(given: &str) -> String {
    given.rsplit_once('@').map_or_else(|| given.to_owned(), |(_, rest)| format!("…@{rest}"))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Host {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        Self::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_host_becomes_one() {
        for given in [
            "https://dbc-1.cloud.databricks.com",
            "https://dbc-1.cloud.databricks.com/",
            "dbc-1.cloud.databricks.com",
            "  DBC-1.Cloud.Databricks.com:443 ",
            "HTTPS://dbc-1.cloud.databricks.com:443/?o=123#job/1",
            "https://dbc-1.cloud.databricks.com/browse/folders/1?o=2",
            "dbc-1.cloud.databricks.com:",
        ] {
            assert_eq!(Host::parse(given).unwrap().as_str(), "https://dbc-1.cloud.databricks.com", "{given}");
        }
    }

    #[test]
    fn plain_http_and_ports_are_kept() {
        assert_eq!(Host::parse("http://127.0.0.1:8123/").unwrap().as_str(), "http://127.0.0.1:8123");
        assert_eq!(Host::parse("http://localhost:80").unwrap().as_str(), "http://localhost");
        assert_eq!(Host::parse("http://x:443").unwrap().as_str(), "http://x:443");
        assert_eq!(Host::parse("https://[::1]:8443/x").unwrap().as_str(), "https://[::1]:8443");
        assert!(Host::parse("http://[::1]").unwrap().is_loopback());
        assert!(Host::parse("127.9.8.7:5432").unwrap().is_loopback());
        assert!(!Host::parse("localhost.example.com").unwrap().is_loopback());
        assert!(Host::parse("http://x").unwrap().is_plaintext());
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_rule() {
        for (given, reason) in [
            ("", "it holds no valid host name"),
            ("https://", "it holds no valid host name"),
            ("not a host", "it holds no valid host name"),
            ("a..b", "it holds no valid host name"),
            ("https://-x.com", "it holds no valid host name"),
            ("ftp://x.com", "its scheme is neither https nor http"),
            ("javascript://x", "its scheme is neither https nor http"),
            ("https://x.com:99999", "its port is not a number from 1 to 65535"),
            ("https://x.com:0", "its port is not a number from 1 to 65535"),
            ("https://me:pw@x.com", "it holds a user name or password"),
            ("[::1", "its port is not a number from 1 to 65535"),
            ("[::g]", "it holds no valid host name"),
        ] {
            assert_eq!(Host::parse(given).unwrap_err().reason, reason, "{given}");
        }
        let message = Host::parse("https://me:hunter2@x.com").unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_reading_is_stable(given in "\\PC{0,80}") {
            if let Ok(host) = Host::parse(&given) {
                prop_assert!(!host.as_str()["https://".len()..].contains(['/', '?', '#', '@', ' ']));
                prop_assert!(http::Uri::try_from(host.as_str()).is_ok());
                prop_assert_eq!(Host::parse(host.as_str()).unwrap(), host);
            }
        }

        #[test]
        fn name_and_port_survive(name in "[a-z][a-z0-9]{0,20}(\\.[a-z][a-z0-9]{0,20}){0,3}", port in 1u16..) {
            let host = Host::parse(&format!("http://{name}:{port}/x")).unwrap();
            let expected = if port == 80 { format!("http://{name}") } else { format!("http://{name}:{port}") };
            prop_assert_eq!(host.as_str(), expected);
        }
    }
}
