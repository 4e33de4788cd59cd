//! A camera's secret of one tenure and epoch, and what is derived from it.

use ownsight_model::{CameraEpoch, CameraId, DeviceId, HomeEpoch, HomeId, InstallationId, TenureId};
use zeroize::Zeroizing;

use crate::canonical::Context;
use crate::hpke::{KeyPair, PublicKey};
use crate::primitives::{self, Key};
use crate::secret::DevicePsk;
use crate::{OpenError, Purpose, wrap};

/// 32 random bytes of a camera epoch. To destroy them erases what was sealed under them.
#[derive(Clone, PartialEq, Eq)]
pub struct CameraSalt([u8; 32]);

impl CameraSalt {
    /// A new random salt.
    pub fn generate() -> Self {
        Self(primitives::random())
    }

    /// The salt with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for CameraSalt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CameraSalt(…)")
    }
}

/// A camera's place in a home: camera, tenure and camera epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CameraPlace {
    /// The camera.
    pub camera: CameraId,
    /// Its time in the home.
    pub tenure: TenureId,
    /// The generation of its salt.
    pub epoch: CameraEpoch,
}

/// All that a camera secret is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CameraScope {
    /// The installation.
    pub installation: InstallationId,
    /// The home.
    pub home: HomeId,
    /// The camera.
    pub camera: CameraId,
    /// Its time in the home.
    pub tenure: TenureId,
    /// The generation of the home's control key.
    pub home_epoch: HomeEpoch,
    /// The generation of the camera's salt.
    pub camera_epoch: CameraEpoch,
}

impl CameraScope {
    pub(crate) fn context(&self, purpose: Purpose) -> Context {
        Context::new(purpose, self.installation)
            .home(self.home)
            .camera(self.camera)
            .tenure(self.tenure)
            .home_epoch(self.home_epoch)
            .camera_epoch(self.camera_epoch)
    }
}

/// The secret of one camera in one home, tenure, home epoch and camera epoch.
#[derive(Clone)]
pub struct CameraSecret {
    pub(crate) scope: CameraScope,
    pub(crate) key: Key,
}

impl CameraSecret {
    /// What it is bound to.
    pub fn scope(&self) -> &CameraScope {
        &self.scope
    }

    /// The public key that devices seal events to.
    pub fn public_key(&self) -> PublicKey {
        self.key_pair().public()
    }

    pub(crate) fn key_pair(&self) -> KeyPair {
        KeyPair::derive(&self.derive(Purpose::CameraKeyPair, |context| context))
    }

    /// The PSK of one device: who has it, or this secret, can make events of this camera.
    pub fn device_psk(&self, device: DeviceId) -> DevicePsk {
        DevicePsk(self.derive(Purpose::DevicePsk, |context| context.device(device)))
    }

    /// Seals the camera's name and settings.
    pub fn seal_text(&self, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.text_key(), &self.scope.context(Purpose::CameraText), text)
    }

    /// Opens the camera's name and settings.
    pub fn open_text(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.text_key(), &self.scope.context(Purpose::CameraText), sealed)
    }

    pub(crate) fn text_key(&self) -> Key {
        self.derive(Purpose::TextKey, |context| context)
    }

    fn derive(&self, purpose: Purpose, add: impl FnOnce(Context) -> Context) -> Key {
        let context = Context::new(purpose, self.scope.installation).camera(self.scope.camera);
        primitives::hkdf(&*self.key, &[], &add(context))
    }
}

impl std::fmt::Debug for CameraSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CameraSecret({}, …)", self.scope.camera)
    }
}
