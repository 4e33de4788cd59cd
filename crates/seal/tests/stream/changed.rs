//! Whatever is changed about a stream, it does not open.

use ownsight_seal::stream::{
    HEADER_LEN, SealerCore, SegmentSize, StreamError, StreamKey, TAG_LEN, UnprovenOpener, open_all, seal_all,
};

use crate::{key, open, plaintext, sealed, small};

/// Header and segments of a stream.
fn parts(stream: &[u8], size: SegmentSize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut segments: Vec<Vec<u8>> = stream.chunks(size.bytes() as usize).map(<[u8]>::to_vec).collect();
    let header = segments[0].drain(..HEADER_LEN).collect();
    (header, segments)
}

fn joined(header: &[u8], segments: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = header.to_vec();
    stream.extend(segments.iter().flatten());
    stream
}

/// Plaintext lengths with one to four segments, also at the borders.
const LENS: [usize; 8] = [0, 1, 23, 24, 25, 88, 89, 200];

#[test]
fn the_unchanged_stream_opens() {
    for len in LENS {
        assert_eq!(open(&sealed(len, small()), small()), Ok(plaintext(len)));
    }
    assert_eq!(open(&sealed(200_000, SegmentSize::KIB_64), SegmentSize::KIB_64), Ok(plaintext(200_000)));
}

#[test]
fn truncated_at_every_byte() {
    for len in LENS {
        let stream = sealed(len, small());
        for cut in 0..stream.len() {
            assert!(open(&stream[..cut], small()).is_err(), "{len} bytes of plaintext, cut at {cut}");
        }
    }
}

#[test]
fn truncated_at_every_border_and_around_it_in_64_kib_segments() {
    let stream = sealed(3 * 65_536 + 777, SegmentSize::KIB_64);
    for border in [0, HEADER_LEN, HEADER_LEN + TAG_LEN, 65_536, 131_072, 196_608, stream.len()] {
        for cut in border.saturating_sub(2)..=border + 2 {
            if cut < stream.len() {
                assert!(open(&stream[..cut], SegmentSize::KIB_64).is_err(), "cut at {cut}");
            }
        }
    }
}

#[test]
fn bytes_added_behind_or_in_front() {
    for len in LENS {
        let stream = sealed(len, small());
        for added in [1, 15, 16, 17, 79, 80, 81] {
            let behind = [stream.clone(), vec![0; added]].concat();
            assert!(open(&behind, small()).is_err(), "{added} bytes behind {len}");
            let front = [vec![0x28; added], stream.clone()].concat();
            assert!(open(&front, small()).is_err(), "{added} bytes before {len}");
        }
        assert!(open(&[stream.clone(), stream].concat(), small()).is_err());
    }
}

#[test]
fn every_bit_flipped() {
    let stream = sealed(200, small());
    for byte in 0..stream.len() {
        for bit in 0..8 {
            let mut flipped = stream.clone();
            flipped[byte] ^= 1 << bit;
            let error = open(&flipped, small()).unwrap_err();
            let expected = match (byte, byte / 80) {
                (0, _) => StreamError::BadHeader,
                // Another salt or nonce prefix is another stream: already the last segment says so.
                (1..HEADER_LEN, _) => StreamError::NotAuthentic { segment: 3 },
                (_, segment) => StreamError::NotAuthentic { segment: segment as u64 },
            };
            assert_eq!(error, expected, "byte {byte}, bit {bit}");
        }
    }
}

#[test]
fn segments_in_another_order_twice_or_left_out() {
    let stream = sealed(24 + 64 * 4, small());
    let (header, segments) = parts(&stream, small());
    assert_eq!(segments.len(), 5);
    assert_eq!(joined(&header, &segments), stream);
    for a in 0..segments.len() {
        for b in 0..segments.len() {
            if a != b {
                let mut swapped = segments.clone();
                swapped.swap(a, b);
                assert!(open(&joined(&header, &swapped), small()).is_err(), "{a} and {b} swapped");
                let mut copied = segments.clone();
                copied[b] = copied[a].clone();
                assert!(open(&joined(&header, &copied), small()).is_err(), "{a} instead of {b}");
            }
            let mut twice = segments.clone();
            twice.insert(b, segments[a].clone());
            assert!(open(&joined(&header, &twice), small()).is_err(), "{a} again at {b}");
        }
        let mut without = segments.clone();
        without.remove(a);
        assert!(open(&joined(&header, &without), small()).is_err(), "without {a}");
    }
}

#[test]
fn segments_of_another_stream_under_the_same_key_and_associated_data() {
    let size = small();
    let (header_a, a) = parts(&sealed(200, size), size);
    let (header_b, b) = parts(&sealed(200, size), size);
    for segment in 0..a.len() {
        let mut mixed = a.clone();
        mixed[segment] = b[segment].clone();
        let error = open(&joined(&header_a, &mixed), size).unwrap_err();
        assert_eq!(error, StreamError::NotAuthentic { segment: segment as u64 });
    }
    assert!(open(&joined(&header_b, &a), size).is_err(), "another header");
    assert!(open(&joined(&header_a, &b), size).is_err());
    // Salt of one, nonce prefix of the other: both parts of the header count.
    let crossed = [&header_a[..33], &header_b[33..]].concat();
    assert!(open(&joined(&crossed, &a), size).is_err());
    assert!(open(&joined(&crossed, &b), size).is_err());
}

#[test]
fn another_key_or_associated_data() {
    let stream = sealed(200, small());
    let refused = Err(StreamError::NotAuthentic { segment: 3 });
    let mut near = [1; StreamKey::LEN];
    near[31] ^= 1;
    assert_eq!(open_all(&StreamKey::new(near), b"thumbnail", &stream, small()), refused);
    for associated_data in [&b""[..], b"clip", b"thumbnai", b"thumbnail\0", b"Thumbnail"] {
        assert_eq!(open_all(&key(1), associated_data, &stream, small()), refused);
    }
}

#[test]
fn segments_swapped_between_sections() {
    let size = small();
    let seal =
        |byte, section: &[u8]| parts(&seal_all(&key(byte), section, &plaintext(200), size).unwrap(), size);
    let (header, own) = seal(1, b"thumbnail");
    for (_, other) in [seal(1, b"clip"), seal(2, b"thumbnail"), seal(2, b"clip")] {
        for segment in 0..own.len() {
            let mut mixed = own.clone();
            mixed[segment] = other[segment].clone();
            assert!(open(&joined(&header, &mixed), size).is_err());
        }
    }
}

#[test]
fn another_segment_size() {
    let stream = sealed(10_000, SegmentSize::KIB_4);
    for size in [SegmentSize::KIB_64, SegmentSize::MIB_1, SegmentSize::new(4095).unwrap(), SegmentSize::MIN] {
        assert!(open(&stream, size).is_err());
    }
}

/// Two segments and a tag's worth: lengths that no sealer writes are refused before anything is opened.
#[test]
fn an_empty_segment_behind_a_border() {
    let stream = sealed(24 + 64, small());
    let with_empty = [stream.clone(), vec![0; TAG_LEN]].concat();
    let len = with_empty.len() as u64;
    assert_eq!(open(&with_empty, small()), Err(StreamError::LengthMismatch { len }));
}

#[test]
fn a_stream_that_was_never_finished() {
    let mut core = SealerCore::new(&key(1), b"thumbnail", small()).unwrap();
    let mut stream = Vec::new();
    core.push(&plaintext(24 + 64 + 64 + 1), &mut stream).unwrap();
    assert_eq!(stream.len(), 240, "three full segments are out");
    drop(core);
    assert_eq!(open(&stream, small()), Err(StreamError::NotAuthentic { segment: 2 }));
}

#[test]
fn a_claimed_length_that_is_not_true() {
    let stream = sealed(200, small());
    for claimed in other_lengths(stream.len() as u64) {
        let Ok(unproven) =
            UnprovenOpener::new(&key(1), b"thumbnail", &stream[..HEADER_LEN], claimed, small())
        else {
            continue;
        };
        let place = unproven.layout().ciphertext_range(unproven.layout().last_segment()).unwrap();
        // What a storage would give for that place: what is there, and zeros behind the end.
        let mut last: Vec<u8> =
            (place.start..place.end).map(|i| stream.get(i as usize).copied().unwrap_or(0)).collect();
        let segment = unproven.layout().last_segment();
        assert_eq!(
            unproven.prove(&mut last).map(|_| ()).unwrap_err(),
            StreamError::NotAuthentic { segment },
            "{claimed} bytes claimed"
        );
        assert!(last.iter().all(|byte| *byte == 0));
    }
}

/// Every length up to two segments more, but the true one.
fn other_lengths(len: u64) -> impl Iterator<Item = u64> {
    (0..len + 160).filter(move |claimed| *claimed != len)
}

#[test]
fn segments_of_the_wrong_length_or_number_are_refused_untouched() {
    let stream = sealed(200, small());
    let len = stream.len() as u64;
    let unproven =
        || UnprovenOpener::new(&key(1), b"thumbnail", &stream[..HEADER_LEN], len, small()).unwrap();
    for wrong in [0, 15, 16, 63, 65, 80] {
        let mut last = vec![9; wrong];
        let refused = unproven().prove(&mut last).map(|_| ()).unwrap_err();
        assert_eq!(refused, StreamError::LengthMismatch { len: wrong as u64 });
        assert!(last.iter().all(|byte| *byte == 9));
    }
    let mut last = stream[240..].to_vec();
    let (opener, end) = unproven().prove(&mut last).unwrap();
    assert_eq!(end, &plaintext(200)[152..]);
    for segment in [4, 5, u64::from(u32::MAX), 1 << 32, u64::MAX] {
        assert_eq!(opener.open_segment(segment, &mut [0; 80]), Err(StreamError::OutOfRange));
    }
    assert_eq!(opener.open_segment(1, &mut [0; 81]), Err(StreamError::LengthMismatch { len: 81 }));
    let mut second = stream[80..160].to_vec();
    assert_eq!(opener.open_segment(2, &mut second), Err(StreamError::NotAuthentic { segment: 2 }));
    assert_eq!(second, [0; 80], "nothing of what did not authenticate is left");
}

#[test]
fn hostile_lengths_are_typed_errors() {
    let header = sealed(0, small())[..HEADER_LEN].to_vec();
    let new = |header: &[u8], len| {
        UnprovenOpener::new(&key(1), b"", header, len, SegmentSize::KIB_64).map(|_| ()).unwrap_err()
    };
    for len in [0, 1, 40, 55] {
        assert_eq!(new(&header, len), StreamError::TooShort { len, min: 56 });
    }
    for len in [(1 << 48) + 1, 1 << 60, u64::MAX - 1, u64::MAX] {
        assert_eq!(new(&header, len), StreamError::TooLong);
    }
    for len in [65_537, 65_552] {
        assert_eq!(new(&header, len), StreamError::LengthMismatch { len });
    }
    for wrong in [&header[..39], &[header.clone(), vec![0]].concat(), &[0; 40], &[]] {
        assert_eq!(new(wrong, 56), StreamError::BadHeader);
    }
}
