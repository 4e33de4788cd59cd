//! Who calls: `Authorization: Device <device id>:<credential>`.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use data_encoding::BASE64URL_NOPAD;
use ownsight_ingest::{AuthenticateError, Credential, DeviceIdentity};
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
    let Some((device, credential)) = credential(headers) else { return Err(Unserved::Problem(unknown())) };
    state.ingest.authenticate(device, &credential).await.map_err(|error| match error {
        AuthenticateError::Unknown => Unserved::Problem(unknown()),
        AuthenticateError::Removed => Unserved::Problem(removed()),
        AuthenticateError::Waiting => Unserved::Waiting,
        AuthenticateError::Busy { retry_after } => Unserved::Problem(Problem::busy(retry_after)),
    })
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

fn unknown() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "device-unknown", "No device has this id and this credential")
        .remedy("Pair the device anew.")
}

pub(crate) fn removed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "device-removed", "The device was removed from its home")
        .remedy("Pair the device anew, if it is to record again.")
}
