//! The key of one stream.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key from which a stream's own AES-256 key is derived. Erased from memory when dropped.
///
/// One key may seal any number of streams: each has a random salt of 32 bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct StreamKey([u8; Self::LEN]);

impl StreamKey {
    /// Bytes of a key.
    pub const LEN: usize = 32;

    /// Takes the bytes of a key. They must be as good as random.
    ///
    /// The caller's own copy stays the caller's to erase.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamKey(..)")
    }
}
