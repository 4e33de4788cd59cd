//! A home with its owner, a paired device and cameras, made by the registry's own operations, and the sealed
//! objects that its device would send.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use ownsight_ingest::{Credential, Declared, DeviceIdentity, Ingest};
use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, InstallationId,
    Label, LabelSource, Role, SectionKind, SessionId, TenureId, TestId, Timestamp,
};
use ownsight_registry::{
    AccountRow, Authority, CameraEpochRow, CameraRow, CameraStanding, CustodyRow, DeviceRow, DeviceStanding,
    GrantRow, HomeRow, HomeUpdate, InstallationRow, LinkRow, NewConfiguration, PairingAnswerRow, PairingRow,
    PasswordRow, RedeemAccount, Registry, RosterRow, SessionRow, TestRow,
};
use ownsight_seal::{CameraPlace, CameraSalt, CameraScope, CameraSealer, ControlKey, HomeScope, PairingCode};

pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// Makes the installation.
pub(crate) async fn install(registry: &Registry) -> InstallationId {
    let id = InstallationId::generate();
    let row = InstallationRow { id, created_at: Timestamp::now(), master_commitment: [1; 32] };
    registry.create_installation(row).await.unwrap();
    id
}

#[derive(Clone)]
pub(crate) struct Household {
    pub(crate) home: HomeId,
    pub(crate) device: DeviceId,
    credential: [u8; 32],
    installation: InstallationId,
    key: ControlKey,
    find: [u8; 32],
    grant: GrantId,
    account: AccountId,
}

/// A camera as its device knows it.
#[derive(Clone)]
pub(crate) struct Camera {
    pub(crate) id: CameraId,
    pub(crate) scope: CameraScope,
    pub(crate) row: CameraRow,
    pub(crate) sealer: CameraSealer,
}

/// A sealed object on its way.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) camera: CameraId,
    pub(crate) event: EventId,
    pub(crate) bytes: Vec<u8>,
}

impl Sealed {
    pub(crate) fn declared(&self) -> Declared {
        declared(&self.bytes)
    }
}

pub(crate) fn declared(bytes: &[u8]) -> Declared {
    Declared { length: bytes.len() as u64, digest: sha256(bytes) }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

/// What an event is like.
#[derive(Clone, Copy)]
pub(crate) struct Like {
    pub(crate) started_at: Timestamp,
    pub(crate) lasts: i64,
    pub(crate) label: Label,
    pub(crate) section: SectionKind,
    pub(crate) bytes: usize,
}

impl Like {
    /// An event that began so long ago.
    pub(crate) fn event(ago: Duration) -> Self {
        Self {
            started_at: Timestamp::now().minus(ago),
            lasts: 12_000_000,
            label: Label::Motion,
            section: SectionKind::Clip,
            bytes: 3_000,
        }
    }

    pub(crate) fn still(ago: Duration) -> Self {
        Self { label: Label::Still, section: SectionKind::Still, lasts: 0, bytes: 500, ..Self::event(ago) }
    }
}

impl Camera {
    pub(crate) fn seal(&self, like: Like) -> Sealed {
        self.seal_as(EventId::generate(), like)
    }

    pub(crate) fn seal_as(&self, event: EventId, like: Like) -> Sealed {
        seal_with(&self.sealer, self.id, event, like)
    }
}

pub(crate) fn seal_with(sealer: &CameraSealer, camera: CameraId, event: EventId, like: Like) -> Sealed {
    let mut sealing = sealer.begin(event, like.started_at, Vec::new()).unwrap();
    // Two objects of one event differ.
    let mut noise = fastrand::Rng::new();
    let content: Vec<u8> = (0..like.bytes).map(|_| noise.u8(..)).collect();
    sealing.section(like.section, &mut content.as_slice()).unwrap();
    let ended_at = like.started_at.shifted(like.lasts);
    let (bytes, _) = sealing.finish(ended_at, like.label, LabelSource::Agent).unwrap();
    Sealed { camera, event, bytes }
}

impl Household {
    /// Makes a home with an owner who is signed in and a paired device.
    pub(crate) async fn settle(registry: &Registry, installation: InstallationId) -> Self {
        let now = Timestamp::now();
        let (account, home, grant) = (AccountId::generate(), HomeId::generate(), GrantId::generate());
        let email = Email::parse(&format!("{account}@example.org")).unwrap();
        let (link, find): ([u8; 32], [u8; 32]) =
            (ownsight_seal::random_bytes(), ownsight_seal::random_bytes());
        registry
            .insert_link(LinkRow {
                find: link,
                created_at: now,
                expires_at: now.plus(HOUR),
                used_at: None,
                sealed: vec![1],
            })
            .await
            .unwrap();
        let redeem = RedeemAccount {
            link_find: link,
            now,
            account: AccountRow {
                id: account,
                email: email.clone(),
                created_at: now,
                public_key: [2; 32],
                text: vec![],
            },
            password: PasswordRow { email: email.clone(), params: "none".into(), wrap: vec![3] },
            custody: CustodyRow { email, wrap: vec![4] },
            home: HomeRow {
                id: home,
                epoch: HomeEpoch::FIRST,
                created_at: now,
                text: vec![],
                local_agent: false,
                retention_days: 30,
                retention_bytes: 10_000_000_000,
                keyring: vec![],
                epoch_due: false,
                joins_due: false,
                shares_due: false,
                restored: None,
            },
            grant: GrantRow {
                id: grant,
                account,
                home,
                role: Role::Owner,
                epoch: HomeEpoch::FIRST,
                created_at: now,
                wrap: vec![5],
                away: false,
                member_key: vec![6],
            },
            roster: RosterRow { home, epoch: HomeEpoch::FIRST, serial: 1, roster: vec![7], members: vec![8] },
        };
        registry.redeem_account(redeem).await.unwrap();
        let session = SessionRow {
            find,
            id: SessionId::generate(),
            account,
            kind: 1,
            created_at: now,
            expires_at: now.plus(HOUR * 24 * 365),
            wrap: vec![6],
            text: vec![],
            noticed: true,
            rights: None,
            used_at: None,
        };
        registry.insert_session(session).await.unwrap();
        let scope = HomeScope { installation, home, epoch: HomeEpoch::FIRST };
        let mut household = Self {
            home,
            device: DeviceId::generate(),
            credential: ownsight_seal::random_bytes(),
            installation,
            key: ControlKey::generate(scope),
            find,
            grant,
            account,
        };
        let device = household.pair(registry).await;
        household.device = device.0;
        household.credential = device.1;
        household
    }

    pub(crate) fn authority(&self) -> Authority {
        Authority { find: self.find, now: Timestamp::now(), grant: Some((self.grant, HomeEpoch::FIRST)) }
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    /// Begins a pairing; its device and its code.
    pub(crate) async fn begin_pairing(&self, registry: &Registry) -> (DeviceId, PairingCode) {
        let (device, code, now) = (DeviceId::generate(), PairingCode::generate(), Timestamp::now());
        let row = DeviceRow {
            id: device,
            home: self.home,
            standing: DeviceStanding::Waiting,
            agent: true,
            local: false,
            public_key: None,
            credential_hash: None,
            text: vec![],
            text_epoch: HomeEpoch::FIRST,
            created_at: now,
            paired_at: None,
            seen_at: None,
            version: None,
            latest_serial: 0,
            acknowledged_serial: 0,
            key_epoch: HomeEpoch::FIRST,
            device_key: vec![7],
            run: None,
            contested_at: None,
            left: None,
            upload_key: None,
        };
        let find = PairingCode::find_hash(&code.find());
        let pairing = PairingRow {
            device,
            find,
            expires_at: now.plus(HOUR),
            blob: b"sealed blob".to_vec(),
            answer: None,
        };
        registry.create_pairing(&self.authority(), row, pairing).await.unwrap();
        (device, code)
    }

    /// Accepts what a device answered.
    pub(crate) async fn accept(&self, registry: &Registry, device: DeviceId, answer: PairingAnswerRow) {
        let first = configuration(device, 1);
        registry.accept_pairing(&self.authority(), device, answer, first).await.unwrap();
    }

    /// Pairs another device; its id and credential.
    pub(crate) async fn pair(&self, registry: &Registry) -> (DeviceId, [u8; 32]) {
        let (device, code) = self.begin_pairing(registry).await;
        let credential: [u8; 32] = ownsight_seal::random_bytes();
        let answer = PairingAnswerRow {
            public_key: [8; 32],
            credential_hash: sha256(&credential),
            mac: [9; 32],
            agent: true,
            version: "test 1".into(),
        };
        let find = PairingCode::find_hash(&code.find());
        registry.answer_pairing(find, Timestamp::now(), answer.clone()).await.unwrap();
        self.accept(registry, device, answer).await;
        (device, credential)
    }

    /// Adds a camera that the device serves.
    pub(crate) async fn camera(&self, registry: &Registry) -> Camera {
        let camera = self.new_camera();
        registry.create_camera(&self.authority(), camera.row.clone(), vec![]).await.unwrap();
        camera
    }

    /// Begins a test; its draft camera.
    pub(crate) async fn test(&self, registry: &Registry, lasts: Duration) -> (TestId, Camera) {
        let (test, draft) = (TestId::generate(), self.new_camera());
        let now = Timestamp::now();
        let row = TestRow {
            id: test,
            home: self.home,
            device: self.device,
            draft: draft.id,
            existing: None,
            created_at: now,
            expires_at: now.plus(lasts),
            report: None,
            still: None,
        };
        registry.create_test(&self.authority(), row, draft.row.clone(), vec![]).await.unwrap();
        (test, draft)
    }

    fn new_camera(&self) -> Camera {
        let (id, tenure, salt) = (CameraId::generate(), TenureId::generate(), CameraSalt::generate());
        let now = Timestamp::now();
        let epoch = CameraEpochRow {
            camera: id,
            home: self.home,
            tenure,
            home_epoch: HomeEpoch::FIRST,
            camera_epoch: CameraEpoch::FIRST,
            salt: *salt.as_bytes(),
            created_at: now,
        };
        let row = CameraRow {
            id,
            home: self.home,
            standing: CameraStanding::Active,
            device: Some(self.device),
            created_at: now,
            epoch,
            text: vec![],
            address: None,
        };
        let place = CameraPlace { camera: id, tenure, epoch: CameraEpoch::FIRST };
        let secret = self.key.home_key().camera_secret(&salt, place);
        let scope = *secret.scope();
        assert_eq!((scope.home, scope.installation), (self.home, self.installation));
        let sealer =
            CameraSealer::new(scope, self.device, secret.public_key(), secret.device_psk(self.device));
        Camera { id, scope, row, sealer }
    }

    /// A sealer whose headers name something else.
    pub(crate) fn sealer_for(&self, camera: &Camera, scope: CameraScope, device: DeviceId) -> CameraSealer {
        let place = CameraPlace { camera: camera.id, tenure: camera.scope.tenure, epoch: CameraEpoch::FIRST };
        let salt = CameraSalt::from_bytes(camera.row.epoch.salt);
        let secret = self.key.home_key().camera_secret(&salt, place);
        CameraSealer::new(scope, device, secret.public_key(), secret.device_psk(device))
    }

    pub(crate) async fn limit(&self, registry: &Registry, days: Option<u32>, bytes: Option<u64>) {
        let update = HomeUpdate { home: self.home, text: None, retention_days: days, retention_bytes: bytes };
        registry.update_home(&self.authority(), update).await.unwrap();
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::from_bytes(self.credential)
    }

    pub(crate) async fn identity(&self, ingest: &Ingest) -> DeviceIdentity {
        ingest.authenticate(self.device, &self.credential(), None).await.unwrap()
    }
}

pub(crate) fn configuration(device: DeviceId, serial: u64) -> NewConfiguration {
    NewConfiguration {
        device,
        serial,
        sealed: format!("configuration {serial}").into_bytes(),
        key_epoch: HomeEpoch::FIRST,
        next_key: vec![10],
    }
}
