//! Opening: any segment, once the last one has proved the stream's length. No I/O.

use std::fmt;

use super::{
    HEADER_LEN, SegmentSize, StreamError, StreamKey, StreamLayout, cipher::SegmentCipher,
    header::StreamHeader,
};

/// A stream whose length is only claimed. It opens the last segment and nothing else.
pub struct UnprovenOpener {
    cipher: SegmentCipher,
    layout: StreamLayout,
}

impl UnprovenOpener {
    /// Begins with the first [`HEADER_LEN`] bytes of the stream and the length that somebody says it has.
    ///
    /// # Errors
    /// [`StreamError::BadHeader`], those of [`StreamLayout::of_ciphertext`], and [`StreamError::Library`].
    pub fn new(
        key: &StreamKey,
        associated_data: &[u8],
        header: &[u8],
        ciphertext_len: u64,
        size: SegmentSize,
    ) -> Result<Self, StreamError> {
        let layout = StreamLayout::of_ciphertext(size, ciphertext_len)?;
        let header = StreamHeader::parse(header)?;
        Ok(Self { cipher: SegmentCipher::derive(key, associated_data, &header)?, layout })
    }

    /// Where things lie if the length is true; its last segment is what [`UnprovenOpener::prove`] wants.
    pub fn layout(&self) -> &StreamLayout {
        &self.layout
    }

    /// Opens the last segment in place, which proves that the stream ends here and is this long: its number and that
    /// it is the last are in its nonce. Returns its plaintext too, which is all of it when there is one segment.
    ///
    /// # Errors
    /// [`StreamError::LengthMismatch`] if `last` is not as long as the last segment must be;
    /// [`StreamError::NotAuthentic`] if it is not the last segment of this stream, with `last` zeroed.
    pub fn prove(self, last: &mut [u8]) -> Result<(StreamOpener, &[u8]), StreamError> {
        let opener = StreamOpener { cipher: self.cipher, layout: self.layout };
        let plaintext = opener.open_segment(opener.layout.last_segment(), last)?;
        Ok((opener, plaintext))
    }
}

impl fmt::Debug for UnprovenOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnprovenOpener").field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// A stream whose length is proved. Opens its segments in any order.
pub struct StreamOpener {
    cipher: SegmentCipher,
    layout: StreamLayout,
}

impl StreamOpener {
    /// Where things lie: [`StreamLayout::segments_for`] and [`StreamLayout::ciphertext_range`] say which bytes of
    /// the stream a range of plaintext needs.
    pub fn layout(&self) -> &StreamLayout {
        &self.layout
    }

    /// Opens a segment in place. `sealed` holds its bytes, tag included, as
    /// [`StreamLayout::ciphertext_range`] says.
    ///
    /// # Errors
    /// [`StreamError::OutOfRange`] if there is no segment of this number; [`StreamError::LengthMismatch`] if
    /// `sealed` is not as long as it must be; [`StreamError::NotAuthentic`] if it is not this segment of this
    /// stream, with `sealed` zeroed.
    pub fn open_segment<'a>(&self, segment: u64, sealed: &'a mut [u8]) -> Result<&'a [u8], StreamError> {
        let place = self.layout.ciphertext_range(segment)?;
        let len = sealed.len() as u64;
        if len != place.end - place.start {
            return Err(StreamError::LengthMismatch { len });
        }
        self.cipher.open(segment, segment == self.layout.last_segment(), sealed)
    }
}

impl fmt::Debug for StreamOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamOpener").field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// Opens a whole stream that is in memory: either all of it authenticates, or there is no plaintext.
///
/// # Errors
/// As [`UnprovenOpener::new`], [`UnprovenOpener::prove`] and [`StreamOpener::open_segment`].
pub fn open_all(
    key: &StreamKey,
    associated_data: &[u8],
    stream: &[u8],
    size: SegmentSize,
) -> Result<Vec<u8>, StreamError> {
    let layout = StreamLayout::of_ciphertext(size, stream.len() as u64)?;
    let header = stream.get(..HEADER_LEN).ok_or(StreamError::BadHeader)?;
    let opener = UnprovenOpener::new(key, associated_data, header, stream.len() as u64, size)?;

    let mut last = sealed_segment(&layout, layout.last_segment(), stream)?.to_vec();
    let (opener, end) = opener.prove(&mut last)?;

    let mut plaintext = Vec::with_capacity(layout.plaintext_len() as usize);
    let mut buffer = Vec::new();
    for segment in 0..layout.last_segment() {
        buffer.clear();
        buffer.extend_from_slice(sealed_segment(&layout, segment, stream)?);
        plaintext.extend_from_slice(opener.open_segment(segment, &mut buffer)?);
    }
    plaintext.extend_from_slice(end);
    Ok(plaintext)
}

fn sealed_segment<'a>(
    layout: &StreamLayout,
    segment: u64,
    stream: &'a [u8],
) -> Result<&'a [u8], StreamError> {
    let place = layout.ciphertext_range(segment)?;
    stream.get(place.start as usize..place.end as usize).ok_or(StreamError::OutOfRange)
}
