//! Writing one object.

use std::sync::Arc;

use crate::claim::Claim;
use crate::store::{Store, Temporary};
use crate::vault::{Slots, blocking};
use crate::{ObjectRef, StoreError};

/// Writes one object, in order. Dropped without [`Self::commit`], it leaves nothing.
#[derive(Debug)]
pub struct VaultWriter {
    object: ObjectRef,
    store: Arc<Store>,
    slots: Slots,
    /// `None` after a call that failed or was dropped.
    part: Option<Part>,
}

/// What is written so far. It travels into the thread that writes, and back.
#[derive(Debug)]
struct Part {
    claim: Claim,
    /// Made when the buffer is full for the first time: a small object is one visit to the disk.
    temporary: Option<Temporary>,
    buffer: Vec<u8>,
}

/// An object that is durable. Keep it until the registry has recorded the object: until then no other delivery
/// of this event begins, and no sweep removes it.
#[must_use = "drop it only after the registry has recorded the object"]
#[derive(Debug)]
pub struct Stored {
    len: u64,
    claim: Claim,
}

impl Stored {
    /// The object's length in bytes.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The object.
    pub const fn object(&self) -> ObjectRef {
        self.claim.object()
    }
}

impl VaultWriter {
    pub(crate) fn new(store: Arc<Store>, slots: Slots, claim: Claim) -> Self {
        let part = Part { claim, temporary: None, buffer: Vec::new() };
        Self { object: part.claim.object(), store, slots, part: Some(part) }
    }

    /// The object that is being written.
    pub const fn object(&self) -> ObjectRef {
        self.object
    }

    /// Writes more. Returns when the bytes are buffered or with the system, not when they are durable.
    ///
    /// Not cancel-safe, and safe all the same: after a call that failed or was dropped before it ended every
    /// later call is [`StoreError::Interrupted`], and nothing stays behind.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        let buffer_bytes = self.store.config.write_buffer_bytes.max(1);
        while !bytes.is_empty() {
            let part = self.part.as_mut().ok_or(StoreError::Interrupted)?;
            let room = buffer_bytes.saturating_sub(part.buffer.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            part.buffer.extend_from_slice(now);
            bytes = later;
            if part.buffer.len() >= buffer_bytes {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let mut part = self.part.take().ok_or(StoreError::Interrupted)?;
        let store = Arc::clone(&self.store);
        let part = blocking(&self.slots, move || {
            part.flush(&store)?;
            Ok::<_, StoreError>(part)
        });
        self.part = Some(part.await?);
        Ok(())
    }

    /// Makes the object durable under its name. An object of this name that the registry does not know, from a
    /// delivery that was cut off, is replaced.
    ///
    /// Cancel-safe in this sense: who drops the call gets either nothing, or a whole object without a
    /// [`Stored`]; such an orphan is replaced by the next delivery, or swept. Never part of an object.
    pub async fn commit(mut self) -> Result<Stored, StoreError> {
        let mut part = self.part.take().ok_or(StoreError::Interrupted)?;
        let store = Arc::clone(&self.store);
        blocking(&self.slots, move || {
            part.flush(&store)?;
            let temporary = match part.temporary.take() {
                Some(temporary) => temporary,
                None => store.temporary()?,
            };
            let len = store.commit(temporary, part.claim.object())?;
            Ok(Stored { len, claim: part.claim })
        })
        .await
    }
}

impl Part {
    fn flush(&mut self, store: &Arc<Store>) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let temporary = match &mut self.temporary {
            Some(temporary) => temporary,
            empty => empty.insert(store.temporary()?),
        };
        temporary.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
