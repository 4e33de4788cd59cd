//! The header of a sealed object: whose it is, when it began, and its key, wrapped.
//!
//! ```text
//! offset  size  what (numbers are big-endian)
//! 0       4     "OWNS"
//! 4       1     format version, 1
//! 5       3     zero
//! 8       16    installation
//! 24      16    home
//! 40      16    camera
//! 56      16    tenure
//! 72      4     home epoch
//! 76      4     camera epoch
//! 80      16    device
//! 96      16    event
//! 112     8     start time, microseconds since 1970 (signed)
//! 120     32    HPKE encapsulation
//! 152     48    event key, wrapped (32 and a tag of 16)
//! 200     32    HMAC-SHA-256 over bytes 0 to 199 under HKDF(PSK; header-tag)
//! ```
//! It holds nothing that is unknown when it is written. Anybody can read it; only who has the PSK can make it.

use ownsight_model::{
    CameraEpoch, CameraId, DeviceId, EventId, HomeEpoch, HomeId, InstallationId, TenureId, Timestamp,
};

use crate::camera::CameraScope;
use crate::canonical::{Context, FORMAT_VERSION};
use crate::error::malformed;
use crate::hpke::ENCAPSULATION_BYTES;
use crate::primitives::{self, Key};
use crate::secret::DevicePsk;
use crate::{OpenError, Purpose};

/// Bytes of a header.
pub const HEADER_BYTES: usize = 232;
pub(crate) const WRAPPED_KEY_BYTES: usize = 48;
const MAGIC: [u8; 4] = *b"OWNS";
const TAGGED_BYTES: usize = 200;
const WHAT: &str = "header";

/// What a header names. Read without keys, it finds; it decides nothing before its tag has verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderIds {
    /// Home, camera, tenure and epochs that it was sealed for.
    pub scope: CameraScope,
    /// The device that sealed it.
    pub device: DeviceId,
    /// The event.
    pub event: EventId,
    /// When the event began, by the device's corrected clock.
    pub started_at: Timestamp,
}

/// A header whose form is right. Nothing in it is proven.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    bytes: [u8; HEADER_BYTES],
    ids: HeaderIds,
}

impl Header {
    /// Reads a header's bytes: form only.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, OpenError> {
        let mut fields = Fields(bytes);
        if fields.take::<4>() != MAGIC {
            return Err(malformed(WHAT, "it does not begin with OWNS"));
        }
        if fields.take::<1>() != [FORMAT_VERSION] {
            return Err(malformed(WHAT, "its format version is not known"));
        }
        if fields.take::<3>() != [0; 3] {
            return Err(malformed(WHAT, "its reserved bytes are not zero"));
        }
        let installation = InstallationId::from_bytes(fields.take());
        let home = HomeId::from_bytes(fields.take());
        let camera = CameraId::from_bytes(fields.take());
        let tenure = TenureId::from_bytes(fields.take());
        let home_epoch = HomeEpoch::new(u32::from_be_bytes(fields.take()))
            .ok_or(malformed(WHAT, "its home epoch is zero"))?;
        let camera_epoch = CameraEpoch::new(u32::from_be_bytes(fields.take()))
            .ok_or(malformed(WHAT, "its camera epoch is zero"))?;
        let scope = CameraScope { installation, home, camera, tenure, home_epoch, camera_epoch };
        let device = DeviceId::from_bytes(fields.take());
        let event = EventId::from_bytes(fields.take());
        let started_at = Timestamp::from_micros(i64::from_be_bytes(fields.take()));
        Ok(Self { bytes: *bytes, ids: HeaderIds { scope, device, event, started_at } })
    }

    pub(crate) fn build(
        ids: &HeaderIds,
        psk: &DevicePsk,
        encapsulation: &[u8; ENCAPSULATION_BYTES],
        wrapped_key: &[u8],
    ) -> Self {
        let scope = &ids.scope;
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[FORMAT_VERSION, 0, 0, 0]);
        out.extend_from_slice(scope.installation.as_bytes());
        out.extend_from_slice(scope.home.as_bytes());
        out.extend_from_slice(scope.camera.as_bytes());
        out.extend_from_slice(scope.tenure.as_bytes());
        out.extend_from_slice(&scope.home_epoch.number().to_be_bytes());
        out.extend_from_slice(&scope.camera_epoch.number().to_be_bytes());
        out.extend_from_slice(ids.device.as_bytes());
        out.extend_from_slice(ids.event.as_bytes());
        out.extend_from_slice(&ids.started_at.as_micros().to_be_bytes());
        out.extend_from_slice(encapsulation);
        out.extend_from_slice(wrapped_key);
        let tag = primitives::mac(&header_key(psk, ids), &[&out]);
        out.extend_from_slice(&tag);
        let mut bytes = [0; HEADER_BYTES];
        bytes.iter_mut().zip(out).for_each(|(to, from)| *to = from);
        Self { bytes, ids: *ids }
    }

    /// What it names.
    pub fn ids(&self) -> &HeaderIds {
        &self.ids
    }

    /// Its bytes, as stored in rows and at the head of objects.
    pub fn as_bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.bytes
    }

    pub(crate) fn verify(&self, psk: &DevicePsk) -> Result<(), OpenError> {
        let (tagged, tag) = self.bytes.split_at(TAGGED_BYTES);
        if primitives::mac_verifies(&header_key(psk, &self.ids), &[tagged], tag) {
            Ok(())
        } else {
            Err(OpenError::NotAuthentic(Purpose::HeaderTag))
        }
    }

    pub(crate) fn tag(&self) -> &[u8] {
        self.bytes.split_at(TAGGED_BYTES).1
    }

    /// Encapsulation and wrapped event key.
    pub(crate) fn wrapped_key(&self) -> ([u8; ENCAPSULATION_BYTES], [u8; WRAPPED_KEY_BYTES]) {
        let mut fields = Fields(self.bytes.split_at(120).1);
        (fields.take(), fields.take())
    }
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Header").field(&self.ids).finish()
    }
}

impl HeaderIds {
    /// Info of the HPKE context that wraps the event key.
    pub(crate) fn info(&self) -> Context {
        self.scope.context(Purpose::Event).device(self.device).event(self.event).time(self.started_at)
    }
}

pub(crate) fn header_key(psk: &DevicePsk, ids: &HeaderIds) -> Key {
    primitives::hkdf(&*psk.0, &[], &Context::new(Purpose::HeaderTag, ids.scope.installation))
}

/// Reads fixed-size fields from the front; zeros when nothing is left, which callers exclude by length.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }
}
