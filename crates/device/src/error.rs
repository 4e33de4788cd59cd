//! What can go wrong, told apart by what the caller can do.

use ownsight_disk::DiskError;
use ownsight_seal::OpenError;

/// A call to the server that gave no answer of it. Trying again later is right for all but [`CallError::Setup`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No connection: it is off, away, or its certificate is not the right one.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// Something else answers at this address.
    #[error("what answers at the server's address (status {status}) is not an Ownsight server")]
    NotOwnsight {
        /// What it answered.
        status: u16,
        /// When it asks to be called again.
        retry_after: Option<std::time::Duration>,
    },
    /// The answer has more bytes than any that is meant.
    #[error("the server's answer is too long")]
    AnswerTooLong,
    /// This machine cannot make encrypted connections, for example because it has no certificates of authorities.
    #[error("cannot set up connections")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CallError {
    /// When the next attempt was asked for, if it was.
    pub(crate) fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::NotOwnsight { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn from_client(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        // The last cause is the one that helps; addresses are left out as who reads this knows them.
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self::Unreachable(cause.to_string())
    }
}

/// Why a device stopped for good. What it has queued stays on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// The server knows no such device, or its credential is wrong: pair it again.
    #[error("the server does not know this device: pair it again")]
    DeviceUnknown,
    /// Somebody of the home removed it, and the home takes nothing from it any more.
    #[error("this device was removed from its home: to pair it again, ask for a new code")]
    DeviceRemoved,
    /// Somebody of the home removed it; the home has all that it recorded until then.
    #[error(
        "this device was removed from its home, which has all that it recorded until then: to pair it again, ask for a new code"
    )]
    DeviceLeft,
    /// Its pairing was never completed.
    #[error("the pairing code ran out before the server had this device's answer: pair it again")]
    PairingExpired,
}

/// Why a pairing did not come about. Nothing is left behind, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The code is wrong, used or older than ten minutes: ask for a new one.
    #[error("the server does not know this code: it may be mistyped, used, or older than ten minutes")]
    UnknownCode,
    /// What the server has under this code does not open: not what was sealed under it.
    #[error("what the server gave for this code is not what was sealed under it")]
    NotAuthentic(#[source] OpenError),
    /// The server's certificate is neither known to this machine's authorities nor pinned by the pairing.
    #[error(
        "the server that answers has another certificate than the pairing says: somebody may be in between"
    )]
    WrongServer,
    /// The person said no.
    #[error("not confirmed")]
    NotConfirmed,
    /// Another device has answered with this code.
    #[error("another device has used this code: ask for a new one")]
    CodeTaken,
    /// This program and the server speak different versions of the protocol.
    #[error(
        "this program and the server do not speak the same version of the device protocol: install the server's version of it"
    )]
    OtherProtocol,
    /// The server does not know the code, and the device is paired: it stays so.
    #[error("the server does not know this code, and this device is paired already: it stays with its home")]
    AlreadyPaired,
    /// It was paired anew so often that too many former homes wait for what it recorded there.
    #[error(
        "this device still has events to deliver to eight former homes: let it do that first, or use another folder"
    )]
    TooManyFormer,
    /// The server refused for another reason.
    #[error("the server refused (status {status}): {detail}")]
    Refused {
        /// Its status.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// No answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The device's folder cannot be read or written.
    #[error("the device's folder cannot be used")]
    State(#[from] LoadError),
}

/// Why a device's folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It has no pairing.
    #[error("this device is not paired yet")]
    NotPaired,
    /// Another process uses it.
    #[error("another process uses this device's folder")]
    InUse,
    /// It holds a file that this version cannot read.
    #[error("the device's `{file}` is damaged or of a newer version: {why}")]
    Damaged {
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The folder cannot be made or opened.
    #[error("cannot open the device's folder")]
    Folder(#[source] std::io::Error),
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[from] DiskError),
    /// Connections cannot be set up.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why an event was not queued. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Neither the server nor this machine's clock has said what time it is: wait for
    /// [`DeviceHandle::clock_known`](crate::DeviceHandle::clock_known).
    #[error("the time is not known yet")]
    ClockNotKnown,
    /// The sealer is of another home or device than this one's.
    #[error("the sealer is not of this device's pairing")]
    NotMine,
    /// The object would be longer than the server takes (64 MiB), or than the whole queue.
    #[error("the event is too large to be delivered")]
    TooLarge,
    /// The disk is full, although all that could be dropped was.
    #[error("the disk is full")]
    DiskFull(#[source] DiskError),
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[source] DiskError),
    /// The sections could not be read, or are in a wrong order.
    #[error("the event's sections cannot be read")]
    Sections(#[source] std::io::Error),
    /// The task that sealed it ended, as the runtime is shutting down.
    #[error("the runtime is shutting down")]
    ShuttingDown,
}
