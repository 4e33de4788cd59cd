//! From a request's upload key to the sealer of one camera: each step opens, and belongs to this device only.

use ownsight_ingest::UploadDevice;
use ownsight_model::{CameraId, InstallationId};
use ownsight_seal::{CameraSealer, Configuration, OpenError, PairingScope, UploadMac};

use crate::{UploadCredentials, UploadError, alarm};

/// Opens a device's configuration with the key that came with the request, and begins the MAC of the upload.
///
/// The home is that of the row, which was found by the credential: were it another's, neither device key nor
/// configuration would open.
pub(crate) fn open(
    installation: InstallationId,
    credentials: &UploadCredentials,
    device: &UploadDevice,
) -> Result<(Configuration, UploadMac), UploadError> {
    let (of, key) = (credentials.device, &credentials.key);
    let scope = PairingScope { installation, home: device.identity().home(), device: of };
    let open = || -> Result<_, OpenError> {
        let device_key = key.open_device_key(scope, &device.device_key)?;
        let pair = key.key_pair(installation, of);
        let (serial, sealed) = (device.serial, &device.configuration);
        let configuration = Configuration::open(&pair, &device_key, scope, serial, sealed)?;
        Ok((configuration, device_key.upload_signing_key(scope).begin()))
    };
    open().map_err(|error| alarm::not_verified(of, &error))
}

/// The sealer for the camera that was named, or for the only one.
pub(crate) fn sealer(
    configuration: &Configuration,
    camera: Option<CameraId>,
) -> Result<CameraSealer, UploadError> {
    let mut cameras = configuration.cameras.iter();
    let assigned = match camera {
        Some(camera) => cameras.find(|assigned| assigned.camera == camera),
        None => match (cameras.next(), cameras.next()) {
            (Some(_), Some(_)) => {
                let why = "the device has several cameras: name one of them in `camera`";
                return Err(UploadError::Camera { why });
            }
            (only, _) => only,
        },
    };
    let assigned = assigned.ok_or(UploadError::Camera { why: "the camera is none of this device's" })?;
    Ok(configuration.sealer(assigned))
}
