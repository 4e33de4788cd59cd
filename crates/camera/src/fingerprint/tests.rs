//! Who is taken for whom, and that what is kept is either right or an error.

use ownsight_model::FingerprintPart::{self, Origin, Realm, Server, Session, SignIn, Tool};
use proptest::prelude::*;

use super::judge::differences;
use super::*;
use crate::source::{Challenge, SignIn as Way};

const SDP: &[u8] = b"v=0\r\no=StreamingServer 3331435948 1116907222000 IN IP4 192.168.1.40\r\n\
    s=Media Presentation\r\na=tool:LIVE555 Streaming Media v2013.04.08\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
    s=not the session's\r\n";

fn answer(scheme: &str, realm: &str, server: &str) -> Answer {
    let challenge = Challenge { scheme: scheme.into(), realm: Some(realm.into()) };
    Answer {
        status: 401,
        challenges: vec![challenge],
        sign_in: way(scheme),
        server: Some(server.into()),
        location: None,
        key: None,
    }
}

fn way(scheme: &str) -> Way {
    if scheme == "Digest" { Way::Digest } else { Way::Clear }
}

fn camera(realm: &str) -> Fingerprint {
    Fingerprint::unasked(&answer("Digest", realm, "Rtsp Server/3.0")).described(SDP)
}

fn parts(known: &Fingerprint, seen: &Fingerprint) -> Vec<FingerprintPart> {
    differences(known, seen).into_iter().map(|difference| difference.part).collect()
}

#[test]
fn a_restart_an_update_and_another_address_make_no_other_camera() {
    let known = camera("Streaming Server");
    let later = std::str::from_utf8(SDP)
        .unwrap()
        .replace("3331435948 1116907222000", "1 2")
        .replace("192.168.1.40", "10.0.0.7")
        .replace("v2013.04.08", "v2021.11.23")
        .replace("\r\n", "\n");
    let updated = Fingerprint::unasked(&answer("Digest", "Streaming Server", "Rtsp Server/4.1.2"));
    assert_eq!(parts(&known, &updated), []);
    assert_eq!(known, updated.described(later.as_bytes()));
}

#[test]
fn another_serial_number_is_another_camera_whatever_else_is_the_same() {
    for (ours, theirs) in [
        ("Login to 4K04B2EPAG7D2A6", "Login to 4K04B2EPAG00001"),
        ("IP Camera(23435)", "IP Camera(C4321)"),
        ("AXIS_ACCC8E012345", "AXIS_ACCC8E054321"),
        ("Streaming Server", "RTSP"),
    ] {
        let differs = differences(&camera(ours), &camera(theirs));
        assert_eq!(differs.len(), 1, "{differs:?}");
        assert_eq!(differs[0].part, Realm);
        assert_eq!((differs[0].known.as_deref(), differs[0].seen.as_deref()), (Some(ours), Some(theirs)));
    }
}

#[test]
fn weak_parts_count_only_where_no_serial_number_is_the_same() {
    let other = b"o=- 1 1 IN IP4 0.0.0.0\ns=Stream\nm=video 0 RTP/AVP 96\n";
    let seen = |realm| Fingerprint::unasked(&answer("Digest", realm, "Another")).described(other);
    assert_eq!(parts(&camera("RTSP"), &seen("RTSP")), [Server, Origin, Session, Tool]);
    assert_eq!(parts(&camera("IP Camera(23435)"), &seen("IP Camera(23435)")), []);
    assert_eq!(parts(&camera("RTSP"), &seen("Realm")), [Realm, Server, Origin, Session, Tool]);
}

#[test]
fn a_password_is_not_asked_for_in_a_weaker_way() {
    for realm in ["IP Camera(23435)", "RTSP"] {
        let basic = Fingerprint::unasked(&answer("Basic", realm, "Rtsp Server/3.0"));
        assert_eq!(parts(&camera(realm), &basic), [SignIn]);
        // The other way round is an update that makes it safer.
        assert_eq!(parts(&basic, &camera(realm)), []);
    }
    let server = Some("Rtsp Server/3.0".into());
    let open = Answer {
        status: 200,
        challenges: Vec::new(),
        sign_in: Way::Clear,
        server,
        location: None,
        key: None,
    };
    let open = Fingerprint::unasked(&open).described(SDP);
    assert_eq!(parts(&camera("RTSP"), &open), [Realm, SignIn]);
    assert_eq!(parts(&open, &camera("RTSP")), [Realm]);
    assert_eq!(parts(&open, &open), []);
    // A camera that never asked for a password is not given one in the clear by whoever asks.
    let nameless = Answer { challenges: Vec::new(), ..answer("Basic", "", "Rtsp Server/3.0") };
    assert_eq!(parts(&open, &Fingerprint::unasked(&nameless).described(SDP)), [SignIn]);
}

#[test]
fn another_tls_key_is_another_camera_also_with_the_right_serial_number() {
    let with = |realm, byte: Option<u8>| Fingerprint {
        key: byte.map(|byte| TlsKey::from_bytes([byte; 32])),
        ..camera(realm)
    };
    for realm in ["IP Camera(23435)", "RTSP"] {
        let differs = differences(&with(realm, Some(1)), &with(realm, Some(2)));
        assert_eq!(differs.len(), 1, "{differs:?}");
        assert_eq!(differs[0].part, FingerprintPart::TlsKey);
        assert_eq!(differs[0].known.as_deref(), Some("SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"));
        assert_eq!(parts(&with(realm, Some(1)), &with(realm, None)), [FingerprintPart::TlsKey]);
        assert_eq!(parts(&with(realm, Some(1)), &with(realm, Some(1))), []);
    }
    // All of a model may have it.
    assert_eq!(parts(&with("IP Camera(23435)", Some(1)), &with("IP Camera(C4321)", Some(1))), [Realm]);
    assert_ne!(with("a", Some(1)).id(), with("a", None).id());
}

#[test]
fn realms_that_vary_say_nothing() {
    let known = camera("cam-a").steady(&camera("cam-b"));
    assert_eq!(known.realms, Realms::Vary);
    assert_eq!(parts(&known, &camera("cam-c")), []);
    let basic = Fingerprint::unasked(&answer("Basic", "cam-d", "Rtsp Server/3.0"));
    assert_eq!(parts(&known, &basic), [SignIn]);
    assert_eq!(camera("cam-a").steady(&camera("cam-a")), camera("cam-a"));
}

#[test]
fn each_camera_has_its_own_name() {
    let cameras = [camera("a"), camera("b"), camera("a").steady(&camera("b"))];
    let names: std::collections::HashSet<_> = cameras.iter().map(Fingerprint::id).collect();
    assert_eq!(names.len(), 3);
    assert_eq!(camera("a").id(), camera("a").id());
}

#[test]
fn another_version_is_no_damage_and_not_believed() {
    let text = camera("a").to_stored("x").replace("fingerprint 1", "fingerprint 2");
    assert_eq!(Fingerprint::from_stored(&text), Err(StoredFingerprintError::Damaged));
    let body = &text[..text.rfind("check ").unwrap()];
    let check = data_encoding::HEXLOWER.encode(&Sha256::digest(body));
    let whole = format!("{body}check {check}\n");
    assert_eq!(Fingerprint::from_stored(&whole), Err(StoredFingerprintError::OtherVersion));
}

fn any_fingerprint() -> impl Strategy<Value = Fingerprint> {
    let challenge = ("Digest|Basic|[a-zA-Z]{0,8}", proptest::option::of(".{0,300}"))
        .prop_map(|(scheme, realm)| Challenge { scheme, realm });
    let answer = (
        prop_oneof![Just(200_u16), Just(401)],
        proptest::collection::vec(challenge, 0..6),
        proptest::option::of(".{0,300}"),
    )
        .prop_map(|(status, challenges, server)| {
            let sign_in =
                challenges.first().map_or(Way::Clear, |challenge: &Challenge| way(&challenge.scheme));
            Answer { status, challenges, sign_in, server, location: None, key: None }
        });
    let sdp = proptest::option::of("(o=.{0,60}\n|s=.{0,300}\n|a=tool:.{0,60}\n|.{0,20}\n){0,6}");
    let key = proptest::option::of(any::<[u8; 32]>().prop_map(TlsKey::from_bytes));
    (answer, sdp, any::<bool>(), key).prop_map(|(answer, sdp, vary, key)| {
        let seen = Fingerprint::unasked(&Answer { key, ..answer });
        let seen = if vary { Fingerprint { realms: Realms::Vary, ..seen } } else { seen };
        match sdp {
            Some(sdp) => seen.described(sdp.as_bytes()),
            None => seen,
        }
    })
}

proptest! {
    #[test]
    fn what_is_kept_is_what_was_seen(fingerprint in any_fingerprint(), of in "[!-~]{0,80}") {
        let text = fingerprint.to_stored(&of);
        prop_assert_eq!(Fingerprint::from_stored(&text), Ok((of, fingerprint.clone())));
        prop_assert_eq!(parts(&fingerprint, &fingerprint), []);
    }

    /// Whatever happens to what was kept, it is an error: never another camera's, and never one that says nothing.
    #[test]
    fn damage_is_an_error(
        fingerprint in any_fingerprint(),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        kind in 0..4,
    ) {
        let whole = fingerprint.to_stored("camera tenure rtsp://192.0.2.7/stream").into_bytes();
        let mut damaged = whole.clone();
        let at = at.index(whole.len());
        match kind {
            0 => damaged[at] ^= flip,
            1 => damaged.truncate(at),
            2 => { damaged.remove(at); }
            _ => damaged.insert(at, flip),
        }
        // What is no text any more does not come so far: its file is no JSON.
        if let Ok(text) = std::str::from_utf8(&damaged) {
            prop_assert!(damaged == whole || Fingerprint::from_stored(text).is_err(), "{}", text);
        }
    }
}
