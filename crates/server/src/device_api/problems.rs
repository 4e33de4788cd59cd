//! What devices are told of ingest's errors: the table in `docs/device-api.md`.

use axum::http::StatusCode;
use ownsight_ingest::{DeviceCallError, IngestError, PairingError};

use super::sign_in::{contested, left, removed};
use crate::http::Problem;

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = format!("{}.", capitalised(&error.to_string()));
        let code = error.code();
        match error {
            IngestError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, "The event is too large").detail(detail)
            }
            IngestError::Malformed { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The event is not a sealed object")
                    .detail(detail)
            }
            IngestError::NotYours => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The event is not the device's own")
                    .detail(detail)
            }
            IngestError::DigestMismatch => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The event was damaged on the way")
                    .detail(detail)
                    .remedy("Send it once more.")
            }
            IngestError::DigestDiffers => {
                Self::new(StatusCode::CONFLICT, code, "Another object has this event's id").detail(detail)
            }
            IngestError::Erased => {
                Self::new(StatusCode::GONE, code, "The event was erased").detail(detail).remedy("Drop it.")
            }
            IngestError::AfterLeaving => {
                Self::new(StatusCode::GONE, code, "The device had left the home before")
                    .detail(detail)
                    .remedy("Drop it.")
            }
            IngestError::Interrupted { .. } => {
                Self::new(StatusCode::REQUEST_TIMEOUT, code, "The event did not arrive as a whole")
                    .detail(detail)
                    .remedy("Send it again.")
            }
            IngestError::TooMany { retry_after } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, code, "The device sends too much at once")
                    .remedy("Come back after the time in `Retry-After`.")
                    .retry_after(retry_after)
            }
            IngestError::Busy { retry_after } => Self::busy(retry_after),
            IngestError::DiskFull { retry_after } => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, code, "The server's disk is full")
                    .remedy("Keep the event and come back after the time in `Retry-After`.")
                    .retry_after(retry_after)
            }
        }
    }
}

impl From<PairingError> for Problem {
    fn from(error: PairingError) -> Self {
        match error {
            PairingError::Unknown => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "No pairing with this code is open")
                    .detail("The code was never made, was used, or has expired.")
                    .remedy("Begin a new pairing in the web app.")
            }
            PairingError::Conflict => {
                Self::new(StatusCode::CONFLICT, "pairing-answered", "The pairing was answered already")
                    .detail("Another device has answered with this code.")
                    .remedy("Cancel this pairing in the web app, and begin a new one.")
            }
            PairingError::Malformed { why } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "The answer cannot be right")
                    .detail(why)
            }
            PairingError::TooMany { retry_after } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many",
                "Too many pairing requests from this address",
            )
            .retry_after(retry_after),
            PairingError::Busy { retry_after } => Self::busy(retry_after),
        }
    }
}

impl From<DeviceCallError> for Problem {
    fn from(error: DeviceCallError) -> Self {
        match error {
            DeviceCallError::Removed => removed(),
            DeviceCallError::Left => left(),
            DeviceCallError::Contested { retry_after } => contested(retry_after),
            DeviceCallError::Malformed { why } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "The reports cannot be understood")
                    .detail(why)
            }
            DeviceCallError::DiskFull { retry_after } => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "The server's disk is full")
                    .retry_after(retry_after)
            }
            DeviceCallError::Busy { retry_after } => Self::busy(retry_after),
        }
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
