//! Why a camera that was asked gave no answer that is of use.

use ownsight_model::OnvifFault;

use crate::xml::{BYTES_MAX, XmlError};

/// Why asking a camera failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnvifError {
    /// Nothing answered in time, or the connection broke.
    #[error(
        "the camera does not answer: {why}; check that it is on, and that this machine is in its network"
    )]
    NoAnswer {
        /// What the network said.
        why: String,
    },
    /// What answered does not speak ONVIF.
    #[error(
        "what answers is no ONVIF service: {why}; check the address, and that ONVIF is switched on in the camera"
    )]
    NotOnvif {
        /// What was wrong with the answer.
        why: String,
    },
    /// The answer is longer than any that is read.
    #[error("the camera's answer has more than {BYTES_MAX} bytes")]
    TooLong,
    /// The password was refused.
    #[error(
        "the camera refuses the user name or password; many cameras have users of their own for ONVIF, and some refuse when their clock is wrong"
    )]
    Unauthorized,
    /// It would take the password in clear text only. It was not given one.
    #[error(
        "the camera asks for the password in clear text (HTTP Basic), and is not given it; switch its ONVIF authentication to Digest"
    )]
    ClearTextOnly,
    /// It refused for another reason.
    #[error("the camera refused: {reason}")]
    Refused {
        /// As it said, shortened.
        reason: String,
    },
    /// It names no stream of video.
    #[error("the camera names no stream of video; check that it has a media profile with video")]
    NoStream,
}

impl OnvifError {
    /// What it is, for a report.
    pub fn fault(&self) -> OnvifFault {
        match self {
            Self::NoAnswer { .. } => OnvifFault::NoAnswer,
            Self::NotOnvif { .. } | Self::TooLong => OnvifFault::NotOnvif,
            Self::Unauthorized => OnvifFault::Unauthorized,
            Self::ClearTextOnly => OnvifFault::ClearTextOnly,
            Self::Refused { .. } => OnvifFault::Refused,
            Self::NoStream => OnvifFault::NoStream,
        }
    }

    pub(crate) fn not_onvif(why: impl Into<String>) -> Self {
        Self::NotOnvif { why: why.into() }
    }
}

impl From<XmlError> for OnvifError {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::TooLong => Self::TooLong,
            other => Self::not_onvif(other.to_string()),
        }
    }
}
