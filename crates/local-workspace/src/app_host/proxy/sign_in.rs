//! The way in for browsers: to the workspace's sign-in page, and back with a one-time code.

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Context, answers, credentials};

/// Where the sign-in page sends the browser; this path never reaches the app.
pub(super) const CALLBACK_PATH: &str = "/.local/callback";

/// Sends a browser to the sign-in page; tells others that they need a token.
pub(super) fn ask(context: &Context, request: &Request) -> Response {
    let navigates =
        [Method::GET, Method::HEAD].contains(request.method()) && answers::wants_page(request.headers());
    if !navigates {
        return answers::unauthorized(&context.app_name, request.headers());
    }
    let next = request.uri().path_and_query().map_or("/", |path| path.as_str());
    redirect(&context.identity.sign_in_url(next), None)
        .unwrap_or_else(|| answers::unauthorized(&context.app_name, request.headers()))
}

/// Exchanges the code for a session, which becomes a cookie.
pub(super) async fn callback(context: &Context, request: &Parts) -> Response {
    let query = request.uri.query().unwrap_or_default();
    let parameter = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let refused = "This sign-in link was used already or is too old. Open the app again to get a new one.";
    let refuse = || answers::bad_request(&context.app_name, refused, &request.headers);
    let Some(code) = parameter("code").filter(|_| request.method == Method::GET) else { return refuse() };
    let Some(session) = context.identity.redeem(&code).await else { return refuse() };
    let cookie =
        format!("{}={session}; Path=/; HttpOnly; SameSite=Lax", credentials::cookie_name(&context.app_name));
    let next = parameter("next").filter(|next| is_own_path(next));
    redirect(next.as_deref().unwrap_or("/"), Some(&cookie)).unwrap_or_else(refuse)
}

/// A path of this app, and not `//elsewhere` or something a browser takes for that.
fn is_own_path(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with(CALLBACK_PATH)
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
}

/// `None` if a value cannot be a header.
fn redirect(location: &str, cookie: Option<&str>) -> Option<Response> {
    let mut response = (StatusCode::FOUND, Body::empty()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(location).ok()?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, HeaderValue::from_str(cookie).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_gone_back_to() {
        assert!(is_own_path("/") && is_own_path("/a?b=c//d"));
        for elsewhere in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "/\tx", CALLBACK_PATH]
        {
            assert!(!is_own_path(elsewhere), "{elsewhere:?}");
        }
    }
}
