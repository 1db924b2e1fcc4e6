//! Passes one request on to the app, and the answer back, as streams.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderValue, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};

use super::super::authenticate::AppCaller;
use super::{Context, answers, deadline, headers};

/// Asks the app at `port`; by `deadline` the answer is complete, or cut.
pub(super) async fn forward(
    context: &Context,
    port: u16,
    caller: &AppCaller,
    peer: SocketAddr,
    mut request: Request,
    deadline: Instant,
) -> Response {
    let asked_headers = request.headers().clone();
    let upgrade = headers::upgrade_of(&asked_headers);
    let browser_side = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let outgoing = match prepare(request, port, caller, peer, upgrade.as_ref()) {
        Ok(outgoing) => outgoing,
        Err(status) => return status.into_response(),
    };
    let answer = match timeout_at(deadline, context.client.request(outgoing)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::debug!(app = %context.app_name, %error, "the app did not answer");
            return answers::bad_gateway(&context.app_name, &asked_headers);
        }
        Err(_) => return answers::gateway_timeout(&context.app_name, &asked_headers),
    };
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return match browser_side {
            Some(browser_side) => open_tunnel(context, browser_side, answer),
            // the app changes to a protocol that nobody asked for
            None => answers::bad_gateway(&context.app_name, &asked_headers),
        };
    }
    let (mut parts, body) = answer.into_parts();
    headers::clean_response(&mut parts.headers);
    Response::from_parts(parts, deadline::cut_at(deadline, Body::new(body)))
}

fn prepare(
    request: Request,
    port: u16,
    caller: &AppCaller,
    peer: SocketAddr,
    upgrade: Option<&HeaderValue>,
) -> Result<Request, StatusCode> {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.get(header::HOST).cloned().or_else(|| {
        // HTTP/2 says it in the URI
        parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok())
    });
    if let Err(error) = headers::prepare_request(&mut parts.headers, caller, peer.ip(), host) {
        tracing::error!(%error, "a request cannot be forwarded");
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if let Some(upgrade) = upgrade {
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        parts.headers.insert(header::UPGRADE, upgrade.clone());
    }
    parts.uri = app_uri(port, parts.uri.path_and_query()).map_err(|error| {
        tracing::debug!(%error, "a request's path cannot be forwarded");
        StatusCode::BAD_REQUEST
    })?;
    parts.version = Version::HTTP_11;
    // what axum and hyper noted about the incoming connection is not for the outgoing one
    parts.extensions.clear();
    Ok(Request::from_parts(parts, body))
}

fn app_uri(port: u16, path: Option<&PathAndQuery>) -> Result<Uri, http::Error> {
    let authority = Authority::try_from(format!("{}:{port}", Ipv4Addr::LOCALHOST))?;
    let path = path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query(path).build()
}

/// Joins both sides of an upgraded connection; as on the platform it has no time limit.
fn open_tunnel(
    context: &Context,
    browser_side: OnUpgrade,
    mut answer: http::Response<hyper::body::Incoming>,
) -> Response {
    let app_side = hyper::upgrade::on(&mut answer);
    let closing = context.closing.clone();
    context.tunnels.spawn(async move {
        tokio::select! {
            () = closing.cancelled() => {}
            joined = join(browser_side, app_side) => {
                if let Err(error) = joined {
                    tracing::debug!(%error, "an upgraded connection has ended");
                }
            }
        }
    });
    let (parts, _) = answer.into_parts();
    let mut response = Response::from_parts(parts, Body::empty());
    let upgrade = response.headers().get(header::UPGRADE).cloned();
    headers::clean_response(response.headers_mut());
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    if let Some(upgrade) = upgrade {
        response.headers_mut().insert(header::UPGRADE, upgrade);
    }
    response
}

async fn join(
    browser_side: OnUpgrade,
    app_side: OnUpgrade,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (browser, app) = tokio::try_join!(browser_side, app_side)?;
    tokio::io::copy_bidirectional(&mut TokioIo::new(browser), &mut TokioIo::new(app)).await?;
    Ok(())
}
