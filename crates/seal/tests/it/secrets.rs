//! What `Debug` and errors say: nothing of a key, a code or a password.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ownsight_model::{CameraAddress, EventId, InstallationId};
use ownsight_seal::{
    AccountKey, CameraSource, DeviceKey, DevicePsk, KeyPair, LinkSecret, MasterKey, PairingCode,
    PasswordHash, SessionKind, SessionSecret,
};

use crate::support::{Home, STARTED_AT, parse, seal, sections, verify};

#[test]
fn debug_shows_no_secret() {
    let bytes = *b"a secret of thirty-two bytes !!!";
    let home = Home::new(InstallationId::generate());
    let object = seal(&home.sealer(), EventId::generate(), &sections(1));
    let opener = home.secret.open_event(verify(&home.secret, &object).unwrap()).unwrap();
    let session = SessionSecret::new(home.scope().installation, SessionKind::Cookie, bytes, Some(bytes));
    let source = CameraSource {
        address: CameraAddress::parse("rtsp://192.0.2.7/a-secret-path").unwrap(),
        user: "a secret user".to_owned(),
        password: "a secret password".to_owned(),
        accepted: None,
        digest_only: false,
    };
    let keys = KeyPair::from_private_bytes(&bytes).unwrap();
    let code = PairingCode::generate();
    let psk = home.secret.device_psk(home.device);
    let shown = [
        format!("{:?}", MasterKey::from_bytes(bytes)),
        format!("{:?}", AccountKey::from_bytes(bytes)),
        format!("{:?}", DeviceKey::from_bytes(bytes)),
        format!("{:?}", DevicePsk::from_bytes(bytes)),
        format!("{:?}", LinkSecret::from_bytes(bytes)),
        format!("{:?}", PasswordHash::from_bytes(bytes)),
        format!("{keys:?} {:?} {session:?} {:?} {source:?} {code:?}", keys.public(), session.tag()),
        format!("{:?} {:?} {:?} {:?} {opener:?}", home.control, home.key, home.secret, home.salt),
        format!("{:?}", parse(&object).unwrap()),
        format!("{:?}", home.sealer()),
        format!("{:?}", home.sealer().begin(EventId::generate(), STARTED_AT, Vec::new()).unwrap()),
    ]
    .join("\n");
    // What a secret is, is said: a line of a log in which nothing stands helps nobody.
    for name in [
        "MasterKey(",
        "AccountKey(",
        "DeviceKey(",
        "DevicePsk(",
        "LinkSecret(",
        "PasswordHash(",
        "KeyPair(",
        "PublicKey(",
        "SessionSecret(",
        "SessionTag(",
        "CameraSource(",
        "PairingCode(",
        "EventOpener(",
        "ControlKey(",
        "HomeKey(",
        "CameraSecret(",
        "CameraSalt(",
        "CameraSealer {",
        "EventSealer(",
        "Header(",
    ] {
        assert!(shown.contains(name), "{name} is not in {shown}");
    }
    let decimal = format!("{bytes:?}");
    let code = code.reveal().replace('-', "");
    let hidden = [
        HEXLOWER.encode(&bytes),
        BASE64URL_NOPAD.encode(&bytes),
        decimal.trim_matches(['[', ']']).to_owned(),
        "secret".to_owned(),
        code[..4].to_owned(),
        HEXLOWER.encode(&psk.expose()[..4]),
        HEXLOWER.encode(&session.page_value()[..4]),
    ];
    for secret in hidden {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

#[test]
fn private_keys_read_back() {
    let keys = KeyPair::generate();
    let again = KeyPair::from_private_bytes(&keys.private_bytes()).unwrap();
    assert_eq!(again.public(), keys.public());
}
