//! Reading one object.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use ownsight_disk::{DiskError, DiskFile};

use crate::vault::{Slots, blocking};
use crate::{ObjectRef, ReadError};

/// An object that is open for reading. Clones read the same file.
///
/// It stays readable after the object was erased, but for the part that was overwritten: who streams for long
/// must ask again whether it still may.
#[derive(Debug, Clone)]
pub struct VaultReader {
    object: ObjectRef,
    file: Arc<dyn DiskFile>,
    len: u64,
    slots: Slots,
}

impl VaultReader {
    pub(crate) fn new(object: ObjectRef, file: Arc<dyn DiskFile>, slots: Slots) -> Result<Self, ReadError> {
        let len = file.file_len().map_err(ReadError::Disk)?;
        Ok(Self { object, file, len, slots })
    }

    /// The object.
    pub const fn object(&self) -> ObjectRef {
        self.object
    }

    /// The object's length in bytes.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Exactly `len` bytes from this byte offset. Takes `len` bytes of memory.
    ///
    /// Cancel-safe: a dropped read changes nothing.
    pub async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, ReadError> {
        self.check(offset, len)?;
        let file = Arc::clone(&self.file);
        blocking(&self.slots, move || {
            let mut bytes = vec![0; len];
            file.read_exact_at(&mut bytes, offset).map_err(ReadError::Disk)?;
            Ok(Bytes::from(bytes))
        })
        .await
    }

    /// Fills the buffer from this byte offset. Blocks: for who is in a thread for blocking work already.
    pub fn blocking_read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), ReadError> {
        self.check(offset, buffer.len())?;
        self.file.read_exact_at(buffer, offset).map_err(ReadError::Disk)
    }

    /// These ranges, one behind the other. Blocks.
    pub(crate) fn blocking_read_ranges(&self, ranges: &[Range<u64>]) -> Result<Bytes, ReadError> {
        let length = |range: &Range<u64>| usize::try_from(range.end.saturating_sub(range.start));
        let mut total = 0_usize;
        // All of them first: memory is taken for what lies in the object only.
        for range in ranges {
            let len = length(range).unwrap_or(usize::MAX);
            self.check(range.start, len)?;
            total = total.saturating_add(len);
        }
        let mut bytes = vec![0; total];
        let mut rest = &mut bytes[..];
        for range in ranges {
            let (part, behind) = rest.split_at_mut(length(range).unwrap_or_default().min(rest.len()));
            self.file.read_exact_at(part, range.start).map_err(ReadError::Disk)?;
            rest = behind;
        }
        Ok(Bytes::from(bytes))
    }

    fn check(&self, offset: u64, len: usize) -> Result<(), ReadError> {
        match offset.checked_add(len as u64) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(ReadError::OutOfRange { offset, len, object_len: self.len }),
        }
    }
}

/// The error for who opens an object.
pub(crate) fn open_error(object: ObjectRef, error: DiskError) -> ReadError {
    if error.is_not_found() { ReadError::Missing { object } } else { ReadError::Disk(error) }
}
