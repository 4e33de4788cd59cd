//! Bytes in JSON: base64url without padding.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of any number.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// Bytes of a fixed number.
pub(crate) struct Fixed<const N: usize>(pub(crate) [u8; N]);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
        bytes.map(Self).map_err(|_| serde::de::Error::custom("base64url without padding is expected"))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(bytes) = Bytes::deserialize(deserializer)?;
        let fixed = bytes.try_into();
        fixed.map(Self).map_err(|_| serde::de::Error::custom(format_args!("{N} bytes are expected")))
    }
}
