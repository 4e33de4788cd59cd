//! Plain uploads: what stands for a device that cannot seal, while one request of it lasts.
//!
//! Such a device has a secret of two halves. The *upload key* comes with each request: it opens the device's own
//! device key, from a wrap that the server keeps, and with it the device's configuration, and nothing else. The
//! *signing key* never travels: it is derived from the device key, and what is uploaded is taken only with its MAC.

use aws_lc_rs::hmac;
use ownsight_model::{DeviceId, IdKind, InstallationId};
use zeroize::Zeroizing;

use crate::barriers::{Barrier, on};
use crate::canonical::Context;
use crate::hpke::KeyPair;
use crate::pairing::PairingScope;
use crate::primitives;
use crate::secret::{DeviceKey, UploadKey, UploadSigningKey};
use crate::{OpenError, Purpose, wrap};

impl UploadKey {
    /// What the device is found by, as another device by the credential that it made: the server keeps its SHA-256.
    pub fn credential(&self, installation: InstallationId, device: DeviceId) -> Zeroizing<[u8; 32]> {
        let context = Context::new(Purpose::UploadCredential, installation).device(device);
        primitives::hkdf(&*self.0, &[], &context)
    }

    /// SHA-256 of [`Self::credential`].
    pub fn credential_hash(&self, installation: InstallationId, device: DeviceId) -> [u8; 32] {
        primitives::sha256(&*self.credential(installation, device))
    }

    /// The key pair that the device's configurations are sealed to.
    pub fn key_pair(&self, installation: InstallationId, device: DeviceId) -> KeyPair {
        let context = Context::new(Purpose::UploadKeyPair, installation).device(device);
        KeyPair::derive(&primitives::hkdf(&*self.0, &[], &context))
    }

    /// Wraps the device key, which opens each configuration of this device.
    pub fn seal_device_key(&self, scope: PairingScope, key: &DeviceKey) -> Vec<u8> {
        wrap::seal_key(&self.0, &device_key_context(scope), IdKind::Device, scope.device.as_bytes(), &key.0)
    }

    /// Opens the device key: that of this home and device only.
    pub fn open_device_key(&self, scope: PairingScope, sealed: &[u8]) -> Result<DeviceKey, OpenError> {
        let (id, key) = wrap::open_key(&self.0, &device_key_context(scope), IdKind::Device, sealed)?;
        wrap::same_id(&scope.device, &DeviceId::from_bytes(id), Purpose::UploadDeviceKey)?;
        Ok(DeviceKey(key))
    }
}

fn device_key_context(scope: PairingScope) -> Context {
    Context::new(Purpose::UploadDeviceKey, scope.installation).home(scope.home).device(scope.device)
}

impl DeviceKey {
    /// What the device's plain uploads are signed with.
    pub fn upload_signing_key(&self, scope: PairingScope) -> UploadSigningKey {
        let context = Context::new(Purpose::UploadSigningKey, scope.installation);
        UploadSigningKey(primitives::hkdf(&*self.0, &[], &context.home(scope.home).device(scope.device)))
    }
}

/// The MAC of an upload, as its bytes pass: HMAC-SHA-256 under the signing key.
#[derive(Debug)]
pub struct UploadMac(hmac::Context);

impl UploadSigningKey {
    /// Begins the MAC of an upload.
    pub fn begin(&self) -> UploadMac {
        UploadMac(hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &*self.0)))
    }
}

impl UploadMac {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Whether `tag` is the MAC of all that was taken; takes the same time whatever differs.
    pub fn verify(self, tag: &[u8; 32]) -> Result<(), OpenError> {
        if !on(Barrier::Tags) || primitives::same_bytes(self.0.sign().as_ref(), tag) {
            Ok(())
        } else {
            Err(OpenError::NotAuthentic(Purpose::UploadSigningKey))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ownsight_model::HomeId;

    fn scope() -> PairingScope {
        PairingScope {
            installation: InstallationId::generate(),
            home: HomeId::generate(),
            device: DeviceId::generate(),
        }
    }

    #[test]
    fn an_upload_key_opens_its_own_device_key_and_no_other() {
        let (own, key, device_key) = (scope(), UploadKey::generate(), DeviceKey::generate());
        let sealed = key.seal_device_key(own, &device_key);
        assert_eq!(key.open_device_key(own, &sealed).unwrap().expose(), device_key.expose());
        let others = [
            PairingScope { home: HomeId::generate(), ..own },
            PairingScope { device: DeviceId::generate(), ..own },
            PairingScope { installation: InstallationId::generate(), ..own },
        ];
        for other in others {
            assert_eq!(
                key.open_device_key(other, &sealed).unwrap_err(),
                OpenError::MixUp(Purpose::UploadDeviceKey)
            );
            assert_ne!(
                device_key.upload_signing_key(own).expose(),
                device_key.upload_signing_key(other).expose()
            );
        }
        let another = UploadKey::generate();
        assert!(another.open_device_key(own, &sealed).is_err());
        let (installation, device) = (own.installation, own.device);
        assert_ne!(another.credential(installation, device), key.credential(installation, device));
        assert_ne!(
            another.key_pair(installation, device).public(),
            key.key_pair(installation, device).public()
        );
        assert_ne!(key.credential(installation, device), key.credential(installation, DeviceId::generate()));
    }

    #[test]
    fn a_mac_is_of_all_bytes_in_their_order_under_one_key() {
        let key = UploadSigningKey::generate();
        let mac = |key: &UploadSigningKey, parts: &[&[u8]]| {
            let mut mac = key.begin();
            for part in parts {
                mac.update(part);
            }
            mac
        };
        let tag = primitives::mac(key.expose(), &[b"metadata", b"clip"]);
        mac(&key, &[b"meta", b"dataclip"]).verify(&tag).unwrap();
        for (key, parts) in [
            (&key, [b"metadata".as_slice(), b"cli"]),
            (&key, [b"clip", b"metadata"]),
            (&UploadSigningKey::generate(), [b"metadata", b"clip"]),
        ] {
            let refused = mac(key, &parts).verify(&tag).unwrap_err();
            assert_eq!(refused, OpenError::NotAuthentic(Purpose::UploadSigningKey));
        }
    }
}
