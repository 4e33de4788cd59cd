//! A body on its way in: its header as soon as it is there, its digest, and its end. Memory for these only.

use aws_lc_rs::digest::{Context, SHA256};
use ownsight_seal::{HEADER_BYTES, Header, OpenError, TRAILER_BYTES_MAX, Trailer};

use super::Declared;
use crate::IngestError;

/// Fewer bytes than a header and the shortest trailer have no object.
pub(super) const OBJECT_BYTES_MIN: u64 = HEADER_BYTES as u64 + 69;

/// What was read so far.
pub(super) struct Intake {
    /// What was said of it before; of an upload that is sealed on its way nothing is known.
    declared: Option<Declared>,
    length_max: u64,
    length: u64,
    digest: Context,
    header: Option<Header>,
    /// What came before the header was whole.
    held: Vec<u8>,
    tail: Tail,
}

/// A body that is whole: its length and digest are those that were declared, if any were, and it has the form of an object.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) header: Header,
    pub(super) trailer: Trailer,
    /// Its length and digest.
    pub(super) is: Declared,
}

impl Intake {
    /// Of a body that is to be what was declared.
    pub(super) fn declared(declared: Declared) -> Self {
        Self { declared: Some(declared), ..Self::up_to(declared.length) }
    }

    /// Of a body of at most so many bytes.
    pub(super) fn up_to(length_max: u64) -> Self {
        Self {
            declared: None,
            length_max,
            length: 0,
            digest: Context::new(&SHA256),
            header: None,
            held: Vec::new(),
            tail: Tail::default(),
        }
    }

    /// Takes a chunk; parses the header when it is there.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), IngestError> {
        self.length = self.length.saturating_add(chunk.len() as u64);
        if self.length > self.length_max {
            return Err(IngestError::malformed("the body is longer than was declared"));
        }
        self.digest.update(chunk);
        self.tail.push(chunk);
        if self.header.is_none() {
            self.held.extend_from_slice(chunk);
            if let Some(bytes) = self.held.first_chunk::<HEADER_BYTES>() {
                self.header = Some(Header::parse(bytes).map_err(|error| form(&error))?);
            }
        }
        Ok(())
    }

    /// The header, once its bytes are there.
    pub(super) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// What came until the header was whole; given out once.
    pub(super) fn held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// The body has ended: checks that it is what was declared, and reads its trailer.
    pub(super) fn finish(self) -> Result<Whole, IngestError> {
        let mut is = Declared { length: self.length, digest: [0; 32] };
        is.digest.copy_from_slice(self.digest.finish().as_ref());
        if let Some(declared) = self.declared {
            if is.length < declared.length {
                return Err(IngestError::Interrupted { why: "the body ended early" });
            }
            if is.digest != declared.digest {
                return Err(IngestError::DigestMismatch);
            }
        }
        let header = self.header.ok_or_else(|| IngestError::malformed("there is no header"))?;
        let trailer = self.tail.trailer(self.length).map_err(|error| form(&error))?;
        Ok(Whole { header, trailer, is })
    }
}

fn form(error: &OpenError) -> IngestError {
    IngestError::malformed(error.to_string())
}

/// The last bytes of a body: at least as many as a trailer has, fewer than twice as many.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn push(&mut self, chunk: &[u8]) {
        let (_, end) = chunk.split_at(chunk.len().saturating_sub(TRAILER_BYTES_MAX));
        if end.len() < chunk.len() {
            self.0.clear();
        } else if self.0.len() + end.len() > 2 * TRAILER_BYTES_MAX {
            let surplus = self.0.len().saturating_sub(TRAILER_BYTES_MAX);
            self.0.drain(..surplus);
        }
        self.0.extend_from_slice(end);
    }

    fn trailer(&self, object_bytes: u64) -> Result<Trailer, OpenError> {
        let short = OpenError::Malformed { what: "trailer", why: "it is too short" };
        let last_four = self.0.last_chunk::<4>().ok_or_else(|| short.clone())?;
        let length = Trailer::length_of(*last_four)?;
        let from = self.0.len().checked_sub(length).ok_or_else(|| short.clone())?;
        Trailer::parse(self.0.get(from..).ok_or(short)?, object_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_holds_the_end_whatever_the_chunks() {
        let body: Vec<u8> = (0..5_000u32).map(|n| (n % 251) as u8).collect();
        for size in [1, 7, TRAILER_BYTES_MAX - 1, TRAILER_BYTES_MAX, TRAILER_BYTES_MAX + 1, 900, 5_000] {
            let mut tail = Tail::default();
            for chunk in body.chunks(size) {
                tail.push(chunk);
                assert!(tail.0.len() <= 2 * TRAILER_BYTES_MAX);
            }
            assert!(tail.0.len() >= TRAILER_BYTES_MAX);
            assert!(body.ends_with(&tail.0), "chunks of {size}");
        }
    }
}
