//! Whatever bytes come in: no panic, and what parses is what was written.

use std::sync::LazyLock;

use ownsight_model::{EventId, InstallationId, MotionTrack};
use ownsight_seal::{
    AccountKey, AccountScope, Configuration, DeviceKey, HEADER_BYTES, Header, KeyPair, LinkSecret,
    PairingCode, PublicKey, SessionKind, SessionSecret, TRAILER_BYTES_MAX, Trailer,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Home, open, parse, seal, sections};

static SEALED: LazyLock<(Home, Vec<u8>)> = LazyLock::new(|| {
    let home = Home::new(InstallationId::generate());
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    (home, object)
});

/// Random bytes alone never pass a magic number: real bytes with a few of them changed do.
fn changed(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = bytes.len();
    let edits = vec((0..length, any::<u8>()), 0..4);
    (edits, 0..=length, any::<bool>()).prop_map(move |(edits, cut, whole)| {
        let mut changed = bytes.clone();
        for (at, byte) in edits {
            changed[at] = byte;
        }
        if !whole {
            changed.truncate(cut);
        }
        changed
    })
}

fn header_bytes() -> Vec<u8> {
    SEALED.1[..HEADER_BYTES].to_vec()
}

fn trailer_bytes() -> Vec<u8> {
    parse(&SEALED.1).unwrap().1.as_bytes().to_vec()
}

fn wraps() -> Vec<u8> {
    SEALED.0.key.seal_text(b"Mill Yard 7")
}

proptest! {
    #[test]
    fn headers(bytes in prop_oneof![changed(header_bytes()), vec(any::<u8>(), HEADER_BYTES)]) {
        if let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>()
            && let Ok(header) = Header::parse(bytes)
        {
            prop_assert_eq!(header.as_bytes(), bytes);
            let ids = header.ids();
            prop_assert_eq!(ids.scope.home.as_bytes(), &bytes[24..40]);
            prop_assert_eq!(ids.event.as_bytes(), &bytes[96..112]);
            prop_assert_eq!(ids.started_at.as_micros().to_be_bytes(), &bytes[112..120]);
        }
    }

    #[test]
    fn trailers(
        bytes in prop_oneof![changed(trailer_bytes()), vec(any::<u8>(), 0..TRAILER_BYTES_MAX + 2)],
        object_bytes in prop_oneof![Just(SEALED.1.len() as u64), any::<u64>()],
    ) {
        if let Ok(trailer) = Trailer::parse(&bytes, object_bytes) {
            prop_assert_eq!(trailer.as_bytes(), &bytes[..]);
            let mut next = HEADER_BYTES as u64;
            for section in trailer.sections() {
                prop_assert_eq!(section.offset, next);
                prop_assert_eq!(trailer.section(section.kind), Some(*section));
                next += section.length;
            }
            prop_assert_eq!(next + bytes.len() as u64, object_bytes);
        }
    }

    /// A directory of the right form for any lengths: parsed back, or refused, and never out of the object.
    #[test]
    fn directories(
        kinds in proptest::sample::subsequence(vec![1u8, 2, 3, 4, 5], 1..=5),
        lengths in vec(prop_oneof![56u64..200_000, any::<u64>()], 5),
    ) {
        let mut bytes = b"OWNT\x01\x01\x01".to_vec();
        bytes.push(kinds.len() as u8);
        bytes.extend_from_slice(&[0; 8]);
        let mut next = HEADER_BYTES as u64;
        for (kind, length) in kinds.iter().zip(&lengths) {
            bytes.push(*kind);
            bytes.extend_from_slice(&next.to_be_bytes());
            bytes.extend_from_slice(&length.to_be_bytes());
            next = next.wrapping_add(*length);
        }
        bytes.extend_from_slice(&[0; 32]);
        bytes.extend_from_slice(&((bytes.len() + 4) as u32).to_be_bytes());
        let object_bytes = next.wrapping_add(bytes.len() as u64);
        if let Ok(trailer) = Trailer::parse(&bytes, object_bytes) {
            let read: Vec<_> = trailer.sections().iter().map(|section| section.length).collect();
            prop_assert_eq!(&read, &lengths[..kinds.len()]);
            prop_assert!(trailer.sections().iter().all(|section| section.length < object_bytes));
        }
    }

    #[test]
    fn objects(bytes in changed(SEALED.1.clone())) {
        let opened = open(&SEALED.0.secret, &bytes);
        prop_assert_eq!(opened.is_ok(), bytes == SEALED.1, "nothing opens but what was sealed");
    }

    #[test]
    fn pairing_codes(text in prop_oneof![
        any::<String>(),
        "[0-9A-Za-z -]{0,24}",
        "[0-9A-HJKMNP-TV-Z]{16}",
        "([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}",
    ]) {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        match text.parse::<PairingCode>() {
            Ok(code) => prop_assert_eq!(code.reveal().replace('-', ""), plain.to_ascii_uppercase()),
            Err(_) => prop_assert!(
                plain.chars().count() != 16
                    || plain.chars().any(|c| !c.is_ascii_alphanumeric() || "ILOUilou".contains(c))
            ),
        }
    }

    #[test]
    fn wrapped_rows(bytes in prop_oneof![changed(wraps()), vec(any::<u8>(), 0..200)]) {
        let home = &SEALED.0;
        let installation = home.scope().installation;
        let text = home.key.open_text(&bytes);
        prop_assert!(text.is_err() || *text.unwrap() == b"Mill Yard 7");
        prop_assert!(home.control.open_device_key(home.device, 1, &bytes).is_err());
        prop_assert!(home.control.open_camera_address(home.place.camera, &bytes).is_err());
        prop_assert!(home.secret.open_text(&bytes).is_err());
        prop_assert!(LinkSecret::from_bytes([1; 32]).open(installation, &bytes).is_err());
        let scope = AccountScope { installation, account: ownsight_model::AccountId::from_bytes([1; 16]) };
        prop_assert!(AccountKey::from_bytes([1; 32]).open_text(scope, &bytes).is_err());
        let session = SessionSecret::new(installation, SessionKind::Bearer, [1; 32], None);
        let id = ownsight_model::SessionId::from_bytes([1; 16]);
        prop_assert!(session.open(id, ownsight_model::Timestamp::from_micros(1), &bytes).is_err());
        prop_assert!("K7QM-4T2X-9FWD-R3HB".parse::<PairingCode>().unwrap().open_blob(&bytes).is_err());
    }

    #[test]
    fn configurations(mut bytes in vec(any::<u8>(), 0..400), version in any::<bool>()) {
        if version && let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        let (keys, key) = (KeyPair::from_private_bytes(&[1; 32]).unwrap(), DeviceKey::from_bytes([2; 32]));
        prop_assert!(Configuration::open(&keys, &key, SEALED.0.pairing(), 1, &bytes).is_err());
    }

    #[test]
    fn configuration_json(text in any::<String>()) {
        prop_assert!(serde_json::from_str::<Configuration>(&text).is_err());
    }

    #[test]
    fn public_keys(bytes in any::<[u8; 32]>()) {
        if let Some(key) = PublicKey::from_bytes(&bytes) {
            prop_assert_eq!(key.to_bytes(), bytes);
        }
    }

    #[test]
    fn motion(
        began_ms: u32, ended_ms: u32, width: u16, height: u16, frames: u32,
        samples in vec(any::<(u32, u8)>(), 0..50),
    ) {
        let track = MotionTrack { began_ms, ended_ms, width, height, frames, samples };
        prop_assert_eq!(MotionTrack::decode(&track.encode()), Ok(track));
    }

    #[test]
    fn motion_bytes(bytes in vec(any::<u8>(), 0..200), version in any::<bool>(), count in any::<bool>()) {
        let mut bytes = bytes;
        if version && bytes.len() >= 24 {
            bytes[..4].copy_from_slice(&[1, 0, 0, 0]);
            if count {
                let samples = (bytes.len() - 24) / 5;
                bytes.truncate(24 + 5 * samples);
                bytes[20..24].copy_from_slice(&(samples as u32).to_be_bytes());
            }
        }
        match MotionTrack::decode(&bytes) {
            Ok(track) => prop_assert_eq!(track.encode(), bytes),
            Err(_) => prop_assert!(!(version && count && bytes.len() >= 24)),
        }
    }
}
