//! The secret in the printed address, and the cookie that a page gets for it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use databricks::Secret;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::behind::Behind;
use super::refusal::Refusal;
use super::server::Server;

/// The most bytes of a request for a session.
const BODY_LIMIT: usize = 1024;

/// Both last as long as the program runs. The cookie is another secret than the address has: an address stays in histories
/// and clipboards.
pub(super) struct Session {
    secret: Secret,
    cookie_name: String,
    cookie: Secret,
}

#[derive(Deserialize)]
struct Begin {
    secret: Secret,
}

impl Session {
    /// Cookies know no ports: the name keeps several of these servers apart.
    pub(super) fn new(port: u16) -> Result<Self, String> {
        Ok(Self { secret: random()?, cookie_name: format!("tellr_ui_{port}"), cookie: random()? })
    }

    /// The address to open: browsers never send what stands behind `#`.
    pub(super) fn address(&self, port: u16) -> Secret {
        Secret::new(format!("http://127.0.0.1:{port}/#secret={}", self.secret.expose()))
    }

    /// The same where a proxy shows the page.
    pub(super) fn address_behind(&self, behind: &Behind) -> Secret {
        Secret::new(format!("{}{}#secret={}", behind.origin, behind.prefix, self.secret.expose()))
    }

    /// The cookie as it is set. Through a proxy it goes back over TLS only, and not to what else the proxy shows.
    fn cookie(&self, proxy: Option<&Behind>) -> String {
        let (path, secure) = proxy.map_or(("/", ""), |proxy| (proxy.prefix.as_str(), "; Secure"));
        let Self { cookie_name, cookie, .. } = self;
        format!("{cookie_name}={}; Path={path}; HttpOnly; SameSite=Strict{secure}", cookie.expose())
    }

    /// Whether a request shows the cookie.
    pub(super) fn is_member(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie_name && is_same(value, &self.cookie))
    }
}

fn is_same(given: &str, secret: &Secret) -> bool {
    given.as_bytes().ct_eq(secret.expose().as_bytes()).into()
}

fn random() -> Result<Secret, String> {
    let mut bytes = [0; 32];
    let provider = rustls::crypto::ring::default_provider();
    let filled = provider.secure_random.fill(&mut bytes);
    filled.map_err(|_| "this machine gives no random numbers".to_owned())?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// `POST /session`: the cookie for whoever knows the secret.
pub(super) async fn begin(
    State((server, _)): State<(Arc<Server>, Router)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let wrong =
        || Refusal::new(StatusCode::FORBIDDEN, "WRONG_SECRET", "that is not the secret of this server");
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| wrong())?;
    let begin: Begin = serde_json::from_slice(&body).map_err(|_| wrong())?;
    let session = &server.session;
    if !is_same(begin.secret.expose(), &session.secret) {
        return Err(wrong());
    }
    let cookie = session.cookie(server.own.proxy_of(&headers));
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cookie_itself_makes_a_member() {
        let session = Session::new(4711).unwrap();
        let member = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie.parse().unwrap());
            session.is_member(&headers)
        };
        let cookie = session.cookie.expose();
        assert!(member(&format!("a=b; tellr_ui_4711={cookie}")));
        assert!(!member(&format!("tellr_ui_4712={cookie}")));
        assert!(!member(&format!("tellr_ui_4711={cookie}x")));
        assert!(!member(&format!("tellr_ui_4711={}", &cookie[1..])));
        assert!(!member(&format!("tellr_ui_4711={}", session.secret.expose())));
        assert!(!member("tellr_ui_4711="));
        assert!(!session.is_member(&HeaderMap::new()));
    }

    #[test]
    fn the_cookie_of_a_proxy_stays_below_its_path_and_on_tls() {
        let session = Session::new(4711).unwrap();
        assert!(session.cookie(None).ends_with("; Path=/; HttpOnly; SameSite=Strict"));
        let proxy = Behind::parse("https://dp.example/driver-proxy/o/1/c/4711/", 4711).unwrap();
        let cookie = session.cookie(Some(&proxy));
        assert!(
            cookie.ends_with("; Path=/driver-proxy/o/1/c/4711/; HttpOnly; SameSite=Strict; Secure"),
            "{cookie}"
        );
        let address = session.address_behind(&proxy);
        assert!(address.expose().starts_with("https://dp.example/driver-proxy/o/1/c/4711/#secret="));
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let [one, two] = [Session::new(1).unwrap(), Session::new(1).unwrap()];
        let all = [&one.secret, &one.cookie, &two.secret, &two.cookie];
        for (index, secret) in all.iter().enumerate() {
            assert_eq!(secret.expose().len(), 43);
            assert!(all[..index].iter().all(|other| other != secret));
        }
    }
}
