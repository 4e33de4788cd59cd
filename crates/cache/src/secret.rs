//! The secret that all holders of a cache share, and what is derived from it.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Namespace;

const TAG: &str = "self-verifying cache entries 2026-11-28: tag of an entry, version 2";
const VALUE_HASH: &str = "self-verifying cache entries 2026-11-28: hash of a value, version 2";
/// With another format of entries comes another name, so that no process finds what it would take for damage.
const NAME: &str = "self-verifying cache entries 2026-11-28: name of a secret, version 2";
const PRIVATE: &str = "self-verifying cache entries 2026-11-28: private values, version 2";

/// What makes a process a holder of the cache: whoever has it can make entries, and reads private values.
///
/// 32 random bytes, the same in each process of a fleet. It is wiped when dropped, and its `Debug` shows nothing.
/// A new secret empties the cache: nothing made under another one is ever believed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CacheSecret([u8; 32]);

impl CacheSecret {
    /// A secret from 32 bytes that nobody can guess: from a file, or derived from a key that is there already.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A new secret, for a cache that no other process shares.
    ///
    /// # Panics
    /// If the operating system has no randomness to give.
    #[expect(clippy::expect_used, reason = "without randomness there is no secret to go on with")]
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives randomness");
        Self(bytes)
    }

    /// Tells it from others on a server, in 16 digits that say nothing of it. Names begin with it, so that what was made
    /// under another secret is not found, instead of being taken for a violation.
    pub(crate) fn name(&self) -> String {
        blake3::Hash::from(blake3::derive_key(NAME, &self.0)).to_hex().chars().take(16).collect()
    }

    /// The key of a namespace's tags.
    pub(crate) fn tag_key(&self, namespace: &Namespace) -> Derived {
        self.derive(TAG, namespace)
    }

    /// The key that values are hashed under before they are tagged.
    pub(crate) fn value_hash_key(&self, namespace: &Namespace) -> Derived {
        self.derive(VALUE_HASH, namespace)
    }

    /// The key that a namespace's private values are sealed under, one key further for each.
    pub(crate) fn private_key(&self, namespace: &Namespace) -> Derived {
        self.derive(PRIVATE, namespace)
    }

    fn derive(&self, purpose: &str, namespace: &Namespace) -> Derived {
        let mut material = Zeroizing::new(Vec::with_capacity(32 + namespace.as_str().len()));
        material.extend_from_slice(&self.0);
        material.extend_from_slice(namespace.as_str().as_bytes());
        Derived(blake3::derive_key(purpose, &material))
    }
}

impl std::fmt::Debug for CacheSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CacheSecret(…)")
    }
}

/// A key of one namespace, for one purpose.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Derived([u8; 32]);

impl Derived {
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_namespace_and_purpose_has_a_key_of_its_own() {
        let secret = CacheSecret::from_bytes([7; 32]);
        let (a, b) = (Namespace::new("a").unwrap(), Namespace::new("b").unwrap());
        let keys = [&a, &b].map(|namespace| {
            [secret.tag_key(namespace), secret.value_hash_key(namespace), secret.private_key(namespace)]
        });
        let keys = keys.as_flattened();
        for (i, one) in keys.iter().enumerate() {
            for other in &keys[i + 1..] {
                assert_ne!(one.bytes(), other.bytes());
            }
        }
        assert_eq!(keys[0].bytes(), CacheSecret::from_bytes([7; 32]).tag_key(&a).bytes());
        assert_ne!(keys[0].bytes(), CacheSecret::generate().tag_key(&a).bytes());
    }

    #[test]
    fn each_secret_has_a_name_of_its_own() {
        let name = CacheSecret::from_bytes([7; 32]).name();
        assert_eq!(name.len(), 16);
        assert_eq!(name, CacheSecret::from_bytes([7; 32]).name());
        assert_ne!(name, CacheSecret::from_bytes([8; 32]).name());
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", CacheSecret::from_bytes([7; 32])), "CacheSecret(…)");
    }
}
