//! Who is let in: this machine's browser, showing our own page, with the secret.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::behind::Behind;
use super::refusal::Refusal;
use super::server::Server;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The two ways to write our own address, and those that a proxy before us has. A name of somebody else's that leads to
/// this machine is none of them.
pub(super) struct OwnOrigin {
    hosts: [String; 2],
    behind: Vec<Behind>,
}

impl OwnOrigin {
    pub(super) fn of(port: u16, behind: Vec<Behind>) -> Self {
        Self { hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")], behind }
    }

    /// The addresses of proxies.
    pub(super) fn behind(&self) -> &[Behind] {
        &self.behind
    }

    /// The host that a request names, if it is ours: named once, and nowhere else differently.
    fn host<'a>(&self, uri: &Uri, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return None };
        let host = host.to_str().ok()?;
        let named_alike = uri.authority().is_none_or(|authority| authority.as_str() == host);
        let is_own =
            self.hosts.iter().chain(self.behind.iter().map(|behind| &behind.host)).any(|own| own == host);
        (named_alike && is_own).then_some(host)
    }

    /// Whether the page of a request for `host` has the origin. What host a proxy names is its own affair.
    fn has_page(&self, host: &str, origin: &[u8]) -> bool {
        let direct =
            self.hosts.iter().any(|own| own == host) && origin == format!("http://{host}").as_bytes();
        direct || self.behind.iter().any(|behind| behind.origin.as_bytes() == origin)
    }

    /// The proxy through which a request comes, if it does.
    pub(super) fn proxy_of(&self, headers: &HeaderMap) -> Option<&Behind> {
        let says = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let by_origin =
            says(ORIGIN).and_then(|origin| self.behind.iter().find(|behind| behind.origin == origin));
        by_origin.or_else(|| self.behind.iter().find(|behind| Some(behind.host.as_str()) == says(HOST)))
    }
}

/// Lets through what names this server as browsers on this machine do, and no page of others; sets the headers that all
/// answers have.
pub(super) async fn own_machine_only(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match is_ours(&server.own, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    // an answer that came from elsewhere has a stricter one
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn is_ours(own: &OwnOrigin, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(host) = own.host(uri, headers) else {
        let message = "this server is called by its own address only";
        return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "WRONG_HOST", message));
    };
    if headers.get_all(ORIGIN).iter().any(|origin| !own.has_page(host, origin.as_bytes())) {
        let message = "pages of other origins are not answered";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "WRONG_ORIGIN", message));
    }
    Ok(())
}

/// Lets through what our own page asks for by script, once it has shown the secret. What browsers say of a request's
/// origin counts where they say it; a cookie is sent along for pages on other ports of this machine, too.
pub(super) async fn members_only(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    match is_member(&server, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn is_member(server: &Server, headers: &HeaderMap) -> Result<(), Refusal> {
    let says = |name: &HeaderName, allowed: &str| headers.get_all(name).iter().all(|said| said == allowed);
    if !says(&FETCH_SITE, "same-origin") || !says(&FETCH_DEST, "empty") {
        let message = "only the page's own calls are answered";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "WRONG_ORIGIN", message));
    }
    if !server.session.is_member(headers) {
        let message = "open the whole address that `tellr ui` has printed";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "NO_SESSION", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, headers: &[(&'static str, &str)]) -> bool {
        check_behind(&[], target, headers)
    }

    fn check_behind(behind: &[&str], target: &str, headers: &[(&'static str, &str)]) -> bool {
        let behind = behind.iter().map(|given| Behind::parse(given, 4711).unwrap()).collect();
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        is_ours(&OwnOrigin::of(4711, behind), &target.parse().unwrap(), &headers.collect()).is_ok()
    }

    #[test]
    fn our_own_address_is_let_in() {
        assert!(check("/", &[("host", "127.0.0.1:4711")]));
        assert!(check("/", &[("host", "localhost:4711"), ("origin", "http://localhost:4711")]));
        assert!(check("http://127.0.0.1:4711/", &[("host", "127.0.0.1:4711")]));
    }

    #[test]
    fn every_other_host_and_origin_is_not() {
        for host in [
            "",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost",
            "localhost.:4711",
            "LOCALHOST:4711",
            "127.1:4711",
            "[::1]:4711",
            "0.0.0.0:4711",
            "localtest.me:4711",
            "127.0.0.1.nip.io:4711",
            "169.254.169.254",
            "evil.example",
            "127.0.0.1:4711@evil.example",
            "evil.example#127.0.0.1:4711",
            "127.0.0.1:4711 ",
        ] {
            assert!(!check("/", &[("host", host)]), "{host}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "https://127.0.0.1:4711",
            "http://127.0.0.1:4712",
            "http://localhost:4711",
            "http://127.0.0.1:4711.evil.example",
            "",
        ] {
            assert!(!check("/", &[("host", "127.0.0.1:4711"), ("origin", origin)]), "{origin}");
        }
        assert!(!check("/", &[]));
        assert!(!check("http://evil.example/", &[("host", "127.0.0.1:4711")]));
        assert!(!check("http://127.0.0.1:4711/", &[("host", "evil.example")]));
    }

    #[test]
    fn behind_a_proxy_its_address_counts_as_well_and_no_other() {
        let behind = ["https://dp.example/driver-proxy/o/1/c/{port}/"];
        let public = ("origin", "https://dp.example");
        assert!(check_behind(&behind, "/", &[("host", "dp.example")]));
        assert!(check_behind(&behind, "/", &[("host", "dp.example"), public]));
        assert!(check_behind(&behind, "/", &[("host", "localhost:4711"), public]));
        assert!(check_behind(
            &behind,
            "/",
            &[("host", "127.0.0.1:4711"), ("origin", "http://127.0.0.1:4711")]
        ));
        for (host, origin) in [
            ("dp.example", "http://dp.example"),
            ("dp.example", "https://other.example"),
            ("dp.example", "http://dp.example:4711"),
            ("dp.example", "http://127.0.0.1:4711"),
            ("dp.example", "null"),
            ("dp.example:443", "https://dp.example"),
            ("other.example", "https://dp.example"),
            ("10.0.0.1:4711", "https://dp.example"),
        ] {
            assert!(!check_behind(&behind, "/", &[("host", host), ("origin", origin)]), "{host} {origin}");
        }
        assert!(!check("/", &[("host", "dp.example"), public]));
        assert!(!check("/", &[("host", "127.0.0.1:4711"), public]));
    }

    #[test]
    fn a_host_that_is_named_twice_is_nobodys() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("127.0.0.1:4711"));
        headers.append(HOST, HeaderValue::from_static("127.0.0.1:4711"));
        assert!(is_ours(&OwnOrigin::of(4711, Vec::new()), &"/".parse().unwrap(), &headers).is_err());
    }
}
