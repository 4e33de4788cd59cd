//! Who calls: a credential, and the proof that it is a paired device's.

use aws_lc_rs::digest::{SHA256, digest};
use ownsight_model::{DeviceId, HomeId};
use ownsight_registry::{DeviceStanding, RegistryError};

use crate::error::spread;
use crate::{AuthenticateError, Ingest};

/// What a device shows with each call: 32 bytes that it made itself.
pub struct Credential([u8; 32]);

impl Credential {
    /// The credential with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// Proof that a call is a paired device's. Only [`Ingest::authenticate`] makes one; it is for one call.
#[derive(Debug)]
pub struct DeviceIdentity {
    device: DeviceId,
    home: HomeId,
    credential_hash: [u8; 32],
}

impl DeviceIdentity {
    /// The device.
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    pub(crate) const fn home(&self) -> HomeId {
        self.home
    }
}

impl Ingest {
    /// Checks a device's credential against the registry's primary.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn authenticate(
        &self,
        device: DeviceId,
        credential: &Credential,
    ) -> Result<DeviceIdentity, AuthenticateError> {
        self.identify(device, hash(credential)).await
    }

    /// Asks again whether a device that proved itself is still paired.
    pub(crate) async fn still(&self, identity: &DeviceIdentity) -> Result<(), AuthenticateError> {
        self.identify(identity.device, identity.credential_hash).await.map(|_| ())
    }

    async fn identify(
        &self,
        device: DeviceId,
        credential_hash: [u8; 32],
    ) -> Result<DeviceIdentity, AuthenticateError> {
        let row = match self.inner.registry.device_by_credential(device, credential_hash).await {
            // The row that came back must be the one that was asked for.
            Ok(row) => row.filter(|row| row.id == device).ok_or(AuthenticateError::Unknown)?,
            Err(error) => return Err(busy(&error)),
        };
        match row.standing {
            DeviceStanding::Paired if row.credential_hash == Some(credential_hash) => {
                Ok(DeviceIdentity { device, home: row.home, credential_hash })
            }
            DeviceStanding::Paired => Err(AuthenticateError::Unknown),
            DeviceStanding::Waiting => Err(AuthenticateError::Waiting),
            DeviceStanding::Removed => Err(AuthenticateError::Removed),
        }
    }
}

/// The credential's SHA-256, which is all that the registry knows of it.
fn hash(credential: &Credential) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &credential.0).as_ref());
    hash
}

fn busy(error: &RegistryError) -> AuthenticateError {
    tracing::warn!(%error, "the registry did not answer who a device is");
    AuthenticateError::Busy { retry_after: spread(2, 10) }
}
