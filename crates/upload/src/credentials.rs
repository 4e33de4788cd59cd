//! Who uploads: `Upload <device id>:<upload key>`, the key as base64url without padding.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::DeviceId;
use ownsight_seal::UploadKey;
use zeroize::Zeroizing;

/// A device's id and the half of its secret that comes with each request. Wiped when dropped.
pub struct UploadCredentials {
    pub(crate) device: DeviceId,
    pub(crate) key: UploadKey,
}

impl UploadCredentials {
    /// Reads the value of an `Authorization` header; `None` if it has another form.
    pub fn parse(authorization: &str) -> Option<Self> {
        let (scheme, rest) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("upload") {
            return None;
        }
        let (device, key) = rest.trim().split_once(':')?;
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(key.as_bytes()).ok()?);
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.as_slice().try_into().ok()?);
        Some(Self { device: device.parse().ok()?, key: UploadKey::from_bytes(*bytes) })
    }
}

impl std::fmt::Debug for UploadCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UploadCredentials({}, …)", self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_form_is_read_and_nothing_is_shown() {
        let (device, key) = (DeviceId::generate(), UploadKey::generate());
        let text = BASE64URL_NOPAD.encode(key.expose());
        let read = UploadCredentials::parse(&format!("Upload {device}:{text}")).unwrap();
        assert_eq!((read.device, read.key.expose()), (device, key.expose()));
        assert_eq!(format!("{read:?}"), format!("UploadCredentials({device}, …)"));
        for other in [
            format!("Device {device}:{text}"),
            format!("Upload {device}"),
            format!("Upload {text}:{device}"),
            format!("Upload {device}:{text}="),
            format!("Upload {device}:{}", &text[1..]),
            String::new(),
        ] {
            assert!(UploadCredentials::parse(&other).is_none(), "{other}");
        }
    }
}
