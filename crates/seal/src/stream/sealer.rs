//! Sealing: plaintext in any portions in, a stream out.

use std::{
    fmt,
    io::{self, Write},
};

use zeroize::Zeroizing;

use super::{
    HEADER_LEN, SegmentSize, StreamError, StreamKey, StreamLayout, TAG_LEN, cipher::SegmentCipher,
    header::StreamHeader,
};

/// How long a completed stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLengths {
    /// Bytes that were sealed.
    pub plaintext: u64,
    /// Bytes of the stream, header and tags included.
    pub ciphertext: u64,
    /// Segments of the stream.
    pub segments: u64,
}

/// Seals a stream without I/O: the caller takes the bytes wherever they go, also across an await.
///
/// Holds one segment, and one more once it was given more than a segment at a time. A full one stays back until more
/// plaintext or [`SealerCore::finish`] tells whether it is the last. A stream that is dropped before `finish` has no last
/// segment and never opens.
pub struct SealerCore {
    cipher: SegmentCipher,
    size: SegmentSize,
    /// Still to be put out.
    header: Option<[u8; HEADER_LEN]>,
    /// Plaintext of the segment that is being filled; while it is put out, its ciphertext.
    buffer: Zeroizing<Vec<u8>>,
    /// The ciphertext of a segment whose plaintext came in one piece. Empty until then.
    sealed: Vec<u8>,
    /// Number of the segment in `buffer`.
    segment: u64,
    plaintext_len: u64,
    abandoned: bool,
}

impl SealerCore {
    /// Begins a stream with a random salt and nonce prefix.
    ///
    /// # Errors
    /// [`StreamError::Library`].
    pub fn new(key: &StreamKey, associated_data: &[u8], size: SegmentSize) -> Result<Self, StreamError> {
        Self::with_header(key, associated_data, size, &StreamHeader::random()?)
    }

    /// Begins a stream with a given header. Two streams with one header under one key would share their nonces, so
    /// nothing but `new` and tests may call this.
    pub(super) fn with_header(
        key: &StreamKey,
        associated_data: &[u8],
        size: SegmentSize,
        header: &StreamHeader,
    ) -> Result<Self, StreamError> {
        Ok(Self {
            cipher: SegmentCipher::derive(key, associated_data, header)?,
            size,
            header: Some(header.to_bytes()),
            buffer: Zeroizing::new(Vec::with_capacity(size.bytes() as usize)),
            sealed: Vec::new(),
            segment: 0,
            plaintext_len: 0,
            abandoned: false,
        })
    }

    /// Takes plaintext and appends to `out` what of the stream is complete: often nothing, at most the length of
    /// `input` and one segment more.
    ///
    /// # Errors
    /// [`StreamError::TooLong`] and [`StreamError::Library`]; from then on [`StreamError::Abandoned`].
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        self.push_to(input, |sealed| {
            out.extend_from_slice(sealed);
            Ok(())
        })
    }

    /// Seals what is left as the last segment and appends the rest of the stream to `out`.
    ///
    /// # Errors
    /// As [`SealerCore::push`].
    pub fn finish(self, out: &mut Vec<u8>) -> Result<StreamLengths, StreamError> {
        self.finish_to(|sealed| {
            out.extend_from_slice(sealed);
            Ok(())
        })
    }

    /// As [`Self::push`], to whatever takes sealed bytes. After an error of that nothing more can be sealed.
    pub(crate) fn push_to<E: From<StreamError>>(
        &mut self,
        mut input: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin(&mut sink)?;
        while !input.is_empty() {
            let capacity = self.size.plaintext_capacity(self.segment) as usize;
            if self.buffer.is_empty() && input.len() > capacity {
                let (whole, later) = input.split_at(capacity);
                self.put_through(whole, &mut sink)?;
                input = later;
                continue;
            }
            let room = capacity.saturating_sub(self.buffer.len());
            if room == 0 {
                self.put_out(false, &mut sink)?;
                continue;
            }
            let (now, later) = input.split_at(room.min(input.len()));
            self.buffer.extend_from_slice(now);
            self.plaintext_len += now.len() as u64;
            input = later;
        }
        self.abandoned = false;
        Ok(())
    }

    /// As [`Self::finish`], to whatever takes sealed bytes.
    pub(crate) fn finish_to<E: From<StreamError>>(
        mut self,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<StreamLengths, E> {
        self.begin(&mut sink)?;
        self.put_out(true, &mut sink)?;
        let layout = StreamLayout::of_plaintext(self.size, self.plaintext_len)?;
        Ok(StreamLengths {
            plaintext: layout.plaintext_len(),
            ciphertext: layout.ciphertext_len(),
            segments: layout.segments(),
        })
    }

    /// Puts the header out, once. Until the caller resets `abandoned`, every way out is a failure: a segment may be
    /// sealed and not taken, and must not be sealed again.
    fn begin<E: From<StreamError>>(
        &mut self,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.abandoned {
            return Err(StreamError::Abandoned.into());
        }
        self.abandoned = true;
        match self.header.take() {
            Some(header) => sink(&header),
            None => Ok(()),
        }
    }

    /// Seals a segment that is whole and not the last, without a copy of its plaintext.
    fn put_through<E: From<StreamError>>(
        &mut self,
        plaintext: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let length = plaintext.len() + TAG_LEN;
        self.sealed.reserve_exact((self.size.bytes() as usize).saturating_sub(self.sealed.len()));
        self.sealed.resize(length, 0);
        self.cipher.seal_into(self.segment, false, plaintext, &mut self.sealed)?;
        sink(&self.sealed)?;
        self.plaintext_len += plaintext.len() as u64;
        self.segment += 1;
        Ok(())
    }

    fn put_out<E: From<StreamError>>(
        &mut self,
        last: bool,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.cipher.seal(self.segment, last, &mut self.buffer)?;
        sink(&self.buffer)?;
        self.buffer.clear();
        self.segment += 1;
        Ok(())
    }
}

impl fmt::Debug for SealerCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealerCore")
            .field("size", &self.size)
            .field("plaintext_len", &self.plaintext_len)
            .finish_non_exhaustive()
    }
}

/// Seals a stream into a writer, one segment at a time.
///
/// Plaintext goes in by [`Write`]. [`StreamSealer::finish`] completes the stream; one that is dropped before has no
/// last segment and never opens. After an error of the writer nothing more can be sealed, not even a retry: begin a
/// new stream.
pub struct StreamSealer<W> {
    core: SealerCore,
    writer: W,
}

impl<W: Write> StreamSealer<W> {
    /// Begins a stream with a random salt and nonce prefix. Nothing is written yet.
    ///
    /// # Errors
    /// [`StreamError::Library`].
    pub fn new(
        writer: W,
        key: &StreamKey,
        associated_data: &[u8],
        size: SegmentSize,
    ) -> Result<Self, StreamError> {
        Ok(Self { core: SealerCore::new(key, associated_data, size)?, writer })
    }

    /// Writes the last segment and gives the writer back, not flushed.
    ///
    /// # Errors
    /// Those of the writer, and [`StreamError`] as their source.
    pub fn finish(mut self) -> io::Result<(W, StreamLengths)> {
        let lengths = self.core.finish_to(|sealed| self.writer.write_all(sealed))?;
        Ok((self.writer, lengths))
    }
}

impl<W: Write> Write for StreamSealer<W> {
    /// Takes all of `plaintext`; some of it stays in memory until more comes.
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.core.push_to(plaintext, |sealed| self.writer.write_all(sealed))?;
        Ok(plaintext.len())
    }

    /// Flushes the writer. The segment that is being filled stays back: only [`StreamSealer::finish`] writes it.
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<W> fmt::Debug for StreamSealer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSealer").field("core", &self.core).finish_non_exhaustive()
    }
}

/// Seals a plaintext that is in memory.
///
/// # Errors
/// As [`SealerCore::push`].
pub fn seal_all(
    key: &StreamKey,
    associated_data: &[u8],
    plaintext: &[u8],
    size: SegmentSize,
) -> Result<Vec<u8>, StreamError> {
    let layout = StreamLayout::of_plaintext(size, plaintext.len() as u64)?;
    let mut sealer = SealerCore::new(key, associated_data, size)?;
    let mut stream = Vec::with_capacity(layout.ciphertext_len() as usize);
    sealer.push(plaintext, &mut stream)?;
    sealer.finish(&mut stream)?;
    Ok(stream)
}

const _: () = assert!(HEADER_LEN + TAG_LEN == StreamLayout::CIPHERTEXT_LEN_MIN as usize);

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> SealerCore {
        SealerCore::new(&StreamKey::new([7; 32]), b"", SegmentSize::MIN).unwrap()
    }

    #[test]
    fn the_segment_after_the_last_number_is_refused() {
        let mut core = sealer();
        core.segment = u64::from(u32::MAX);
        let mut out = Vec::new();
        core.push(&[0; 41], &mut out).unwrap();
        assert_eq!(core.push(&[0], &mut out), Ok(()), "the last number is used, one byte waits");
        assert_eq!(core.segment, 1 << 32);
        assert_eq!(core.finish(&mut out), Err(StreamError::TooLong));

        let mut core = sealer();
        core.segment = u64::from(u32::MAX);
        assert_eq!(core.push(&[0; 83], &mut out), Err(StreamError::TooLong));
        assert_eq!(core.push(&[], &mut out), Err(StreamError::Abandoned));
        assert_eq!(core.finish(&mut out), Err(StreamError::Abandoned));
    }

    #[test]
    fn no_buffer_grows_beyond_one_segment() {
        for size in [SegmentSize::MIN, SegmentSize::KIB_64] {
            let mut core = SealerCore::new(&StreamKey::new([7; 32]), b"", size).unwrap();
            let before = core.buffer.capacity();
            let mut out = Vec::new();
            for _ in 0..5 {
                core.push(&vec![1; size.bytes() as usize + 3], &mut out).unwrap();
            }
            assert_eq!(core.buffer.capacity(), before);
            assert!(before <= size.bytes() as usize);
            assert!(core.sealed.capacity() <= size.bytes() as usize);
        }
    }

    #[test]
    fn a_writer_that_fails_once_ends_the_stream() {
        struct FailsOnce(bool);
        impl Write for FailsOnce {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, false) {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let key = StreamKey::new([7; 32]);
        let mut sealer = StreamSealer::new(FailsOnce(true), &key, b"", SegmentSize::MIN).unwrap();
        assert_eq!(sealer.write(b"plaintext").unwrap_err().kind(), io::ErrorKind::StorageFull);
        let again = sealer.write(b"plaintext").unwrap_err();
        let source = again.get_ref().and_then(|source| source.downcast_ref::<StreamError>());
        assert_eq!(source, Some(&StreamError::Abandoned));
        assert!(sealer.finish().is_err());
    }
}
