//! Every wrap that there is, given to every place that opens one.

use ownsight_model::{
    AccountId, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, InstallationId, Role, SessionId,
    Timestamp, TokenRights,
};
use ownsight_seal::{
    AccountKey, AccountScope, ControlKey, DeviceKey, GrantScope, HomeScope, InvitationSecret, LinkSecret,
    MasterKey, MemberKey, OpenError, PairingCode, PairingScope, PasswordHash, Purpose, SessionKind,
    SessionSecret, ShareKey, ShareScope, UploadKey,
};

use crate::support::{Home, flipped, seal, sections, verify};

type Open = Box<dyn Fn(&[u8]) -> Result<(), OpenError>>;

/// One sealed row, and the place in the product that opens it.
struct Slot {
    name: String,
    purpose: Purpose,
    sealed: Vec<u8>,
    open: Open,
}

struct Slots {
    whose: &'static str,
    all: Vec<Slot>,
}

impl Slots {
    fn add<T>(
        &mut self,
        purpose: Purpose,
        what: &str,
        sealed: Vec<u8>,
        open: impl Fn(&[u8]) -> Result<T, OpenError> + 'static,
    ) {
        let name = format!("{} {what}", self.whose);
        self.all.push(Slot { name, purpose, sealed, open: Box::new(move |row| open(row).map(drop)) });
    }
}

/// Wraps of one home: by control key, home key and text key, for two cameras, two devices and two serials.
fn of_home(slots: &mut Slots, home: &Home) {
    let text = b"private text".as_slice();
    for serial in [0, 1] {
        for device in [home.device, DeviceId::generate()] {
            let control = home.control.clone();
            let sealed = control.seal_device_key(device, serial, &DeviceKey::generate());
            let what = format!("key of device {device}, serial {serial}");
            slots.add(Purpose::DeviceKey, &what, sealed, move |row| {
                control.open_device_key(device, serial, row)
            });
        }
    }
    for camera in [home.place.camera, CameraId::generate()] {
        let control = home.control.clone();
        let sealed = control.seal_camera_address(camera, text);
        slots.add(Purpose::CameraAddress, "camera address", sealed, move |row| {
            control.open_camera_address(camera, row)
        });
    }
    let key = home.key.clone();
    slots.add(Purpose::HomeText, "home text", key.seal_text(text), move |row| key.open_text(row));
    for device in [home.device, DeviceId::generate()] {
        let key = home.key.clone();
        let sealed = key.seal_device_text(device, text);
        slots.add(Purpose::DeviceText, "device text", sealed, move |row| key.open_device_text(device, row));
    }
    let key = home.key.clone();
    let former: Vec<_> = (1..home.scope().epoch.number())
        .map(|number| HomeScope { epoch: HomeEpoch::new(number).unwrap(), ..home.scope() })
        .map(|scope| ControlKey::generate(scope).home_key())
        .collect();
    slots.add(Purpose::Keyring, "keyring", key.seal_keyring(&former), move |row| key.open_keyring(row));
    for serial in [1, 2] {
        let (key, control) = (home.key.clone(), home.control.clone());
        let sealed = key.seal_members(serial, text);
        slots.add(Purpose::Members, "members", sealed, move |row| key.open_members(serial, row));
        let sealed = control.seal_roster(serial, text);
        slots.add(Purpose::Roster, "roster", sealed, move |row| control.open_roster(serial, row));
    }
    for grant in [GrantId::generate(), GrantId::generate()] {
        let control = home.control.clone();
        let sealed = control.seal_invitation(grant, text);
        slots.add(Purpose::InvitationKept, "kept invitation", sealed, move |row| {
            control.open_invitation(grant, row)
        });
        let control = home.control.clone();
        let sealed = control.seal_invitation_code(grant, text);
        slots.add(Purpose::InvitationCodeKept, "kept invitation by code", sealed, move |row| {
            control.open_invitation_code(grant, row)
        });
    }
    for seed in [1, 2] {
        let secret = home.secret.clone();
        let object = seal(&home.sealer(), EventId::generate(), &sections(seed));
        let verified = verify(&secret, &object).unwrap();
        let sealed = secret.keep_event(&secret.open_event(verified.clone()).unwrap());
        slots.add(Purpose::KeptEvent, "kept event key", sealed, move |row| {
            secret.open_kept_event(verified.clone(), row)
        });
    }
    let other_camera = ownsight_seal::CameraPlace { camera: CameraId::generate(), ..home.place };
    let next_epoch = ownsight_seal::CameraPlace { epoch: home.place.epoch.next().unwrap(), ..home.place };
    for place in [home.place, other_camera, next_epoch] {
        let secret = home.key.camera_secret(&home.salt, place);
        slots.add(Purpose::CameraText, "camera text", secret.seal_text(text), move |row| {
            secret.open_text(row)
        });
    }
}

/// Wraps of one person: sessions, sign-in, grants, text.
fn of_account(
    slots: &mut Slots,
    installation: InstallationId,
    master: &MasterKey,
    email: &str,
    homes: &[&Home],
) {
    let scope = AccountScope { installation, account: AccountId::generate() };
    let key = AccountKey::generate();
    let email = Email::parse(email).unwrap();
    let expires_at = Timestamp::now();
    for kind in [SessionKind::Cookie, SessionKind::Bearer] {
        let secret = SessionSecret::generate(installation, kind, Some([1; 32]));
        let session = SessionId::generate();
        let sealed = secret.seal(session, expires_at, scope.account, &key);
        slots.add(Purpose::Session, "session", sealed, move |row| secret.open(session, expires_at, row));
    }
    for code in [1, 15] {
        let rights = TokenRights::from_code(code).unwrap();
        let secret = SessionSecret::generate(installation, SessionKind::Token, None);
        let session = SessionId::generate();
        let sealed = secret.seal_token(session, expires_at, rights, scope.account, &key);
        slots.add(Purpose::ApiToken, "token", sealed, move |row| {
            secret.open_token(session, expires_at, rights, row)
        });
    }
    // Two people with one password: the address alone tells their rows apart.
    let hash = PasswordHash::from_bytes([9; 32]);
    let (sealed, address) = (hash.seal(scope, &email, &key), email.clone());
    slots.add(Purpose::Password, "password", sealed, move |row| hash.open(installation, &address, row));
    let (sealed, master) = (master.seal(scope, &email, &key), master.clone());
    slots.add(Purpose::Custody, "custody", sealed, move |row| master.open(installation, &email, row));
    for home in homes {
        let (grant, key) = (GrantId::generate(), key.clone());
        let scope = GrantScope { account: scope, grant };
        for (purpose, role) in [(Purpose::GrantControl, Role::Owner), (Purpose::GrantHome, Role::Viewer)] {
            let key = key.clone();
            let sealed = key.seal_grant(scope, &home.control.granted(role));
            slots
                .add(purpose, "grant", sealed, move |row| key.open_grant(scope, role, HomeEpoch::FIRST, row));
        }
        let sealed = key.seal_member_key(scope, home.scope().home, &MemberKey::generate());
        let (member, own) = (key.clone(), key.clone());
        slots.add(Purpose::Member, "member key", sealed, move |row| member.open_member_key(scope, row));
        let sealed = own.seal_share(scope, home.scope().home, &ShareKey::generate());
        slots.add(Purpose::GrantShare, "share", sealed, move |row| own.open_share(scope, row));
    }
    for session in [SessionId::generate(), SessionId::generate()] {
        let key = key.clone();
        let sealed = key.seal_session_text(scope, session, b"Firefox on Linux");
        slots.add(Purpose::SessionText, "session text", sealed, move |row| {
            key.open_session_text(scope, session, row)
        });
    }
    let sealed = key.seal_text(scope, b"Anna");
    slots.add(Purpose::AccountText, "account text", sealed, move |row| key.open_text(scope, row));
}

fn slots() -> Vec<Slot> {
    let installation = InstallationId::generate();
    let (ours, theirs) = (Home::new(installation), Home::new(installation));
    // The same home after a new epoch: another control key, everything else equal.
    let next = HomeScope { epoch: HomeEpoch::FIRST.next().unwrap(), ..ours.scope() };
    let control = ControlKey::generate(next);
    let key = control.home_key();
    let secret = key.camera_secret(&ours.salt, ours.place);
    let renewed =
        Home { control, key, place: ours.place, salt: ours.salt.clone(), secret, device: ours.device };

    let master = MasterKey::generate();
    let mut slots = Slots { whose: "our", all: Vec::new() };
    of_home(&mut slots, &ours);
    of_account(&mut slots, installation, &master, "anna@example.org", &[&ours, &theirs]);
    slots.whose = "their";
    of_home(&mut slots, &theirs);
    of_account(&mut slots, installation, &master, "ben@example.org", &[&ours, &theirs]);
    slots.whose = "next epoch's";
    of_home(&mut slots, &renewed);
    slots.whose = "one of two";
    for _ in 0..2 {
        let secret = LinkSecret::generate();
        let sealed = secret.seal(installation, b"a new account");
        slots.add(Purpose::Link, "link", sealed, move |row| secret.open(installation, row));
        let address = Email::parse("tom@example.org").unwrap();
        let key = InvitationSecret::generate().key(installation, &address);
        let grant = GrantId::generate();
        let (sealed, reader) = (key.seal_text(installation, grant, b"Mill Yard 7"), key.clone());
        slots.add(Purpose::InvitationText, "invitation's text", sealed, move |row| {
            reader.open_text(installation, grant, row)
        });
        let scope = ours.scope();
        for (purpose, role) in
            [(Purpose::InvitationControl, Role::Adult), (Purpose::InvitationHome, Role::Viewer)]
        {
            let sealed = key.seal_grant(grant, &ours.control.granted(role));
            let key = key.clone();
            slots.add(purpose, "invitation's grant", sealed, move |row| {
                key.open_grant(grant, role, scope, row)
            });
        }
        let share = ShareScope { installation, home: scope.home, grant };
        let shared = ShareKey::generate();
        let sealed = key.seal_share(share, &shared);
        slots.add(Purpose::InvitationShare, "invitation's share", sealed, move |row| {
            key.open_share(share, row)
        });
        for serial in [1, 2] {
            let sealed = shared.seal_contents(share, serial, &[], b"{}");
            let shared = shared.clone();
            slots.add(Purpose::ShareContents, "what is shared", sealed, move |row| {
                shared.open_contents(share, serial, row)
            });
        }
        let upload = UploadKey::generate();
        for home in [ours.scope().home, theirs.scope().home] {
            let of = PairingScope { installation, home, device: ours.device };
            let (upload, sealed) = (upload.clone(), upload.seal_device_key(of, &DeviceKey::generate()));
            slots.add(Purpose::UploadDeviceKey, "device key of an upload", sealed, move |row| {
                upload.open_device_key(of, row)
            });
        }
        let code = PairingCode::generate();
        let sealed = code.seal_blob(b"{}");
        slots.add(Purpose::Pairing, "pairing", sealed, move |row| code.open_blob(row));
    }
    slots.all
}

#[test]
fn a_row_opens_in_its_own_place_and_is_a_mix_up_in_every_other() {
    let slots = slots();
    assert!(slots.len() > 50);
    for purpose in Purpose::ALL.iter().filter(|purpose| purpose.form() == ownsight_seal::Form::Wrap) {
        assert!(slots.iter().filter(|slot| slot.purpose == *purpose).count() > 1, "{}", purpose.label());
    }
    for (at, slot) in slots.iter().enumerate() {
        for (from, other) in slots.iter().enumerate() {
            let expected = if at == from { Ok(()) } else { Err(OpenError::MixUp(slot.purpose)) };
            assert_eq!((slot.open)(&other.sealed), expected, "{} in the place of {}", other.name, slot.name);
        }
    }
}

#[test]
fn a_changed_row_is_refused_and_says_whether_it_was_damaged() {
    for slot in slots() {
        for bit in 0..slot.sealed.len() * 8 {
            let refused = (slot.open)(&flipped(&slot.sealed, bit)).unwrap_err();
            match bit / 8 {
                0 => assert!(matches!(refused, OpenError::Malformed { .. }), "{}: {refused}", slot.name),
                1..49 => assert_eq!(refused, OpenError::MixUp(slot.purpose), "{}", slot.name),
                _ => assert_eq!(refused, OpenError::Damaged(slot.purpose), "{}", slot.name),
            }
        }
    }
}

#[test]
fn a_cut_or_lengthened_row_is_refused() {
    for slot in slots() {
        for length in 0..slot.sealed.len() {
            let refused = (slot.open)(&slot.sealed[..length]).unwrap_err();
            if length < 65 {
                assert!(matches!(refused, OpenError::Malformed { .. }), "{}: {refused}", slot.name);
            } else {
                assert_eq!(refused, OpenError::Damaged(slot.purpose), "{}", slot.name);
            }
        }
        let longer = [slot.sealed.as_slice(), &[0]].concat();
        assert_eq!((slot.open)(&longer), Err(OpenError::Damaged(slot.purpose)), "{}", slot.name);
    }
}

#[test]
fn the_same_text_never_has_the_same_bytes() {
    let key = Home::new(InstallationId::generate()).key;
    let (one, two) = (key.seal_text(b"Mill Yard 7"), key.seal_text(b"Mill Yard 7"));
    assert!(one.iter().zip(&two).skip(1).filter(|(a, b)| a == b).count() < 16);
}
