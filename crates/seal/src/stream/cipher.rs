//! One segment, sealed or opened: the only place that calls AES-GCM for streams.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use zeroize::Zeroizing;

use crate::barriers::{Barrier, on};

use super::{
    StreamError, StreamKey, TAG_LEN,
    header::{NONCE_PREFIX_LEN, StreamHeader},
};

/// The derived key of one stream, which knows how each segment's nonce is made.
pub(super) struct SegmentCipher {
    key: LessSafeKey,
    nonce_prefix: [u8; NONCE_PREFIX_LEN],
}

impl SegmentCipher {
    pub(super) fn derive(
        key: &StreamKey,
        associated_data: &[u8],
        header: &StreamHeader,
    ) -> Result<Self, StreamError> {
        let mut derived = Zeroizing::new([0; StreamKey::LEN]);
        Salt::new(HKDF_SHA256, &header.salt)
            .extract(key.bytes())
            .expand(&[associated_data], Aes256Key)
            .and_then(|okm| okm.fill(derived.as_mut()))
            .map_err(|_| StreamError::Library)?;
        let key = UnboundKey::new(&AES_256_GCM, derived.as_ref()).map_err(|_| StreamError::Library)?;
        Ok(Self { key: LessSafeKey::new(key), nonce_prefix: header.nonce_prefix })
    }

    /// Seals the plaintext in `buffer` and appends the tag.
    ///
    /// The caller seals each number at most once. After an error `buffer` is empty.
    pub(super) fn seal(&self, segment: u64, last: bool, buffer: &mut Vec<u8>) -> Result<(), StreamError> {
        let nonce = self.nonce(segment, last)?;
        seal_segment_raw(&self.key, nonce, buffer).map_err(|_| {
            buffer.fill(0);
            buffer.clear();
            StreamError::Library
        })
    }

    /// Seals `plaintext` into `sealed`, which is longer by one tag. The caller seals each number at most once.
    pub(super) fn seal_into(
        &self,
        segment: u64,
        last: bool,
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), StreamError> {
        let nonce = self.nonce(segment, last)?;
        let parts = sealed.split_at_mut_checked(plaintext.len());
        let (ciphertext, tag) = parts.ok_or(StreamError::Library)?;
        seal_segment_into_raw(&self.key, nonce, plaintext, ciphertext, tag).map_err(|_| StreamError::Library)
    }

    /// Opens ciphertext and tag in place. After an error `buffer` is all zero.
    pub(super) fn open<'a>(
        &self,
        segment: u64,
        last: bool,
        buffer: &'a mut [u8],
    ) -> Result<&'a [u8], StreamError> {
        let nonce = self.nonce(segment, last)?;
        let Ok(len) = open_segment_raw(&self.key, nonce, buffer) else {
            buffer.fill(0);
            return Err(StreamError::NotAuthentic { segment });
        };
        buffer.get(..len).ok_or(StreamError::Library)
    }

    fn nonce(&self, segment: u64, last: bool) -> Result<[u8; NONCE_LEN], StreamError> {
        let number = u32::try_from(segment).map_err(|_| StreamError::TooLong)?.to_be_bytes();
        let mut nonce = [u8::from(last); NONCE_LEN];
        for (byte, part) in nonce.iter_mut().zip(self.nonce_prefix.iter().chain(&number)) {
            *byte = *part;
        }
        Ok(nonce)
    }
}

/// Makes ciphertext ‖ tag of the plaintext in `buffer`.
fn seal_segment_raw(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    buffer: &mut Vec<u8>,
) -> Result<(), Unspecified> {
    if on(Barrier::Stream) {
        return key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), buffer);
    }
    buffer.extend_from_slice(&[0; TAG_LEN]);
    Ok(())
}

/// Makes ciphertext and tag of a plaintext that lies elsewhere.
fn seal_segment_into_raw(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    plaintext: &[u8],
    ciphertext: &mut [u8],
    tag: &mut [u8],
) -> Result<(), Unspecified> {
    if on(Barrier::Stream) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        return key.seal_out_of_place_scatter(nonce, Aad::empty(), plaintext, ciphertext, &[], tag);
    }
    ciphertext.copy_from_slice(plaintext);
    tag.fill(0);
    Ok(())
}

/// Makes plaintext of ciphertext ‖ tag at the front of `buffer` and returns its length.
fn open_segment_raw(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    buffer: &mut [u8],
) -> Result<usize, Unspecified> {
    if on(Barrier::Stream) {
        let plaintext = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), buffer)?;
        return Ok(plaintext.len());
    }
    buffer.len().checked_sub(TAG_LEN).ok_or(Unspecified)
}

/// Tells HKDF how many bytes the derived key has.
struct Aes256Key;

impl KeyType for Aes256Key {
    fn len(&self) -> usize {
        StreamKey::LEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher() -> SegmentCipher {
        let header = StreamHeader { salt: [2; 32], nonce_prefix: [3; 7] };
        SegmentCipher::derive(&StreamKey::new([1; 32]), b"section", &header).unwrap()
    }

    #[test]
    fn nonces_are_prefix_number_and_last_flag() {
        let nonce = |segment, last| cipher().nonce(segment, last);
        assert_eq!(nonce(0, false), Ok([3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0]));
        assert_eq!(nonce(0x0102_0304, true), Ok([3, 3, 3, 3, 3, 3, 3, 1, 2, 3, 4, 1]));
        assert_eq!(nonce(u64::from(u32::MAX), true), Ok([3, 3, 3, 3, 3, 3, 3, 0xff, 0xff, 0xff, 0xff, 1]));
        assert_eq!(nonce(1 << 32, true), Err(StreamError::TooLong));
    }

    #[test]
    fn sealed_elsewhere_is_as_sealed_in_place() {
        let plaintext = b"a face at the door";
        let mut in_place = plaintext.to_vec();
        cipher().seal(7, false, &mut in_place).unwrap();
        let mut sealed = vec![0xff; plaintext.len() + TAG_LEN];
        cipher().seal_into(7, false, plaintext, &mut sealed).unwrap();
        assert_eq!(sealed, in_place);
        for len in [0, plaintext.len(), plaintext.len() + TAG_LEN - 1] {
            let refused = cipher().seal_into(7, false, plaintext, &mut vec![0; len]);
            assert_eq!(refused, Err(StreamError::Library), "room for {len} bytes");
        }
    }

    #[test]
    fn what_does_not_authenticate_is_overwritten() {
        let mut sealed = b"a face at the door".to_vec();
        cipher().seal(0, true, &mut sealed).unwrap();
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(cipher().open(0, true, &mut damaged), Err(StreamError::NotAuthentic { segment: 0 }));
        assert!(damaged.iter().all(|byte| *byte == 0));
        assert_eq!(cipher().open(0, true, &mut sealed).unwrap(), b"a face at the door");
    }
}
