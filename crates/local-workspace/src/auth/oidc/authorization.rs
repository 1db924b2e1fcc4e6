//! What a client asks for when it sends a person's browser to `/oidc/v1/authorize`, checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::{Host, Url};

/// The one public client there is, as on the platform: the command line's.
pub(super) const CLIENT_ID: &str = "databricks-cli";

const LONGEST_REDIRECT: usize = 2000;
const LONGEST_SCOPE: usize = 1000;
const LONGEST_STATE: usize = 2000;

/// The query as it was sent; nothing of it is believed yet.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct AuthorizeQuery {
    #[serde(default)]
    pub(super) response_type: String,
    #[serde(default)]
    pub(super) client_id: String,
    #[serde(default)]
    pub(super) redirect_uri: String,
    #[serde(default)]
    pub(super) scope: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) code_challenge: String,
    #[serde(default)]
    pub(super) code_challenge_method: String,
}

/// A request that can be agreed to.
#[derive(Debug, Clone)]
pub(super) struct Authorization {
    pub(super) client_id: String,
    /// As it was sent: the token endpoint compares it.
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    /// SHA-256 of the verifier.
    pub(super) challenge: Vec<u8>,
    target: Url,
    state: String,
}

/// Why a request is refused.
#[derive(Debug, Clone)]
pub(super) enum Refused {
    /// Nobody is told but the person: where the browser would be sent cannot be trusted.
    Here(Unredirectable),
    /// The client is told, at its redirect URI.
    There(String),
}

/// What is wrong with a client or its redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unredirectable {
    #[error("The local workspace knows one OAuth client for people only: databricks-cli.")]
    Client,
    #[error("The redirect URI must be an http address of this machine (localhost, 127.0.0.1 or [::1]).")]
    RedirectUri,
}

impl AuthorizeQuery {
    pub(super) fn check(&self) -> Result<Authorization, Refused> {
        if self.client_id != CLIENT_ID {
            return Err(Refused::Here(Unredirectable::Client));
        }
        let target = loopback(&self.redirect_uri).ok_or(Refused::Here(Unredirectable::RedirectUri))?;
        let there = |error: &str, description: &str| {
            let answer = [("error", error), ("error_description", description)];
            Refused::There(answer_at(&target, &self.state, &answer))
        };
        if self.response_type != "code" {
            return Err(there("unsupported_response_type", "response_type must be code"));
        }
        if self.scope.len() > LONGEST_SCOPE || self.state.len() > LONGEST_STATE {
            return Err(there("invalid_request", "scope or state is too long"));
        }
        // `plain`, also by leaving the method out, would make an intercepted code worth something
        if self.code_challenge_method != "S256" {
            return Err(there("invalid_request", "code_challenge_method must be S256"));
        }
        let challenge = URL_SAFE_NO_PAD.decode(&self.code_challenge).ok().filter(|digest| digest.len() == 32);
        let Some(challenge) = challenge else {
            return Err(there("invalid_request", "code_challenge must be a SHA-256 in base64url"));
        };
        let scopes: Vec<String> = self.scope.split_whitespace().map(str::to_owned).collect();
        if scopes.is_empty() {
            return Err(there("invalid_scope", "scope is missing"));
        }
        Ok(Authorization {
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            scopes,
            challenge,
            state: self.state.clone(),
            target,
        })
    }
}

impl Authorization {
    /// Where the browser goes with `code`.
    pub(super) fn redirect(&self, code: &str) -> String {
        answer_at(&self.target, &self.state, &[("code", code)])
    }
}

fn answer_at(target: &Url, state: &str, answer: &[(&str, &str)]) -> String {
    let mut url = target.clone();
    url.query_pairs_mut().extend_pairs(answer);
    if !state.is_empty() {
        url.query_pairs_mut().append_pair("state", state);
    }
    url.into()
}

/// `uri`, if it leads to a program on this machine and nowhere else.
fn loopback(uri: &str) -> Option<Url> {
    if uri.len() > LONGEST_REDIRECT || uri.chars().any(|c| c.is_control() || c == '\\' || c == ' ') {
        return None;
    }
    let url = Url::parse(uri).ok()?;
    let local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address == std::net::Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => address == std::net::Ipv6Addr::LOCALHOST,
    };
    let plain = url.scheme() == "http"
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    (local && plain).then_some(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_this_machine_is_redirected_to() {
        for good in [
            "http://localhost:8020",
            "http://localhost:8020/",
            "http://127.0.0.1:53211/callback?x=1",
            "http://[::1]:8021/cb",
            "http://localhost",
        ] {
            assert!(loopback(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "localhost:8020",
            "https://evil.example/",
            "http://evil.example:8020/",
            "http://localhost.evil.example/",
            "http://evil.example/localhost",
            "http://localhost@evil.example/",
            "http://user:password@localhost/",
            "http://localhost:8020/#fragment",
            "https://localhost:8020/",
            "javascript:alert(1)//localhost",
            "data:text/html,localhost",
            "file://localhost/etc/passwd",
            "http:\\\\evil.example",
            "http://localhost\\@evil.example/",
            "//localhost:8020",
            "http://0.0.0.0/",
            "http://127.0.0.1.evil.example/",
            "http://10.0.0.1/",
            "http://localhost:8020/\r\nSet-Cookie: a=b",
        ] {
            assert!(loopback(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_here(uri in "(http|https|//|:|@|localhost|127\\.0\\.0\\.1|evil\\.example|/|\\\\|#|\\?|%2f|[a-z]){0,10}") {
            if let Some(url) = loopback(&uri) {
                let sent = Url::parse(&answer_at(&url, "s", &[("code", "c")])).unwrap();
                prop_assert!(matches!(sent.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")));
                prop_assert_eq!(sent.scheme(), "http");
            }
        }

        #[test]
        fn the_state_comes_back_as_it_was(state in "\\PC{1,60}") {
            let target = Url::parse("http://localhost:8020/?kept=1").unwrap();
            let sent = Url::parse(&answer_at(&target, &state, &[("code", "a&b")])).unwrap();
            let pairs: Vec<(String, String)> = sent.query_pairs().into_owned().collect();
            let expected = [("kept", "1"), ("code", "a&b"), ("state", state.as_str())];
            prop_assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
    }
}
