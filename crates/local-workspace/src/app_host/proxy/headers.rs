//! Which headers pass, which are taken away, and which the platform adds.

use std::net::IpAddr;

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use super::super::authenticate::AppCaller;
use super::credentials;

/// Meant for one connection only (RFC 9110, 7.6.1), or answered by the proxy itself.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "expect",
];

/// A caller could not be described in headers.
#[derive(Debug, thiserror::Error)]
#[error("{name} of the caller cannot be sent in a header")]
pub(super) struct UnsendableIdentity {
    name: &'static str,
}

/// Takes away what the caller may not say, and adds who the caller is.
pub(super) fn prepare_request(
    headers: &mut HeaderMap,
    caller: &AppCaller,
    peer: IpAddr,
    host: Option<HeaderValue>,
) -> Result<(), UnsendableIdentity> {
    remove_hop_by_hop(headers);
    let forged: Vec<HeaderName> = headers.keys().filter(|name| is_reserved(name.as_str())).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
    let cookies = credentials::foreign_cookies(headers);
    headers.remove(header::COOKIE);
    if let Some(cookies) = cookies {
        headers.insert(header::COOKIE, cookies);
    }
    if let Some(host) = host {
        headers.insert("x-forwarded-host", host.clone());
        headers.insert(header::HOST, host);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    let told = [
        ("x-forwarded-for", Some(peer.to_string())),
        ("x-real-ip", Some(peer.to_string())),
        ("x-request-id", Some(Uuid::new_v4().to_string())),
        ("x-forwarded-preferred-username", Some(caller.user_name.clone())),
        ("x-forwarded-user", Some(caller.user_id.clone())),
        ("x-forwarded-email", Some(caller.email.clone())),
        ("x-forwarded-access-token", caller.forward_token.clone()),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| UnsendableIdentity { name })?;
            headers.insert(name, value);
        }
    }
    Ok(())
}

/// Takes away what is not the app's to say.
pub(super) fn clean_response(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    let cookies: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).into_iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        if !cookie.as_bytes().trim_ascii_start().starts_with(credentials::COOKIE_PREFIX.as_bytes()) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

/// Also what `Connection` names; `Upgrade` is for the caller of this function to put back.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> =
        connection_options(headers).filter_map(|option| option.parse().ok()).collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove(header::UPGRADE);
}

fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|option| !option.is_empty())
}

/// The protocol that a request asks to change to.
pub(super) fn upgrade_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = connection_options(headers).any(|option| option.eq_ignore_ascii_case("upgrade"));
    headers.get(header::UPGRADE).filter(|_| asked).cloned()
}

/// What only the proxy says. Servers of the CGI kind take `_` for `-`, so both spellings are.
fn is_reserved(name: &str) -> bool {
    let name = name.replace('_', "-");
    name.starts_with("x-forwarded-")
        || ["forwarded", "x-real-ip", "x-request-id", "authorization"].contains(&name.as_str())
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

    fn caller(email: &str) -> AppCaller {
        AppCaller {
            email: email.into(),
            user_name: "Zoë".into(),
            user_id: "1@2".into(),
            forward_token: Some("token".into()),
        }
    }

    #[test]
    fn forged_headers_go_and_true_ones_come() {
        let mut map = headers(&[
            ("x-forwarded-email", "root@example.com"),
            ("x_forwarded_email", "root@example.com"),
            ("x-forwarded_user", "root"),
            ("x-forwarded-something-new", "x"),
            ("x-real-ip", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("authorization", "Bearer secret"),
            ("cookie", "a=b; databricksapps-x=secret"),
            ("connection", "keep-alive, x-secret-hop"),
            ("x-secret-hop", "1"),
            ("accept", "*/*"),
        ]);
        let host = HeaderValue::from_static("127.0.0.1:9000");
        prepare_request(&mut map, &caller("me@example.com"), IpAddr::from([127, 0, 0, 1]), Some(host))
            .unwrap();
        let id = map.remove("x-request-id").unwrap();
        assert_eq!(id.len(), 36);
        let mut told: Vec<String> = map
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        told.sort();
        assert_eq!(
            told,
            [
                "accept: */*",
                "cookie: a=b",
                "host: 127.0.0.1:9000",
                "x-forwarded-access-token: token",
                "x-forwarded-email: me@example.com",
                "x-forwarded-for: 127.0.0.1",
                "x-forwarded-host: 127.0.0.1:9000",
                "x-forwarded-preferred-username: Zoë",
                "x-forwarded-proto: http",
                "x-forwarded-user: 1@2",
                "x-real-ip: 127.0.0.1",
            ]
        );
    }

    #[test]
    fn an_identity_that_breaks_out_of_its_header_is_refused() {
        let refused =
            prepare_request(&mut HeaderMap::new(), &caller("a\r\nx: y"), IpAddr::from([127, 0, 0, 1]), None);
        assert!(refused.unwrap_err().to_string().contains("x-forwarded-email"));
    }

    #[test]
    fn apps_do_not_set_our_cookies() {
        let mut map =
            headers(&[("set-cookie", "databricksapps-other=fixed; Path=/"), ("set-cookie", "own=1")]);
        clean_response(&mut map);
        assert_eq!(map.get_all("set-cookie").iter().collect::<Vec<_>>(), ["own=1"]);
    }

    #[test]
    fn an_upgrade_needs_both_headers() {
        assert_eq!(
            upgrade_of(&headers(&[("connection", "Upgrade"), ("upgrade", "websocket")])).unwrap(),
            "websocket"
        );
        assert!(upgrade_of(&headers(&[("upgrade", "websocket")])).is_none());
        assert!(upgrade_of(&headers(&[("connection", "upgrade")])).is_none());
    }
}
