//! The outermost layer: each request gets an id, a log line and its counts; each answer gets its headers, and each
//! problem its reference.
//!
//! Neither addresses with ids nor query strings (`s` is in there), headers or bodies are logged: the route's
//! pattern is.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Response};
use axum::middleware::Next;
use data_encoding::HEXLOWER;
use tracing::Instrument as _;

use crate::metrics::{REQUEST_SECONDS, REQUESTS};

use super::Problem;

/// Headers of every answer that does not set them itself.
const HEADERS: [(HeaderName, &str); 8] = [
    (CACHE_CONTROL, "no-store"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=(), payment=()",
    ),
];

/// Marks an answer that is no problem document although its status is an error's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain;

/// Runs a request to its answer and completes that.
pub(crate) async fn finish(request: Request, next: Next) -> Response<Body> {
    let begun = Instant::now();
    let id = HEXLOWER.encode(&fastrand::u64(..).to_be_bytes());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, method = %method, route);
    let mut response = next.run(request).instrument(span.clone()).await;

    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Some(problem),
        None if response.extensions().get::<Plain>().is_some() => None,
        // What the router or an extractor refused by itself.
        None if status.is_client_error() || status.is_server_error() => Some(Problem::of_status(status)),
        None => None,
    };
    if let Some(problem) = &problem {
        problem.complete(&mut response, &id);
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }

    let seconds = begun.elapsed().as_secs_f64();
    let code = status.as_u16().to_string();
    metrics::counter!(REQUESTS, "route" => route.to_owned(), "status" => code).increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route.to_owned()).record(seconds);
    let code = problem.as_ref().map_or("", Problem::code);
    let elapsed_ms = begun.elapsed().as_millis();
    span.in_scope(|| match status.as_u16() {
        500.. => tracing::warn!(status = status.as_u16(), code, elapsed_ms, "answered"),
        400.. => tracing::info!(status = status.as_u16(), code, elapsed_ms, "answered"),
        _ => tracing::debug!(status = status.as_u16(), elapsed_ms, "answered"),
    });
    response
}
