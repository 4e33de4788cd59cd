//! From a cookie to a picture, and each step with one input exchanged.

use std::time::Duration;

use ownsight_model::{
    AccountId, Email, EventId, GrantId, HomeEpoch, InstallationId, Role, SectionKind, SessionId, Timestamp,
};
use ownsight_seal::{
    AccountKey, AccountScope, ControlKey, GrantScope, MasterKey, OpenError, PasswordHash, Purpose,
    SessionKind, SessionSecret,
};

use crate::support::{Home, open, seal, sections, two_homes};

const EXPIRES_AT: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn account(installation: InstallationId) -> (AccountScope, AccountKey) {
    (AccountScope { installation, account: AccountId::generate() }, AccountKey::generate())
}

#[test]
fn from_a_cookie_to_a_picture() {
    let installation = InstallationId::generate();
    let home = Home::new(installation);
    let (scope, key) = account(installation);
    let grant = GrantId::generate();
    let granted = key.seal_grant(GrantScope { account: scope, grant }, &home.control.granted(Role::Owner));
    let secret = SessionSecret::generate(installation, SessionKind::Cookie, Some([7; 32]));
    let session = SessionId::generate();
    let row = secret.seal(session, EXPIRES_AT, scope.account, &key);
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));

    let cookie = SessionSecret::new(installation, SessionKind::Cookie, *secret.server_half(), Some([7; 32]));
    assert_eq!(cookie.find(), secret.find());
    let opened = cookie.open(session, EXPIRES_AT, &row).unwrap();
    assert_eq!(opened.account, scope.account);
    let scope = AccountScope { installation, account: opened.account };
    let scope = GrantScope { account: scope, grant };
    let granted = opened.key.open_grant(scope, Role::Owner, HomeEpoch::FIRST, &granted).unwrap();
    granted.scope().is(home.scope().home).unwrap();
    let camera = granted.home_key().camera_secret(&home.salt, home.place);
    let shown = open(&camera, &object).unwrap();
    assert_eq!(shown, sections(1));
    assert_eq!(shown[0].0, SectionKind::Thumbnail);
}

#[test]
fn a_session_opens_by_its_own_halves_kind_expiry_and_row_only() {
    let installation = InstallationId::generate();
    let (scope, key) = account(installation);
    let (ours, theirs) = ([1; 32], [2; 32]);
    let (our_page, their_page) = ([3; 32], [4; 32]);
    let new = |installation, kind, half, page| SessionSecret::new(installation, kind, half, page);
    let secret = new(installation, SessionKind::Cookie, ours, Some(our_page));
    let session = SessionId::generate();
    let row = secret.seal(session, EXPIRES_AT, scope.account, &key);
    secret.open(session, EXPIRES_AT, &row).unwrap();

    let mix_up = OpenError::MixUp(Purpose::Session);
    for (what, other) in [
        ("server's half", new(installation, SessionKind::Cookie, theirs, Some(our_page))),
        ("page's half", new(installation, SessionKind::Cookie, ours, Some(their_page))),
        ("no page's half", new(installation, SessionKind::Cookie, ours, None)),
        ("halves exchanged", new(installation, SessionKind::Cookie, our_page, Some(ours))),
        ("kind", new(installation, SessionKind::Bearer, ours, Some(our_page))),
        ("installation", new(InstallationId::generate(), SessionKind::Cookie, ours, Some(our_page))),
    ] {
        assert_eq!(other.open(session, EXPIRES_AT, &row).unwrap_err(), mix_up, "{what}");
        assert!(!other.tag().same(&secret.tag()), "{what}");
        assert!(!other.page_value_is(&secret.page_value()), "{what}");
    }
    let other = SessionId::generate();
    assert_eq!(secret.open(other, EXPIRES_AT, &row).unwrap_err(), mix_up, "another session's id");
    for expires_at in [EXPIRES_AT.plus(Duration::from_micros(1)), EXPIRES_AT.minus(Duration::from_hours(24))]
    {
        assert_eq!(secret.open(session, expires_at, &row).unwrap_err(), mix_up, "another expiry");
    }
    let (their_scope, their_key) = account(installation);
    let their_session = new(installation, SessionKind::Cookie, theirs, Some(their_page));
    let their_row = their_session.seal(session, EXPIRES_AT, their_scope.account, &their_key);
    assert_eq!(secret.open(session, EXPIRES_AT, &their_row).unwrap_err(), mix_up, "another session's row");

    assert!(secret.tag().same(&secret.clone().tag()));
    assert!(secret.page_value_is(&secret.page_value()));
    for s in [&[][..], &secret.page_value()[..15], &[0; 16]] {
        assert!(!secret.page_value_is(s));
    }
}

#[test]
fn sessions_are_found_by_the_servers_half_alone() {
    let installation = InstallationId::generate();
    let new = |half, page| SessionSecret::new(installation, SessionKind::Cookie, half, page);
    assert_eq!(new([1; 32], Some([2; 32])).find(), new([1; 32], Some([3; 32])).find());
    assert_ne!(new([1; 32], None).find(), new([2; 32], None).find());
    let generated = || SessionSecret::generate(installation, SessionKind::Bearer, None).find();
    assert_ne!(generated(), generated());
}

#[test]
fn a_password_and_custody_open_the_account_of_their_own_address_only() {
    let installation = InstallationId::generate();
    let elsewhere = InstallationId::generate();
    let (anna, ben) = (email("anna@example.org"), email("ben@example.org"));
    let ((anna_scope, anna_key), (ben_scope, ben_key)) = (account(installation), account(installation));

    let (hash, other) = (PasswordHash::generate(), PasswordHash::generate());
    let row = hash.seal(anna_scope, &anna, &anna_key);
    let mix_up = OpenError::MixUp(Purpose::Password);
    let (id, opened) = hash.open(installation, &email(" ANNA@example.org"), &row).unwrap();
    assert_eq!((id, opened.expose()), (anna_scope.account, anna_key.expose()));
    assert_eq!(other.open(installation, &anna, &row).unwrap_err(), mix_up, "another password");
    assert_eq!(hash.open(installation, &ben, &row).unwrap_err(), mix_up, "another address");
    assert_eq!(hash.open(elsewhere, &anna, &row).unwrap_err(), mix_up, "another installation");
    let same_password = hash.seal(ben_scope, &ben, &ben_key);
    assert_eq!(
        hash.open(installation, &anna, &same_password).unwrap_err(),
        mix_up,
        "a row with the same password"
    );

    let (master, other) = (MasterKey::generate(), MasterKey::generate());
    let row = master.seal(anna_scope, &anna, &anna_key);
    let mix_up = OpenError::MixUp(Purpose::Custody);
    assert_eq!(master.open(installation, &anna, &row).unwrap().0, anna_scope.account);
    assert_eq!(other.open(installation, &anna, &row).unwrap_err(), mix_up, "another master key");
    assert_eq!(master.open(installation, &ben, &row).unwrap_err(), mix_up, "another address");
    assert_eq!(master.open(elsewhere, &anna, &row).unwrap_err(), mix_up, "another installation");
    let theirs = master.seal(ben_scope, &ben, &ben_key);
    assert_eq!(master.open(installation, &anna, &theirs).unwrap_err(), mix_up, "another account's row");
    assert_ne!(master.commitment(installation), other.commitment(installation));
    assert_ne!(master.commitment(installation), master.commitment(elsewhere));
}

#[test]
fn the_ladder_gives_other_keys_for_any_other_input() {
    let (home, other) = two_homes();
    let next = home.place.epoch.next().unwrap();
    let places = [
        home.place,
        ownsight_seal::CameraPlace { camera: other.place.camera, ..home.place },
        ownsight_seal::CameraPlace { tenure: other.place.tenure, ..home.place },
        ownsight_seal::CameraPlace { epoch: next, ..home.place },
    ];
    let secrets: Vec<_> = places
        .iter()
        .map(|place| home.key.camera_secret(&home.salt, *place))
        .chain([
            home.key.camera_secret(&other.salt, home.place),
            other.key.camera_secret(&home.salt, home.place),
        ])
        .collect();
    for (at, one) in secrets.iter().enumerate() {
        assert_ne!(one.device_psk(home.device).expose(), one.device_psk(other.device).expose());
        for another in &secrets[..at] {
            assert_ne!(one.public_key(), another.public_key());
            assert_ne!(one.device_psk(home.device).expose(), another.device_psk(home.device).expose());
        }
    }
    let again = home.control.home_key().camera_secret(&home.salt, home.place);
    assert_eq!(again.public_key(), home.secret.public_key());
}

#[test]
fn an_account_has_one_key_pair_in_one_installation() {
    let installation = InstallationId::generate();
    let ((scope, key), (their_scope, their_key)) = (account(installation), account(installation));
    assert_eq!(key.public_key(scope), key.clone().public_key(scope));
    assert_ne!(key.public_key(scope), key.public_key(their_scope));
    assert_ne!(key.public_key(scope), their_key.public_key(scope));
}

#[test]
fn control_keys_of_one_scope_are_still_different_keys() {
    let home = Home::new(InstallationId::generate());
    let another = ControlKey::generate(home.scope());
    let text = home.key.seal_text(b"Mill Yard 7");
    assert_eq!(another.home_key().open_text(&text), Err(OpenError::MixUp(Purpose::HomeText)));
}
