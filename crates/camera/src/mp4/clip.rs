//! An MP4 file in memory, whose frames are shared with the pre-roll instead of copied.

use std::fmt;

use bytes::{Bytes, BytesMut};

/// An MP4 file: its boxes, then its frames. Cloning shares the bytes; `Debug` does not show them.
#[derive(Clone)]
pub struct Clip {
    head: Bytes,
    frames: Vec<Bytes>,
    len: usize,
}

impl Clip {
    pub(crate) fn new(head: Bytes, frames: Vec<Bytes>) -> Self {
        let len = head.len() + frames.iter().map(Bytes::len).sum::<usize>();
        Self { head, frames, len }
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the file has no bytes; it always has.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The file's parts in order. Writing them one after the other needs no second copy in memory.
    pub fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.head).chain(&self.frames)
    }

    /// The whole file in one piece: a copy.
    pub fn to_bytes(&self) -> Bytes {
        let mut whole = BytesMut::with_capacity(self.len);
        for chunk in self.chunks() {
            whole.extend_from_slice(chunk);
        }
        whole.freeze()
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clip").field("bytes", &self.len).finish_non_exhaustive()
    }
}
