//! What a request brings along to show who is calling.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};

use super::super::authenticate::AppCredential;

/// All of our cookies begin so; an app neither gets them nor sets them.
pub(super) const COOKIE_PREFIX: &str = "databricksapps";

/// The session cookie of an app. Cookies are shared by all ports of a machine, hence the app's name.
pub(super) fn cookie_name(app_name: &str) -> String {
    format!("{COOKIE_PREFIX}-{app_name}")
}

/// The bearer token, else the session cookie.
pub(super) fn find(headers: &HeaderMap, app_name: &str) -> Option<AppCredential> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        return (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
            .then(|| AppCredential::Bearer(token.to_owned()));
    }
    let name = cookie_name(app_name);
    let session = cookies(headers).find_map(|(found, value)| (found == name).then_some(value))?;
    (!session.is_empty()).then(|| AppCredential::Session(session.to_owned()))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// The cookies that are none of ours, as one header.
pub(super) fn foreign_cookies(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for value in headers.get_all(header::COOKIE) {
        let pairs = value.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        kept.extend(pairs.filter(|pair| !pair.is_empty() && !pair.starts_with(COOKIE_PREFIX.as_bytes())));
    }
    if kept.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok()
}

/// Whether a browser sends this on behalf of another origin's page. To a browser all ports of a machine are one site,
/// so the cookie's `SameSite` does not keep one app's page from another app.
pub(super) fn is_cross_origin(request: &Request) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if reads && !request.headers().contains_key(header::UPGRADE) {
        return false;
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else { return false };
    let host = request.headers().get(header::HOST).map(HeaderValue::as_bytes);
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str().as_bytes()));
    origin.as_bytes().strip_prefix(b"http://") != host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn bearer_comes_before_the_cookie() {
        let both = [("cookie", "a=b; databricksapps-x=session"), ("authorization", "bearer  token")];
        assert!(matches!(find(&headers(&both), "x"), Some(AppCredential::Bearer(token)) if token == "token"));
        assert!(
            matches!(find(&headers(&both[..1]), "x"), Some(AppCredential::Session(found)) if found == "session")
        );
        assert!(find(&headers(&both[..1]), "y").is_none(), "each app has its own");
        for nothing in [&[("authorization", "Basic eDp5")][..], &[("authorization", "Bearer ")], &[]] {
            assert!(find(&headers(nothing), "x").is_none());
        }
    }

    #[test]
    fn the_app_gets_its_own_cookies_only() {
        let map =
            headers(&[("cookie", "a=1; databricksapps-x=s; b=2"), ("cookie", "databricksapps-y=t;c=3")]);
        assert_eq!(foreign_cookies(&map).unwrap(), "a=1; b=2; c=3");
        assert!(foreign_cookies(&headers(&[("cookie", "databricksapps-x=s")])).is_none());
    }

    #[test]
    fn other_origins_may_read_pages_but_not_act() {
        let request = |method: Method, origin: Option<&str>, upgrade: bool| {
            let mut builder = Request::builder().method(method).header("host", "127.0.0.1:9000");
            if let Some(origin) = origin {
                builder = builder.header("origin", origin);
            }
            if upgrade {
                builder = builder.header("upgrade", "websocket");
            }
            builder.body(axum::body::Body::empty()).unwrap()
        };
        let (own, other) = (Some("http://127.0.0.1:9000"), Some("http://127.0.0.1:9001"));
        assert!(!is_cross_origin(&request(Method::POST, own, false)));
        assert!(!is_cross_origin(&request(Method::POST, None, false)), "not a browser");
        assert!(is_cross_origin(&request(Method::POST, other, false)));
        assert!(is_cross_origin(&request(Method::DELETE, Some("null"), false)));
        assert!(is_cross_origin(&request(Method::GET, other, true)), "WebSockets know no same-origin rule");
        assert!(!is_cross_origin(&request(Method::GET, other, false)));
    }
}
