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
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::http::Problem;

/// What a handler gives back.
pub(crate) type Outcome = Result<Response, Problem>;

/// How long opening the next piece of media may take.
const PIECE_MAX: Duration = Duration::from_secs(20);
/// How long a reader may take over a piece.
const TAKEN_MAX: Duration = Duration::from_secs(30);

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
pub(crate) fn media(
    credentials: Credentials,
    method: &Method,
    media: MediaStream,
    ranges: Ranges,
) -> Response {
    let range = media.range();
    let length = range.end - range.start;
    let partial = ranges == Ranges::Taken;
    let mut response = Response::builder()
        .status(if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK })
        .header(CONTENT_TYPE, media.content_type())
        .header(CONTENT_LENGTH, length);
    if ranges != Ranges::None {
        response = response.header(ACCEPT_RANGES, "bytes");
    }
    if partial {
        let last = range.end.saturating_sub(1);
        response = response.header(CONTENT_RANGE, format!("bytes {}-{last}/{}", range.start, media.total()));
    }
    if let Some(name) = media.file_name() {
        // The gate makes names of ASCII letters, digits, `-`, `_` and `.` only.
        response = response.header(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    }
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(paced(length, |pieces| pump(credentials, media, pieces)))
    };
    response
        .body(body)
        .unwrap_or_else(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response())
}

/// Why a body broke off. The reader sees a connection that ends early; the log has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body was broken off")]
struct BrokenOff;

/// Opens pieces at the pace of the reader. A reader that takes too long loses the rest: an open event is not held
/// for who does not read it. Browsers ask again for the range that they lack.
async fn pump(credentials: Credentials, mut media: MediaStream, pieces: mpsc::Sender<Bytes>) {
    loop {
        let room = match timeout(TAKEN_MAX, pieces.reserve()).await {
            Ok(Ok(room)) => room,
            Ok(Err(_)) => return,
            Err(_) => return tracing::info!("a reader was too slow, and its media was closed"),
        };
        match timeout(PIECE_MAX, media.next()).await {
            // A piece that does not open has raised its alarm; so has one of another session.
            Ok(Some(Ok(chunk))) => match chunk.release(&credentials) {
                Ok(bytes) => room.send(bytes),
                Err(_) => return,
            },
            Ok(Some(Err(_)) | None) => return,
            Err(_) => return tracing::warn!("opening a piece of media took too long"),
        }
    }
}

/// A stream of exactly `length` bytes of what a task of its own sends, one piece ahead of the reader; fewer are an
/// error. The task ends with its sender's receiver.
fn paced<F: Future<Output = ()> + Send + 'static>(
    length: u64,
    task: impl FnOnce(mpsc::Sender<Bytes>) -> F,
) -> impl futures_util::Stream<Item = Result<Bytes, BrokenOff>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(task(sender));
    stream::unfold(Some((receiver, length)), |state| async move {
        let (mut receiver, left) = state?;
        match receiver.recv().await {
            Some(piece) => {
                let left = left.saturating_sub(piece.len() as u64);
                Some((Ok(piece), Some((receiver, left))))
            }
            None if left == 0 => None,
            None => Some((Err(BrokenOff), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    const PIECE: Bytes = Bytes::from_static(b"12345");

    #[tokio::test]
    async fn a_body_that_ends_early_is_an_error() {
        for (pieces, length, whole) in [(2, 10, true), (1, 10, false), (0, 1, false), (0, 0, true)] {
            let body = paced(length, move |sender| async move {
                for _ in 0..pieces {
                    sender.send(PIECE).await.unwrap();
                }
            });
            let read: Vec<_> = body.collect().await;
            let mut expected = vec![Ok(PIECE); pieces];
            if !whole {
                expected.push(Err(BrokenOff));
            }
            assert_eq!(read, expected, "{pieces} pieces of {length} bytes");
        }
    }

    #[tokio::test]
    async fn what_sends_ends_with_its_reader() {
        let (ended, end) = tokio::sync::oneshot::channel();
        let body = paced(1000, |sender| async move {
            while sender.send(PIECE).await.is_ok() {}
            ended.send(()).unwrap();
        });
        let mut body = Box::pin(body);
        assert_eq!(body.next().await, Some(Ok(PIECE)));
        drop(body);
        end.await.unwrap();
    }
}
