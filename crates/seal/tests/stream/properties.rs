//! What must hold for any plaintext, portions, range and bytes from outside.

use ownsight_seal::stream::{
    HEADER_LEN, SealerCore, SegmentSize, StreamLayout, StreamLengths, TAG_LEN, UnprovenOpener, open_all,
    seal_all,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{key, plaintext};

/// Sizes from the smallest to some that make few segments of the plaintexts below.
fn sizes() -> impl Strategy<Value = SegmentSize> {
    prop_oneof![Just(57), 57_u32..200, Just(4096)].prop_map(|bytes| SegmentSize::new(bytes).unwrap())
}

/// Lengths anywhere, and often at a border.
fn size_and_len() -> impl Strategy<Value = (SegmentSize, usize)> {
    sizes().prop_flat_map(|size| {
        let border = (0_u64..4, 0_u64..3).prop_map(move |(segments, near)| {
            let end = size.plaintext_capacity(0) + segments * size.plaintext_capacity(1) + near;
            (end - 1) as usize
        });
        (Just(size), prop_oneof![0_usize..3_000, border])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_range_opened_segment_by_segment_is_that_slice(
        (size, len) in size_and_len(),
        a: Index,
        b: Index,
    ) {
        let plain = plaintext(len);
        let stream = seal_all(&key(1), b"clip", &plain, size).unwrap();
        let (a, b) = (a.index(len + 1), b.index(len + 1));
        let range = a.min(b) as u64..a.max(b) as u64;

        let unproven =
            UnprovenOpener::new(&key(1), b"clip", &stream[..HEADER_LEN], stream.len() as u64, size).unwrap();
        let layout = *unproven.layout();
        prop_assert_eq!(layout.plaintext_len(), len as u64);
        let read = |segment| {
            let place = layout.ciphertext_range(segment).unwrap();
            stream[place.start as usize..place.end as usize].to_vec()
        };
        let mut last = read(layout.last_segment());
        let (opener, end) = unproven.prove(&mut last).unwrap();
        let end_range = layout.plaintext_range(layout.last_segment()).unwrap();
        prop_assert_eq!(end, &plain[end_range.start as usize..end_range.end as usize]);

        let mut opened = Vec::new();
        for segment in layout.segments_for(&range).unwrap() {
            let mut sealed = read(segment);
            let part = layout.part_of_segment(segment, &range).unwrap();
            prop_assert!(!part.is_empty(), "segment {} is not needed", segment);
            opened.extend_from_slice(&opener.open_segment(segment, &mut sealed).unwrap()[part]);
        }
        prop_assert_eq!(&opened, &plain[range.start as usize..range.end as usize]);
    }

    #[test]
    fn portions_do_not_show(
        (size, len) in size_and_len(),
        cuts in vec(any::<Index>(), 0..12),
    ) {
        let plain = plaintext(len);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(len + 1)).collect();
        cuts.extend([0, len]);
        cuts.sort_unstable();

        let mut core = SealerCore::new(&key(1), b"clip", size).unwrap();
        let mut stream = Vec::new();
        for cut in cuts.windows(2) {
            let before = stream.len();
            core.push(&plain[cut[0]..cut[1]], &mut stream).unwrap();
            let most = (cut[1] - cut[0]).div_ceil(size.bytes() as usize - 56) * TAG_LEN + cut[1] - cut[0];
            prop_assert!(stream.len() - before <= most + size.bytes() as usize);
        }
        let lengths = core.finish(&mut stream).unwrap();

        let layout = StreamLayout::of_plaintext(size, len as u64).unwrap();
        prop_assert_eq!(lengths, StreamLengths {
            plaintext: len as u64,
            ciphertext: stream.len() as u64,
            segments: layout.segments(),
        });
        prop_assert_eq!(layout.ciphertext_len(), stream.len() as u64);
        prop_assert_eq!(StreamLayout::of_ciphertext(size, stream.len() as u64), Ok(layout));
        prop_assert_eq!(open_all(&key(1), b"clip", &stream, size), Ok(plain));
    }

    #[test]
    fn arbitrary_bytes_give_an_error(bytes in vec(any::<u8>(), 0..600), headed: bool, size in sizes()) {
        let mut bytes = bytes;
        if let (true, Some(first)) = (headed, bytes.first_mut()) {
            *first = HEADER_LEN as u8;
        }
        prop_assert!(open_all(&key(1), b"clip", &bytes, size).is_err());
    }

    #[test]
    fn random_damage_never_opens(
        (size, len) in size_and_len(),
        places in vec((any::<Index>(), 1_u8..), 1..4),
        cut: Index,
        grow in vec(any::<u8>(), 0..100),
        way in 0..3,
    ) {
        let stream = seal_all(&key(1), b"clip", &plaintext(len), size).unwrap();
        let mut damaged = stream.clone();
        match way {
            0 => for (place, change) in places {
                let place = place.index(damaged.len());
                damaged[place] ^= change;
            },
            1 => damaged.truncate(cut.index(damaged.len())),
            _ => damaged.extend(grow),
        }
        // Two changes of one place can undo each other, and growing by nothing changes nothing.
        prop_assume!(damaged != stream);
        prop_assert!(open_all(&key(1), b"clip", &damaged, size).is_err());
    }

    #[test]
    fn arbitrary_lengths_and_ranges_never_panic(
        len: u64,
        shift in 0..64_u32,
        start: u64,
        end: u64,
        segment: u64,
        size in sizes(),
    ) {
        let len = len >> shift;
        for layout in [StreamLayout::of_ciphertext(size, len), StreamLayout::of_plaintext(size, len)] {
            let Ok(layout) = layout else { continue };
            prop_assert!(layout.plaintext_len() < layout.ciphertext_len());
            prop_assert!(layout.segments() <= 1 << 32);
            for range in [start..end, start >> shift..end >> shift, 0..layout.plaintext_len()] {
                if let Ok(segments) = layout.segments_for(&range) {
                    prop_assert!(range.end <= layout.plaintext_len());
                    prop_assert!(segments.end <= layout.segments());
                }
            }
            for segment in [segment, segment >> shift, segment % layout.segments(), layout.last_segment()] {
                let place = layout.ciphertext_range(segment);
                prop_assert_eq!(place.is_ok(), segment < layout.segments());
                if let Ok(place) = place {
                    prop_assert!(place.end <= layout.ciphertext_len());
                    prop_assert!(place.end - place.start <= size.bytes());
                    prop_assert!(layout.plaintext_range(segment).unwrap().end <= layout.plaintext_len());
                    prop_assert!(layout.part_of_segment(segment, &(start..end)).is_ok());
                }
            }
        }
    }
}
