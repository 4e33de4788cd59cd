//! Configurations: all that a device may believe, sealed to it in an owner's or adult's request.
//!
//! HPKE mode_psk to the device's public key, PSK = device key, psk_id = device, info = the context of
//! [`Purpose::Configuration`]. Bytes: format version (1) ‖ encapsulation (32) ‖ ciphertext with tag. The plaintext
//! is JSON with the fields of [`Configuration`]; keys are base64url without padding. A reader passes over fields
//! that it does not know.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{
    CameraAddress, CameraEpoch, CameraId, DeviceId, FingerprintId, HomeEpoch, HomeId, InstallationId,
    MotionSettings, OnvifAddress, TenureId, TestId,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize as _, Zeroizing};

use crate::canonical::{Context, FORMAT_VERSION};
use crate::error::malformed;
use crate::hpke::{self, ENCAPSULATION_BYTES, KeyPair, PublicKey};
use crate::pairing::PairingScope;
use crate::secret::{DeviceKey, DevicePsk, DeviceReportKey};
use crate::{CameraScope, CameraSealer, OpenError, Purpose};

const WHAT: &str = "configuration";

/// What a device may believe: the cameras it serves, and what it seals their events with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Configuration {
    /// The installation.
    pub installation: InstallationId,
    /// The device's home. Never another than the one it was paired with.
    pub home: HomeId,
    /// The device itself.
    pub device: DeviceId,
    /// 1 for the first, one more for each next.
    pub serial: u64,
    /// Opens the configuration with the next serial number.
    #[serde(with = "device_key")]
    pub next_device_key: DeviceKey,
    /// Tags the device's reports on itself.
    #[serde(with = "report_key")]
    pub report_key: DeviceReportKey,
    /// The cameras to serve.
    pub cameras: Vec<AssignedCamera>,
    /// Addresses to test, once each.
    pub tests: Vec<AssignedTest>,
    /// Looks, once each. Devices from before there were looks pass over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<AssignedLook>,
}

/// A camera that a device serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignedCamera {
    /// The camera.
    pub camera: CameraId,
    /// Its time in the home.
    pub tenure: TenureId,
    /// The home epoch that `camera_key` and `psk` were derived under.
    pub home_epoch: HomeEpoch,
    /// The camera epoch that they were derived under.
    pub camera_epoch: CameraEpoch,
    /// Events are sealed to it.
    #[serde(with = "public_key")]
    pub camera_key: PublicKey,
    /// And with it.
    #[serde(with = "psk")]
    pub psk: DevicePsk,
    /// Where to pull from; `None` for a camera that pushes by itself.
    pub source: Option<CameraSource>,
    /// How readily motion is an event, 1 to 10.
    pub sensitivity: u8,
    /// Whether sound is recorded. Left out where it is not, as by servers that know nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sound: bool,
    /// What else counts as motion. Left out where nothing was said of it.
    #[serde(default, skip_serializing_if = "MotionSettings::is_default")]
    pub motion: MotionSettings,
}

/// Where a camera is, and what it wants to hear.
#[derive(Clone, Serialize, Deserialize)]
pub struct CameraSource {
    /// Its address.
    pub address: CameraAddress,
    /// The user name; empty if it asks for none.
    pub user: String,
    /// The password; empty if it asks for none.
    pub password: String,
    /// What somebody of the home said to be this camera, although it is known by something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<FingerprintId>,
    /// Whether a test gives the password by Digest only. Left out where it gives it as the camera asks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub digest_only: bool,
}

/// An address to test under a draft camera's keys: the still is sealed with the test's id as its event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignedTest {
    /// The test.
    pub test: TestId,
    /// The camera that the still is sealed for.
    #[serde(flatten)]
    pub camera: AssignedCamera,
}

/// A look for cameras, with the draft camera that what is found is sealed to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignedLook {
    /// The look, which has the id of a test.
    pub look: TestId,
    /// What to look for.
    pub of: LookOf,
    /// Its draft, without an address.
    #[serde(flatten)]
    pub camera: AssignedCamera,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookOf {
    /// Cameras that answer a call into the device's network.
    Around,
    /// The streams of one camera that speaks ONVIF.
    Camera(OnvifSource),
}

/// Where a camera's ONVIF service is, and what it wants to hear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnvifSource {
    /// Its address.
    pub service: OnvifAddress,
    /// The user name; empty if it asks for none.
    pub user: String,
    /// The password; empty if it asks for none.
    pub password: String,
}

impl Drop for OnvifSource {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl std::fmt::Debug for OnvifSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OnvifSource({}, …)", self.service)
    }
}

impl Drop for CameraSource {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl std::fmt::Debug for CameraSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CameraSource({:?}, …)", self.address)
    }
}

impl Configuration {
    /// Seals this configuration to a device that holds `key`.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "our own structs of ids, texts and numbers always have a JSON form"
    )]
    pub fn seal(&self, to: &PublicKey, key: &DeviceKey) -> Vec<u8> {
        let json = Zeroizing::new(serde_json::to_vec(self).expect("it has a JSON form"));
        let context = context(self.scope(), self.serial);
        let psk_id = self.device.as_bytes();
        let (encapsulation, sealed) = hpke::seal(to, &key.0, psk_id, context.as_bytes(), &json);
        let mut out = Vec::with_capacity(1 + ENCAPSULATION_BYTES + sealed.len());
        out.push(FORMAT_VERSION);
        out.extend_from_slice(&encapsulation);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens a configuration: only the one of this home, device and serial, sealed by who has the device's key.
    pub fn open(
        by: &KeyPair,
        key: &DeviceKey,
        scope: PairingScope,
        serial: u64,
        sealed: &[u8],
    ) -> Result<Self, OpenError> {
        let (&version, rest) = sealed.split_first().ok_or(malformed(WHAT, "it is empty"))?;
        if version != FORMAT_VERSION {
            return Err(malformed(WHAT, "its format version is not known"));
        }
        let (encapsulation, sealed) =
            rest.split_first_chunk::<ENCAPSULATION_BYTES>().ok_or(malformed(WHAT, "it is too short"))?;
        let context = context(scope, serial);
        let psk_id = scope.device.as_bytes();
        let json = hpke::open(by, &key.0, psk_id, context.as_bytes(), encapsulation, sealed)
            .ok_or(OpenError::NotAuthentic(Purpose::Configuration))?;
        let opened: Self = serde_json::from_slice(&json)
            .map_err(|_| malformed(WHAT, "its content is not that of a configuration"))?;
        crate::wrap::same_id(&scope, &opened.scope(), Purpose::Configuration)?;
        crate::wrap::same_id(&serial, &opened.serial, Purpose::Configuration)?;
        Ok(opened)
    }

    /// Which device of which home it is for.
    pub fn scope(&self) -> PairingScope {
        PairingScope { installation: self.installation, home: self.home, device: self.device }
    }

    /// The sealer for one of its cameras.
    pub fn sealer(&self, assigned: &AssignedCamera) -> CameraSealer {
        let scope = CameraScope {
            installation: self.installation,
            home: self.home,
            camera: assigned.camera,
            tenure: assigned.tenure,
            home_epoch: assigned.home_epoch,
            camera_epoch: assigned.camera_epoch,
        };
        CameraSealer::new(scope, self.device, assigned.camera_key.clone(), assigned.psk.clone())
    }
}

fn context(scope: PairingScope, serial: u64) -> Context {
    Context::new(Purpose::Configuration, scope.installation)
        .home(scope.home)
        .device(scope.device)
        .serial(serial)
}

fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    let text = Zeroizing::new(BASE64URL_NOPAD.encode(bytes));
    serializer.serialize_str(&text)
}

fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = Zeroizing::new(String::deserialize(deserializer)?);
    let bytes =
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new).map_err(serde::de::Error::custom)?;
    bytes.as_slice().try_into().map_err(|_| serde::de::Error::custom("a key of 32 bytes is expected"))
}

macro_rules! key_field {
    ($module:ident, $type:ty, $key:ident => $bytes:expr, $from:expr) => {
        mod $module {
            use super::{Deserializer, Serializer};

            pub(super) fn serialize<S: Serializer>($key: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                super::serialize($bytes, serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let from: fn([u8; 32]) -> Option<$type> = $from;
                from(super::deserialize(deserializer)?)
                    .ok_or_else(|| serde::de::Error::custom("these bytes are no public key"))
            }
        }
    };
}

key_field!(device_key, crate::DeviceKey, key => key.expose(), |bytes| Some(crate::DeviceKey::from_bytes(bytes)));
key_field!(report_key, crate::DeviceReportKey, key => key.expose(), |bytes| {
    Some(crate::DeviceReportKey::from_bytes(bytes))
});
key_field!(psk, crate::DevicePsk, key => key.expose(), |bytes| Some(crate::DevicePsk::from_bytes(bytes)));
key_field!(public_key, crate::PublicKey, key => &key.to_bytes(), |bytes| crate::PublicKey::from_bytes(&bytes));
