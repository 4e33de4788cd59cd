//! A camera's address, its state, and what a test of it found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest address that is accepted, in bytes.
const BYTES_MAX: usize = 1024;

/// The address of a camera's stream, without credentials: `rtsp://host[:port]/path`, or `rtsps://host[:port]/path` with
/// TLS.
///
/// `Debug` shows the host only: paths of some makers carry tokens.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CameraAddress(String);

/// Why a text is not taken as a camera's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CameraAddressError {
    /// It begins with neither `rtsp://` nor `rtsps://`.
    #[error("the address must begin with rtsp:// or rtsps://")]
    Scheme,
    /// It has no host.
    #[error("the address names no host: write it as rtsp://192.168.1.40/path")]
    Host,
    /// A user name or password stands in it.
    #[error("the address holds a user name or password: enter them in their own fields")]
    Credentials,
    /// It is too long, or holds white space or control characters.
    #[error("the address holds characters that cannot be in it, or has more than {BYTES_MAX} bytes")]
    Malformed,
}

impl CameraAddress {
    /// Checks an address as typed by a person.
    pub fn parse(typed: &str) -> Result<Self, CameraAddressError> {
        let address = typed.trim();
        if address.len() > BYTES_MAX || address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(CameraAddressError::Malformed);
        }
        let Some((scheme, rest)) = address.split_once("://") else { return Err(CameraAddressError::Scheme) };
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "rtsp" | "rtsps") {
            return Err(CameraAddressError::Scheme);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        if authority.contains('@') {
            return Err(CameraAddressError::Credentials);
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(CameraAddressError::Host);
        }
        Ok(Self(format!("{scheme}://{rest}")))
    }

    /// The address, beginning with `rtsp://` or `rtsps://`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port as written, such as `192.168.1.40:554`.
    pub fn authority(&self) -> &str {
        let (_, rest) = self.parts();
        rest.split(['/', '?', '#']).next().unwrap_or("")
    }

    /// Whether the camera is spoken to with TLS, and never without.
    pub fn is_encrypted(&self) -> bool {
        self.parts().0 == "rtsps"
    }

    /// Scheme, and what follows it.
    fn parts(&self) -> (&str, &str) {
        self.0.split_once("://").unwrap_or(("rtsp", &self.0))
    }
}

impl fmt::Debug for CameraAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CameraAddress({}://{}/…)", self.parts().0, self.authority())
    }
}

impl TryFrom<String> for CameraAddress {
    type Error = CameraAddressError;

    fn try_from(typed: String) -> Result<Self, CameraAddressError> {
        Self::parse(&typed)
    }
}

impl From<CameraAddress> for String {
    fn from(address: CameraAddress) -> Self {
        address.0
    }
}

/// Why a camera gives no pictures. The words for people are in the web app and the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraFault {
    /// Nothing answered within five seconds.
    NoAnswer,
    /// The host is there, and nothing listens at the port.
    ConnectionRefused,
    /// The host's name is not known.
    NameUnknown,
    /// The network has no way there.
    Unreachable,
    /// A web server answered, not an RTSP server.
    NotRtsp,
    /// User name or password are wrong, or missing (401).
    Unauthorized,
    /// There is no stream at this path (404).
    NoSuchPath,
    /// The camera has too many viewers, or is starting (453, 503).
    Busy,
    /// The camera refused with another answer; the detail has it.
    Refused,
    /// The stream has no video.
    NoVideo,
    /// The video's codec is not supported yet.
    CodecNotSupported,
    /// No key frame came within ten seconds.
    NoKeyFrame,
    /// Frames stopped coming.
    Stalled,
    /// The camera ended the stream.
    Closed,
    /// What came does not follow the protocol, or cannot be decoded.
    Broken,
    /// What answers is not the camera that was added: its fingerprint differs.
    AnotherCamera,
    /// No TLS could be agreed on, at an address with it; the detail says why. A server or device that does not know it
    /// knows no such addresses either.
    TlsFailed,
}

/// Whether a camera records, as its agent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "fault")]
pub enum CameraState {
    /// A first connection is being made.
    Connecting,
    /// Pictures come.
    Records,
    /// No pictures come.
    Offline(CameraFault),
}

/// The steps of a camera test, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraTestStep {
    /// A TCP connection is made.
    Reached,
    /// It answers as an RTSP server.
    Rtsp,
    /// It takes the user name and password.
    Password,
    /// It has a stream at the path.
    Path,
    /// The video's format is one that can be recorded.
    Format,
    /// A first picture came.
    Picture,
}

impl CameraTestStep {
    /// All steps, in order.
    pub const ALL: [Self; 6] =
        [Self::Reached, Self::Rtsp, Self::Password, Self::Path, Self::Format, Self::Picture];
}

/// How one step of a camera test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "fault")]
pub enum StepOutcome {
    /// It worked.
    Passed,
    /// It failed, and the steps after it are not tried.
    Failed(CameraFault),
}

/// One step of a camera test that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// Which step.
    pub step: CameraTestStep,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: StepOutcome,
    /// A fact for people, such as `192.168.1.40, port 554, in 4 ms` or `Digest`; at most 200 bytes, may be empty.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        assert_eq!(
            CameraAddress::parse(" RTSP://10.0.0.2:554/a?b=1 ").unwrap().as_str(),
            "rtsp://10.0.0.2:554/a?b=1"
        );
        let encrypted = CameraAddress::parse("RTSPS://cam.lan/a").unwrap();
        assert_eq!((encrypted.as_str(), encrypted.authority()), ("rtsps://cam.lan/a", "cam.lan"));
        assert!(
            encrypted.is_encrypted() && !CameraAddress::parse("rtsp://cam.lan/rtsps").unwrap().is_encrypted()
        );
        for (typed, error) in [
            ("http://a/", CameraAddressError::Scheme),
            ("10.0.0.2/a", CameraAddressError::Scheme),
            ("rtspss://a/", CameraAddressError::Scheme),
            ("rtsp:///a", CameraAddressError::Host),
            ("rtsp://:554/a", CameraAddressError::Host),
            ("rtsp://u:p@10.0.0.2/a", CameraAddressError::Credentials),
            ("rtsp://10.0.0.2/a b", CameraAddressError::Malformed),
        ] {
            assert_eq!(CameraAddress::parse(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn debug_hides_the_path() {
        let address = CameraAddress::parse("rtsp://10.0.0.2/token=secret").unwrap();
        assert!(!format!("{address:?}").contains("secret"));
    }

    #[test]
    fn step_reports_have_a_flat_json_form() {
        let report = StepReport {
            step: CameraTestStep::Path,
            outcome: StepOutcome::Failed(CameraFault::NoSuchPath),
            detail: "404".into(),
        };
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(json, r#"{"step":"path","outcome":"failed","fault":"no-such-path","detail":"404"}"#);
        assert_eq!(serde_json::from_str::<StepReport>(&json).unwrap(), report);
    }
}
