//! The negative control of all exchange tests: with a barrier off, what it stands against gets through.
//!
//! A binary of its own, because the switches are the whole process's. Needs the feature `barriers`:
//! `cargo test -p ownsight-seal --features barriers`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

#[path = "it/support.rs"]
#[allow(dead_code, reason = "shared with the tests in `it`")]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use ownsight_model::{
    AccountId, EventId, GrantId, HomeEpoch, InstallationId, Role, SectionKind, SessionId, Timestamp,
    TokenRights,
};
use ownsight_seal::barriers::{Barrier, on};
use ownsight_seal::stream::{SegmentSize, StreamKey, open_all, seal_all};
use ownsight_seal::{
    AccountKey, AccountScope, CameraReportKind, Configuration, DeviceKey, GrantScope, KeyPair, PairingScope,
    SessionKind, SessionSecret,
};

use support::{Home, directory, open, open_section, parse, place, seal, sections, two_homes, verify};

/// The switches are the process's, so tests take turns, and leave all barriers on even when they fail.
struct Turn(#[allow(dead_code, reason = "held, not read")] MutexGuard<'static, ()>);

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        Self(TURN.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        set_all(Barrier::ALL, true);
    }
}

fn set_all(barriers: impl IntoIterator<Item = Barrier>, on: bool) {
    for barrier in barriers {
        barrier.set(on);
    }
}

/// One mix-up. Gives what of the other side was shown: `None` when it was refused.
struct Control {
    what: &'static str,
    barrier: Barrier,
    /// Other barriers that stand against the same mix-up, and so are off in both runs.
    behind: &'static [Barrier],
    mix_up: fn() -> Option<Vec<u8>>,
    shown: fn() -> Vec<u8>,
}

const CONTROLS: &[Control] = &[
    Control {
        what: "another home's text, told by its commitment",
        barrier: Barrier::Commitment,
        behind: &[Barrier::Aead],
        mix_up: other_homes_text,
        shown: || b"their text".to_vec(),
    },
    Control {
        what: "another home's text, told by its tag",
        barrier: Barrier::Aead,
        behind: &[Barrier::Commitment],
        mix_up: other_homes_text,
        shown: || b"their text".to_vec(),
    },
    Control {
        what: "another home's event",
        barrier: Barrier::Hpke,
        behind: &[Barrier::Tags, Barrier::Identity],
        mix_up: other_homes_event,
        shown: || sections(2)[0].1.clone(),
    },
    Control {
        what: "another device's configuration",
        barrier: Barrier::Hpke,
        behind: &[Barrier::Identity],
        mix_up: other_homes_configuration,
        shown: || b"their serial 9".to_vec(),
    },
    Control {
        what: "another event's trailer",
        barrier: Barrier::Tags,
        behind: &[],
        mix_up: other_events_trailer,
        shown: || b"their directory".to_vec(),
    },
    Control {
        what: "another home's report",
        barrier: Barrier::Tags,
        behind: &[],
        mix_up: other_homes_report,
        shown: || b"their report".to_vec(),
    },
    Control {
        what: "another home's section",
        barrier: Barrier::Stream,
        behind: &[],
        mix_up: other_homes_section,
        shown: || sections(2)[1].1.clone(),
    },
    Control {
        what: "a grant of another home",
        barrier: Barrier::Identity,
        behind: &[],
        mix_up: other_homes_grant,
        shown: || b"their text".to_vec(),
    },
    Control {
        what: "a token's row with more rights than it was made with, told by its commitment",
        barrier: Barrier::Commitment,
        behind: &[Barrier::Aead],
        mix_up: more_rights,
        shown: || vec![15],
    },
    Control {
        what: "a token's row with more rights than it was made with, told by its tag",
        barrier: Barrier::Aead,
        behind: &[Barrier::Commitment],
        mix_up: more_rights,
        shown: || vec![15],
    },
    Control {
        what: "an answer to another session",
        barrier: Barrier::Session,
        behind: &[],
        mix_up: other_sessions_answer,
        shown: || b"their answer".to_vec(),
    },
    Control {
        what: "an address of another session",
        barrier: Barrier::Session,
        behind: &[],
        mix_up: other_sessions_address,
        shown: || b"their page".to_vec(),
    },
];

fn other_homes_text() -> Option<Vec<u8>> {
    let (ours, theirs) = two_homes();
    ours.key.open_text(&theirs.key.seal_text(b"their text")).ok().map(|text| text.to_vec())
}

fn other_homes_event() -> Option<Vec<u8>> {
    let (ours, theirs) = two_homes();
    let object = seal(&theirs.sealer(), EventId::generate(), &sections(2));
    let opener = ours.secret.open_event(verify(&ours.secret, &object).ok()?).ok()?;
    open_section(&opener, opener.section(SectionKind::Thumbnail)?, &object).ok()
}

fn other_homes_configuration() -> Option<Vec<u8>> {
    let (ours, theirs) = two_homes();
    let configuration = |home: &Home, serial| {
        let PairingScope { installation, home: id, device } = home.pairing();
        let report_key = home.key.device_report_key(device);
        let next_device_key = DeviceKey::generate();
        let (cameras, tests) = (Vec::new(), Vec::new());
        Configuration {
            installation,
            home: id,
            device,
            serial,
            next_device_key,
            report_key,
            cameras,
            tests,
            looks: Vec::new(),
        }
    };
    let sealed = configuration(&theirs, 9).seal(&KeyPair::generate().public(), &DeviceKey::generate());
    let opened =
        Configuration::open(&KeyPair::generate(), &DeviceKey::generate(), ours.pairing(), 9, &sealed).ok()?;
    assert_eq!(opened.home, theirs.scope().home);
    Some(format!("their serial {}", opened.serial).into_bytes())
}

fn other_events_trailer() -> Option<Vec<u8>> {
    let home = Home::new(InstallationId::generate());
    let sealed = |seed| seal(&home.sealer(), EventId::generate(), &sections(seed));
    let (header, trailer) = (parse(&sealed(1)).unwrap().0, parse(&sealed(2)).unwrap().1);
    home.secret.verify_event(header, trailer).ok().map(|_| b"their directory".to_vec())
}

fn other_homes_report() -> Option<Vec<u8>> {
    let (ours, theirs) = two_homes();
    let tag = theirs.sealer().tag_report(CameraReportKind::State, b"their report");
    ours.secret
        .verify_report(CameraReportKind::State, ours.device, b"their report", &tag)
        .ok()
        .map(|()| b"their report".to_vec())
}

fn other_homes_section() -> Option<Vec<u8>> {
    let (ours, theirs) = two_homes();
    let mut object = seal(&ours.sealer(), EventId::generate(), &sections(1));
    let other = seal(&theirs.sealer(), EventId::generate(), &sections(2));
    let clip = directory(&object)[1];
    object[place(clip)].copy_from_slice(&other[place(clip)]);
    let opener = ours.secret.open_event(verify(&ours.secret, &object).unwrap()).unwrap();
    open_section(&opener, clip, &object).ok()
}

fn other_homes_grant() -> Option<Vec<u8>> {
    let (ours, theirs) = two_homes();
    let scope = AccountScope { installation: ours.scope().installation, account: AccountId::generate() };
    let (key, grant) = (AccountKey::generate(), GrantId::generate());
    let scope = GrantScope { account: scope, grant };
    let row = key.seal_grant(scope, &theirs.control.granted(Role::Owner));
    let text = theirs.key.seal_text(b"their text");
    let granted = key.open_grant(scope, Role::Owner, HomeEpoch::FIRST, &row).unwrap();
    granted.scope().is(ours.scope().home).ok()?;
    granted.home_key().open_text(&text).ok().map(|text| text.to_vec())
}

fn two_sessions() -> (SessionSecret, SessionSecret) {
    let installation = InstallationId::generate();
    let new = || SessionSecret::generate(installation, SessionKind::Cookie, Some([1; 32]));
    (new(), new())
}

fn more_rights() -> Option<Vec<u8>> {
    let secret = SessionSecret::generate(InstallationId::generate(), SessionKind::Token, None);
    let (session, end) = (SessionId::generate(), Timestamp::now());
    let [few, all] = [1, 15].map(|code| TokenRights::from_code(code).unwrap());
    let row = secret.seal_token(session, end, few, AccountId::generate(), &AccountKey::generate());
    secret.open_token(session, end, all, &row).ok().map(|_| vec![all.code()])
}

fn other_sessions_answer() -> Option<Vec<u8>> {
    let (ours, theirs) = two_sessions();
    ours.tag().same(&theirs.tag()).then(|| b"their answer".to_vec())
}

fn other_sessions_address() -> Option<Vec<u8>> {
    let (ours, theirs) = two_sessions();
    theirs.page_value_is(&ours.page_value()).then(|| b"their page".to_vec())
}

#[test]
fn each_barrier_alone_refuses_what_gets_through_without_it() {
    let _turn = Turn::take();
    for barrier in Barrier::ALL {
        assert!(CONTROLS.iter().any(|control| control.barrier == barrier), "{barrier:?} has no control");
    }
    for Control { what, barrier, behind, mix_up, shown } in CONTROLS {
        assert!(Barrier::ALL.into_iter().all(on));
        assert_eq!(mix_up(), None, "{what}: all barriers on");
        set_all(behind.iter().copied(), false);
        assert_eq!(mix_up(), None, "{what}: {barrier:?} alone");
        barrier.set(false);
        assert!(
            mix_up() == Some(shown()),
            "{what}: no leak without {barrier:?}, so nothing is shown with it"
        );
        barrier.set(true);
        assert_eq!(mix_up(), None, "{what}: {barrier:?} on again");
        set_all(behind.iter().copied(), true);
    }
}

#[test]
fn with_all_barriers_off_a_strangers_cookie_shows_a_picture() {
    let _turn = Turn::take();
    let shown = || -> Option<Vec<u8>> {
        let (ours, theirs) = two_homes();
        let installation = ours.scope().installation;
        let (mine, other) = two_sessions();
        let (session, expires_at) = (SessionId::generate(), Timestamp::now());
        let scope = AccountScope { installation, account: AccountId::generate() };
        let (key, grant) = (AccountKey::generate(), GrantId::generate());
        let row = other.seal(session, expires_at, scope.account, &key);
        let granted =
            key.seal_grant(GrantScope { account: scope, grant }, &theirs.control.granted(Role::Owner));
        let object = seal(&theirs.sealer(), EventId::generate(), &sections(2));

        let opened = mine.open(session, expires_at, &row).ok()?;
        let scope = AccountScope { installation, account: opened.account };
        let scope = GrantScope { account: scope, grant };
        let granted = opened.key.open_grant(scope, Role::Owner, HomeEpoch::FIRST, &granted).ok()?;
        granted.scope().is(ours.scope().home).ok()?;
        let secret = granted.home_key().camera_secret(&ours.salt, ours.place);
        open(&secret, &object).ok().map(|mut sections| sections.swap_remove(0).1)
    };
    assert_eq!(shown(), None);
    set_all(Barrier::ALL, false);
    assert!(shown() == Some(sections(2)[0].1.clone()), "the leak is there");
    set_all(Barrier::ALL, true);
    assert_eq!(shown(), None);
}

#[test]
fn what_was_sealed_with_barriers_off_does_not_open_with_them_on() {
    let _turn = Turn::take();
    let home = Home::new(InstallationId::generate());
    set_all(Barrier::ALL, false);
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    let text = home.key.seal_text(b"Mill Yard 7");
    assert!(object.windows(64).any(|window| window == &sections(1)[0].1[..64]), "an identity cipher");
    set_all(Barrier::ALL, true);
    assert!(open(&home.secret, &object).is_err());
    assert!(home.key.open_text(&text).is_err());
}

#[test]
fn without_the_stream_barrier_not_even_a_cut_is_noticed() {
    let _turn = Turn::take();
    let (ours, theirs) = (StreamKey::new([1; 32]), StreamKey::new([2; 32]));
    let plaintext = vec![42; 100_000];
    let seal = || seal_all(&theirs, b"their clip", &plaintext, SegmentSize::KIB_64).unwrap();
    let open = |stream: &[u8]| open_all(&ours, b"our clip", stream, SegmentSize::KIB_64);
    let sealed = seal();
    assert!(open(&sealed).is_err());
    Barrier::Stream.set(false);
    let leaked = seal();
    assert_eq!(leaked.len(), sealed.len());
    assert!(open(&leaked).unwrap() == plaintext);
    assert!(open(&leaked[..99]).is_ok());
    Barrier::Stream.set(true);
    assert!(open(&leaked).is_err());
}
