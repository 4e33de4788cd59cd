//! Wraps: a key, or a private text, sealed under its parent.
//!
//! ```text
//! offset  size  what
//! 0       1     format version, 1
//! 1       32    random salt
//! 33      16    commitment
//! 49      n     AES-256-GCM ciphertext, zero nonce, associated data = context
//! 49+n    16    tag
//! ```
//! (wrap key ‖ commitment) = HKDF-SHA-256(parent, salt, info = context), 32 + 16 bytes. The key is used once, so
//! a zero nonce is right. The plaintext of a wrapped key is kind code (1) ‖ id (16) ‖ key (32).
//!
//! GCM alone does not commit to its key: a ciphertext can be made that opens under two (Dodis, Grubbs,
//! Ristenpart, Woodage: "Fast Message Franking", CRYPTO 2018). The commitment closes that, and tells a mix-up
//! (another parent or context) from damage (right key, failing tag).

use zeroize::Zeroizing;

use crate::barriers::{Barrier, on};
use crate::canonical::{Context, FORMAT_VERSION};
use crate::error::malformed;
use crate::primitives::{self, Key, TAG_BYTES};
use crate::{OpenError, Purpose};
use ownsight_model::IdKind;

const SALT_BYTES: usize = 32;
const COMMITMENT_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + SALT_BYTES + COMMITMENT_BYTES;
const WRAPPED_KEY_BYTES: usize = 1 + 16 + 32;

/// Seals a text of any length under `parent`.
pub(crate) fn seal(parent: &[u8; 32], context: &Context, plaintext: &[u8]) -> Vec<u8> {
    seal_with_salt(parent, context, plaintext, primitives::random())
}

pub(crate) fn seal_with_salt(
    parent: &[u8; 32],
    context: &Context,
    plaintext: &[u8],
    salt: [u8; SALT_BYTES],
) -> Vec<u8> {
    let (key, commitment) = keys(parent, &salt, context);
    let mut out = Vec::with_capacity(HEAD_BYTES + plaintext.len() + TAG_BYTES);
    out.push(FORMAT_VERSION);
    out.extend_from_slice(&salt);
    out.extend_from_slice(&commitment);
    out.extend_from_slice(&primitives::aead_seal(&key, context.as_bytes(), plaintext));
    out
}

/// Opens what [`seal`] made under the same parent and context.
pub(crate) fn open(
    parent: &[u8; 32],
    context: &Context,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let what = context.purpose().label();
    let (&version, rest) = sealed.split_first().ok_or(malformed(what, "it is empty"))?;
    if version != FORMAT_VERSION {
        return Err(malformed(what, "its format version is not known"));
    }
    let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>().ok_or(malformed(what, "it is too short"))?;
    let (commitment, ciphertext) =
        rest.split_first_chunk::<COMMITMENT_BYTES>().ok_or(malformed(what, "it is too short"))?;
    if ciphertext.len() < TAG_BYTES {
        return Err(malformed(what, "it is too short"));
    }
    let (key, expected) = keys(parent, salt, context);
    if on(Barrier::Commitment) && !primitives::same_bytes(&expected, commitment) {
        return Err(OpenError::MixUp(context.purpose()));
    }
    primitives::aead_open(&key, context.as_bytes(), ciphertext).ok_or(OpenError::Damaged(context.purpose()))
}

fn keys(parent: &[u8; 32], salt: &[u8; SALT_BYTES], context: &Context) -> (Key, [u8; COMMITMENT_BYTES]) {
    let okm = primitives::hkdf::<{ 32 + COMMITMENT_BYTES }>(parent, salt, context);
    let mut key = Zeroizing::new([0; 32]);
    let mut commitment = [0; COMMITMENT_BYTES];
    for (to, from) in key.iter_mut().chain(commitment.iter_mut()).zip(okm.iter()) {
        *to = *from;
    }
    (key, commitment)
}

/// The plaintext of a wrapped key.
pub(crate) type KeyBytes = Zeroizing<[u8; WRAPPED_KEY_BYTES]>;

/// A key with the id that it belongs to: kind, id, key.
pub(crate) fn key_bytes(kind: IdKind, id: &[u8; 16], key: &Key) -> KeyBytes {
    let mut plaintext = Zeroizing::new([0; WRAPPED_KEY_BYTES]);
    let from = [kind.code()];
    let from = from.iter().chain(id).chain(key.iter());
    for (to, from) in plaintext.iter_mut().zip(from) {
        *to = *from;
    }
    plaintext
}

/// Reads a key, with the bytes of the id of `kind` that it belongs to. Any other kind is a mix-up.
pub(crate) fn key_of_bytes(
    purpose: Purpose,
    kind: IdKind,
    plaintext: &[u8],
) -> Result<([u8; 16], Key), OpenError> {
    let bytes: &[u8; WRAPPED_KEY_BYTES] = plaintext
        .try_into()
        .map_err(|_| malformed(purpose.label(), "its plaintext has not the length of a key"))?;
    let (code, rest) = (bytes[0], &bytes[1..]);
    if code != kind.code() {
        return Err(OpenError::MixUp(purpose));
    }
    let mut id = [0; 16];
    let mut key = Zeroizing::new([0; 32]);
    for (to, from) in id.iter_mut().chain(key.iter_mut()).zip(rest) {
        *to = *from;
    }
    Ok((id, key))
}

/// Seals a key with the id that it belongs to.
pub(crate) fn seal_key(
    parent: &[u8; 32],
    context: &Context,
    kind: IdKind,
    id: &[u8; 16],
    key: &Key,
) -> Vec<u8> {
    seal(parent, context, &*key_bytes(kind, id, key))
}

/// Opens a key, with the bytes of the id of `kind` that it belongs to. Any other kind is a mix-up.
pub(crate) fn open_key(
    parent: &[u8; 32],
    context: &Context,
    kind: IdKind,
    sealed: &[u8],
) -> Result<([u8; 16], Key), OpenError> {
    key_of_bytes(context.purpose(), kind, &open(parent, context, sealed)?)
}

/// Compares an id that was asked for with one that was opened.
pub(crate) fn same_id<T: PartialEq>(asked: &T, opened: &T, purpose: Purpose) -> Result<(), OpenError> {
    if on(Barrier::Identity) && asked != opened { Err(OpenError::MixUp(purpose)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ownsight_model::{HomeEpoch, HomeId, InstallationId};

    fn context(byte: u8) -> Context {
        Context::new(Purpose::HomeText, InstallationId::from_bytes([9; 16]))
            .home(HomeId::from_bytes([byte; 16]))
            .home_epoch(HomeEpoch::FIRST)
    }

    #[test]
    fn another_parent_or_context_is_a_mix_up_and_a_flipped_bit_is_damage() {
        let sealed = seal(&[1; 32], &context(1), b"Mill Yard 7");
        assert_eq!(open(&[1; 32], &context(1), &sealed).unwrap().as_slice(), b"Mill Yard 7");
        assert_eq!(open(&[2; 32], &context(1), &sealed), Err(OpenError::MixUp(Purpose::HomeText)));
        assert_eq!(open(&[1; 32], &context(2), &sealed), Err(OpenError::MixUp(Purpose::HomeText)));
        for byte in 1..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[byte] ^= 1 << bit;
                let error = open(&[1; 32], &context(1), &changed).unwrap_err();
                let expected = if byte < HEAD_BYTES {
                    OpenError::MixUp(Purpose::HomeText)
                } else {
                    OpenError::Damaged(Purpose::HomeText)
                };
                assert_eq!(error, expected, "byte {byte}");
            }
        }
    }

    #[test]
    fn truncated_wraps_never_open() {
        let sealed = seal(&[1; 32], &context(1), b"x");
        for length in 0..sealed.len() {
            assert!(open(&[1; 32], &context(1), &sealed[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_key_of_another_kind_is_a_mix_up() {
        let sealed = seal_key(&[1; 32], &context(1), IdKind::Home, &[3; 16], &Zeroizing::new([4; 32]));
        let (id, key) = open_key(&[1; 32], &context(1), IdKind::Home, &sealed).unwrap();
        assert_eq!((id, *key), ([3; 16], [4; 32]));
        assert_eq!(
            open_key(&[1; 32], &context(1), IdKind::Camera, &sealed),
            Err(OpenError::MixUp(Purpose::HomeText))
        );
    }
}
