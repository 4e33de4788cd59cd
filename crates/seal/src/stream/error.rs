//! What can go wrong with a stream.

use std::io;

/// Why a stream was not sealed or not opened.
///
/// Exhaustive on purpose: who decides by it what to show or to report must look again when it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// Fewer bytes than the shortest stream has. The object is cut off, or is no stream.
    #[error("a stream of {len} bytes is shorter than the shortest one, {min} bytes")]
    TooShort {
        /// Bytes there are.
        len: u64,
        /// Bytes of a stream with empty plaintext.
        min: u64,
    },
    /// The first bytes are not a header of this format.
    #[error("the stream does not begin with a header of {} bytes", super::HEADER_LEN)]
    BadHeader,
    /// A length that no stream has, or bytes handed in for a segment that are not as many as its place demands.
    #[error("{len} bytes do not fit the stream's segments")]
    LengthMismatch {
        /// The length that does not fit, in bytes.
        len: u64,
    },
    /// The segment was not sealed for this place, stream, key and associated data, or was damaged.
    #[error("segment {segment} does not authenticate")]
    NotAuthentic {
        /// Number of the segment, from 0.
        segment: u64,
    },
    /// A segment or a range of plaintext that the stream does not have.
    #[error("the stream has no such segment or range")]
    OutOfRange,
    /// More segments than the format can number (2^32). Nothing of the stream can be used.
    #[error("the stream has more than 2^32 segments")]
    TooLong,
    /// An earlier call failed half way, so that the stream cannot be completed. Seal it anew, from its beginning.
    #[error("sealing failed before; the stream cannot be completed")]
    Abandoned,
    /// The cryptographic library gave no random bytes or refused to work. Nothing about the input is wrong.
    #[error("the cryptographic library failed")]
    Library,
}

impl From<StreamError> for io::Error {
    /// Keeps the error as the source, so that `downcast_ref::<StreamError>()` finds it.
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::TooShort { .. } => io::ErrorKind::UnexpectedEof,
            StreamError::BadHeader
            | StreamError::LengthMismatch { .. }
            | StreamError::NotAuthentic { .. } => io::ErrorKind::InvalidData,
            StreamError::OutOfRange => io::ErrorKind::InvalidInput,
            StreamError::TooLong => io::ErrorKind::FileTooLarge,
            StreamError::Abandoned | StreamError::Library => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
