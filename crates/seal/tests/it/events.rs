//! Events under other secrets, and headers, trailers and sections exchanged between events.

use ownsight_model::{CameraId, DeviceId, EventId, HomeEpoch, HomeId, InstallationId, TenureId};
use ownsight_seal::stream::StreamError;
use ownsight_seal::{
    CameraPlace, CameraReportKind, CameraScope, CameraSealer, CameraSecret, ControlKey, HEADER_BYTES,
    HomeScope, OpenError, Purpose, tag_device_report,
};

use crate::support::{
    Home, Refused, directory, flipped, open, open_section, parse, place, seal, sealer_for, sections,
    two_homes, verify,
};

fn refused(secret: &CameraSecret, object: &[u8]) -> Refused {
    open(secret, object).unwrap_err()
}

/// Secrets that differ from the home's by one id or epoch.
fn other_secrets(home: &Home, other: &Home) -> Vec<(&'static str, CameraSecret)> {
    let at = |place| home.key.camera_secret(&home.salt, place);
    let in_home = |scope| ControlKey::generate(scope).home_key().camera_secret(&home.salt, home.place);
    vec![
        ("another home", other.secret.clone()),
        ("another camera", at(CameraPlace { camera: CameraId::generate(), ..home.place })),
        ("another tenure", at(CameraPlace { tenure: TenureId::generate(), ..home.place })),
        ("another camera epoch", at(CameraPlace { epoch: home.place.epoch.next().unwrap(), ..home.place })),
        ("another home epoch", in_home(HomeScope { epoch: HomeEpoch::new(2).unwrap(), ..home.scope() })),
        ("the same camera in another home", in_home(HomeScope { home: HomeId::generate(), ..home.scope() })),
        (
            "another installation",
            in_home(HomeScope { installation: InstallationId::generate(), ..home.scope() }),
        ),
    ]
}

#[test]
fn an_event_opens_under_the_secret_that_it_names_only() {
    let (home, other) = two_homes();
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    assert_eq!(open(&home.secret, &object).unwrap(), sections(1));
    for (what, secret) in other_secrets(&home, &other) {
        assert_eq!(refused(&secret, &object), OpenError::MixUp(Purpose::Event).into(), "{what}");
    }
    let another_salt = home.key.camera_secret(&other.salt, home.place);
    assert_eq!(refused(&another_salt, &object), OpenError::NotAuthentic(Purpose::HeaderTag).into());
    let another_control = ControlKey::generate(home.scope()).home_key().camera_secret(&home.salt, home.place);
    assert_eq!(refused(&another_control, &object), OpenError::NotAuthentic(Purpose::HeaderTag).into());
}

#[test]
fn what_claims_a_scope_without_its_keys_does_not_verify() {
    let (home, other) = two_homes();
    let claims = *home.secret.scope();
    for (what, secret) in other_secrets(&home, &other) {
        let object = seal(&sealer_for(&secret, claims, home.device), EventId::generate(), &sections(1));
        assert_eq!(
            refused(&home.secret, &object),
            OpenError::NotAuthentic(Purpose::HeaderTag).into(),
            "{what}"
        );
    }
    // Another device of the same camera, with its own PSK, speaks as this one.
    let psk = home.secret.device_psk(other.device);
    let sealer = CameraSealer::new(claims, home.device, home.secret.public_key(), psk);
    let object = seal(&sealer, EventId::generate(), &sections(1));
    assert_eq!(refused(&home.secret, &object), OpenError::NotAuthentic(Purpose::HeaderTag).into());
    // The right PSK, and another camera's public key: it is this device's, and nobody can open it here.
    let psk = home.secret.device_psk(home.device);
    let sealer = CameraSealer::new(claims, home.device, other.secret.public_key(), psk);
    let object = seal(&sealer, EventId::generate(), &sections(1));
    assert!(verify(&home.secret, &object).is_ok());
    assert_eq!(refused(&home.secret, &object), OpenError::NotAuthentic(Purpose::Event).into());
    assert_eq!(refused(&other.secret, &object), OpenError::MixUp(Purpose::Event).into());
}

#[test]
fn what_one_secret_verified_another_does_not_open() {
    let (home, other) = two_homes();
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    for (what, secret) in other_secrets(&home, &other) {
        let verified = verify(&home.secret, &object).unwrap();
        assert_eq!(
            secret.open_event(verified).unwrap_err(),
            OpenError::NotAuthentic(Purpose::Event),
            "{what}"
        );
    }
}

#[test]
fn a_kept_key_opens_its_own_event_under_its_own_secret_only() {
    let (home, other) = two_homes();
    let id = EventId::generate();
    let (first, again) = (seal(&home.sealer(), id, &sections(1)), seal(&home.sealer(), id, &sections(1)));
    let opened = home.secret.open_event(verify(&home.secret, &first).unwrap()).unwrap();
    let kept = home.secret.keep_event(&opened);

    let reopened = home.secret.open_kept_event(verify(&home.secret, &first).unwrap(), &kept).unwrap();
    for section in directory(&first) {
        let expected = open_section(&opened, section, &first).unwrap();
        assert_eq!(open_section(&reopened, section, &first).unwrap(), expected);
    }
    let mix_up = OpenError::MixUp(Purpose::KeptEvent);
    // The same event, sealed twice, has two keys: only the header tells them apart.
    let refused = home.secret.open_kept_event(verify(&home.secret, &again).unwrap(), &kept);
    assert_eq!(refused.unwrap_err(), mix_up);
    for (what, secret) in other_secrets(&home, &other) {
        let refused = secret.open_kept_event(verify(&home.secret, &first).unwrap(), &kept);
        assert_eq!(refused.unwrap_err(), mix_up, "{what}");
    }
}

#[test]
fn headers_and_trailers_belong_to_each_other() {
    let (home, other) = two_homes();
    let (one, two) = (
        seal(&home.sealer(), EventId::generate(), &sections(1)),
        seal(&home.sealer(), EventId::generate(), &sections(2)),
    );
    let theirs = seal(&other.sealer(), EventId::generate(), &sections(3));
    let id = EventId::generate();
    let (first, second) = (seal(&home.sealer(), id, &sections(1)), seal(&home.sealer(), id, &sections(1)));
    let trailer_refused = Err(OpenError::NotAuthentic(Purpose::TrailerTag));
    for (what, header, trailer) in [
        ("another event's trailer", &one, &two),
        ("another event's header", &two, &one),
        ("another home's trailer", &one, &theirs),
        ("the same event, sealed twice", &first, &second),
    ] {
        let (header, trailer) = (parse(header).unwrap().0, parse(trailer).unwrap().1);
        assert_eq!(home.secret.verify_event(header, trailer).map(drop), trailer_refused, "{what}");
    }
}

#[test]
fn a_file_that_begins_with_another_header_than_the_row_is_a_mix_up() {
    let home = Home::new(InstallationId::generate());
    let (row, file) = (
        seal(&home.sealer(), EventId::generate(), &sections(1)),
        seal(&home.sealer(), EventId::generate(), &sections(1)),
    );
    let opener = home.secret.open_event(verify(&home.secret, &row).unwrap()).unwrap();
    assert_eq!(opener.verified().is_header(&row[..HEADER_BYTES]), Ok(()));
    let mix_up = Err(OpenError::MixUp(Purpose::Section));
    assert_eq!(opener.verified().is_header(&file[..HEADER_BYTES]), mix_up);
    assert_eq!(opener.verified().is_header(&row[..HEADER_BYTES - 1]), mix_up);
    // And without that comparison the file's sections do not open either.
    for (at, section) in directory(&row).into_iter().enumerate() {
        let last = [0, 2, 0][at];
        assert_eq!(open_section(&opener, section, &file), Err(StreamError::NotAuthentic { segment: last }));
    }
}

#[test]
fn sections_exchanged_between_objects_open_nowhere() {
    let (home, other) = two_homes();
    let event = EventId::generate();
    let ours = seal(&home.sealer(), event, &sections(1));
    for (what, theirs) in [
        ("another home's", seal(&other.sealer(), EventId::generate(), &sections(2))),
        ("another event's of this camera", seal(&home.sealer(), EventId::generate(), &sections(2))),
        ("the same event's, sealed again", seal(&home.sealer(), event, &sections(1))),
    ] {
        for (at, section) in directory(&ours).into_iter().enumerate() {
            let mut mixed = ours.clone();
            mixed[place(section)].copy_from_slice(&theirs[place(section)]);
            let segment = [0, 2, 0][at];
            assert_eq!(
                refused(&home.secret, &mixed),
                StreamError::NotAuthentic { segment }.into(),
                "{what} {at}"
            );
        }
    }
}

#[test]
fn sections_of_one_object_do_not_stand_in_for_each_other() {
    // Two kinds with equal lengths, so that only their kind tells them apart.
    let home = Home::new(InstallationId::generate());
    let (thumbnail, clip) = (sections(1)[0].clone(), (ownsight_model::SectionKind::Clip, vec![7; 3_000]));
    let object = seal(&home.sealer(), EventId::generate(), &vec![thumbnail, clip]);
    let [first, second] = directory(&object)[..] else { panic!("two sections") };
    let mut reordered = object.clone();
    reordered[place(first)].copy_from_slice(&object[place(second)]);
    let refusal: Refused = StreamError::NotAuthentic { segment: 0 }.into();
    assert_eq!(refused(&home.secret, &reordered), refusal, "doubled");
    reordered[place(second)].copy_from_slice(&object[place(first)]);
    assert_eq!(refused(&home.secret, &reordered), refusal, "exchanged");

    let opener = home.secret.open_event(verify(&home.secret, &object).unwrap()).unwrap();
    let claimed = ownsight_seal::Section { kind: second.kind, ..first };
    assert_eq!(open_section(&opener, claimed, &object), Err(StreamError::NotAuthentic { segment: 0 }));
    assert!(open_section(&opener, first, &object).is_ok());
}

#[test]
fn a_header_with_any_bit_changed_is_refused() {
    let home = Home::new(InstallationId::generate());
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    for bit in 0..HEADER_BYTES * 8 {
        let changed = flipped(&object, bit);
        let error = verify(&home.secret, &changed).map(drop).unwrap_err();
        match bit / 8 {
            // Magic, version, reserved.
            0..8 => assert!(matches!(error, OpenError::Malformed { .. }), "bit {bit}: {error}"),
            // Installation, home, camera, tenure, epochs; an epoch of 1 whose last bit flips is none.
            75 | 79 if bit % 8 == 0 => {
                assert!(matches!(error, OpenError::Malformed { .. }), "bit {bit}: {error}");
            }
            8..80 => assert_eq!(error, OpenError::MixUp(Purpose::Event), "bit {bit}"),
            _ => assert_eq!(error, OpenError::NotAuthentic(Purpose::HeaderTag), "bit {bit}"),
        }
    }
}

#[test]
fn reports_verify_for_their_own_device_camera_and_body_only() {
    let (home, other) = two_homes();
    let body = br#"{"state":"records"}"#;
    let kind = CameraReportKind::State;
    let tag = home.sealer().tag_report(kind, body);
    let not_authentic = Err(OpenError::NotAuthentic(Purpose::CameraReport));
    assert_eq!(home.secret.verify_report(kind, home.device, body, &tag), Ok(()));
    assert_eq!(
        home.secret.verify_report(kind, DeviceId::generate(), body, &tag),
        not_authentic,
        "another device"
    );
    assert_eq!(
        home.secret.verify_report(kind, home.device, br#"{"state":"closed"}"#, &tag),
        not_authentic,
        "another body"
    );
    for (what, secret) in other_secrets(&home, &other) {
        assert_eq!(secret.verify_report(kind, home.device, body, &tag), not_authentic, "{what}");
    }
    for other in [CameraReportKind::Gap, CameraReportKind::Test] {
        let verified = home.secret.verify_report(other, home.device, body, &tag);
        assert_eq!(verified, Err(OpenError::NotAuthentic(other.purpose())), "a report of another kind");
    }
    for cut in 0..tag.len() {
        assert_eq!(
            home.secret.verify_report(kind, home.device, body, &tag[..cut]),
            not_authentic,
            "a cut tag"
        );
    }

    let key = home.key.device_report_key(home.device);
    let tag = tag_device_report(&key, body);
    let not_authentic = Err(OpenError::NotAuthentic(Purpose::DeviceReport));
    assert_eq!(key.verify(body, &tag), Ok(()));
    assert_eq!(key.verify(b"{}", &tag), not_authentic, "another body");
    assert_eq!(home.key.device_report_key(other.device).verify(body, &tag), not_authentic, "another device");
    assert_eq!(other.key.device_report_key(home.device).verify(body, &tag), not_authentic, "another home");
}

#[test]
fn a_sealer_says_where_its_events_belong() {
    let home = Home::new(InstallationId::generate());
    let event = EventId::generate();
    let object = seal(&home.sealer(), event, &sections(1));
    let (header, _) = parse(&object).unwrap();
    assert_eq!(home.sealer().scope(), home.secret.scope());
    assert_eq!(
        (&header.ids().scope, header.ids().device, header.ids().event),
        (home.secret.scope(), home.device, event)
    );
    let scope: CameraScope = header.ids().scope;
    assert_eq!((scope.home, scope.camera), (home.scope().home, home.place.camera));
}

#[test]
fn a_verified_event_is_the_one_that_was_asked_for_and_as_its_row_has_it() {
    let home = Home::new(InstallationId::generate());
    let event = EventId::generate();
    let verified = verify(&home.secret, &seal(&home.sealer(), event, &sections(1))).unwrap();
    let mixed_up = Err(OpenError::MixUp(Purpose::Event));
    assert_eq!(verified.is_event(event), Ok(()));
    assert_eq!(verified.is_event(EventId::generate()), mixed_up);

    let (ids, trailer) = (*verified.ids(), verified.trailer());
    let (device, from, to, label) = (ids.device, ids.started_at, trailer.ended_at, trailer.label.code());
    assert_eq!(verified.is_as_row(device, from, to, label), Ok(()));
    let another = DeviceId::generate();
    for (device, from, to, label) in [
        (another, from, to, label),
        (device, from.shifted(1), to, label),
        (device, from, to.shifted(1), label),
        (device, from, to, label + 1),
    ] {
        assert_eq!(verified.is_as_row(device, from, to, label), mixed_up);
    }
}

#[test]
fn a_section_says_how_long_its_plaintext_is() {
    let home = Home::new(InstallationId::generate());
    let sections = sections(1);
    let (_, trailer) = parse(&seal(&home.sealer(), EventId::generate(), &sections)).unwrap();
    assert!(!sections.is_empty());
    for (kind, plaintext) in sections {
        let section = trailer.section(kind).unwrap();
        assert_eq!(section.plaintext_length(), plaintext.len() as u64, "{kind:?}");
        assert!(section.length > section.plaintext_length());
        // A length that no stream has.
        assert_eq!(ownsight_seal::Section { length: 3, ..section }.plaintext_length(), 0);
    }
}
