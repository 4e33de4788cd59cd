//! `POST /uploads`: metadata, thumbnail, clip and their MAC in one body, sealed as it comes, by [`ownsight_upload`].

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ownsight_upload::{Receipt, UploadCredentials, UploadError};

use super::body::{Watched, answer};
use super::problems::capitalised;
use super::sign_in::Unserved;
use crate::http::Problem;
use crate::state::AppState;

pub(crate) async fn take(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (body, read) = Watched::new(body);
    answer(taken(&state, &parts.headers, body).await, &read)
}

async fn taken(state: &AppState, headers: &HeaderMap, body: Watched) -> Result<Receipt, Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let credentials = text(AUTHORIZATION).and_then(UploadCredentials::parse).ok_or_else(unknown)?;
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    Ok(state.uploads.take(credentials, length, body).await?)
}

fn unknown() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "device-unknown", "No device has this id and this key").remedy(
        "Send `Authorization: Upload <upload key>`, as the web app showed it when the camera was added.",
    )
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let detail = format!("{}.", capitalised(&error.to_string()));
        let unprocessable =
            |code, title| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, title).detail(detail.clone());
        match error {
            UploadError::Device(error) => match Unserved::from(error) {
                Unserved::Problem(problem) if problem.code() == "device-unknown" => unknown(),
                unserved => unserved.into(),
            },
            UploadError::Ingest(error) => error.into(),
            UploadError::NotVerified => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Self::new(status, "not-verified", "The device's configuration does not open")
                    .detail(detail)
                    .remedy("Nothing was stored. Whoever runs this server finds more in its log.")
            }
            UploadError::NotSigned => {
                unprocessable("not-signed", "The upload is not signed with the device's key")
                    .remedy("Make the HMAC of exactly the bytes that are sent before it, with the signing key's 32 bytes.")
            }
            UploadError::Malformed { .. } => {
                unprocessable("malformed", "The upload does not have the form that is expected")
            }
            UploadError::Camera { .. } => unprocessable("not-yours", "The camera is not the device's own"),
            UploadError::Media(_) => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                Self::new(status, "wrong-media", "A part is not what it claims to be")
                    .detail(detail)
                    .remedy("Send a JPEG as the thumbnail, and an MP4 as the clip.")
            }
            UploadError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The upload is too large").detail(detail)
            }
            UploadError::Sealing(source) => {
                tracing::error!(error = %source, "an upload could not be sealed");
                Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}
