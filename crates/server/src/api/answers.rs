//! Bodies: the one place where what the gate opened is written, against the credentials of the request that asked.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::response::Builder;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use ownsight_gate::{Answer, Credentials, GateError, MediaAbout, MediaStream};
use serde::Serialize;
use tokio::time::timeout;

use super::export::ArchiveStream;
use super::streams::Slot;
use crate::http::Problem;

/// What a handler gives back.
pub(crate) type Outcome = Result<Response, Problem>;

/// How long opening the next piece of media may take.
const PIECE_MAX: Duration = Duration::from_secs(20);

/// How long the next piece of an archive may take: a file is read to its end before it begins.
const ARCHIVE_PIECE_MAX: Duration = Duration::from_mins(1);

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

/// Whether a section can be asked for in ranges, and was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ranges {
    /// It is small, and comes whole.
    None,
    /// It can, and comes whole this time.
    Offered,
    /// The answer is the range that was asked for.
    Taken,
}

/// Media: a body of pieces of at most 64 KiB, each opened when the reader has taken the one before, and each
/// compared with the session before it leaves.
pub(crate) fn media(credentials: Credentials, media: MediaStream, ranges: Ranges) -> Response {
    let range = media.range();
    let length = range.end - range.start;
    let mut head = head(media.content_type(), length, ranges, media.file_name());
    if ranges == Ranges::Taken {
        let last = range.end.saturating_sub(1);
        head = head
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, format!("bytes {}-{last}/{}", range.start, media.total()));
    }
    respond(head, Body::from_stream(whole(length, pieces(credentials, media))))
}

/// What a GET would answer, without opening anything.
pub(crate) fn media_head(credentials: &Credentials, about: Answer<MediaAbout>, ranges: Ranges) -> Outcome {
    let about = about.release(credentials)?;
    let head = head(about.content_type, about.length, ranges, about.file_name.as_deref());
    Ok(respond(head, Body::empty()))
}

fn head(content_type: &str, length: u64, ranges: Ranges, file_name: Option<&str>) -> Builder {
    let mut head = Response::builder().header(CONTENT_TYPE, content_type).header(CONTENT_LENGTH, length);
    if ranges != Ranges::None {
        head = head.header(ACCEPT_RANGES, "bytes");
    }
    if let Some(name) = file_name {
        // The gate makes names of ASCII letters, digits, `-`, `_` and `.` only.
        head = head.header(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    }
    head
}

fn respond(head: Builder, body: Body) -> Response {
    head.body(body).unwrap_or_else(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response())
}

/// Why a body broke off. The reader sees a connection that ends early; the log has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body was broken off")]
pub(crate) struct BrokenOff;

/// Opens a piece when the reader asks for it, and not before: what waits for a slow reader is sealed, and the gate has
/// looked at the session half a second ago at most. A reader that takes nothing loses its connection.
fn pieces(credentials: Credentials, media: MediaStream) -> impl Stream<Item = Result<Bytes, BrokenOff>> {
    stream::unfold(Some((credentials, media)), |state| async move {
        let (credentials, mut media) = state?;
        match timeout(PIECE_MAX, media.next()).await {
            // A piece that does not authenticate has raised its alarm, and so has one of another session; that a session
            // has ended, or something was locked down, is none.
            Ok(Some(piece)) => match piece.map(|chunk| chunk.release(&credentials)) {
                Ok(Ok(bytes)) => Some((Ok(bytes), Some((credentials, media)))),
                Ok(Err(_)) | Err(_) => Some((Err(BrokenOff), None)),
            },
            Ok(None) => None,
            Err(_) => {
                tracing::warn!("opening a piece of media took too long");
                Some((Err(BrokenOff), None))
            }
        }
    })
}

/// An archive: each piece is made when the reader asks for it. `slot` is given back with the last.
pub(crate) fn archive_body(head: Builder, archive: ArchiveStream, slot: Slot) -> Response {
    let pieces = stream::unfold(Some((archive, slot)), |state| async move {
        let (mut archive, slot) = state?;
        match timeout(ARCHIVE_PIECE_MAX, archive.next()).await {
            Ok(Ok(Some(piece))) => Some((Ok(piece), Some((archive, slot)))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(error), None)),
            Err(_) => {
                tracing::warn!("opening a piece of an archive took too long");
                Some((Err(BrokenOff), None))
            }
        }
    });
    respond(head, Body::from_stream(pieces))
}

/// A body of exactly `length` bytes: one that ends before is an error, and not a shorter body.
fn whole(
    length: u64,
    pieces: impl Stream<Item = Result<Bytes, BrokenOff>>,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> {
    stream::unfold(Some((Box::pin(pieces), length)), |state| async move {
        let (mut pieces, left) = state?;
        match pieces.next().await {
            Some(Ok(piece)) => {
                let left = left.saturating_sub(piece.len() as u64);
                Some((Ok(piece), Some((pieces, left))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None if left == 0 => None,
            None => Some((Err(BrokenOff), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_ends_early_is_an_error() {
        let piece = Bytes::from_static(b"12345");
        for (pieces, length, is_whole) in [(2, 10, true), (1, 10, false), (0, 1, false), (0, 0, true)] {
            let given = stream::iter(vec![Ok(piece.clone()); pieces]);
            let read: Vec<_> = whole(length, given).collect().await;
            let mut expected = vec![Ok(piece.clone()); pieces];
            if !is_whole {
                expected.push(Err(BrokenOff));
            }
            assert_eq!(read, expected, "{pieces} pieces of {length} bytes");
        }
    }

    #[tokio::test]
    async fn nothing_comes_after_an_error() {
        let given = stream::iter([Err(BrokenOff), Ok(Bytes::from_static(b"12345"))]);
        assert_eq!(whole(5, given).collect::<Vec<_>>().await, [Err(BrokenOff)]);
    }
}
