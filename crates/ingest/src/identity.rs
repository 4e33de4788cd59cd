//! Who calls: a credential, and the proof that it is a paired device's.

use aws_lc_rs::digest::{SHA256, digest};
use ownsight_model::{DeviceId, HomeId, Timestamp};
use ownsight_registry::{DeviceLeft, DeviceRow, DeviceStanding, RegistryError};

use crate::alarm::AlarmKind;
use crate::error::spread;
use crate::leaving::DELIVERS;
use crate::run::{Verdict, judge};
use crate::{AuthenticateError, Ingest, Run};

/// How often a run is judged anew when other calls of the device change it at the same moment.
const TRIES: usize = 4;

/// What a device shows with each call: 32 bytes that it made itself.
pub struct Credential([u8; 32]);

impl Credential {
    /// The credential with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its SHA-256, which is all that the registry knows of it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        hash
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// Proof that a call is a paired device's, or of one that has left and may deliver what it recorded until then. Only
/// [`Ingest::authenticate`] and [`Ingest::authenticate_delivery`] make one; it is for one call.
#[derive(Debug)]
pub struct DeviceIdentity {
    device: DeviceId,
    home: HomeId,
    credential_hash: [u8; 32],
    run: Option<Run>,
    left: Option<DeviceLeft>,
}

/// What a call is about: a device that has left may do no more than deliver, and one that uploads plainly does nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Delivery,
    Upload,
    Other,
}

impl DeviceIdentity {
    /// The device.
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Its home: that of the row which its credential found. What it is used for must be opened, or compared with what a device
    /// believes.
    pub const fn home(&self) -> HomeId {
        self.home
    }

    pub(crate) const fn credential_hash(&self) -> [u8; 32] {
        self.credential_hash
    }

    /// Since when the device is not the home's any more.
    pub(crate) const fn left(&self) -> Option<DeviceLeft> {
        self.left
    }
}

impl Ingest {
    /// Checks a device's credential against the registry's primary, and that it is the one device that has it: by the run that it
    /// names. Of two devices with one identity neither is served, once both have called.
    ///
    /// Cancel-safe: a dropped call has noted the device's new run, or that there are two, or neither.
    pub async fn authenticate(
        &self,
        device: DeviceId,
        credential: &Credential,
        run: Option<Run>,
    ) -> Result<DeviceIdentity, AuthenticateError> {
        self.identify(device, credential.hash(), run, Call::Other).await.map(|(identity, _)| identity)
    }

    /// As [`Ingest::authenticate`], for a delivery: also of a device that has left its home, or was removed by people who let it
    /// deliver, for 30 days. What it may deliver is what it recorded until then.
    pub async fn authenticate_delivery(
        &self,
        device: DeviceId,
        credential: &Credential,
        run: Option<Run>,
    ) -> Result<DeviceIdentity, AuthenticateError> {
        self.identify(device, credential.hash(), run, Call::Delivery).await.map(|(identity, _)| identity)
    }

    /// Asks again whether a device that proved itself is still paired.
    pub(crate) async fn still(&self, identity: &DeviceIdentity) -> Result<(), AuthenticateError> {
        self.identify(identity.device, identity.credential_hash, identity.run, Call::Other).await.map(|_| ())
    }

    pub(crate) async fn identify(
        &self,
        device: DeviceId,
        credential_hash: [u8; 32],
        run: Option<Run>,
        call: Call,
    ) -> Result<(DeviceIdentity, DeviceRow), AuthenticateError> {
        for _ in 0..TRIES {
            let now = Timestamp::now();
            let row = self.believed(device, credential_hash, now).await?;
            if row.standing == DeviceStanding::Paired && row.upload_key.is_some() != (call == Call::Upload) {
                return Err(AuthenticateError::Unknown);
            }
            if row.left.is_some() && call != Call::Delivery {
                return Err(AuthenticateError::Left);
            }
            let verdict =
                if row.contested_at.is_some() { Verdict::Contested } else { judge(row.run, run, now) };
            match verdict {
                Verdict::Same => {
                    let (home, left) = (row.home, row.left);
                    return Ok((DeviceIdentity { device, home, credential_hash, run, left }, row));
                }
                Verdict::Began { before } => {
                    let Some(Run { id, .. }) = run else { break };
                    // Judged anew, whoever was first: another call of the same start, or of a copy.
                    let begun = self.inner.registry.begin_run(device, before, id, now).await;
                    begun.map_err(|error| busy(&error))?;
                }
                Verdict::Straggler => {
                    return Err(AuthenticateError::Busy { retry_after: spread(20, 40) });
                }
                Verdict::Unnamed => return Err(AuthenticateError::NoRun),
                Verdict::Contested => {
                    self.contest(device, now).await?;
                    return Err(AuthenticateError::Contested { retry_after: spread(45, 75) });
                }
            }
        }
        Err(AuthenticateError::Busy { retry_after: spread(2, 10) })
    }

    /// Notes that two devices present one identity. The alarm is raised for the first call that shows it.
    async fn contest(&self, device: DeviceId, now: Timestamp) -> Result<(), AuthenticateError> {
        let first = self.inner.registry.contest_device(device, now).await.map_err(|error| busy(&error))?;
        if first {
            AlarmKind::DeviceContested.raise();
            tracing::error!(
                alarm.kind = AlarmKind::DeviceContested.label(),
                device.id = %device,
                "alarm: two devices present one identity: neither is served"
            );
        }
        Ok(())
    }

    /// The row of a device that has this credential, and is paired or still delivers.
    async fn believed(
        &self,
        device: DeviceId,
        credential_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<DeviceRow, AuthenticateError> {
        let row = match self.inner.registry.device_by_credential(device, credential_hash).await {
            // The row that came back must be the one that was asked for.
            Ok(row) => row.filter(|row| row.id == device).ok_or(AuthenticateError::Unknown)?,
            Err(error) => return Err(busy(&error)),
        };
        let is_its = row.credential_hash == Some(credential_hash);
        let delivers = row.left.is_some_and(|left| now < left.at.plus(DELIVERS));
        match row.standing {
            DeviceStanding::Paired if is_its => Ok(row),
            DeviceStanding::Paired => Err(AuthenticateError::Unknown),
            DeviceStanding::Waiting => Err(AuthenticateError::Waiting),
            DeviceStanding::Removed if is_its && delivers => Ok(row),
            DeviceStanding::Removed => Err(AuthenticateError::Removed),
        }
    }
}

pub(crate) fn busy(error: &RegistryError) -> AuthenticateError {
    tracing::warn!(%error, "the registry did not answer who a device is");
    AuthenticateError::Busy { retry_after: spread(2, 10) }
}
