//! Private text: what stands sealed in rows, as JSON.

use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use ownsight_model::{CameraAddress, Email, FingerprintId, MotionSettings};
use ownsight_seal::{LookOf, OpenError};

/// What an account sees of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccountProfile {
    pub(crate) email: Email,
    pub(crate) name: String,
}

/// A home's name and zone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HomeProfile {
    pub(crate) name: String,
    pub(crate) zone: String,
}

/// How readily motion is an event, until somebody says otherwise.
const SENSITIVITY: u8 = 5;

/// A camera's name and settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CameraProfile {
    pub(crate) name: String,
    pub(crate) sensitivity: u8,
    /// Whether sound is recorded: no, unless somebody who manages the home has said so.
    #[serde(default)]
    pub(crate) sound: bool,
    /// What else counts as motion.
    #[serde(default, skip_serializing_if = "MotionSettings::is_default")]
    pub(crate) motion: MotionSettings,
}

impl CameraProfile {
    /// Until somebody says otherwise.
    pub(crate) fn new(name: String) -> Self {
        Self { name, sensitivity: SENSITIVITY, sound: false, motion: MotionSettings::default() }
    }
}

/// A device's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeviceProfile {
    pub(crate) name: String,
}

/// A camera's address, user and password, and what somebody of the home said to be that camera.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CameraAccess {
    pub(crate) address: CameraAddress,
    pub(crate) user: String,
    pub(crate) password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accepted: Option<FingerprintId>,
    /// Whether a test gives the password by Digest only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) digest_only: bool,
}

/// In the place of an address, of a draft that is made for a look.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DraftLook {
    pub(crate) look: LookOf,
}

impl Drop for CameraAccess {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// A key in a private text: 32 bytes as base64url without padding. Wiped when dropped, never shown.
#[derive(Clone)]
pub(crate) struct KeyText(Zeroizing<[u8; 32]>);

impl KeyText {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Serialize for KeyText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(BASE64URL_NOPAD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let key = crate::credentials::half(&text);
        key.map(Self).ok_or_else(|| serde::de::Error::custom("32 bytes as base64url are expected"))
    }
}

/// What a one-time link is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum LinkContent {
    /// Makes the first account, and shows the recovery sheet.
    First,
    /// Makes an account with a home.
    Account { email: Option<Email>, local_agent: bool },
    /// Sets a new password.
    Reset { email: Email },
    /// Shows the recovery sheet.
    Sheet,
    /// Begins a visit of the operator.
    Operator { by: String },
}

/// The JSON of a private text, wiped when dropped.
pub(crate) fn encode<T: Serialize>(text: &T) -> Zeroizing<Vec<u8>> {
    // These types have text keys and no maps: they always have a JSON form.
    Zeroizing::new(serde_json::to_vec(text).unwrap_or_default())
}

/// Reads a private text that was opened.
pub(crate) fn decode<T: DeserializeOwned>(opened: &[u8]) -> Result<T, OpenError> {
    serde_json::from_slice(opened).map_err(|_| OpenError::Malformed {
        what: "private text",
        why: "its content is not what it should be",
    })
}
