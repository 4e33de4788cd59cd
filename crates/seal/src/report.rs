//! Tags of what devices report: verified under a viewer's own keys before it is shown.

use crate::camera::CameraSecret;
use crate::primitives::{self, Key};
use crate::secret::{DevicePsk, DeviceReportKey};
use crate::{CameraScope, OpenError, Purpose};
use ownsight_model::DeviceId;

/// Tags a device's report on a camera.
pub fn tag_camera_report(psk: &DevicePsk, scope: &CameraScope, device: DeviceId, report: &[u8]) -> [u8; 32] {
    primitives::mac(&camera_report_key(psk, scope, device), &[report])
}

/// Tags a device's report on itself.
pub fn tag_device_report(key: &DeviceReportKey, report: &[u8]) -> [u8; 32] {
    primitives::mac(&key.0, &[report])
}

impl CameraSecret {
    /// Verifies a device's report on this camera.
    pub fn verify_report(&self, device: DeviceId, report: &[u8], tag: &[u8]) -> Result<(), OpenError> {
        let key = camera_report_key(&self.device_psk(device), &self.scope, device);
        verify(&key, report, tag, Purpose::CameraReport)
    }
}

impl DeviceReportKey {
    /// Verifies a device's report on itself.
    pub fn verify(&self, report: &[u8], tag: &[u8]) -> Result<(), OpenError> {
        verify(&self.0, report, tag, Purpose::DeviceReport)
    }
}

pub(crate) fn camera_report_key(psk: &DevicePsk, scope: &CameraScope, device: DeviceId) -> Key {
    primitives::hkdf(&*psk.0, &[], &scope.context(Purpose::CameraReport).device(device))
}

fn verify(key: &[u8; 32], report: &[u8], tag: &[u8], purpose: Purpose) -> Result<(), OpenError> {
    if primitives::mac_verifies(key, &[report], tag) { Ok(()) } else { Err(OpenError::NotAuthentic(purpose)) }
}
