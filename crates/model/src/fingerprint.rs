//! What a camera is known by, as far as devices and people speak of it: an id, and how another camera differs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest text of a part that is shown to people, in bytes.
const TEXT_BYTES_MAX: usize = 120;

/// Names what a camera was known by at one moment: the SHA-256 of its fingerprint, 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FingerprintId([u8; 32]);

/// A text that is no [`FingerprintId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("64 hex digits are expected")]
pub struct NoFingerprintId;

impl FingerprintId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for FingerprintId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FingerprintId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for FingerprintId {
    type Err = NoFingerprintId;

    fn from_str(text: &str) -> Result<Self, NoFingerprintId> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NoFingerprintId);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NoFingerprintId)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NoFingerprintId)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for FingerprintId {
    type Error = NoFingerprintId;

    fn try_from(text: String) -> Result<Self, NoFingerprintId> {
        text.parse()
    }
}

impl From<FingerprintId> for String {
    fn from(id: FingerprintId) -> Self {
        id.to_string()
    }
}

/// A part of what a camera is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FingerprintPart {
    /// The public key that it has proved to have, of a camera with TLS.
    TlsKey,
    /// What it calls itself when it asks for a password.
    Realm,
    /// How it asks for a password.
    SignIn,
    /// The name of its RTSP server.
    Server,
    /// Whom its description names as its maker: `o=`.
    Origin,
    /// The name of its stream: `s=`.
    Session,
    /// The program that made its description: `a=tool`.
    Tool,
    /// Not a part: what it was known by is damaged on the device's disk.
    Kept,
}

/// One part that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintDifference {
    /// Which.
    pub part: FingerprintPart,
    /// As it was; `None` if there was none.
    pub known: Option<String>,
    /// As it is; `None` if there is none.
    pub seen: Option<String>,
}

impl FingerprintDifference {
    /// A difference with texts short enough to be shown.
    pub fn new(part: FingerprintPart, known: Option<&str>, seen: Option<&str>) -> Self {
        Self { part, known: known.map(shortened), seen: seen.map(shortened) }
    }
}

/// Another camera than the one that was added answers at its address. Nothing of it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnotherCamera {
    /// What it would be known by: who says that it is the same camera names this.
    pub fingerprint: FingerprintId,
    /// What differs, the weightiest first.
    pub differs: Vec<FingerprintDifference>,
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(TEXT_BYTES_MAX).collect();
    while short.len() > TEXT_BYTES_MAX {
        short.pop();
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_64_hex_digits() {
        let id = FingerprintId::from_bytes(std::array::from_fn(|index| index as u8 * 7));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(serde_json::from_str::<FingerprintId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
        for wrong in ["", "ab", &"g".repeat(64), &"A".repeat(64), &"0".repeat(66), &"ä".repeat(32)] {
            assert_eq!(wrong.parse::<FingerprintId>(), Err(NoFingerprintId), "{wrong}");
        }
    }

    #[test]
    fn texts_of_strangers_are_short_and_have_no_control_characters() {
        let stranger = format!("a\u{1b}[2J\n{}", "ß".repeat(300));
        let difference = FingerprintDifference::new(FingerprintPart::Realm, None, Some(&stranger));
        let seen = difference.seen.unwrap();
        assert!(seen.len() <= TEXT_BYTES_MAX && seen.starts_with("a[2Jß"), "{seen}");
    }
}
