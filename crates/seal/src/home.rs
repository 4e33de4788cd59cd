//! A home's control key and home key, and what is sealed under them.

use ownsight_model::{CameraId, DeviceId, GrantId, HomeEpoch, HomeId, IdKind, InstallationId};
use zeroize::Zeroizing;

use crate::camera::{CameraPlace, CameraSalt, CameraScope, CameraSecret};
use crate::canonical::Context;
use crate::primitives::{self, Key};
use crate::secret::{DeviceKey, DeviceReportKey};
use crate::{OpenError, Purpose, wrap};

/// Which home's key, of which epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HomeScope {
    /// The installation.
    pub installation: InstallationId,
    /// The home.
    pub home: HomeId,
    /// The home epoch.
    pub epoch: HomeEpoch,
}

impl HomeScope {
    fn context(self, purpose: Purpose) -> Context {
        Context::new(purpose, self.installation).home(self.home).home_epoch(self.epoch)
    }

    /// Confirms that an opened key is of the home that was asked for.
    pub fn is(self, asked: HomeId) -> Result<(), OpenError> {
        wrap::same_id(&asked, &self.home, Purpose::GrantControl)
    }
}

/// A home's control key of one epoch: pairing, camera addresses, grants and epochs need it.
#[derive(Clone)]
pub struct ControlKey {
    pub(crate) scope: HomeScope,
    pub(crate) key: Key,
}

/// A home's key of one epoch: opens all its cameras.
#[derive(Clone)]
pub struct HomeKey {
    pub(crate) scope: HomeScope,
    pub(crate) key: Key,
}

impl ControlKey {
    /// A new home's, or a new epoch's, control key.
    pub fn generate(scope: HomeScope) -> Self {
        Self { scope, key: Zeroizing::new(primitives::random()) }
    }

    /// Whose key it is.
    pub fn scope(&self) -> HomeScope {
        self.scope
    }

    /// The home key below it.
    pub fn home_key(&self) -> HomeKey {
        let key = primitives::hkdf(&*self.key, &[], &self.scope.context(Purpose::HomeKey));
        HomeKey { scope: self.scope, key }
    }

    /// Wraps a device's key, which opens the configuration after `serial`.
    pub fn seal_device_key(&self, device: DeviceId, serial: u64, key: &DeviceKey) -> Vec<u8> {
        let context = self.device_key_context(device, serial);
        wrap::seal_key(&self.key, &context, IdKind::Device, device.as_bytes(), &key.0)
    }

    /// Opens a device's key.
    pub fn open_device_key(
        &self,
        device: DeviceId,
        serial: u64,
        sealed: &[u8],
    ) -> Result<DeviceKey, OpenError> {
        let context = self.device_key_context(device, serial);
        let (id, key) = wrap::open_key(&self.key, &context, IdKind::Device, sealed)?;
        wrap::same_id(&device, &DeviceId::from_bytes(id), Purpose::DeviceKey)?;
        Ok(DeviceKey(key))
    }

    fn device_key_context(&self, device: DeviceId, serial: u64) -> Context {
        self.scope.context(Purpose::DeviceKey).device(device).serial(serial)
    }

    /// Seals a camera's address, user and password.
    pub fn seal_camera_address(&self, camera: CameraId, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::CameraAddress).camera(camera), text)
    }

    /// Opens a camera's address, user and password.
    pub fn open_camera_address(
        &self,
        camera: CameraId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::CameraAddress).camera(camera), sealed)
    }

    /// Seals the roster: who is a member, and what new keys are sealed to.
    pub fn seal_roster(&self, serial: u64, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::Roster).serial(serial), text)
    }

    /// Opens the roster.
    pub fn open_roster(&self, serial: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::Roster).serial(serial), sealed)
    }

    /// Seals what the home keeps of an invitation.
    pub fn seal_invitation(&self, grant: GrantId, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::InvitationKept).grant(grant), text)
    }

    /// Opens what the home keeps of an invitation.
    pub fn open_invitation(&self, grant: GrantId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::InvitationKept).grant(grant), sealed)
    }

    /// Seals what the home keeps of an invitation by code.
    pub fn seal_invitation_code(&self, grant: GrantId, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::InvitationCodeKept).grant(grant), text)
    }

    /// Opens what the home keeps of an invitation by code.
    pub fn open_invitation_code(
        &self,
        grant: GrantId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::InvitationCodeKept).grant(grant), sealed)
    }
}

impl HomeKey {
    /// Whose key it is.
    pub fn scope(&self) -> HomeScope {
        self.scope
    }

    /// The secret of one of the home's cameras.
    pub fn camera_secret(&self, salt: &CameraSalt, place: CameraPlace) -> CameraSecret {
        let scope = CameraScope {
            installation: self.scope.installation,
            home: self.scope.home,
            home_epoch: self.scope.epoch,
            camera: place.camera,
            tenure: place.tenure,
            camera_epoch: place.epoch,
        };
        let key = primitives::hkdf(&*self.key, salt.as_bytes(), &scope.context(Purpose::CameraSecret));
        CameraSecret { scope, key }
    }

    /// Seals the home's name and zone.
    pub fn seal_text(&self, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::HomeText), text)
    }

    /// Opens the home's name and zone.
    pub fn open_text(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::HomeText), sealed)
    }

    /// Seals a device's name.
    pub fn seal_device_text(&self, device: DeviceId, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::DeviceText).device(device), text)
    }

    /// Opens a device's name.
    pub fn open_device_text(&self, device: DeviceId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::DeviceText).device(device), sealed)
    }

    /// Seals what members see of each other.
    pub fn seal_members(&self, serial: u64, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.key, &self.scope.context(Purpose::Members).serial(serial), text)
    }

    /// Opens what members see of each other.
    pub fn open_members(&self, serial: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.key, &self.scope.context(Purpose::Members).serial(serial), sealed)
    }

    /// Seals this home's former keys, oldest first: of every epoch from the first to the one before this key's.
    ///
    /// # Panics
    /// When `former` are not exactly those: who opens the keyring must find each epoch.
    pub fn seal_keyring(&self, former: &[Self]) -> Vec<u8> {
        let mut plaintext = Zeroizing::new(Vec::with_capacity(former.len() * 32));
        let mut epoch = HomeEpoch::FIRST;
        for key in former {
            assert_eq!(key.scope, HomeScope { epoch, ..self.scope }, "a keyring has each former epoch");
            plaintext.extend_from_slice(&*key.key);
            epoch = HomeEpoch::new(epoch.number() + 1).unwrap_or(epoch);
        }
        assert_eq!(epoch, self.scope.epoch, "a keyring has each former epoch");
        wrap::seal(&self.key, &self.scope.context(Purpose::Keyring), &plaintext)
    }

    /// Opens this home's former keys, oldest first.
    pub fn open_keyring(&self, sealed: &[u8]) -> Result<Vec<Self>, OpenError> {
        let plaintext = wrap::open(&self.key, &self.scope.context(Purpose::Keyring), sealed)?;
        let (keys, rest) = plaintext.as_chunks::<32>();
        let expected = usize::try_from(self.scope.epoch.number()).unwrap_or(usize::MAX) - 1;
        if keys.len() != expected || !rest.is_empty() {
            return Err(OpenError::Malformed {
                what: "keyring",
                why: "it has not one key for each former epoch",
            });
        }
        let scope_of = |epoch| HomeScope { epoch, ..self.scope };
        let epochs = (1..).filter_map(HomeEpoch::new);
        Ok(keys
            .iter()
            .zip(epochs)
            .map(|(key, epoch)| Self { scope: scope_of(epoch), key: Zeroizing::new(*key) })
            .collect())
    }

    /// The key that tags what a device reports on itself.
    pub fn device_report_key(&self, device: DeviceId) -> DeviceReportKey {
        let context = self.scope.context(Purpose::DeviceReport).device(device);
        DeviceReportKey(primitives::hkdf(&*self.key, &[], &context))
    }
}

impl std::fmt::Debug for ControlKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ControlKey({}, …)", self.scope.home)
    }
}

impl std::fmt::Debug for HomeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HomeKey({}, …)", self.scope.home)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_of_another_length_is_refused() {
        let scope = HomeScope {
            installation: ownsight_model::InstallationId::generate(),
            home: ownsight_model::HomeId::generate(),
            epoch: HomeEpoch::new(3).unwrap(),
        };
        let key = ControlKey::generate(scope).home_key();
        let ring = |bytes: usize| wrap::seal(&key.key, &scope.context(Purpose::Keyring), &vec![7; bytes]);
        assert_eq!(key.open_keyring(&ring(64)).unwrap().len(), 2);
        for bytes in [0, 32, 63, 65, 95, 96] {
            let opened = key.open_keyring(&ring(bytes));
            assert!(matches!(opened, Err(OpenError::Malformed { what: "keyring", .. })), "{bytes} bytes");
        }
    }
}
