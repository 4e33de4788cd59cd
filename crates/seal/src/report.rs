//! Tags of what devices report: verified under a viewer's own keys before it is shown.

use crate::camera::CameraSecret;
use crate::primitives::{self, Key};
use crate::secret::{DevicePsk, DeviceReportKey};
use crate::{CameraScope, OpenError, Purpose, wrap};
use ownsight_model::DeviceId;

/// What a report on a camera is about. Each has a key of its own: none is taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CameraReportKind {
    /// How the camera is.
    State,
    /// A time in which it did not record.
    Gap,
    /// A test, whose camera is the draft.
    Test,
}

impl CameraReportKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::State, Self::Gap, Self::Test];

    /// What its key is derived for.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::State => Purpose::CameraReport,
            Self::Gap => Purpose::GapReport,
            Self::Test => Purpose::TestReport,
        }
    }
}

/// Tags a device's report on a camera.
pub fn tag_camera_report(
    kind: CameraReportKind,
    psk: &DevicePsk,
    scope: &CameraScope,
    device: DeviceId,
    report: &[u8],
) -> [u8; 32] {
    primitives::mac(&camera_report_key(kind, psk, scope, device), &[report])
}

/// Tags a device's report on itself.
pub fn tag_device_report(key: &DeviceReportKey, report: &[u8]) -> [u8; 32] {
    primitives::mac(&key.0, &[report])
}

impl CameraSecret {
    /// Verifies a device's report on this camera.
    pub fn verify_report(
        &self,
        kind: CameraReportKind,
        device: DeviceId,
        report: &[u8],
        tag: &[u8],
    ) -> Result<(), OpenError> {
        let key = camera_report_key(kind, &self.device_psk(device), &self.scope, device);
        verify(&key, report, tag, kind.purpose())
    }
}

impl DeviceReportKey {
    /// Verifies a device's report on itself.
    pub fn verify(&self, report: &[u8], tag: &[u8]) -> Result<(), OpenError> {
        verify(&self.0, report, tag, Purpose::DeviceReport)
    }
}

/// Confirms that a verified report is about what was asked for: what names another is a mix-up.
pub fn report_is_about<T: PartialEq>(asked: &T, named: &T, purpose: Purpose) -> Result<(), OpenError> {
    wrap::same_id(asked, named, purpose)
}

fn camera_report_key(kind: CameraReportKind, psk: &DevicePsk, scope: &CameraScope, device: DeviceId) -> Key {
    primitives::hkdf(&*psk.0, &[], &scope.context(kind.purpose()).device(device))
}

fn verify(key: &[u8; 32], report: &[u8], tag: &[u8], purpose: Purpose) -> Result<(), OpenError> {
    if primitives::mac_verifies(key, &[report], tag) { Ok(()) } else { Err(OpenError::NotAuthentic(purpose)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_on_another_is_a_mix_up() {
        let (asked, other) = (DeviceId::generate(), DeviceId::generate());
        assert_eq!(report_is_about(&asked, &asked, Purpose::DeviceReport), Ok(()));
        let mixed_up = OpenError::MixUp(Purpose::DeviceReport);
        assert_eq!(report_is_about(&asked, &other, Purpose::DeviceReport), Err(mixed_up));
    }
}
