//! The vault's errors, told apart by what the caller can do.

use ownsight_disk::DiskError;

use crate::ObjectRef;

/// Why an object was not stored or not deleted. Nothing was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Free space is below the floor, or the disk is full: come back later (507).
    #[error("the disk has no room for footage")]
    Full,
    /// Another delivery or deletion of this event is under way: come back later (503).
    #[error("another delivery or deletion of {object} is under way")]
    Busy {
        /// Which object.
        object: ObjectRef,
    },
    /// An earlier call of this writer failed or was dropped before it ended: begin again.
    #[error("the writer was interrupted")]
    Interrupted,
    /// A deletion was made, but could not be made durable: delete again.
    #[error("the deletion of {object} may be undone by a crash")]
    NotDurable {
        /// Which object.
        object: ObjectRef,
    },
    /// The process is shutting down.
    #[error("the vault is stopping")]
    Stopping,
    /// The disk failed.
    #[error("the vault's disk failed")]
    Disk(#[source] DiskError),
}

impl From<DiskError> for StoreError {
    fn from(error: DiskError) -> Self {
        if error.is_full() { Self::Full } else { Self::Disk(error) }
    }
}

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such object. If the registry says that there is one, that is an alarm.
    #[error("{object} is not in the vault")]
    Missing {
        /// Which object.
        object: ObjectRef,
    },
    /// The range leaves the object.
    #[error("the range of {len} bytes from byte {offset} leaves an object of {object_len} bytes")]
    OutOfRange {
        /// The first byte that was asked for.
        offset: u64,
        /// How many bytes were asked for.
        len: usize,
        /// The object's length in bytes.
        object_len: u64,
    },
    /// The disk did not answer in time.
    #[error("the vault's disk did not answer in time")]
    Late,
    /// The process is shutting down.
    #[error("the vault is stopping")]
    Stopping,
    /// The disk failed.
    #[error("the vault's disk failed")]
    Disk(#[source] DiskError),
}

/// Why a sweep ended early. What it had removed until then were orphans.
#[derive(Debug, thiserror::Error)]
pub enum SweepError<E> {
    /// The registry could not say whether an object is known.
    #[error("the registry could not say what is known")]
    Registry(#[source] E),
    /// The process is shutting down.
    #[error("the vault is stopping")]
    Stopping,
    /// The disk failed.
    #[error("the vault's disk failed")]
    Disk(#[source] DiskError),
}

/// The task that does blocking work was dropped: the runtime is shutting down.
pub(crate) struct Stopping;

impl From<Stopping> for StoreError {
    fn from(_: Stopping) -> Self {
        Self::Stopping
    }
}

impl From<Stopping> for ReadError {
    fn from(_: Stopping) -> Self {
        Self::Stopping
    }
}

impl<E> From<Stopping> for SweepError<E> {
    fn from(_: Stopping) -> Self {
        Self::Stopping
    }
}
