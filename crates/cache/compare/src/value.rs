//! What is cached here: bytes, as large as a thumbnail.

use bytes::Bytes;
use ownsight_cache::{Cacheable, CodecError, Key, Protection, Reason, Schema, SchemaError};

/// The size of a thumbnail.
pub const BYTES: usize = 20_000;

/// Bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Picture(pub Bytes);

impl Picture {
    /// One that differs for each number.
    pub fn of(n: usize, bytes: usize) -> Self {
        let mut chance = fastrand::Rng::with_seed(n as u64);
        Self((0..bytes).map(|_| chance.u8(..)).collect())
    }
}

impl Cacheable for Picture {
    const REASON: Reason = Reason::new("made to be measured, and nobody's");
    const PROTECTION: Protection = Protection::Tagged;

    fn schema() -> Result<Schema, SchemaError> {
        Ok(Schema::named("picture", 1))
    }

    fn to_bytes(&self) -> Result<Bytes, CodecError> {
        Ok(self.0.clone())
    }

    fn from_bytes(bytes: Bytes) -> Result<Self, CodecError> {
        Ok(Self(bytes))
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// A key as a server of pictures has it: three ids and a name.
pub fn key(n: usize) -> Key {
    let id = (n as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
    Key::of([&id[..], &id, &id, b"thumbnail"]).expect("a key")
}
