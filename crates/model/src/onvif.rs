//! What a device finds when it looks around for cameras that speak ONVIF, or asks one of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CameraAddress, TestId, Timestamp};

/// Longest address that is accepted, in bytes.
const BYTES_MAX: usize = 512;

/// The address of a camera's ONVIF device service: `http://host[:port]/path`, without credentials.
///
/// HTTP only: what cameras show as their certificate is signed by nobody, and no password is sent in clear text either way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OnvifAddress(String);

/// Why a text is not taken as the address of an ONVIF service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnvifAddressError {
    /// It does not begin with `http://`.
    #[error("the address of an ONVIF service must begin with http://")]
    Scheme,
    /// It has no host.
    #[error("the address names no host: write it as http://192.168.1.40/onvif/device_service")]
    Host,
    /// A user name or password stands in it.
    #[error("the address holds a user name or password: enter them in their own fields")]
    Credentials,
    /// It is too long, or holds white space, control characters or a fragment.
    #[error("the address holds characters that cannot be in it, or has more than {BYTES_MAX} bytes")]
    Malformed,
}

impl OnvifAddress {
    /// Checks an address as a camera or a person gave it.
    pub fn parse(text: &str) -> Result<Self, OnvifAddressError> {
        let address = text.trim();
        if address.len() > BYTES_MAX
            || address.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '\\'))
        {
            return Err(OnvifAddressError::Malformed);
        }
        let Some((scheme, rest)) = address.split_once("://") else { return Err(OnvifAddressError::Scheme) };
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(OnvifAddressError::Scheme);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or("");
        if authority.contains('@') {
            return Err(OnvifAddressError::Credentials);
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(OnvifAddressError::Host);
        }
        Ok(Self(format!("http://{rest}")))
    }

    /// The address, beginning with `http://`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OnvifAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OnvifAddress {
    type Error = OnvifAddressError;

    fn try_from(text: String) -> Result<Self, OnvifAddressError> {
        Self::parse(&text)
    }
}

impl From<OnvifAddress> for String {
    fn from(address: OnvifAddress) -> Self {
        address.0
    }
}

/// A camera that answered while a device looked around. All of it is what the camera says of itself, but for the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundCamera {
    /// Its name, such as `AXIS M3106`; may be empty.
    pub name: String,
    /// What it is built on; may be empty.
    pub hardware: String,
    /// The address that the answer came from.
    pub host: String,
    /// Where its ONVIF service is.
    pub service: OnvifAddress,
}

/// What a camera says of itself once it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedCamera {
    /// Its maker.
    pub maker: String,
    /// Its model.
    pub model: String,
    /// Its firmware's version.
    pub firmware: String,
    /// Milliseconds that its clock is ahead; `None` if it does not say what time it is.
    pub clock_offset_ms: Option<i64>,
    /// Its streams of video, the largest first.
    pub streams: Vec<FoundStream>,
}

/// A stream that a camera offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundStream {
    /// Where it is: at the camera that was asked, whatever host that named.
    pub address: CameraAddress,
    /// What the camera calls its profile.
    pub name: String,
    /// As the camera writes it, such as `H264` or `H265`; may be empty.
    pub codec: String,
    /// Pixels; 0 if the camera does not say.
    pub width: u32,
    /// Pixels; 0 if the camera does not say.
    pub height: u32,
}

/// Why looking around, or asking a camera, gave nothing. The words for people are in the web app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnvifFault {
    /// The device has no network in which it could look around, or may not.
    NoNetwork,
    /// Nothing answered in time.
    NoAnswer,
    /// Something answered that is no ONVIF service, or does not follow the protocol.
    NotOnvif,
    /// User name or password are wrong or missing, or the camera's clock is far off.
    Unauthorized,
    /// It takes passwords only in clear text, and was given none.
    ClearTextOnly,
    /// It refused with another answer.
    Refused,
    /// It names no stream of video.
    NoStream,
}

/// How far a look is, sealed to the home: what cameras are called and where they are is nobody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookReport {
    /// The look, which has the id of a test.
    pub look: TestId,
    /// When it was made.
    pub at: Timestamp,
    /// The cameras that answered so far.
    #[serde(default)]
    pub found: Vec<FoundCamera>,
    /// The camera that was asked.
    #[serde(default)]
    pub asked: Option<AskedCamera>,
    /// Why it gave nothing.
    #[serde(default)]
    pub fault: Option<OnvifFault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        assert_eq!(
            OnvifAddress::parse(" HTTP://10.0.0.2:8000/onvif/device_service ").unwrap().as_str(),
            "http://10.0.0.2:8000/onvif/device_service"
        );
        for (text, error) in [
            ("https://10.0.0.2/", OnvifAddressError::Scheme),
            ("10.0.0.2/onvif", OnvifAddressError::Scheme),
            ("http:///onvif", OnvifAddressError::Host),
            ("http://:80/onvif", OnvifAddressError::Host),
            ("http://admin:secret@10.0.0.2/onvif", OnvifAddressError::Credentials),
            ("http://10.0.0.2/a b", OnvifAddressError::Malformed),
            ("http://10.0.0.2\\@10.0.0.3/", OnvifAddressError::Malformed),
        ] {
            assert_eq!(OnvifAddress::parse(text), Err(error), "{text}");
        }
        assert!(OnvifAddress::parse(&format!("http://a/{}", "a".repeat(BYTES_MAX))).is_err());
    }
}
