//! The tag of an entry in the clear.
//!
//! BLAKE3 keyed, over the envelope and a secret universal hash of the value: a function that nobody can guess around a hash
//! that is quick, as in UMAC (Black, Halevi, Krawczyk, Krovetz, Rogaway, CRYPTO 1999). The hash is GHASH (NIST SP 800-38D), in
//! the only shape that libraries give it: the authentication tag of AES-256-GCM for no message, with the value as associated
//! data. Always under the same nonce, which would give its key away if such a tag was ever seen. None is: it goes into BLAKE3
//! and nowhere else.
//!
//! Two values have one hash with a chance of at most one in 2^128 for each 16 bytes of the longer, and one more for their
//! length; what was seen of other entries does not help to find such two, as it says nothing of the hash's key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::CannotSeal;
use crate::secret::Derived;

/// The keys of a namespace's tags.
pub(super) struct TagKeys {
    tag: Derived,
    value_hash: LessSafeKey,
}

impl TagKeys {
    #[expect(clippy::expect_used, reason = "32 bytes are a key of AES-256")]
    pub(super) fn new(tag: Derived, value_hash: &Derived) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, value_hash.bytes()).expect("a key of 32 bytes");
        Self { tag, value_hash: LessSafeKey::new(key) }
    }

    /// What comes out compares in constant time.
    pub(super) fn tag(&self, envelope: &[u8], value: &[u8]) -> Result<blake3::Hash, CannotSeal> {
        let hash = self.value_hash.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key([0; 12]),
            Aad::from(value),
            &mut [],
        );
        let mut hasher = blake3::Hasher::new_keyed(self.tag.bytes());
        // 16 bytes, so that it is known where the envelope begins.
        hasher.update(hash.map_err(|_| CannotSeal)?.as_ref());
        hasher.update(envelope);
        Ok(hasher.finalize())
    }
}
