//! The few calls into cryptographic libraries, each in one place, with the switches of the swap tests.
//!
//! With the feature `barriers` each of them can be switched off at run time (see [`crate::barriers`]); in a
//! shipped build the switches do not exist.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};
use zeroize::Zeroizing;

use crate::barriers::{Barrier, on};
use crate::canonical::Context;

/// Bytes that a GCM tag adds.
pub(crate) const TAG_BYTES: usize = 16;

/// Key material of 32 bytes, wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Random bytes from the operating system.
///
/// # Panics
/// When the operating system has no randomness to give: nothing that is safe can be done then.
#[expect(clippy::expect_used, reason = "without randomness no key can be made; going on would be worse")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-SHA-256 (RFC 5869) with the context as info; `N` is at most 64.
#[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8,160 bytes; ours are at most 64")]
pub(crate) fn hkdf<const N: usize>(parent: &[u8], salt: &[u8], context: &Context) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(parent);
    let info = [context.as_bytes()];
    prk.expand(&info, Length(N)).and_then(|okm| okm.fill(&mut *out)).expect("a short output");
    out
}

/// AES-256-GCM with a key that is used once, hence a zero nonce.
#[expect(clippy::expect_used, reason = "the key has 32 bytes and the text is far below GCM's 64 GiB")]
pub(crate) fn aead_seal(key: &[u8; 32], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plaintext.len() + TAG_BYTES);
    out.extend_from_slice(plaintext);
    if on(Barrier::Aead) {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("32 bytes");
        LessSafeKey::new(key)
            .seal_in_place_append_tag(zero_nonce(), Aad::from(associated), &mut out)
            .expect("a short text");
    } else {
        out.extend_from_slice(&[0; TAG_BYTES]);
    }
    out
}

/// Opens what [`aead_seal`] made; `None` when the tag does not verify.
pub(crate) fn aead_open(key: &[u8; 32], associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = sealed.len().checked_sub(TAG_BYTES)?;
    let mut out = Zeroizing::new(sealed.to_vec());
    if on(Barrier::Aead) {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        key.open_in_place(zero_nonce(), Aad::from(associated), &mut out).ok()?;
    }
    out.truncate(length);
    Some(out)
}

fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// HMAC-SHA-256 over the parts, one after the other.
pub(crate) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut tag = [0; 32];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

/// Whether `tag` is the MAC of the parts; takes the same time whatever differs.
pub(crate) fn mac_verifies(key: &[u8; 32], parts: &[&[u8]], tag: &[u8]) -> bool {
    !on(Barrier::Tags) || same_bytes(&mac(key, parts), tag)
}

/// Whether two byte strings are equal; for equal lengths it takes the same time whatever differs.
pub(crate) fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
