//! `testdata/key-chain.json`: every purpose once, with its context, parent and result.

use ownsight_model::{HomeEpoch, IdKind, Label, LabelSource, MotionSettings, Role, TestId};
use serde_json::{Map, Value, json};

use super::inputs::{self, context};
use super::{assert_golden, hex};
use crate::primitives::{self, sha256};
use crate::{
    AssignedCamera, AssignedTest, CameraSource, Configuration, DeviceKey, Form, KeyPair, PairingAnswer,
    Purpose, hpke, report, tag_device_report, wrap,
};

/// The vectors as they come about; the purposes that are among them.
#[derive(Default)]
struct Chain {
    keys: Vec<Value>,
    key_pairs: Vec<Value>,
    wraps: Vec<Value>,
    sealed: Vec<Value>,
    tags: Vec<Value>,
    covered: Vec<Purpose>,
}

impl Chain {
    /// A derived key or value: `made` is what the product's code made of `parent`.
    fn key(&mut self, purpose: Purpose, parent: &[u8], salt: &[u8], made: &[u8]) {
        assert_eq!(purpose.form(), Form::Key);
        let info = context(purpose);
        let derived = primitives::hkdf::<32>(parent, salt, &info);
        assert_eq!(derived.get(..made.len()).unwrap(), made, "{}", purpose.label());
        self.covered.push(purpose);
        self.keys.push(json!({
            "purpose": purpose.label(), "parent": hex(parent), "salt": hex(salt), "info": hex(info.as_bytes()),
            "key": hex(made),
        }));
    }

    /// A derived key that the product uses for tags only: shown by a tag over `message`.
    fn tag(&mut self, purpose: Purpose, parent: &[u8; 32], message: &[u8], made: &[u8; 32]) {
        let key = primitives::hkdf::<32>(parent, &[], &context(purpose));
        assert_eq!(primitives::mac(&key, &[message]), *made, "{}", purpose.label());
        self.key(purpose, parent, &[], &*key);
        self.tags.push(json!({
            "purpose": purpose.label(), "key": hex(*key), "message": hex(message), "tag": hex(made),
        }));
    }

    fn key_pair(&mut self, purpose: Purpose, parent: &[u8; 32], made: &crate::PublicKey) {
        let material = primitives::hkdf::<32>(parent, &[], &context(purpose));
        let pair = KeyPair::derive(&material);
        assert_eq!(pair.public(), *made, "{}", purpose.label());
        self.key(purpose, parent, &[], &*material);
        self.key_pairs.push(json!({
            "purpose": purpose.label(), "ikm": hex(*material), "private": hex(*pair.private_bytes()),
            "public": hex(made.to_bytes()),
        }));
    }

    /// A wrap, sealed with a given salt. Gives its bytes, for the product's code to open.
    fn wrap(&mut self, purpose: Purpose, parent: &[u8; 32], plaintext: &[u8]) -> Vec<u8> {
        assert_eq!(purpose.form(), Form::Wrap);
        let associated = context(purpose);
        let salt = inputs::secret(&format!("salt of {}", purpose.label()));
        let sealed = wrap::seal_with_salt(parent, &associated, plaintext, salt);
        self.covered.push(purpose);
        self.wraps.push(json!({
            "purpose": purpose.label(), "parent": hex(parent), "context": hex(associated.as_bytes()),
            "salt": hex(salt), "plaintext": hex(plaintext), "sealed": hex(&sealed),
        }));
        sealed
    }

    fn wrapped_key(
        &mut self,
        purpose: Purpose,
        parent: &[u8; 32],
        kind: IdKind,
        id: &[u8; 16],
        key: &[u8],
    ) -> Vec<u8> {
        self.wrap(purpose, parent, &[&[kind.code()], id.as_slice(), key].concat())
    }

    /// A message sealed by HPKE with given key material for the encapsulation.
    fn hpke(
        &mut self,
        purpose: Purpose,
        to: &KeyPair,
        psk: &[u8; 32],
        psk_id: &[u8; 16],
        message: &[u8],
    ) -> Vec<u8> {
        assert_eq!(purpose.form(), Form::Info);
        let info = context(purpose);
        let ephemeral = inputs::secret(&format!("ephemeral of {}", purpose.label()));
        let (encapsulation, sealed) =
            hpke::given::seal(&to.public(), psk, psk_id, info.as_bytes(), message, ephemeral);
        self.covered.push(purpose);
        self.sealed.push(json!({
            "purpose": purpose.label(), "private": hex(*to.private_bytes()), "public": hex(to.public().to_bytes()),
            "psk": hex(psk), "psk_id": hex(psk_id), "info": hex(info.as_bytes()), "ephemeral_ikm": hex(ephemeral),
            "encapsulation": hex(encapsulation), "sealed": hex(&sealed), "plaintext": hex(message),
        }));
        [encapsulation.as_slice(), &sealed].concat()
    }
}

fn ladder(chain: &mut Chain) {
    let control = inputs::control_key();
    let home = control.home_key();
    let secret = inputs::camera_secret();
    let psk = inputs::psk();
    chain.key(Purpose::HomeKey, &*control.key, &[], &*home.key);
    chain.key(Purpose::CameraSecret, &*home.key, inputs::camera_salt().as_bytes(), &*secret.key);
    chain.key_pair(Purpose::CameraKeyPair, &secret.key, &secret.public_key());
    chain.key(Purpose::TextKey, &*secret.key, &[], &*secret.text_key());
    chain.key(Purpose::DevicePsk, &*secret.key, &[], psk.expose());

    let text = chain.wrap(Purpose::HomeText, &home.key, br#"{"name":"Mill Yard 7"}"#);
    assert_eq!(home.open_text(&text).unwrap().as_slice(), br#"{"name":"Mill Yard 7"}"#);
    let text = chain.wrap(Purpose::DeviceText, &home.key, b"Agent");
    assert_eq!(home.open_device_text(inputs::DEVICE, &text).unwrap().as_slice(), b"Agent");
    let text = chain.wrap(Purpose::CameraText, &secret.text_key(), b"Front door");
    assert_eq!(secret.open_text(&text).unwrap().as_slice(), b"Front door");
    let text = chain.wrap(Purpose::CameraAddress, &control.key, b"rtsp://192.0.2.7/");
    assert_eq!(control.open_camera_address(inputs::CAMERA, &text).unwrap().as_slice(), b"rtsp://192.0.2.7/");
}

fn events(chain: &mut Chain) {
    let secret = inputs::camera_secret();
    let psk = inputs::psk();
    let event_key = inputs::secret("event key");
    let wrapped =
        chain.hpke(Purpose::Event, &secret.key_pair(), psk.expose(), inputs::DEVICE.as_bytes(), &event_key);
    let (encapsulation, wrapped) = wrapped.split_first_chunk().unwrap();
    let header = crate::Header::build(&inputs::header_ids(), &psk, encapsulation, wrapped);
    let mut kept = header.tag().to_vec();
    kept.extend_from_slice(&event_key);
    let kept = chain.wrap(Purpose::KeptEvent, &secret.key, &kept);
    let clip = crate::Section { kind: inputs::SECTION, offset: 232, length: 57 };
    let (label, source) = (Label::Motion, LabelSource::Agent);
    let trailer = crate::Trailer::build(&header, &psk, &[clip], inputs::TIME, label, source);
    let trailer = crate::Trailer::parse(&trailer, 232 + 57 + trailer.len() as u64).unwrap();
    let verified = secret.verify_event(header.clone(), trailer).unwrap();
    assert_eq!(*secret.open_kept_event(verified, &kept).unwrap().event_key, event_key);
    let section = crate::event::sealer::section_key(&event_key.into(), &header, inputs::SECTION);
    chain.key(Purpose::Section, &event_key, &[], section.bytes());
    // The tags of a header and of a trailer are in the sealed object's vector.
    chain.key(Purpose::HeaderTag, psk.expose(), &[], &*crate::event::header::header_key(&psk, header.ids()));
    chain.key(Purpose::TrailerTag, psk.expose(), &[], &*crate::event::trailer::trailer_key(&psk, &header));

    let body = br#"{"camera":"44444444-4444-4444-4444-444444444444"}"#;
    for kind in report::CameraReportKind::ALL {
        let tag = report::tag_camera_report(kind, &psk, secret.scope(), inputs::DEVICE, body);
        secret.verify_report(kind, inputs::DEVICE, body, &tag).unwrap();
        chain.tag(kind.purpose(), psk.expose(), body, &tag);
    }
    let found = br#"{"look":"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"}"#;
    let pair = secret.key_pair();
    let sealed =
        chain.hpke(Purpose::LookReport, &pair, psk.expose(), inputs::DEVICE.as_bytes(), found.as_slice());
    let sealed = [&[1], sealed.as_slice()].concat();
    assert_eq!(secret.open_look(inputs::DEVICE, &sealed).unwrap().as_slice(), found);
    let home = inputs::control_key().home_key();
    let key = home.device_report_key(inputs::DEVICE);
    let body = br#"{"device":"55555555-5555-5555-5555-555555555555"}"#;
    chain.tag(Purpose::DeviceReport, &home.key, body, &tag_device_report(&key, body));
}

fn pairing(chain: &mut Chain) {
    let code = inputs::pairing_code();
    let parent = code.parent();
    let scope = inputs::pairing_scope();
    let first = code.device_key(scope.installation, scope.home, scope.device);
    chain.key(Purpose::PairingFind, &*parent, &[], &code.find());
    let blob = chain.wrap(Purpose::Pairing, &parent, br#"{"home_name":"Mill Yard 7"}"#);
    assert_eq!(code.open_blob(&blob).unwrap().as_slice(), br#"{"home_name":"Mill Yard 7"}"#);
    chain.key(Purpose::PairingDevice, &*parent, &[], first.expose());
    let answer = PairingAnswer {
        public_key: inputs::device_key_pair().public(),
        credential_hash: sha256(&inputs::secret("credential")),
    };
    let message = [answer.public_key.to_bytes(), answer.credential_hash].concat();
    chain.tag(Purpose::PairingAnswer, first.expose(), &message, &answer.mac(&first, scope));

    let key = inputs::secret("device key");
    let control = inputs::control_key();
    let device = inputs::DEVICE;
    let sealed = chain.wrapped_key(Purpose::DeviceKey, &control.key, IdKind::Device, device.as_bytes(), &key);
    assert_eq!(*control.open_device_key(device, inputs::SERIAL, &sealed).unwrap().expose(), key);
    configuration(chain, &DeviceKey::from_bytes(key));
    upload(chain, &DeviceKey::from_bytes(key));
}

/// A device that uploads plainly: all of it from its upload key, but for the device key.
fn upload(chain: &mut Chain, device_key: &DeviceKey) {
    let key = inputs::upload_key();
    let scope = inputs::pairing_scope();
    let (installation, device) = (scope.installation, scope.device);
    chain.key(Purpose::UploadCredential, key.expose(), &[], &*key.credential(installation, device));
    chain.key_pair(Purpose::UploadKeyPair, key.expose(), &key.key_pair(installation, device).public());
    let sealed = chain.wrapped_key(
        Purpose::UploadDeviceKey,
        key.expose(),
        IdKind::Device,
        device.as_bytes(),
        device_key.expose(),
    );
    assert_eq!(key.open_device_key(scope, &sealed).unwrap().expose(), device_key.expose());
    let signing = device_key.upload_signing_key(scope);
    chain.key(Purpose::UploadSigningKey, device_key.expose(), &[], signing.expose());
}

fn configuration(chain: &mut Chain, key: &DeviceKey) {
    let secret = inputs::camera_secret();
    let scope = secret.scope();
    let assigned = AssignedCamera {
        camera: scope.camera,
        tenure: scope.tenure,
        home_epoch: scope.home_epoch,
        camera_epoch: scope.camera_epoch,
        camera_key: secret.public_key(),
        psk: inputs::psk(),
        source: Some(CameraSource {
            address: "rtsp://192.0.2.7/stream".to_owned().try_into().unwrap(),
            user: "agent".to_owned(),
            password: "a password".to_owned(),
            accepted: None,
            digest_only: false,
        }),
        sensitivity: 5,
        sound: false,
        motion: MotionSettings::default(),
    };
    let configuration = Configuration {
        installation: inputs::INSTALLATION,
        home: inputs::HOME,
        device: inputs::DEVICE,
        serial: inputs::SERIAL,
        next_device_key: DeviceKey::from_bytes(inputs::secret("next device key")),
        report_key: inputs::control_key().home_key().device_report_key(inputs::DEVICE),
        cameras: vec![AssignedCamera { source: None, ..assigned.clone() }],
        tests: vec![AssignedTest { test: TestId::from_bytes([0xaa; 16]), camera: assigned }],
        looks: Vec::new(),
    };
    let json = serde_json::to_vec(&configuration).unwrap();
    let device = inputs::device_key_pair();
    let sealed = chain.hpke(Purpose::Configuration, &device, key.expose(), inputs::DEVICE.as_bytes(), &json);
    let sealed = [&[1], sealed.as_slice()].concat();
    let opened = Configuration::open(&device, key, inputs::pairing_scope(), inputs::SERIAL, &sealed).unwrap();
    assert_eq!(serde_json::to_vec(&opened).unwrap(), json);
}

fn viewing(chain: &mut Chain) {
    let account = inputs::ACCOUNT;
    let key = inputs::account_key();
    let scope = inputs::account_scope();
    let session = inputs::session();
    let wrapped = |chain: &mut Chain, purpose, parent: &[u8; 32]| {
        chain.wrapped_key(purpose, parent, IdKind::Account, account.as_bytes(), key.expose())
    };
    let sealed = wrapped(chain, Purpose::Session, &session.parent());
    assert_eq!(session.open(inputs::SESSION, inputs::TIME, &sealed).unwrap().account, account);
    let sealed = wrapped(chain, Purpose::ApiToken, &session.parent());
    let opened = session.open_token(inputs::SESSION, inputs::TIME, inputs::token_rights(), &sealed).unwrap();
    assert_eq!(opened.account, account);
    chain.key(Purpose::SessionPage, &*session.parent(), &[], &session.page_value());
    let answer: [u8; 16] = *primitives::hkdf(&*session.parent(), &[], &context(Purpose::SessionAnswer));
    assert!(session.tag().same(&crate::SessionTag::from(answer)));
    chain.key(Purpose::SessionAnswer, &*session.parent(), &[], &answer);

    let sealed = wrapped(chain, Purpose::Password, inputs::password_hash().expose());
    assert_eq!(
        inputs::password_hash().open(inputs::INSTALLATION, &inputs::email(), &sealed).unwrap().0,
        account
    );
    let sealed = wrapped(chain, Purpose::Custody, inputs::master_key().expose());
    assert_eq!(
        inputs::master_key().open(inputs::INSTALLATION, &inputs::email(), &sealed).unwrap().0,
        account
    );
    let master = inputs::master_key();
    chain.key(Purpose::MasterCommitment, master.expose(), &[], &master.commitment(inputs::INSTALLATION));
    chain.key(Purpose::CacheSecret, master.expose(), &[], &*master.cache_secret(inputs::INSTALLATION));

    chain.key_pair(Purpose::AccountKeyPair, key.expose(), &key.public_key(scope));
    let sealed = chain.wrap(Purpose::AccountText, key.expose(), br#"{"name":"Anna"}"#);
    assert_eq!(key.open_text(scope, &sealed).unwrap().as_slice(), br#"{"name":"Anna"}"#);
    let sealed = chain.wrap(Purpose::SessionText, key.expose(), b"Firefox on Linux");
    let opened = key.open_session_text(scope, inputs::SESSION, &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"Firefox on Linux");

    let link = inputs::link_secret();
    chain.key(Purpose::LinkFind, link.expose(), &[], &link.find(inputs::INSTALLATION));
    let sealed = chain.wrap(Purpose::Link, link.expose(), b"a new account");
    assert_eq!(link.open(inputs::INSTALLATION, &sealed).unwrap().as_slice(), b"a new account");
}

/// Grants at their three places, and all that invitations and rosters are made of.
fn membership(chain: &mut Chain) {
    let account = inputs::account_key();
    let scope = inputs::grant_scope();
    let epoch = inputs::home_epoch();
    let control = inputs::control_key();
    let home_key = control.home_key();
    let home = inputs::HOME.as_bytes();

    let secret = inputs::invitation_secret();
    let invitation = inputs::invitation_key();
    chain.key(Purpose::InvitationFind, secret.expose(), &[], &secret.find(inputs::INSTALLATION));
    chain.key(Purpose::InvitationKey, secret.expose(), &[], invitation.expose());
    chain.key(Purpose::InvitationCodeFind, secret.expose(), &[], &secret.code_find(inputs::INSTALLATION));
    chain.key(Purpose::InvitationCodeKey, secret.expose(), &[], inputs::invitation_code_key().expose());
    let member = invitation.member_key(inputs::account_scope(), inputs::GRANT);
    chain.key(Purpose::MemberKey, invitation.expose(), &[], member.expose());
    let note = br#"{"account":"33333333-3333-3333-3333-333333333333"}"#;
    let tag = invitation.tag_join_note(inputs::INSTALLATION, inputs::GRANT, note);
    invitation.verify_join_note(inputs::INSTALLATION, inputs::GRANT, note, &tag).unwrap();
    chain.tag(Purpose::JoinNote, invitation.expose(), note, &tag);

    let text = chain.wrap(Purpose::InvitationText, invitation.expose(), br#"{"home_name":"Mill Yard 7"}"#);
    let opened = invitation.open_text(inputs::INSTALLATION, inputs::GRANT, &text).unwrap();
    assert_eq!(opened.as_slice(), br#"{"home_name":"Mill Yard 7"}"#);
    let text = chain.wrap(Purpose::InvitationKept, &control.key, b"kept");
    assert_eq!(control.open_invitation(inputs::GRANT, &text).unwrap().as_slice(), b"kept");
    let text = chain.wrap(Purpose::InvitationCodeKept, &control.key, b"kept of a code");
    assert_eq!(control.open_invitation_code(inputs::GRANT, &text).unwrap().as_slice(), b"kept of a code");
    let text = chain.wrap(Purpose::Roster, &control.key, br#"[{"name":"Anna"}]"#);
    assert_eq!(control.open_roster(inputs::SERIAL, &text).unwrap().as_slice(), br#"[{"name":"Anna"}]"#);
    let text = chain.wrap(Purpose::Members, &home_key.key, br#"[{"name":"Anna"}]"#);
    assert_eq!(home_key.open_members(inputs::SERIAL, &text).unwrap().as_slice(), br#"[{"name":"Anna"}]"#);
    let former = [inputs::secret("home key 1"), inputs::secret("home key 2")];
    let sealed = chain.wrap(Purpose::Keyring, &home_key.key, &former.concat());
    let opened = home_key.open_keyring(&sealed).unwrap();
    for ((key, former), number) in opened.iter().zip(former).zip(1..) {
        assert_eq!((*key.key, key.scope().epoch), (former, HomeEpoch::new(number).unwrap()));
    }
    assert_eq!(opened.len(), 2);

    let wrapped = chain.wrapped_key(Purpose::Member, account.expose(), IdKind::Home, home, member.expose());
    let (of, opened) = account.open_member_key(scope, &wrapped).unwrap();
    assert_eq!((of, opened.expose()), (inputs::HOME, member.expose()));
    // The context of a role's own purpose names that role: the vectors' inputs have one role for all.
    let grants = [
        (Purpose::GrantControl, Purpose::InvitationControl, Purpose::GrantControlAway, &control.key),
        (Purpose::GrantHome, Purpose::InvitationHome, Purpose::GrantHomeAway, &home_key.key),
    ];
    let pair = account.key_pair(inputs::account_scope());
    for (kept, invited, away, key) in grants {
        let sealed = chain.wrapped_key(kept, account.expose(), IdKind::Home, home, &**key);
        let in_invitation = chain.wrapped_key(invited, invitation.expose(), IdKind::Home, home, &**key);
        let message = [&[IdKind::Home.code()], home.as_slice(), key.as_slice()].concat();
        let sealed_away = chain.hpke(away, &pair, member.expose(), inputs::GRANT.as_bytes(), &message);
        if kept != Purpose::GrantControl {
            continue;
        }
        let opened = [
            account.open_grant(scope, inputs::ROLE, epoch, &sealed).unwrap(),
            invitation.open_grant(inputs::GRANT, inputs::ROLE, inputs::home_scope(), &in_invitation).unwrap(),
            account
                .open_grant_away(
                    scope,
                    (inputs::HOME, &member),
                    &inputs::email(),
                    inputs::ROLE,
                    epoch,
                    &[&[1], sealed_away.as_slice()].concat(),
                )
                .unwrap(),
        ];
        for granted in opened {
            assert_eq!((granted.scope(), granted.role()), (inputs::home_scope(), Role::Adult));
            assert_eq!(*granted.control_key().unwrap().key, **key);
        }
    }
}

/// A share key at its three places, and what lies under it.
fn shares(chain: &mut Chain) {
    let account = inputs::account_key();
    let scope = inputs::grant_scope();
    let share = inputs::share_scope();
    let key = inputs::share_key();
    let invitation = inputs::invitation_key();
    let member = invitation.member_key(inputs::account_scope(), inputs::GRANT);
    let home = inputs::HOME.as_bytes();

    let sealed = chain.wrapped_key(Purpose::GrantShare, account.expose(), IdKind::Home, home, key.expose());
    let (of, opened) = account.open_share(scope, &sealed).unwrap();
    assert_eq!((of, opened.expose()), (share, key.expose()));
    let sealed =
        chain.wrapped_key(Purpose::InvitationShare, invitation.expose(), IdKind::Home, home, key.expose());
    assert_eq!(invitation.open_share(share, &sealed).unwrap().expose(), key.expose());
    let message = [&[IdKind::Home.code()], home.as_slice(), key.expose()].concat();
    let pair = account.key_pair(inputs::account_scope());
    let psk_id = inputs::GRANT.as_bytes();
    let sealed = chain.hpke(Purpose::GrantShareAway, &pair, member.expose(), psk_id, &message);
    let sealed = [&[1], sealed.as_slice()].concat();
    let (of, opened) =
        account.open_share_away(scope, (inputs::HOME, &member), &inputs::email(), &sealed).unwrap();
    assert_eq!((of, opened.expose()), (share, key.expose()));

    let secret = inputs::camera_secret();
    let place = secret.scope();
    let contents = [
        &1_u32.to_be_bytes(),
        place.camera.as_bytes().as_slice(),
        place.tenure.as_bytes(),
        &place.home_epoch.number().to_be_bytes(),
        &place.camera_epoch.number().to_be_bytes(),
        &*secret.key,
        br#"{"home_name":"Mill Yard 7"}"#,
    ]
    .concat();
    let sealed = chain.wrap(Purpose::ShareContents, key.expose(), &contents);
    let opened = key.open_contents(share, inputs::SERIAL, &sealed).unwrap();
    assert_eq!(opened.text.as_slice(), br#"{"home_name":"Mill Yard 7"}"#);
    let [shared] = opened.secrets.as_slice() else { panic!("one secret") };
    assert_eq!((shared.scope(), &*shared.key), (secret.scope(), &*secret.key));
}

/// The values of fields, as they stand in canonical bytes, and the secrets that are random in the product.
fn inputs() -> Value {
    let fields = [
        ("home", hex(inputs::HOME.as_bytes())),
        ("account", hex(inputs::ACCOUNT.as_bytes())),
        ("camera", hex(inputs::CAMERA.as_bytes())),
        ("device", hex(inputs::DEVICE.as_bytes())),
        ("tenure", hex(inputs::TENURE.as_bytes())),
        ("event", hex(inputs::EVENT.as_bytes())),
        ("grant", hex(inputs::GRANT.as_bytes())),
        ("session", hex(inputs::SESSION.as_bytes())),
    ];
    let ids: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({
        "installation": hex(inputs::INSTALLATION.as_bytes()),
        "ids": ids,
        "home epoch": inputs::home_epoch().number(),
        "camera epoch": inputs::camera_epoch().number(),
        "time": inputs::TIME.as_micros(),
        "e-mail": inputs::email().as_str(),
        "serial": inputs::SERIAL,
        "role": "adult",
        "section kind": "clip",
        "session kind": "cookie",
        "token rights": inputs::token_rights(),
        "control key": hex(*inputs::control_key().key),
        "camera salt": hex(inputs::camera_salt().as_bytes()),
        "event key": hex(inputs::secret("event key")),
        "account key": hex(inputs::account_key().expose()),
        "master key": hex(inputs::master_key().expose()),
        "password hash": hex(inputs::password_hash().expose()),
        "link secret": hex(inputs::link_secret().expose()),
        "invitation secret": hex(inputs::invitation_secret().expose()),
        "share key": hex(inputs::share_key().expose()),
        "pairing code": inputs::PAIRING_CODE,
        "device private key": hex(*inputs::device_key_pair().private_bytes()),
        "device key": hex(inputs::secret("device key")),
        "upload key": hex(inputs::upload_key().expose()),
        "server half": hex(inputs::session().server_half()),
        "page half": hex(inputs::secret("page half")),
    })
}

#[test]
fn the_key_chain_is_as_its_vectors_say() {
    let mut chain = Chain::default();
    ladder(&mut chain);
    events(&mut chain);
    pairing(&mut chain);
    viewing(&mut chain);
    membership(&mut chain);
    shares(&mut chain);
    for purpose in Purpose::ALL {
        let times = chain.covered.iter().filter(|covered| *covered == purpose).count();
        assert_eq!(times, 1, "{} has {times} vectors", purpose.label());
    }
    let vectors = json!({
        "about": "Bytes are hex. docs/key-chain.md describes them, scripts/check-vectors.py checks them.",
        "inputs": inputs(),
        "keys": chain.keys,
        "key_pairs": chain.key_pairs,
        "wraps": chain.wraps,
        "hpke": chain.sealed,
        "tags": chain.tags,
        "session_find": hex(inputs::session().find()),
        "pairing_find_hash": hex(crate::PairingCode::find_hash(&inputs::pairing_code().find())),
    });
    assert_golden("testdata/key-chain.json", &format!("{vectors:#}\n"));
}
