//! A home with its keys: what an owner's browser session holds.

use ownsight_model::{
    CameraAddress, CameraEpoch, CameraId, DeviceId, FingerprintId, HomeEpoch, HomeId, InstallationId,
    MotionSettings, SectionKind, TenureId, TestId,
};
use ownsight_seal::stream::HEADER_LEN;
use ownsight_seal::{
    AssignedCamera, AssignedLook, AssignedTest, CameraPlace, CameraSalt, CameraSecret, CameraSource,
    Configuration, ControlKey, DeviceKey, HEADER_BYTES, Header, HomeScope, PairingCode, PairingScope,
    PublicKey, Trailer, VerifiedEvent,
};

/// One home, one device.
pub(crate) struct Home {
    pub(crate) control: ControlKey,
    pub(crate) device: DeviceId,
    pub(crate) name: String,
    /// Opens the configuration after the last one that was made.
    next_key: Option<DeviceKey>,
    serial: u64,
    /// The looks of the next configurations.
    pub(crate) looks: Vec<AssignedLook>,
}

/// A camera of a home, with what opens its events.
#[derive(Clone)]
pub(crate) struct TestCamera {
    pub(crate) secret: CameraSecret,
    pub(crate) source: Option<CameraSource>,
    pub(crate) sensitivity: u8,
    pub(crate) motion: MotionSettings,
}

impl Home {
    pub(crate) fn new(name: &str) -> Self {
        let scope = HomeScope {
            installation: InstallationId::generate(),
            home: HomeId::generate(),
            epoch: HomeEpoch::FIRST,
        };
        let control = ControlKey::generate(scope);
        Self {
            control,
            device: DeviceId::generate(),
            name: name.to_owned(),
            next_key: None,
            serial: 0,
            looks: Vec::new(),
        }
    }

    /// Another home of the same installation, which takes the same device for its own.
    pub(crate) fn swapped(&self, name: &str) -> Self {
        let scope = HomeScope { home: HomeId::generate(), ..self.control.scope() };
        let next_key = self.next_key.clone();
        let control = ControlKey::generate(scope);
        Self {
            control,
            device: self.device,
            name: name.to_owned(),
            next_key,
            serial: self.serial,
            looks: Vec::new(),
        }
    }

    pub(crate) fn scope(&self) -> PairingScope {
        let scope = self.control.scope();
        PairingScope { installation: scope.installation, home: scope.home, device: self.device }
    }

    /// Makes a code, and the blob that it opens.
    pub(crate) fn invite(&mut self, pin: Option<&str>) -> (PairingCode, Vec<u8>) {
        let code = PairingCode::generate();
        let scope = self.scope();
        let mut blob = serde_json::json!({
            "installation": scope.installation, "home": scope.home, "home_name": self.name, "device": scope.device,
        });
        if let Some(pin) = pin {
            blob["server_pin"] = pin.into();
        }
        self.next_key = Some(code.device_key(scope.installation, scope.home, scope.device));
        let sealed = code.seal_blob(&serde_json::to_vec(&blob).unwrap());
        (code, sealed)
    }

    pub(crate) fn first_key(&self) -> DeviceKey {
        self.next_key.clone().unwrap()
    }

    pub(crate) fn camera(&self) -> TestCamera {
        let place = CameraPlace {
            camera: CameraId::generate(),
            tenure: TenureId::generate(),
            epoch: CameraEpoch::FIRST,
        };
        let secret = self.control.home_key().camera_secret(&CameraSalt::generate(), place);
        TestCamera { secret, source: None, sensitivity: 5, motion: MotionSettings::default() }
    }

    /// The same camera in its next camera epoch: another secret.
    pub(crate) fn rotated(&self, camera: &TestCamera) -> TestCamera {
        let scope = camera.secret.scope();
        let place = CameraPlace {
            camera: scope.camera,
            tenure: scope.tenure,
            epoch: scope.camera_epoch.next().unwrap(),
        };
        let secret = self.control.home_key().camera_secret(&CameraSalt::generate(), place);
        TestCamera { secret, ..camera.clone() }
    }

    /// Seals the next configuration to a device's key.
    pub(crate) fn configure(
        &mut self,
        to: &PublicKey,
        cameras: &[&TestCamera],
        tests: &[(TestId, &TestCamera)],
    ) -> Vec<u8> {
        let scope = self.scope();
        let assigned = |camera: &TestCamera| camera.assigned(self.device);
        let tests = tests.iter().map(|(test, camera)| AssignedTest { test: *test, camera: assigned(camera) });
        let configuration = Configuration {
            installation: scope.installation,
            home: scope.home,
            device: scope.device,
            serial: self.serial + 1,
            next_device_key: DeviceKey::generate(),
            report_key: self.control.home_key().device_report_key(scope.device),
            cameras: cameras.iter().map(|camera| assigned(camera)).collect(),
            tests: tests.collect(),
            looks: self.looks.clone(),
        };
        let sealed = configuration.seal(to, &self.first_key());
        self.next_key = Some(configuration.next_device_key);
        self.serial += 1;
        sealed
    }
}

impl TestCamera {
    pub(crate) fn id(&self) -> CameraId {
        self.secret.scope().camera
    }

    pub(crate) fn at(mut self, address: &str, user: &str, password: &str) -> Self {
        let address = CameraAddress::parse(address).unwrap();
        let (user, password) = (user.to_owned(), password.to_owned());
        self.source = Some(CameraSource { address, user, password, accepted: None, digest_only: false });
        self
    }

    /// Somebody of the home says that what this names is the camera.
    pub(crate) fn accepting(mut self, fingerprint: FingerprintId) -> Self {
        self.source.as_mut().unwrap().accepted = Some(fingerprint);
        self
    }

    pub(crate) fn assigned(&self, device: DeviceId) -> AssignedCamera {
        let scope = self.secret.scope();
        AssignedCamera {
            camera: scope.camera,
            tenure: scope.tenure,
            home_epoch: scope.home_epoch,
            camera_epoch: scope.camera_epoch,
            camera_key: self.secret.public_key(),
            psk: self.secret.device_psk(device),
            source: self.source.clone(),
            sensitivity: self.sensitivity,
            sound: false,
            motion: self.motion.clone(),
        }
    }

    /// Verifies an object's header and trailer under the camera's secret.
    pub(crate) fn verify(&self, object: &[u8]) -> VerifiedEvent {
        let (header, trailer) = parts(object);
        self.secret.verify_event(header, trailer).unwrap()
    }

    /// Opens one section of an object; `None` if it has none of this kind.
    pub(crate) fn open(&self, object: &[u8], kind: SectionKind) -> Option<Vec<u8>> {
        let opener = self.secret.open_event(self.verify(object)).unwrap();
        let section = opener.section(kind)?;
        let (from, length) = (section.offset as usize, section.length as usize);
        let sealed = &object[from..from + length];
        let header: &[u8; HEADER_LEN] = sealed.first_chunk().unwrap();
        let unproven = opener.open_section(section, header).unwrap();
        let layout = *unproven.layout();
        let range = |segment| {
            let range = layout.ciphertext_range(segment).unwrap();
            range.start as usize..range.end as usize
        };
        let mut last = sealed[range(layout.last_segment())].to_vec();
        let (opener, tail) = unproven.prove(&mut last).unwrap();
        let mut plain = Vec::new();
        for segment in 0..layout.last_segment() {
            plain.extend_from_slice(
                opener.open_segment(segment, &mut sealed[range(segment)].to_vec()).unwrap(),
            );
        }
        plain.extend_from_slice(tail);
        Some(plain)
    }
}

/// Header and trailer of an object, by their form.
pub(crate) fn parts(object: &[u8]) -> (Header, Trailer) {
    let header: &[u8; HEADER_BYTES] = object.first_chunk().unwrap();
    let length = Trailer::length_of(*object.last_chunk().unwrap()).unwrap();
    let trailer = Trailer::parse(&object[object.len() - length..], object.len() as u64).unwrap();
    (Header::parse(header).unwrap(), trailer)
}
