//! Configurations: what a device believes, and all that it must not.

use std::collections::BTreeSet;

use ownsight_model::{CameraAddress, EventId, InstallationId, MotionSettings, TestId};
use ownsight_seal::{
    AssignedCamera, AssignedLook, AssignedTest, CameraReportKind, CameraSource, Configuration, DeviceKey,
    KeyPair, LookOf, OpenError, PairingScope, Purpose,
};

use crate::support::{Home, flipped, open, seal, sections, two_homes};

fn assigned(home: &Home) -> AssignedCamera {
    let scope = home.secret.scope();
    AssignedCamera {
        camera: scope.camera,
        tenure: scope.tenure,
        home_epoch: scope.home_epoch,
        camera_epoch: scope.camera_epoch,
        camera_key: home.secret.public_key(),
        psk: home.secret.device_psk(home.device),
        source: Some(CameraSource {
            address: CameraAddress::parse("rtsp://192.0.2.7/stream").unwrap(),
            user: "agent".to_owned(),
            password: "correct horse".to_owned(),
            accepted: None,
            digest_only: false,
        }),
        sensitivity: 5,
        sound: false,
        motion: MotionSettings::default(),
    }
}

fn configuration(home: &Home, serial: u64) -> Configuration {
    let PairingScope { installation, home: id, device } = home.pairing();
    Configuration {
        installation,
        home: id,
        device,
        serial,
        next_device_key: DeviceKey::generate(),
        report_key: home.key.device_report_key(device),
        cameras: vec![assigned(home), AssignedCamera { source: None, ..assigned(home) }],
        tests: vec![AssignedTest { test: TestId::generate(), camera: assigned(home) }],
        looks: vec![AssignedLook {
            look: TestId::generate(),
            of: LookOf::Around,
            camera: AssignedCamera { source: None, ..assigned(home) },
        }],
    }
}

#[test]
fn from_a_configuration_to_a_picture() {
    let home = Home::new(InstallationId::generate());
    let (keys, key) = (KeyPair::generate(), DeviceKey::generate());
    let written = configuration(&home, 1);
    let row = written.seal(&keys.public(), &key);
    let read = Configuration::open(&keys, &key, home.pairing(), 1, &row).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&written).unwrap());

    let sealer = read.sealer(&read.cameras[0]);
    assert_eq!(sealer.scope(), home.secret.scope());
    let object = seal(&sealer, EventId::generate(), &sections(1));
    assert_eq!(open(&home.secret, &object).unwrap(), sections(1));
    let body = b"{}";
    let kind = CameraReportKind::Test;
    home.secret.verify_report(kind, home.device, body, &sealer.tag_report(kind, body)).unwrap();
    home.key
        .device_report_key(home.device)
        .verify(body, &ownsight_seal::tag_device_report(&read.report_key, body))
        .unwrap();
    let test = &read.tests[0];
    let object = seal(&read.sealer(&test.camera), EventId::from_bytes(*test.test.as_bytes()), &sections(2));
    assert_eq!(open(&home.secret, &object).unwrap(), sections(2));
}

#[test]
fn each_configuration_carries_the_key_of_the_next() {
    let home = Home::new(InstallationId::generate());
    let (keys, mut key) = (KeyPair::generate(), DeviceKey::generate());
    for serial in 1..4 {
        let written = configuration(&home, serial);
        let sealed = written.seal(&keys.public(), &key);
        let read = Configuration::open(&keys, &key, home.pairing(), serial, &sealed).unwrap();
        assert_eq!(read.serial, serial);
        let again = Configuration::open(&keys, &read.next_device_key, home.pairing(), serial, &sealed);
        assert_eq!(again.unwrap_err(), OpenError::NotAuthentic(Purpose::Configuration));
        key = read.next_device_key;
    }
}

#[test]
fn a_configuration_of_another_device_home_or_serial_is_refused() {
    let (home, other) = two_homes();
    let (keys, key) = (KeyPair::generate(), DeviceKey::generate());
    let (other_keys, other_key) = (KeyPair::generate(), DeviceKey::generate());
    let sealed = configuration(&home, 5).seal(&keys.public(), &key);
    let refused = OpenError::NotAuthentic(Purpose::Configuration);
    let scope = home.pairing();
    let open = |keys: &KeyPair, key: &DeviceKey, scope, serial, sealed: &[u8]| {
        Configuration::open(keys, key, scope, serial, sealed).map(drop).unwrap_err()
    };
    assert_eq!(open(&other_keys, &key, scope, 5, &sealed), refused, "another device's key pair");
    assert_eq!(open(&keys, &other_key, scope, 5, &sealed), refused, "another device key");
    for serial in [0, 1, 4, 6, u64::MAX] {
        assert_eq!(open(&keys, &key, scope, serial, &sealed), refused, "serial {serial}");
    }
    for (what, scope) in [
        ("another home", PairingScope { home: other.scope().home, ..scope }),
        ("another device", PairingScope { device: other.device, ..scope }),
        ("another installation", PairingScope { installation: InstallationId::generate(), ..scope }),
    ] {
        assert_eq!(open(&keys, &key, scope, 5, &sealed), refused, "{what}");
    }
    let theirs = configuration(&other, 5);
    assert_eq!(
        open(&keys, &key, scope, 5, &theirs.seal(&other_keys.public(), &other_key)),
        refused,
        "another's row"
    );
    // What a mix-up of public keys, or of device keys, on the writing side would make.
    assert_eq!(
        open(&keys, &key, scope, 5, &theirs.seal(&keys.public(), &other_key)),
        refused,
        "sealed to us"
    );
    assert_eq!(
        open(&keys, &key, scope, 5, &theirs.seal(&keys.public(), &key)),
        refused,
        "sealed to us, by our key"
    );
    let ours = configuration(&home, 5).seal(&other_keys.public(), &key);
    assert_eq!(open(&other_keys, &other_key, other.pairing(), 5, &ours), refused, "ours, sealed to them");
}

#[test]
fn a_changed_or_cut_configuration_is_refused() {
    let home = Home::new(InstallationId::generate());
    let (keys, key) = (KeyPair::generate(), DeviceKey::generate());
    let sealed = configuration(&home, 1).seal(&keys.public(), &key);
    let refused =
        |sealed: &[u8]| Configuration::open(&keys, &key, home.pairing(), 1, sealed).map(drop).unwrap_err();
    for byte in 0..sealed.len() {
        let error = refused(&flipped(&sealed, 8 * byte));
        match byte {
            0 => assert!(matches!(error, OpenError::Malformed { .. }), "{error}"),
            _ => assert_eq!(error, OpenError::NotAuthentic(Purpose::Configuration), "byte {byte}"),
        }
        let error = refused(&sealed[..byte]);
        assert_eq!(matches!(error, OpenError::Malformed { .. }), byte < 33, "cut to {byte}: {error}");
    }
}

#[test]
fn the_json_is_as_documented_and_unknown_fields_are_passed_over() {
    let home = Home::new(InstallationId::generate());
    let written = configuration(&home, 1);
    let mut json = serde_json::to_value(&written).unwrap();
    let names = |value: &serde_json::Value| -> Vec<String> {
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let outer =
        ["cameras", "device", "home", "installation", "next_device_key", "report_key", "serial", "tests"];
    let with_looks: BTreeSet<_> = outer.into_iter().chain(["looks"]).map(str::to_owned).collect();
    assert_eq!(names(&json), with_looks.into_iter().collect::<Vec<_>>());
    // A device from before there were looks gets them only if there are some, and one that gets none has none.
    let none = Configuration { looks: Vec::new(), ..written.clone() };
    let without = serde_json::to_value(&none).unwrap();
    assert_eq!(names(&without), outer);
    assert!(serde_json::from_value::<Configuration>(without).unwrap().looks.is_empty());
    let camera =
        ["camera", "camera_epoch", "camera_key", "home_epoch", "psk", "sensitivity", "source", "tenure"];
    assert_eq!(names(&json["cameras"][0]), camera);
    assert_eq!(names(&json["tests"][0]).len(), camera.len() + 1);
    assert!(json["tests"][0]["test"].is_string());
    assert_eq!(names(&json["looks"][0]).len(), camera.len() + 2);
    assert_eq!(json["looks"][0]["of"], "around");
    assert_eq!(json["cameras"][0]["psk"].as_str().unwrap().len(), 43);

    // Sound is told only where it is recorded, and who is not told records none.
    assert!(!written.cameras[0].sound);
    let mut loud = written.cameras[0].clone();
    loud.sound = true;
    assert_eq!(serde_json::to_value(&loud).unwrap()["sound"], true);
    let quiet: AssignedCamera = serde_json::from_value(json["cameras"][0].clone()).unwrap();
    assert!(!quiet.sound);
    // So is what counts as motion.
    assert!(quiet.motion.is_default());
    loud.motion.size_min = 10;
    assert_eq!(
        serde_json::to_value(&loud).unwrap()["motion"],
        serde_json::json!({"size_min": 10, "lasts_min_ms": 300})
    );

    json["later"] = true.into();
    json["cameras"][0]["later"] = 5.into();
    assert!(serde_json::from_value::<Configuration>(json.clone()).is_ok());
    for low_order in ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAA", "not base64"] {
        json["cameras"][0]["camera_key"] = low_order.into();
        assert!(serde_json::from_value::<Configuration>(json.clone()).is_err(), "{low_order}");
    }
}
