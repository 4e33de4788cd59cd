//! Bodies that are streamed in, and what is answered to them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Json;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use ownsight_ingest::Receipt;
use ownsight_model::{EventId, Timestamp};
use serde::Serialize;

use crate::http::Problem;

#[derive(Serialize)]
struct Stored {
    event: EventId,
    received_at: Timestamp,
    bytes: u64,
}

/// Whether a body was read to its end.
pub(super) struct Read(Arc<AtomicBool>);

/// A body that notes when it was read to its end.
pub(super) struct Watched {
    stream: BodyDataStream,
    read: Arc<AtomicBool>,
}

impl Watched {
    pub(super) fn new(body: Body) -> (Self, Read) {
        let read = Arc::new(AtomicBool::new(false));
        (Self { stream: body.into_data_stream(), read: Arc::clone(&read) }, Read(read))
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.stream).poll_next(cx);
        if matches!(polled, Poll::Ready(None)) {
            self.read.store(true, Ordering::Relaxed);
        }
        polled
    }
}

/// The answer to a delivery.
pub(super) fn answer(result: Result<Receipt, Problem>, Read(read): &Read) -> Response {
    let mut response = match result {
        Ok(receipt) => {
            let status = if receipt.fresh { StatusCode::CREATED } else { StatusCode::OK };
            let Receipt { event, received_at, bytes, fresh: _ } = receipt;
            (status, Json(Stored { event, received_at, bytes })).into_response()
        }
        Err(problem) => problem.into_response(),
    };
    if !read.load(Ordering::Relaxed) {
        // What is left of the body is not waited for: the connection cannot be used again.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
