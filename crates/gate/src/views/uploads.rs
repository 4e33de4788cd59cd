//! Cameras whose device uploads plainly.

use ownsight_model::{CameraId, DeviceId};
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// What to upload with: shown once.
    Upload {
        /// The device.
        device_id: DeviceId as String,
        /// Its camera.
        camera_id: CameraId as String,
        /// For `Authorization: Upload`: sent with each upload.
        upload_key: String,
        /// 32 bytes, hexadecimal: what uploads are signed with. Never sent.
        signing_key: String,
    }
}
