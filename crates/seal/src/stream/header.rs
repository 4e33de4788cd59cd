//! The 40 bytes before the first segment.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use super::StreamError;

/// Bytes of a stream's header.
pub const HEADER_LEN: usize = 1 + SALT_LEN + NONCE_PREFIX_LEN;

pub(super) const SALT_LEN: usize = 32;
pub(super) const NONCE_PREFIX_LEN: usize = 7;

/// What makes a stream's key and nonces its own. Public, and bound by every segment's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StreamHeader {
    pub(super) salt: [u8; SALT_LEN],
    pub(super) nonce_prefix: [u8; NONCE_PREFIX_LEN],
}

impl StreamHeader {
    pub(super) fn random() -> Result<Self, StreamError> {
        let mut header = Self { salt: [0; SALT_LEN], nonce_prefix: [0; NONCE_PREFIX_LEN] };
        let random = SystemRandom::new();
        random.fill(&mut header.salt).map_err(|_| StreamError::Library)?;
        random.fill(&mut header.nonce_prefix).map_err(|_| StreamError::Library)?;
        Ok(header)
    }

    /// Reads exactly the bytes of a header.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, StreamError> {
        let bytes: &[u8; HEADER_LEN] = bytes.try_into().map_err(|_| StreamError::BadHeader)?;
        let (length, rest) = bytes.split_first().ok_or(StreamError::BadHeader)?;
        if usize::from(*length) != HEADER_LEN {
            return Err(StreamError::BadHeader);
        }
        let (salt, nonce_prefix) = rest.split_first_chunk().ok_or(StreamError::BadHeader)?;
        let nonce_prefix = nonce_prefix.try_into().map_err(|_| StreamError::BadHeader)?;
        Ok(Self { salt: *salt, nonce_prefix })
    }

    pub(super) fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [HEADER_LEN as u8; HEADER_LEN];
        let parts = self.salt.iter().chain(&self.nonce_prefix);
        for (byte, part) in bytes.iter_mut().skip(1).zip(parts) {
            *byte = *part;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_no_other_length_or_first_byte_does() {
        let header = StreamHeader::random().unwrap();
        let bytes = header.to_bytes();
        assert_eq!(bytes[0], 0x28);
        assert_eq!(bytes[1..33], header.salt);
        assert_eq!(bytes[33..], header.nonce_prefix);
        assert_eq!(StreamHeader::parse(&bytes), Ok(header));

        for len in (0..HEADER_LEN).chain([HEADER_LEN + 1]) {
            let mut other = bytes.to_vec();
            other.resize(len, 0);
            assert_eq!(StreamHeader::parse(&other), Err(StreamError::BadHeader), "{len} bytes");
        }
        for first in (0..=u8::MAX).filter(|first| *first != 0x28) {
            let mut other = bytes;
            other[0] = first;
            assert_eq!(StreamHeader::parse(&other), Err(StreamError::BadHeader), "first byte {first}");
        }
    }

    #[test]
    fn two_streams_have_different_salts_and_prefixes() {
        let (one, two) = (StreamHeader::random().unwrap(), StreamHeader::random().unwrap());
        assert_ne!(one.salt, two.salt);
        assert_ne!(one.nonce_prefix, two.nonce_prefix);
    }
}
