//! Objects that were cut, lengthened, or had their directory edited.

use ownsight_model::{EventId, InstallationId, SectionKind};
use ownsight_seal::stream::StreamError;
use ownsight_seal::{HEADER_BYTES, OpenError, Purpose, Trailer};

use crate::support::{Home, Refused, directory, flipped, open, parse, place, seal, sections, verify};

fn home_and_object() -> (Home, Vec<u8>) {
    let home = Home::new(InstallationId::generate());
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    (home, object)
}

fn trailer_start(object: &[u8]) -> usize {
    object.len() - parse(object).unwrap().1.as_bytes().len()
}

#[test]
fn an_object_cut_at_any_border_is_refused() {
    let (home, object) = home_and_object();
    let mut borders = vec![0, 4, 8, 120, 152, 200, HEADER_BYTES];
    for section in directory(&object) {
        let place = place(section);
        borders.extend([
            place.start + 1,
            place.start + 33,
            place.start + 40,
            place.start + 65_536,
            place.end - 16,
        ]);
        borders.push(place.end);
    }
    let trailer = trailer_start(&object);
    borders.extend([trailer + 16, trailer + 33, object.len() - 36, object.len() - 4, object.len() - 1]);
    for border in borders {
        for length in border.saturating_sub(1)..=(border + 1).min(object.len() - 1) {
            assert!(open(&home.secret, &object[..length]).is_err(), "cut to {length} bytes");
        }
    }
}

#[test]
fn an_object_with_a_part_cut_out_but_its_trailer_kept_is_malformed() {
    let (home, object) = home_and_object();
    let sections = directory(&object);
    let without = |place: std::ops::Range<usize>| [&object[..place.start], &object[place.end..]].concat();
    let last_segment = place(sections[1]).end - 100..place(sections[1]).end;
    let cuts = sections.iter().map(|section| place(*section)).chain([last_segment, 0..HEADER_BYTES]);
    for cut in cuts {
        let refused = open(&home.secret, &without(cut.clone())).unwrap_err();
        assert!(matches!(refused, Refused::Open(OpenError::Malformed { .. })), "{cut:?}: {refused:?}");
    }
    let doubled = [&object[..place(sections[0]).end], &object[place(sections[0]).start..]].concat();
    let refused = open(&home.secret, &doubled).unwrap_err();
    assert!(matches!(refused, Refused::Open(OpenError::Malformed { .. })), "{refused:?}");
    let longer = [object.as_slice(), &[0]].concat();
    assert!(open(&home.secret, &longer).is_err());
}

#[test]
fn a_trailer_with_any_bit_changed_is_refused() {
    let (home, object) = home_and_object();
    for bit in trailer_start(&object) * 8..object.len() * 8 {
        let error = verify(&home.secret, &flipped(&object, bit)).map(drop).unwrap_err();
        let malformed = matches!(error, OpenError::Malformed { .. });
        assert!(malformed || error == OpenError::NotAuthentic(Purpose::TrailerTag), "bit {bit}: {error}");
    }
}

/// Writes the directory anew, in the form that it must have, with whatever sections.
fn with_directory(object: &[u8], entries: &[(SectionKind, u64, u64)]) -> Vec<u8> {
    let start = trailer_start(object);
    let tag = &object[object.len() - 36..object.len() - 4];
    let mut out = object[..start + 7].to_vec();
    out.push(entries.len() as u8);
    out.extend_from_slice(&object[start + 8..start + 16]);
    for (kind, offset, length) in entries {
        out.push(kind.code());
        out.extend_from_slice(&offset.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
    }
    out.extend_from_slice(tag);
    out.extend_from_slice(&((52 + 17 * entries.len()) as u32).to_be_bytes());
    out
}

#[test]
fn an_edited_directory_of_right_form_does_not_verify() {
    let (home, object) = home_and_object();
    let entries: Vec<_> =
        directory(&object).iter().map(|section| (section.kind, section.offset, section.length)).collect();
    assert!(with_directory(&object, &entries) == object, "the helper writes what the sealer writes");
    let [(thumbnail, first, a), (clip, second, b), (_, _, c)] = entries[..] else { panic!("three sections") };
    for (what, edited) in [
        (
            "the last kind renamed",
            vec![(thumbnail, first, a), (clip, second, b), (SectionKind::Still, second + b, c)],
        ),
        (
            "a border moved",
            vec![(thumbnail, first, a + 1), (clip, second + 1, b - 1), (SectionKind::Motion, second + b, c)],
        ),
        ("two sections joined", vec![(thumbnail, first, a), (clip, second, b + c)]),
        ("all as one", vec![(clip, first, a + b + c)]),
    ] {
        let refused = open(&home.secret, &with_directory(&object, &edited)).unwrap_err();
        assert_eq!(refused, OpenError::NotAuthentic(Purpose::TrailerTag).into(), "{what}");
    }
    for (what, edited) in [
        ("a section dropped", vec![(thumbnail, first, a), (SectionKind::Motion, second + b, c)]),
        ("a gap", vec![(thumbnail, first, a - 1), (clip, second, b), (SectionKind::Motion, second + b, c)]),
        (
            "an overlap",
            vec![(thumbnail, first, a + 1), (clip, second, b), (SectionKind::Motion, second + b, c)],
        ),
        (
            "kinds reordered",
            vec![(clip, first, a), (thumbnail, second, b), (SectionKind::Motion, second + b, c)],
        ),
        (
            "a kind doubled",
            vec![(thumbnail, first, a), (thumbnail, second, b), (SectionKind::Motion, second + b, c)],
        ),
        (
            "shorter than a stream",
            vec![
                (thumbnail, first, 55),
                (clip, first + 55, a + b - 55),
                (SectionKind::Motion, second + b, c),
            ],
        ),
        ("empty", vec![(thumbnail, first, 0), (clip, first, a + b), (SectionKind::Motion, second + b, c)]),
        (
            "longer than any",
            vec![(thumbnail, first, u64::MAX - 100), (clip, second, b), (SectionKind::Motion, second + b, c)],
        ),
        ("no sections", vec![]),
    ] {
        let refused = open(&home.secret, &with_directory(&object, &edited)).unwrap_err();
        assert!(matches!(refused, Refused::Open(OpenError::Malformed { .. })), "{what}: {refused:?}");
    }
}

#[test]
fn damage_in_a_section_costs_that_section_only_and_names_the_segment() {
    let (home, object) = home_and_object();
    let [_, clip, motion] = directory(&object)[..] else { panic!("three sections") };
    let mut damaged = object.clone();
    damaged[clip.offset as usize + 70_000] ^= 1;
    let opener = home.secret.open_event(verify(&home.secret, &damaged).unwrap()).unwrap();
    let read = |section| crate::support::open_section(&opener, section, &damaged);
    assert_eq!(read(clip), Err(StreamError::NotAuthentic { segment: 1 }));
    assert_eq!(read(motion).unwrap(), sections(1)[2].1);
}

#[test]
fn trailers_state_their_length_within_bounds() {
    for length in [0, 4, 52, 68, 52 + 17 * 16 + 1, u32::MAX] {
        assert!(Trailer::length_of(length.to_be_bytes()).is_err(), "{length}");
    }
    for count in 1..=16u32 {
        assert_eq!(Trailer::length_of((52 + 17 * count).to_be_bytes()), Ok(52 + 17 * count as usize));
    }
}
