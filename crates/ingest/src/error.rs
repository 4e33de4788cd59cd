//! What callers are told, and what they can do.

use std::time::Duration;

/// The code of [`IngestError::DiskFull`].
pub(crate) const DISK_FULL_CODE: &str = "disk-full";

/// Why a device is not believed to be itself.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// No device has this id and credential.
    #[error("no device has this id and this credential")]
    Unknown,
    /// The device was removed from its home.
    #[error("the device was removed from its home")]
    Removed,
    /// The device has left its home, or was removed, and delivers what it recorded until then: nothing else.
    #[error("the device has left its home")]
    Left,
    /// Two devices present this identity, and neither is served. Come back: somebody of the home may settle it.
    #[error("two devices present this identity")]
    Contested {
        /// When to come back.
        retry_after: Duration,
    },
    /// It does not name the run that calls, and has done so before.
    #[error("the device does not name its run any more")]
    NoRun,
    /// The device answered its pairing, and nobody has checked the answer yet. Come back.
    #[error("the pairing has not been checked yet")]
    Waiting,
    /// Nothing was decided. Come back.
    #[error("busy")]
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
}

/// Why an event was not taken. Nothing of it shows.
///
/// Exhaustive on purpose: each reason has its own answer to devices.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// It has more bytes than any event may have.
    #[error("the event has {bytes} bytes; at most {bytes_max} are taken")]
    TooLarge {
        /// What was declared.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// It is not a sealed object, or its times cannot be right.
    #[error("{why}")]
    Malformed {
        /// What is wrong with it.
        why: String,
    },
    /// It names another home, camera, tenure or device than the sender's own. The alarm has been raised.
    #[error("the event names another home, camera, tenure or device than the sender's own")]
    NotYours,
    /// It was damaged on the way. Send it once more.
    #[error("the bytes that arrived are not those of the digest: they were damaged on the way")]
    DigestMismatch,
    /// Another object with this id is here. The alarm has been raised.
    #[error("another object with this event's id is here")]
    DigestDiffers,
    /// The event, or its camera, was erased. Drop it.
    #[error("the event or its camera was erased")]
    Erased,
    /// It began after its device had left the home. Drop it.
    #[error("the event began after the device had left its home")]
    AfterLeaving,
    /// The body ended early, failed, or came too slowly. Send it again.
    #[error("the event did not arrive as a whole: {why}")]
    Interrupted {
        /// What happened.
        why: &'static str,
    },
    /// The device sends too much at once. Come back.
    #[error("the device sends too many events at once")]
    TooMany {
        /// When to come back.
        retry_after: Duration,
    },
    /// Too much to do, or a part does not answer. Come back.
    #[error("busy")]
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
    /// There is no room. Keep it and come back.
    #[error("the disk has no room for footage")]
    DiskFull {
        /// When to come back.
        retry_after: Duration,
    },
}

impl IngestError {
    pub(crate) fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed { why: why.into() }
    }

    pub(crate) fn busy() -> Self {
        Self::Busy { retry_after: spread(2, 10) }
    }

    /// Its code, as in `docs/device-api.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Malformed { .. } => "malformed",
            Self::NotYours => "not-yours",
            Self::DigestMismatch => "digest-mismatch",
            Self::DigestDiffers => "digest-differs",
            Self::Erased => "erased",
            Self::AfterLeaving => "after-leaving",
            Self::Interrupted { .. } => "interrupted",
            Self::TooMany { .. } => "too-many",
            Self::Busy { .. } => "busy",
            Self::DiskFull { .. } => DISK_FULL_CODE,
        }
    }
}

/// Why a pairing request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    /// No pairing with this code is open: it was never made, was used, or has expired.
    #[error("no pairing with this code is open")]
    Unknown,
    /// The pairing was answered already, with other bytes.
    #[error("the pairing was answered already by another device")]
    Conflict,
    /// The answer cannot be right.
    #[error("{why}")]
    Malformed {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too many requests from this network address. Come back.
    #[error("too many pairing requests from this address")]
    TooMany {
        /// When to come back.
        retry_after: Duration,
    },
    /// Nothing was decided. Come back.
    #[error("busy")]
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
}

/// Why a device's question or report was not answered.
#[derive(Debug, thiserror::Error)]
pub enum DeviceCallError {
    /// The device was removed meanwhile.
    #[error("the device was removed from its home")]
    Removed,
    /// The device has left meanwhile, and may deliver what it recorded until then.
    #[error("the device has left its home")]
    Left,
    /// Another device with its identity has called meanwhile.
    #[error("two devices present this identity")]
    Contested {
        /// When to come back.
        retry_after: Duration,
    },
    /// A report does not have the form of its kind.
    #[error("{why}")]
    Malformed {
        /// What is wrong.
        why: String,
    },
    /// There is no room for reports.
    #[error("the disk is full")]
    DiskFull {
        /// When to come back.
        retry_after: Duration,
    },
    /// Nothing was decided. Come back.
    #[error("busy")]
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
}

/// A time to come back, in whole seconds and different for each caller, so that they do not come back together.
pub(crate) fn spread(from_seconds: u64, to_seconds: u64) -> Duration {
    Duration::from_secs(fastrand::u64(from_seconds..=to_seconds))
}
