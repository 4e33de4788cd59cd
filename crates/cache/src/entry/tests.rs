//! Entries: what comes back for which key, what is refused and as what, and that the format stays.

use bytes::Bytes;
use proptest::prelude::*;

use super::open::Opened;
use super::*;
use crate::{Key, Violation};

const SECRET: [u8; 32] = [7; 32];

fn sealing(namespace: &str, schema: u32, protection: Protection) -> Sealing {
    Sealing::new(
        &CacheSecret::from_bytes(SECRET),
        Namespace::new(namespace).unwrap(),
        Schema::named("test", schema),
        protection,
    )
}

fn key(name: &str) -> Key {
    Key::of([name]).unwrap()
}

fn meta() -> Meta {
    Meta {
        read_at_ms: 1_000,
        expires_at_ms: 2_000,
        generation: Generation([3; 16]),
        groups: Generation([4; 16]),
    }
}

const BOTH: [Protection; 2] = [Protection::Tagged, Protection::Private];

#[test]
fn what_was_written_comes_back_under_its_key() {
    for protection in BOTH {
        let sealing = sealing("a", 1, protection);
        for value in [Some(&b"value"[..]), Some(b""), None] {
            let entry = write(&sealing, &key("k"), &meta(), value).unwrap();
            let opened = open(&sealing, &key("k"), &entry).unwrap();
            assert_eq!(opened, Opened { meta: meta(), value: value.map(Bytes::copy_from_slice) });
        }
    }
}

#[test]
fn an_entry_for_something_else_is_refused_by_its_kind() {
    for protection in BOTH {
        let asked = sealing("a", 1, protection);
        let entry = |sealing: &Sealing, name| write(sealing, &key(name), &meta(), Some(b"value")).unwrap();
        let other = if protection == Protection::Tagged { Protection::Private } else { Protection::Tagged };
        for (theirs, name, expected) in [
            (sealing("a", 1, protection), "other", Violation::OtherKey),
            (sealing("b", 1, protection), "k", Violation::OtherNamespace),
            (sealing("a", 2, protection), "k", Violation::OtherSchema),
            (sealing("a", 1, other), "k", Violation::OtherSchema),
        ] {
            assert_eq!(open(&asked, &key("k"), &entry(&theirs, name)).unwrap_err(), expected);
        }
        let stranger = Sealing::new(
            &CacheSecret::from_bytes([8; 32]),
            Namespace::new("a").unwrap(),
            Schema::named("test", 1),
            protection,
        );
        assert_eq!(open(&asked, &key("k"), &entry(&stranger, "k")).unwrap_err(), Violation::NotAuthentic);
        assert_eq!(open(&asked, &key("k"), &entry(&stranger, "x")).unwrap_err(), Violation::NotAuthentic);
    }
}

#[test]
fn every_bit_of_an_entry_counts() {
    for protection in BOTH {
        let sealing = sealing("ab", 1, protection);
        let entry = write(&sealing, &key("k"), &meta(), Some(b"value")).unwrap();
        for at in 0..entry.len() * 8 {
            let mut changed = entry.to_vec();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(open(&sealing, &key("k"), &changed.into()).is_err(), "bit {at}");
        }
        for length in 0..entry.len() {
            assert_eq!(open(&sealing, &key("k"), &entry.slice(..length)).unwrap_err(), Violation::Malformed);
        }
        let mut longer = entry.to_vec();
        longer.push(0);
        assert_eq!(open(&sealing, &key("k"), &longer.into()).unwrap_err(), Violation::Malformed);
    }
}

#[test]
fn a_private_value_is_not_to_be_read_and_no_two_are_alike() {
    let sealing = sealing("a", 1, Protection::Private);
    let value = b"a value that nobody reads";
    let one = write(&sealing, &key("k"), &meta(), Some(value)).unwrap();
    let other = write(&sealing, &key("k"), &meta(), Some(value)).unwrap();
    assert!(!one.windows(8).any(|window| window == &value[..8]));
    assert_ne!(one, other);
}

/// The format does not change by accident: entries outlive the program that wrote them.
#[test]
fn the_format_is_pinned() {
    let entry = write(&sealing("a", 1, Protection::Tagged), &key("k"), &meta(), Some(b"value")).unwrap();
    assert_eq!(entry, &include_bytes!("pinned.entry")[..]);
}

#[test]
fn groups_have_one_generation_together() {
    let group = |name: &str| crate::Group::of([name]).unwrap();
    let (a, b) = (group("a"), group("b"));
    let (one, two) = (Generation([1; 16]), Generation([2; 16]));
    let all = [
        vec![],
        vec![(&a, one)],
        vec![(&a, two)],
        vec![(&b, one)],
        vec![(&a, one), (&b, two)],
        vec![(&a, two), (&b, one)],
    ]
    .map(|groups| Generation::of_groups(groups.into_iter()));
    for (i, one) in all.iter().enumerate() {
        assert!(!all[i + 1..].contains(one), "{i}");
    }
}

proptest! {
    /// Whatever comes: it is refused, or it is what a holder wrote for this key.
    #[test]
    fn bytes_from_anywhere_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), private: bool) {
        let protection = if private { Protection::Private } else { Protection::Tagged };
        prop_assert!(open(&sealing("a", 1, protection), &key("k"), &bytes.into()).is_err());
    }

    #[test]
    fn round_trip(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 1..5),
        value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..2_000)),
        read_at_ms: u64, expires_at_ms: u64, generation: [u8; 16], groups: [u8; 16], private: bool,
    ) {
        let protection = if private { Protection::Private } else { Protection::Tagged };
        let (sealing, key) = (sealing("a-b", 3, protection), Key::of(&parts).unwrap());
        let meta = Meta { read_at_ms, expires_at_ms, generation: Generation(generation), groups: Generation(groups) };
        let entry = write(&sealing, &key, &meta, value.as_deref()).unwrap();
        let opened = open(&sealing, &key, &entry).unwrap();
        prop_assert_eq!(opened, Opened { meta, value: value.map(Bytes::from) });
    }
}
