//! Pairing, from the code to the first configuration; another code, home, device or key at each step.

use ownsight_model::InstallationId;
use ownsight_seal::{DeviceKey, KeyPair, OpenError, PairingAnswer, PairingCode, PairingScope, Purpose};

use crate::support::two_homes;

fn answer(keys: &KeyPair) -> PairingAnswer {
    PairingAnswer { public_key: keys.public(), credential_hash: [5; 32] }
}

fn first_key(code: &PairingCode, scope: PairingScope) -> DeviceKey {
    code.device_key(scope.installation, scope.home, scope.device)
}

#[test]
fn a_device_and_a_home_meet_by_the_code_alone() {
    let (home, _) = two_homes();
    let scope = home.pairing();
    // In the owner's request.
    let code = PairingCode::generate();
    let blob = code.seal_blob(br#"{"home_name":"Mill Yard 7"}"#);
    let row = home.control.seal_device_key(scope.device, 0, &first_key(&code, scope));
    let find_hash = PairingCode::find_hash(&code.find());
    // On the device, from what a person typed.
    let typed: PairingCode = code.reveal().to_lowercase().parse().unwrap();
    assert_eq!(PairingCode::find_hash(&typed.find()), find_hash);
    assert_eq!(typed.open_blob(&blob).unwrap().as_slice(), br#"{"home_name":"Mill Yard 7"}"#);
    let keys = KeyPair::generate();
    let mac = answer(&keys).mac(&first_key(&typed, scope), scope);
    // In the owner's next request.
    let key = home.control.open_device_key(scope.device, 0, &row).unwrap();
    answer(&keys).verify(&key, scope, &mac).unwrap();
}

#[test]
fn another_code_finds_and_opens_nothing() {
    let (one, two) = (PairingCode::generate(), PairingCode::generate());
    assert_ne!(one.find(), two.find());
    assert_ne!(PairingCode::find_hash(&one.find()), one.find());
    assert_eq!(two.open_blob(&one.seal_blob(b"{}")).unwrap_err(), OpenError::MixUp(Purpose::Pairing));
}

#[test]
fn an_answer_is_of_its_own_code_home_device_key_and_credential() {
    let (home, other) = two_homes();
    let scope = home.pairing();
    let code = PairingCode::generate();
    let key = first_key(&code, scope);
    let keys = KeyPair::generate();
    let mac = answer(&keys).mac(&key, scope);
    assert_eq!(answer(&keys).verify(&key, scope, &mac), Ok(()));

    let refused = Err(OpenError::NotAuthentic(Purpose::PairingAnswer));
    let another_credential = PairingAnswer { credential_hash: [6; 32], ..answer(&keys) };
    assert_eq!(answer(&KeyPair::generate()).verify(&key, scope, &mac), refused, "another public key");
    assert_eq!(another_credential.verify(&key, scope, &mac), refused, "another credential");
    let other_code = first_key(&PairingCode::generate(), scope);
    assert_eq!(answer(&keys).verify(&other_code, scope, &mac), refused, "another code");
    for (what, scope) in [
        ("another home", PairingScope { home: other.scope().home, ..scope }),
        ("another device", PairingScope { device: other.device, ..scope }),
        ("another installation", PairingScope { installation: InstallationId::generate(), ..scope }),
    ] {
        assert_eq!(answer(&keys).verify(&key, scope, &mac), refused, "{what}");
        assert_eq!(
            answer(&keys).verify(&first_key(&code, scope), scope, &mac),
            refused,
            "{what}, by the code"
        );
        assert_ne!(first_key(&code, scope).expose(), key.expose(), "{what}");
    }
    for length in 0..mac.len() {
        assert_eq!(answer(&keys).verify(&key, scope, &mac[..length]), refused, "a cut MAC");
    }
}

#[test]
fn a_device_key_is_of_its_own_home_device_and_serial() {
    let (home, other) = two_homes();
    let key = DeviceKey::generate();
    let row = home.control.seal_device_key(home.device, 3, &key);
    assert_eq!(home.control.open_device_key(home.device, 3, &row).unwrap().expose(), key.expose());
    let mix_up = OpenError::MixUp(Purpose::DeviceKey);
    assert_eq!(other.control.open_device_key(home.device, 3, &row).unwrap_err(), mix_up, "another home");
    assert_eq!(home.control.open_device_key(other.device, 3, &row).unwrap_err(), mix_up, "another device");
    for serial in [0, 2, 4, u64::MAX] {
        assert_eq!(
            home.control.open_device_key(home.device, serial, &row).unwrap_err(),
            mix_up,
            "serial {serial}"
        );
    }
}

#[test]
fn codes_are_80_bits_without_repetition() {
    let codes: std::collections::HashSet<_> =
        (0..1_000).map(|_| PairingCode::generate().reveal().to_string()).collect();
    assert_eq!(codes.len(), 1_000);
    // Every character takes part: none has a bit that never changes.
    for place in (0..19).filter(|place| place % 5 != 4) {
        let seen: std::collections::HashSet<_> = codes.iter().map(|code| code.as_bytes()[place]).collect();
        assert_eq!(seen.len(), 32, "place {place}");
    }
}
