//! Cameras whose device uploads plainly.

use std::fmt;

use ownsight_model::{CameraId, DeviceId};
use serde::Serialize;
use utoipa::ToSchema;

/// What to upload with: shown once. `Debug` shows neither key.
#[derive(Clone, Serialize, ToSchema)]
pub struct Upload {
    /// The device.
    #[schema(value_type = String)]
    pub device_id: DeviceId,
    /// Its camera.
    #[schema(value_type = String)]
    pub camera_id: CameraId,
    /// For `Authorization: Upload`: sent with each upload.
    pub upload_key: String,
    /// 32 bytes, hexadecimal: what uploads are signed with. Never sent.
    pub signing_key: String,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device_id, camera_id, .. } = self;
        f.debug_struct("Upload")
            .field("device_id", device_id)
            .field("camera_id", camera_id)
            .finish_non_exhaustive()
    }
}
