//! Reading a stream that lies in a file: [`Read`] and [`Seek`] over its plaintext.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use zeroize::Zeroizing;

use super::{HEADER_LEN, SegmentSize, StreamError, StreamKey, StreamOpener, UnprovenOpener};

/// The plaintext of a stream in a seekable source, opened as it is read. Holds one segment.
///
/// The last segment is opened first, by [`StreamReader::new`]; each byte that `read` returns has authenticated.
pub struct StreamReader<R> {
    source: R,
    /// Where the stream begins in `source`.
    start: u64,
    opener: StreamOpener,
    buffer: Zeroizing<Vec<u8>>,
    /// Number and plaintext length of the segment at the front of `buffer`.
    loaded: Option<(u64, usize)>,
    position: u64,
}

impl<R: Read + Seek> StreamReader<R> {
    /// Reads the header and the last segment of the stream at `stream`, a range of bytes in `source`.
    ///
    /// # Errors
    /// Those of the source, [`io::ErrorKind::UnexpectedEof`] if it ends inside the range, and [`StreamError`] as
    /// their source.
    pub fn new(
        mut source: R,
        stream: Range<u64>,
        key: &StreamKey,
        associated_data: &[u8],
        size: SegmentSize,
    ) -> io::Result<Self> {
        let len = stream.end.checked_sub(stream.start).ok_or(StreamError::OutOfRange)?;
        let mut header = [0; HEADER_LEN];
        source.seek(SeekFrom::Start(stream.start))?;
        source.read_exact(&mut header)?;
        let unproven = UnprovenOpener::new(key, associated_data, &header, len, size)?;

        let last = unproven.layout().last_segment();
        let place = unproven.layout().ciphertext_range(last)?;
        let mut buffer = Zeroizing::new(Vec::with_capacity(len.min(size.bytes()) as usize));
        read_at(&mut source, stream.start + place.start, place.end - place.start, &mut buffer)?;
        let (opener, plaintext) = unproven.prove(&mut buffer)?;
        let loaded = Some((last, plaintext.len()));
        Ok(Self { source, start: stream.start, opener, buffer, loaded, position: 0 })
    }

    /// Bytes of the whole plaintext.
    pub fn plaintext_len(&self) -> u64 {
        self.opener.layout().plaintext_len()
    }

    /// The plaintext of a segment, read and opened unless it is the one at hand.
    fn segment(&mut self, segment: u64) -> io::Result<&[u8]> {
        let len = match self.loaded {
            Some((loaded, len)) if loaded == segment => len,
            _ => {
                self.loaded = None;
                let place = self.opener.layout().ciphertext_range(segment)?;
                let start = self.start + place.start;
                read_at(&mut self.source, start, place.end - place.start, &mut self.buffer)?;
                let len = self.opener.open_segment(segment, &mut self.buffer)?.len();
                self.loaded = Some((segment, len));
                len
            }
        };
        Ok(self.buffer.get(..len).unwrap_or_default())
    }
}

impl<R: Read + Seek> Read for StreamReader<R> {
    /// Reads to the end of the segment at hand at most.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let end = self.plaintext_len().min(self.position.saturating_add(out.len() as u64));
        let range = self.position..end;
        if range.is_empty() {
            return Ok(0);
        }
        let segment = self.opener.layout().segments_for(&range)?.start;
        let part = self.opener.layout().part_of_segment(segment, &range)?;
        let plaintext = self.segment(segment)?.get(part).unwrap_or_default();
        let read = plaintext.len();
        if let Some(out) = out.get_mut(..read) {
            out.copy_from_slice(plaintext);
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl<R> Seek for StreamReader<R> {
    /// Seeks in the plaintext. Beyond its end there is nothing to read.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.opener.layout().plaintext_len().checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl<R> fmt::Debug for StreamReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("opener", &self.opener)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Fills `buffer` with exactly these bytes of the source. They are of one segment, so their number is bounded.
fn read_at(source: &mut (impl Read + Seek), start: u64, len: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    source.seek(SeekFrom::Start(start))?;
    buffer.resize(len as usize, 0);
    source.read_exact(buffer)
}
