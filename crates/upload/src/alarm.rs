//! Alarms: what does not authenticate of an upload is counted by kind and logged, and nothing of it is stored.

use ownsight_ingest::ALARMS;
use ownsight_model::DeviceId;
use ownsight_seal::OpenError;

use crate::UploadError;

/// Configuration or device key of a device do not open under the key that found them.
const NOT_VERIFIED: &str = "upload-not-verified";
/// The MAC of a whole upload does not verify.
const NOT_SIGNED: &str = "upload-not-signed";

/// Sets this crate's alarms to zero, so that the first of a kind is seen as an increase.
pub fn describe_metrics() {
    for kind in [NOT_VERIFIED, NOT_SIGNED] {
        metrics::counter!(ALARMS, "kind" => kind).increment(0);
    }
}

pub(crate) fn not_verified(device: DeviceId, error: &OpenError) -> UploadError {
    metrics::counter!(ALARMS, "kind" => NOT_VERIFIED).increment(1);
    tracing::error!(alarm.kind = NOT_VERIFIED, device.id = %device, %error,
        "alarm: what the server keeps for a device that uploads does not open under its key");
    UploadError::NotVerified
}

pub(crate) fn not_signed(device: DeviceId) -> UploadError {
    metrics::counter!(ALARMS, "kind" => NOT_SIGNED).increment(1);
    tracing::error!(alarm.kind = NOT_SIGNED, device.id = %device,
        "alarm: an upload is not signed with its device's key: it was changed, mixed up, or made with another key");
    UploadError::NotSigned
}
