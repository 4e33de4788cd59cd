//! Bodies: the one place where what the gate opened is written, against the credentials of the request that asked.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use ownsight_gate::{Answer, Credentials, GateError, MediaStream};
use serde::Serialize;

use crate::http::Problem;

/// What a handler gives back.
pub(crate) type Outcome = Result<Response, Problem>;

/// How long opening the next piece of media may take.
const PIECE_MAX: Duration = Duration::from_secs(20);

/// An answer as JSON.
pub(crate) fn json<T: Serialize>(
    credentials: &Credentials,
    status: StatusCode,
    answer: Answer<T>,
) -> Outcome {
    json_with(credentials, status, answer, |value| value)
}

/// An answer as JSON, together with what the server adds to it.
pub(crate) fn json_with<T, U: Serialize>(
    credentials: &Credentials,
    status: StatusCode,
    answer: Answer<T>,
    add: impl FnOnce(T) -> U,
) -> Outcome {
    let value = add(answer.release(credentials)?);
    Ok((status, Json(value)).into_response())
}

/// Nothing more to say.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The problem of media that was asked for in vain, with the range that there is.
pub(crate) fn media_problem(error: GateError) -> Response {
    let length = match &error {
        GateError::RangeNotSatisfiable { length } => Some(*length),
        _ => None,
    };
    let mut response = Problem::from(error).into_response();
    if let Some(length) = length
        && let Ok(value) = HeaderValue::try_from(format!("bytes */{length}"))
    {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    response
}

/// Media: a body of pieces of at most 64 KiB, each opened when the reader has taken the one before, and each
/// compared with the session before it leaves.
pub(crate) fn media(
    credentials: Credentials,
    method: &Method,
    media: MediaStream,
    partial: bool,
) -> Response {
    let range = media.range();
    let length = range.end - range.start;
    let mut response = Response::builder()
        .status(if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK })
        .header(CONTENT_TYPE, media.content_type())
        .header(CONTENT_LENGTH, length)
        .header(ACCEPT_RANGES, "bytes");
    if partial {
        let last = range.end.saturating_sub(1);
        response = response.header(CONTENT_RANGE, format!("bytes {}-{last}/{}", range.start, media.total()));
    }
    if let Some(name) = media.file_name() {
        // The gate makes names of ASCII letters, digits, `-`, `_` and `.` only.
        response = response.header(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    }
    let body =
        if method == Method::HEAD { Body::empty() } else { Body::from_stream(pieces(credentials, media)) };
    response
        .body(body)
        .unwrap_or_else(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response())
}

/// Why a body broke off. The reader sees a connection that ends early; the log has the rest.
#[derive(Debug, thiserror::Error)]
#[error("the body was broken off")]
struct BrokenOff;

fn pieces(
    credentials: Credentials,
    media: MediaStream,
) -> impl futures_util::Stream<Item = Result<Bytes, BrokenOff>> {
    stream::unfold(Some((credentials, media)), |state| async move {
        let (credentials, mut media) = state?;
        let piece = match tokio::time::timeout(PIECE_MAX, media.next()).await {
            Ok(Some(Ok(chunk))) => chunk.release(&credentials).map_err(|_| BrokenOff),
            Ok(Some(Err(_))) => Err(BrokenOff),
            Ok(None) => return None,
            Err(_) => {
                tracing::warn!("opening a piece of media took too long");
                Err(BrokenOff)
            }
        };
        let rest = piece.is_ok().then_some((credentials, media));
        Some((piece, rest))
    })
}
