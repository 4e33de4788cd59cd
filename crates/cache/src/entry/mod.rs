//! The self-verifying entry: what an outer tier keeps, and how a value comes out of it again.
//!
//! ```text
//!  0   1  format version, 2
//!  1   1  protection: 1 tagged, 2 private
//!  2   1  content: 1 a value, 2 known to be absent
//!  3   1  length of the namespace
//!  4   2  length of the key                                             integers are big endian
//!  6   4  length of the value
//! 10   8  when its source began to be read, ms since 1970 (UTC)
//! 18   8  when it expires, the same
//! 26  16  schema
//! 42  16  generation: made for this one store
//! 58  16  groups: digest of the key's groups and their generations
//! 74      namespace, key
//!         tagged:  value, then a tag of 32 bytes, over everything before it
//!         private: salt of 32 bytes, value under AES-256-GCM, its tag of 16 bytes; everything before the value is
//!                  associated data
//! ```
//!
//! A reader computes the tag over the namespace, the key and the schema that *it asked for*. What is written in the
//! entry in their place only tells, after the tag did not fit, whose entry it was.

mod open;
mod tag;
mod write;

pub(crate) use open::open;
pub(crate) use write::write;

use self::tag::TagKeys;
use crate::secret::{CacheSecret, Derived};
use crate::{Namespace, Protection, Schema};

const VERSION: u8 = 2;
const HEADER_BYTES: usize = 74;
const SALT_BYTES: usize = 32;
const TAG_BYTES: usize = 32;
const GCM_TAG_BYTES: usize = 16;

/// 16 bytes that are made once: of a store, or of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Generation(pub(crate) [u8; 16]);

impl Generation {
    /// One that never was.
    #[expect(clippy::expect_used, reason = "two stores with one generation would break the fence")]
    pub(crate) fn new() -> Self {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives randomness");
        Self(bytes)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Of a key that is in no group.
    pub(crate) const OF_NO_GROUP: Self = Self([0; 16]);

    /// One for a key's groups together: their names and generations.
    pub(crate) fn of_groups<'a>(groups: impl ExactSizeIterator<Item = (&'a crate::Group, Self)>) -> Self {
        if groups.len() == 0 {
            return Self::OF_NO_GROUP;
        }
        let mut hasher = blake3::Hasher::new_derive_key("self-verifying cache entries 2026-11-28: groups");
        for (group, generation) in groups {
            hasher.update(&(group.as_bytes().len() as u64).to_be_bytes());
            hasher.update(group.as_bytes());
            hasher.update(&generation.0);
        }
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        Self(bytes)
    }
}

/// What entries of one namespace and schema are made and opened with.
pub(crate) struct Sealing {
    secret: CacheSecret,
    namespace: Namespace,
    schema: Schema,
    protection: Protection,
    tag_keys: TagKeys,
    private_key: Derived,
}

impl Sealing {
    pub(crate) fn new(
        secret: &CacheSecret,
        namespace: Namespace,
        schema: Schema,
        protection: Protection,
    ) -> Self {
        Self {
            tag_keys: TagKeys::new(secret.tag_key(&namespace), &secret.value_hash_key(&namespace)),
            private_key: secret.private_key(&namespace),
            secret: secret.clone(),
            namespace,
            schema,
            protection,
        }
    }

    pub(crate) fn schema(&self) -> Schema {
        self.schema
    }
}

/// What an entry says beside its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta {
    /// When its source began to be read, ms since 1970 (UTC).
    pub(crate) read_at_ms: u64,
    /// When it expires, the same.
    pub(crate) expires_at_ms: u64,
    pub(crate) generation: Generation,
    pub(crate) groups: Generation,
}

/// The key of one private entry: no two have the same, so that its nonce can be zero.
fn entry_key(key: &Derived, salt: &[u8; SALT_BYTES]) -> Result<aws_lc_rs::aead::LessSafeKey, CannotSeal> {
    let derived = blake3::keyed_hash(key.bytes(), salt);
    let unbound = aws_lc_rs::aead::UnboundKey::new(&aws_lc_rs::aead::AES_256_GCM, derived.as_bytes());
    unbound.map(aws_lc_rs::aead::LessSafeKey::new).map_err(|_| CannotSeal)
}

/// The cipher, or the randomness that it takes, does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value could not be made an entry")]
pub(crate) struct CannotSeal;

#[cfg(test)]
mod tests;
