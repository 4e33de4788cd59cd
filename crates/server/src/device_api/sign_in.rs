//! Who calls: `Authorization: Device <device id>:<credential>`, and which start of it: `Ownsight-Run`.

use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use data_encoding::BASE64URL_NOPAD;
use ownsight_ingest::{AuthenticateError, Credential, DeviceIdentity, Run};
use ownsight_model::DeviceId;

use crate::http::Problem;
use crate::state::AppState;

/// Why a device is not served.
pub(crate) enum Unserved {
    /// Its pairing has not been checked yet.
    Waiting,
    /// All else.
    Problem(Problem),
}

/// Proves which device calls.
pub(crate) async fn authenticate(state: &AppState, headers: &HeaderMap) -> Result<DeviceIdentity, Unserved> {
    let (device, credential, run) = shown(headers)?;
    Ok(state.ingest.authenticate(device, &credential, run).await?)
}

/// Proves which device delivers: also one that has left.
pub(crate) async fn authenticate_delivery(
    state: &AppState,
    headers: &HeaderMap,
) -> Result<DeviceIdentity, Unserved> {
    let (device, credential, run) = shown(headers)?;
    Ok(state.ingest.authenticate_delivery(device, &credential, run).await?)
}

fn shown(headers: &HeaderMap) -> Result<(DeviceId, Credential, Option<Run>), Unserved> {
    let Some((device, credential)) = credential(headers) else { return Err(Unserved::Problem(unknown())) };
    Ok((device, credential, run(headers).map_err(Unserved::Problem)?))
}

impl From<AuthenticateError> for Unserved {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Contested { retry_after } => Unserved::Problem(contested(retry_after)),
            AuthenticateError::NoRun => Unserved::Problem(
                Problem::new(
                    StatusCode::FORBIDDEN,
                    "device-run-missing",
                    "The device does not say which start of it calls",
                )
                .detail("It did before: an older version of its program calls, or a copy of the device.")
                .remedy("Send `Ownsight-Run`, or pair the device anew."),
            ),
            AuthenticateError::Unknown => Unserved::Problem(unknown()),
            AuthenticateError::Removed => Unserved::Problem(removed()),
            AuthenticateError::Left => Unserved::Problem(left()),
            AuthenticateError::Waiting => Unserved::Waiting,
            AuthenticateError::Busy { retry_after } => Unserved::Problem(Problem::busy(retry_after)),
        }
    }
}

impl From<Unserved> for Problem {
    /// Where a device that waits cannot be served.
    fn from(unserved: Unserved) -> Self {
        match unserved {
            Unserved::Waiting => {
                Self::new(StatusCode::FORBIDDEN, "device-waiting", "The pairing has not been checked yet")
                    .remedy("Ask for the configuration until there is one.")
            }
            Unserved::Problem(problem) => problem,
        }
    }
}

fn credential(headers: &HeaderMap) -> Option<(DeviceId, Credential)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("device") {
        return None;
    }
    let (device, credential) = rest.trim().split_once(':')?;
    let bytes = BASE64URL_NOPAD.decode(credential.as_bytes()).ok()?;
    Some((device.parse().ok()?, Credential::from_bytes(bytes.try_into().ok()?)))
}

/// The run that calls: two headers of 16 bytes each.
fn run(headers: &HeaderMap) -> Result<Option<Run>, Problem> {
    let Some(id) = id_header(headers, "Ownsight-Run")? else { return Ok(None) };
    Ok(Some(Run { id, before: id_header(headers, "Ownsight-Run-Before")? }))
}

fn id_header(headers: &HeaderMap, name: &'static str) -> Result<Option<[u8; 16]>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.map(Some).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", "A header cannot be read")
            .detail(format!("`{name}` is 16 bytes in base64url without padding."))
    })
}

pub(crate) fn contested(retry_after: Duration) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "device-contested", "Two devices present this identity")
        .detail("A copy of the device's folder runs somewhere, or the server's database was brought back from a backup.")
        .remedy("Keep everything and come back. Somebody of the home decides in the web app, under Devices.")
        .retry_after(retry_after)
}

fn unknown() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "device-unknown", "No device has this id and this credential")
        .remedy("Pair the device anew.")
}

pub(crate) fn left() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "device-left", "The device is not of its home any more")
        .detail("What it recorded until it left or was removed is taken for 30 days from then.")
        .remedy("Deliver that, and nothing else. Pair the device anew, if it is to record again.")
}

pub(crate) fn removed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "device-removed", "The device was removed from its home")
        .remedy("Pair the device anew, if it is to record again.")
}
