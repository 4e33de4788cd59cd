//! `PUT /cameras/{camera}/events/{event}`: one sealed object, streamed in.

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data_encoding::BASE64;
use ownsight_ingest::{Declared, Receipt};
use ownsight_model::{CameraId, EventId};

use super::body::{Watched, answer};
use super::sign_in::authenticate_delivery;
use crate::http::Problem;
use crate::state::AppState;

const MEDIA_TYPE: &str = "application/vnd.ownsight.event";

pub(crate) async fn store(
    State(state): State<AppState>,
    Path((camera, event)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (body, read) = Watched::new(body);
    answer(take(&state, &camera, &event, &parts.headers, body).await, &read)
}

async fn take(
    state: &AppState,
    camera: &str,
    event: &str,
    headers: &HeaderMap,
    body: Watched,
) -> Result<Receipt, Problem> {
    let identity = authenticate_delivery(state, headers).await?;
    let camera: CameraId = camera.parse().map_err(|_| Problem::not_found())?;
    let event: EventId = event.parse().map_err(|_| Problem::not_found())?;
    let declared = declared(headers)?;
    Ok(state.ingest.store_event(&identity, camera, event, declared, body).await?)
}

/// What the headers say of the body.
fn declared(headers: &HeaderMap) -> Result<Declared, Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(CONTENT_TYPE.as_str()) != Some(MEDIA_TYPE) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-type",
            "The body has the wrong type",
        )
        .remedy(format!("Send `Content-Type: {MEDIA_TYPE}`.")));
    }
    let length = text(CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    let Some(length) = length else {
        return Err(Problem::new(StatusCode::LENGTH_REQUIRED, "length-missing", "The length is missing")
            .remedy("Send `Content-Length`."));
    };
    let Some(digest) = text("content-digest").and_then(sha256) else {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "The digest is missing")
            .remedy("Send `Content-Digest: sha-256=:<base64>:` (RFC 9530)."));
    };
    Ok(Declared { length, digest })
}

/// The SHA-256 in a `Content-Digest`, among digests of other kinds.
fn sha256(field: &str) -> Option<[u8; 32]> {
    let member = field.split(',').find_map(|member| member.trim().strip_prefix("sha-256=:"))?;
    BASE64.decode(member.strip_suffix(':')?.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_among_others() {
        let digest = [7; 32];
        let encoded = BASE64.encode(&digest);
        assert_eq!(sha256(&format!("sha-256=:{encoded}:")), Some(digest));
        assert_eq!(sha256(&format!("sha-512=:AAAA:, sha-256=:{encoded}:")), Some(digest));
        for field in ["", "sha-256=:AAAA:", "sha-256=AAAA", "md5=:AAAA:"] {
            assert_eq!(sha256(field), None, "{field}");
        }
        assert_eq!(sha256(&format!("sha-256=:{encoded}")), None);
    }
}
