//! Reading small JSON bodies, bounded in bytes and time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::Problem;

/// Most bytes of a body, where nothing else is said.
pub(crate) const JSON_BYTES_MAX: usize = 64 << 10;
/// How long a body may take to arrive.
const READ_MAX: Duration = Duration::from_secs(15);

/// Reads a request's body as JSON of at most `bytes_max` bytes.
///
/// Not cancel-safe: what was read is lost.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, Problem> {
    let content_type =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-type",
            "The body has the wrong type",
        )
        .remedy("Send JSON, with `Content-Type: application/json`."));
    }
    let bytes = timeout(READ_MAX, read(request.into_body(), bytes_max)).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "interrupted", "The body did not arrive in time")
    })??;
    serde_json::from_slice(&bytes).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "The body cannot be understood")
            .detail(format!("The body is not the JSON that is expected: {error}."))
            .remedy("The API's description says which fields there are.")
    })
}

async fn read(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "interrupted", "The body did not arrive as a whole")
        })?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
                .detail(format!("At most {bytes_max} bytes are taken.")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
