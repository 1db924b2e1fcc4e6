//! What happens to every request on its way in and to every response on its way out.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::{errors, identity, security_headers};
use crate::config::Environment;

/// What a request may cost at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) request_timeout: Duration,
    /// Size of a body, in bytes.
    pub(super) body: usize,
}

/// `routes` with every layer around them. The last one added is the first one that a request meets.
pub(super) fn around(routes: Router, environment: Environment, limits: Limits) -> Router {
    let mut routes = routes
        .layer(RequestBodyLimitLayer::new(limits.body))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.request_timeout))
        .layer(CatchPanicLayer::custom(errors::panicked));
    if !environment.is_production() {
        routes = routes.layer(cors_for_localhost());
    }
    routes
        .layer(from_fn(errors::as_json))
        .layer(map_response(security_headers::add))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(log_response)
                .on_failure(()),
        )
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// Lets pages that a developer serves from this machine (`trunk serve`) call the API.
fn cors_for_localhost() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|origin: &HeaderValue, _: &Parts| is_localhost(origin)))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([CONTENT_TYPE])
        .allow_credentials(true)
        .max_age(Duration::from_secs(600))
}

fn is_localhost(origin: &HeaderValue) -> bool {
    let Some(uri) = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()) else { return false };
    uri.scheme_str() == Some("http")
        && uri.authority().is_some_and(|authority| identity::is_loopback_authority(authority.as_str()))
}

/// The span of a request. Probes and static files are many and dull: they have one only when debugging.
fn span(request: &Request) -> Span {
    let path = request.uri().path();
    let request_id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    if path.starts_with("/api/") && !path.starts_with("/api/health") {
        tracing::info_span!("request", method = %request.method(), path, request_id)
    } else {
        tracing::debug_span!("request", method = %request.method(), path, request_id)
    }
}

fn log_response(response: &Response, latency: Duration, span: &Span) {
    if span.is_disabled() {
        return;
    }
    let status = response.status().as_u16();
    let latency_ms = latency.as_secs_f64() * 1000.0;
    tracing::info!(status, latency_ms, "answered");
}
