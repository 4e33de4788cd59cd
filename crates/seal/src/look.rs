//! What a device found when it looked around: sealed to the draft of its look, so that only the home reads it.
//!
//! HPKE mode_psk to the draft's camera key pair, PSK = the device's PSK, psk_id = device, info = the context of
//! [`Purpose::LookReport`]. Bytes: format version (1) ‖ encapsulation (32) ‖ ciphertext with tag.

use ownsight_model::DeviceId;
use zeroize::Zeroizing;

use crate::camera::CameraSecret;
use crate::canonical::{Context, FORMAT_VERSION};
use crate::error::malformed;
use crate::hpke::{self, ENCAPSULATION_BYTES, PublicKey};
use crate::secret::DevicePsk;
use crate::{CameraScope, OpenError, Purpose};

const WHAT: &str = "look report";

pub(crate) fn seal(
    to: &PublicKey,
    psk: &DevicePsk,
    scope: &CameraScope,
    device: DeviceId,
    found: &[u8],
) -> Vec<u8> {
    let info = info(scope, device);
    let (encapsulation, sealed) = hpke::seal(to, &psk.0, device.as_bytes(), info.as_bytes(), found);
    let mut out = Vec::with_capacity(1 + ENCAPSULATION_BYTES + sealed.len());
    out.push(FORMAT_VERSION);
    out.extend_from_slice(&encapsulation);
    out.extend_from_slice(&sealed);
    out
}

impl CameraSecret {
    /// Opens what a device found for the look whose draft this camera is.
    pub fn open_look(&self, device: DeviceId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&version, rest) = sealed.split_first().ok_or(malformed(WHAT, "it is empty"))?;
        if version != FORMAT_VERSION {
            return Err(malformed(WHAT, "its format version is not known"));
        }
        let (encapsulation, sealed) =
            rest.split_first_chunk::<ENCAPSULATION_BYTES>().ok_or(malformed(WHAT, "it is too short"))?;
        let info = info(&self.scope, device);
        let psk = self.device_psk(device);
        hpke::open(&self.key_pair(), &psk.0, device.as_bytes(), info.as_bytes(), encapsulation, sealed)
            .ok_or(OpenError::NotAuthentic(Purpose::LookReport))
    }
}

fn info(scope: &CameraScope, device: DeviceId) -> Context {
    scope.context(Purpose::LookReport).device(device)
}
