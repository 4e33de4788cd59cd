//! Where the segments of a stream lie: arithmetic only, no keys and no bytes.

use std::ops::Range;

use super::{HEADER_LEN, StreamError};

/// Bytes of the tag at the end of each segment.
pub const TAG_LEN: usize = 16;

const HEADER: u64 = HEADER_LEN as u64;
const TAG: u64 = TAG_LEN as u64;

/// Segments are numbered by 32 bits of the nonce.
const SEGMENTS_MAX: u64 = 1 << 32;

/// Bytes from one segment's beginning to the next one's.
///
/// It is part of the format that a stream was sealed in, like its key: it does not stand in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSize(u32);

impl SegmentSize {
    /// The smallest size whose first segment holds plaintext.
    pub const MIN: Self = Self(HEADER_LEN as u32 + TAG_LEN as u32 + 1);
    /// 4 KiB, as in Tink's template `AES256_GCM_HKDF_4KB`.
    pub const KIB_4: Self = Self(4 << 10);
    /// 64 KiB: every section of a sealed object.
    pub const KIB_64: Self = Self(64 << 10);
    /// 1 MiB, as in Tink's template `AES256_GCM_HKDF_1MB`.
    pub const MIB_1: Self = Self(1 << 20);
    /// The largest size. It bounds the memory that one stream can ask for.
    pub const MAX: Self = Self::MIB_1;

    /// A size in bytes, or `None` if it is below [`SegmentSize::MIN`] or above [`SegmentSize::MAX`].
    pub fn new(bytes: u32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&bytes).then_some(Self(bytes))
    }

    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0)
    }

    /// Bytes of plaintext that the segment of this number can hold.
    pub fn plaintext_capacity(self, segment: u64) -> u64 {
        self.bytes() - TAG - if segment == 0 { HEADER } else { 0 }
    }
}

/// The shape of one stream: its lengths, and which bytes belong to which segment.
///
/// Offsets are in bytes from the stream's first byte; its header lies before segment 0. As long as a layout comes
/// from a length that nothing has proved, so are its answers unproved: see [`super::UnprovenOpener`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLayout {
    size: SegmentSize,
    // INVARIANT: the length of a stream of `segments` segments, 1 ..= SEGMENTS_MAX, of this size.
    ciphertext_len: u64,
    segments: u64,
}

impl StreamLayout {
    /// Bytes of a stream with empty plaintext, the shortest there is.
    pub const CIPHERTEXT_LEN_MIN: u64 = HEADER + TAG;

    /// The shape of a stream that is this long, header and tags included.
    ///
    /// # Errors
    /// [`StreamError::TooShort`], [`StreamError::TooLong`], and [`StreamError::LengthMismatch`] for lengths in
    /// between that no stream has.
    pub fn of_ciphertext(size: SegmentSize, len: u64) -> Result<Self, StreamError> {
        if len < Self::CIPHERTEXT_LEN_MIN {
            return Err(StreamError::TooShort { len, min: Self::CIPHERTEXT_LEN_MIN });
        }
        let segments = len.div_ceil(size.bytes());
        if segments > SEGMENTS_MAX {
            return Err(StreamError::TooLong);
        }
        let last = len - (segments - 1) * size.bytes();
        if segments > 1 && last <= TAG {
            return Err(StreamError::LengthMismatch { len });
        }
        Ok(Self { size, ciphertext_len: len, segments })
    }

    /// The shape of the stream that plaintext of this length is sealed into.
    ///
    /// # Errors
    /// [`StreamError::TooLong`].
    pub fn of_plaintext(size: SegmentSize, len: u64) -> Result<Self, StreamError> {
        let behind_first = len.saturating_sub(size.plaintext_capacity(0));
        let segments = 1 + behind_first.div_ceil(size.plaintext_capacity(1));
        if segments > SEGMENTS_MAX {
            return Err(StreamError::TooLong);
        }
        Ok(Self { size, ciphertext_len: HEADER + len + segments * TAG, segments })
    }

    /// The size of the stream's segments.
    pub fn segment_size(&self) -> SegmentSize {
        self.size
    }

    /// Bytes of the whole stream, header and tags included.
    pub fn ciphertext_len(&self) -> u64 {
        self.ciphertext_len
    }

    /// Bytes of the whole plaintext.
    pub fn plaintext_len(&self) -> u64 {
        self.ciphertext_len - HEADER - self.segments * TAG
    }

    /// How many segments there are: at least one, at most 2^32.
    pub fn segments(&self) -> u64 {
        self.segments
    }

    /// The number of the last segment.
    pub fn last_segment(&self) -> u64 {
        self.segments - 1
    }

    /// Where a segment, tag included, lies in the stream.
    ///
    /// # Errors
    /// [`StreamError::OutOfRange`] if there is no segment of this number.
    pub fn ciphertext_range(&self, segment: u64) -> Result<Range<u64>, StreamError> {
        if segment >= self.segments {
            return Err(StreamError::OutOfRange);
        }
        let border = segment * self.size.bytes();
        let start = if segment == 0 { HEADER } else { border };
        Ok(start..self.ciphertext_len.min(border + self.size.bytes()))
    }

    /// Where a segment's plaintext lies in the whole plaintext.
    ///
    /// # Errors
    /// [`StreamError::OutOfRange`] if there is no segment of this number.
    pub fn plaintext_range(&self, segment: u64) -> Result<Range<u64>, StreamError> {
        let sealed = self.ciphertext_range(segment)?;
        let start = sealed.start - HEADER - segment * TAG;
        Ok(start..start + (sealed.end - sealed.start - TAG))
    }

    /// The segments that hold a range of the plaintext; none for an empty range.
    ///
    /// # Errors
    /// [`StreamError::OutOfRange`] if the range ends before it starts or behind the plaintext's end.
    pub fn segments_for(&self, plaintext: &Range<u64>) -> Result<Range<u64>, StreamError> {
        if plaintext.start > plaintext.end || plaintext.end > self.plaintext_len() {
            return Err(StreamError::OutOfRange);
        }
        let first = self.segment_at(plaintext.start);
        if plaintext.is_empty() {
            return Ok(first..first);
        }
        Ok(first..self.segment_at(plaintext.end - 1) + 1)
    }

    /// Which part of an opened segment belongs to a range of the plaintext, as indices into what
    /// [`super::StreamOpener::open_segment`] returned. Empty where they do not meet.
    ///
    /// # Errors
    /// [`StreamError::OutOfRange`] if there is no segment of this number.
    pub fn part_of_segment(&self, segment: u64, plaintext: &Range<u64>) -> Result<Range<usize>, StreamError> {
        let own = self.plaintext_range(segment)?;
        let start = plaintext.start.clamp(own.start, own.end);
        let end = plaintext.end.clamp(start, own.end);
        Ok((start - own.start) as usize..(end - own.start) as usize)
    }

    /// The segment that holds the plaintext byte at this offset, were the stream long enough.
    fn segment_at(&self, offset: u64) -> u64 {
        let first = self.size.plaintext_capacity(0);
        if offset < first { 0 } else { 1 + (offset - first) / self.size.plaintext_capacity(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(size: SegmentSize, len: u64) -> StreamLayout {
        StreamLayout::of_ciphertext(size, len).unwrap()
    }

    #[test]
    fn sizes_outside_the_limits_are_refused() {
        for bytes in [0, 1, 55, 56, (1 << 20) + 1, u32::MAX] {
            assert_eq!(SegmentSize::new(bytes), None, "{bytes}");
        }
        assert_eq!(SegmentSize::new(57), Some(SegmentSize::MIN));
        assert_eq!(SegmentSize::new(65_536), Some(SegmentSize::KIB_64));
        assert_eq!(SegmentSize::MIN.plaintext_capacity(0), 1);
    }

    #[test]
    fn lengths_at_the_borders_of_64_kib() {
        let size = SegmentSize::KIB_64;
        for (plaintext, ciphertext, segments) in [
            (0, 56, 1),
            (1, 57, 1),
            (65_479, 65_535, 1),
            (65_480, 65_536, 1),
            (65_481, 65_553, 2),
            (130_999, 131_071, 2),
            (131_000, 131_072, 2),
            (131_001, 131_089, 3),
        ] {
            let layout = StreamLayout::of_plaintext(size, plaintext).unwrap();
            assert_eq!((layout.ciphertext_len(), layout.segments()), (ciphertext, segments));
            assert_eq!(of(size, ciphertext), layout);
            assert_eq!(layout.plaintext_len(), plaintext);
        }
    }

    #[test]
    fn every_length_up_to_five_small_segments_is_either_a_stream_or_refused() {
        let size = SegmentSize::new(64).unwrap();
        let mut streams = Vec::new();
        for len in 0..320 {
            match StreamLayout::of_ciphertext(size, len) {
                Ok(layout) => streams.push((layout.plaintext_len(), len)),
                Err(StreamError::TooShort { .. }) => assert!(len < 56),
                Err(error) => {
                    assert_eq!(error, StreamError::LengthMismatch { len });
                    assert!(len > 64 && (1..=16).contains(&(len % 64)), "{len}");
                }
            }
        }
        for (expected, (plaintext, ciphertext)) in (0..).zip(streams) {
            assert_eq!(plaintext, expected, "each plaintext length comes once, in order");
            assert_eq!(StreamLayout::of_plaintext(size, plaintext).unwrap().ciphertext_len(), ciphertext);
        }
    }

    #[test]
    fn segments_follow_each_other_without_gap_or_overlap() {
        for size in [SegmentSize::MIN, SegmentSize::KIB_4, SegmentSize::KIB_64] {
            for plaintext in [0, 1, size.bytes() - 56, size.bytes() - 55, 3 * size.bytes() + 777] {
                let layout = StreamLayout::of_plaintext(size, plaintext).unwrap();
                let (mut sealed, mut open) = (HEADER, 0);
                for segment in 0..layout.segments() {
                    let (s, p) =
                        (layout.ciphertext_range(segment).unwrap(), layout.plaintext_range(segment).unwrap());
                    assert_eq!((s.start, p.start), (sealed, open));
                    assert!(p.end - p.start <= size.plaintext_capacity(segment));
                    assert_eq!(s.end - s.start, p.end - p.start + TAG);
                    (sealed, open) = (s.end, p.end);
                }
                assert_eq!((sealed, open), (layout.ciphertext_len(), plaintext));
                assert_eq!(layout.ciphertext_range(layout.segments()), Err(StreamError::OutOfRange));
                assert_eq!(layout.plaintext_range(u64::MAX), Err(StreamError::OutOfRange));
            }
        }
    }

    #[test]
    fn hostile_lengths_give_errors_and_no_overflow() {
        for size in [SegmentSize::MIN, SegmentSize::KIB_64, SegmentSize::MAX] {
            let longest = SEGMENTS_MAX * size.bytes();
            assert_eq!(of(size, longest).segments(), SEGMENTS_MAX);
            assert_eq!(of(size, longest).ciphertext_range(SEGMENTS_MAX - 1).unwrap().end, longest);
            let plaintext = of(size, longest).plaintext_len();
            assert_eq!(StreamLayout::of_plaintext(size, plaintext).unwrap().ciphertext_len(), longest);
            for len in [longest + 1, longest + 17, u64::MAX] {
                assert_eq!(StreamLayout::of_ciphertext(size, len), Err(StreamError::TooLong));
            }
            for len in [plaintext + 1, u64::MAX - 40, u64::MAX] {
                assert_eq!(StreamLayout::of_plaintext(size, len), Err(StreamError::TooLong));
            }
        }
    }

    #[test]
    fn ranges_outside_the_plaintext_are_refused() {
        let layout = StreamLayout::of_plaintext(SegmentSize::KIB_4, 10_000).unwrap();
        assert_eq!(layout.segments_for(&(0..10_000)), Ok(0..3));
        assert_eq!(layout.segments_for(&(4_039..4_040)), Ok(0..1));
        assert_eq!(layout.segments_for(&(4_040..4_041)), Ok(1..2));
        assert_eq!(layout.segments_for(&(4_039..8_121)), Ok(0..3));
        assert!(layout.segments_for(&(10_000..10_000)).unwrap().is_empty());
        for range in [0..10_001, 10_001..10_001, u64::MAX..u64::MAX, Range { start: 2, end: 1 }] {
            assert_eq!(layout.segments_for(&range), Err(StreamError::OutOfRange), "{range:?}");
        }
    }
}
