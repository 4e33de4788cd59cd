//! Why an upload was not taken.

use ownsight_ingest::{AuthenticateError, IngestError};

use crate::{jpeg, mp4};

/// What is wrong with a picture or a video.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Media {
    /// The thumbnail.
    #[error("the thumbnail is no JPEG that can be shown: {0}")]
    Thumbnail(#[from] jpeg::Fault),
    /// The clip.
    #[error("the clip is no MP4 that can be played: {0}")]
    Clip(#[from] mp4::Fault),
}

/// Why an upload was not taken. Nothing of it shows, and nothing stays on the disk.
///
/// Exhaustive on purpose: each reason has its own answer to devices.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Who calls is no device that uploads plainly, or not any more.
    #[error(transparent)]
    Device(#[from] AuthenticateError),
    /// What the server keeps for this device does not open under its key. The alarm has been raised.
    #[error("what the server keeps for this device does not open under its key")]
    NotVerified,
    /// The MAC at the end is not that of the body under the device's signing key. The alarm has been raised.
    #[error(
        "the last 32 bytes are not the HMAC-SHA256 of all bytes before them under the device's signing key"
    )]
    NotSigned,
    /// Metadata or framing are not as documented.
    #[error("{why}")]
    Malformed {
        /// What is wrong.
        why: String,
    },
    /// The camera is none that this device serves, or none was named and it serves several.
    #[error("{why}")]
    Camera {
        /// Which of the two.
        why: &'static str,
    },
    /// Thumbnail or clip are not what they claim to be.
    #[error(transparent)]
    Media(#[from] Media),
    /// It has more bytes than are taken.
    #[error("the {what} has {bytes} bytes; at most {bytes_max} are taken")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// What was said.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// It could not be sealed: a fault of this program or of the machine.
    #[error("the upload could not be sealed")]
    Sealing(#[source] std::io::Error),
    /// As for any event.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl UploadError {
    /// Its code, as in `docs/device-api.md`; `None` of who is no device that uploads: nothing was delivered then.
    pub(crate) const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Device(_) => None,
            Self::NotVerified => Some("not-verified"),
            Self::NotSigned => Some("not-signed"),
            Self::Malformed { .. } => Some("malformed"),
            Self::Camera { .. } => Some("not-yours"),
            Self::Media(_) => Some("wrong-media"),
            Self::TooLarge { .. } => Some("too-large"),
            Self::Sealing(_) => Some("internal"),
            Self::Ingest(error) => Some(error.code()),
        }
    }

    pub(crate) fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed { why: why.into() }
    }
}
