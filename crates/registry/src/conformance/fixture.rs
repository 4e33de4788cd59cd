//! Homes with a person, a device and cameras, made by the registry's own operations.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, Label, Role,
    SessionId, TenureId, TestId, Timestamp,
};

use crate::{
    AccountRow, Authority, CameraEpochRow, CameraRow, CameraStanding, Change, CustodyRow, DeviceRow,
    DeviceStanding, EventRow, GrantRow, HomeRow, InvitationRow, LinkRow, NewConfiguration, PairingAnswerRow,
    PairingRow, PasswordRow, RedeemAccount, Registry, RosterRow, SessionRow, TestRow,
};

/// The moment at which all fixtures live.
pub const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// A moment so many seconds after [`NOW`].
pub fn at(seconds: i64) -> Timestamp {
    NOW.shifted(seconds * 1_000_000)
}

/// Thirty-two bytes that were not given before.
pub fn bytes32() -> [u8; 32] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0xa5; 32];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// An address that was not given before.
pub fn email() -> Email {
    Email::parse(&format!("{}@example.org", AccountId::generate())).unwrap()
}

/// A home with its owner, who is signed in, and a paired device.
#[derive(Debug, Clone)]
pub struct Household {
    /// The home.
    pub home: HomeId,
    /// Its owner.
    pub account: AccountRow,
    /// The owner's grant.
    pub grant: GrantId,
    /// The owner's session.
    pub session: SessionRow,
    /// A paired device, with one configuration.
    pub device: DeviceId,
    /// The device's credential hash.
    pub credential_hash: [u8; 32],
}

impl Household {
    /// Makes one.
    pub async fn settle(registry: &Registry) -> Self {
        let redeem = redeem(registry, email()).await;
        registry.redeem_account(redeem.clone()).await.unwrap();
        let session = sign_in(registry, redeem.account.id).await;
        let mut household = Self {
            home: redeem.home.id,
            account: redeem.account,
            grant: redeem.grant.id,
            session,
            device: DeviceId::generate(),
            credential_hash: [0; 32],
        };
        let (device, answer) = household.pair(registry).await;
        household.device = device;
        household.credential_hash = answer.credential_hash;
        household
    }

    /// What finds the owner's session.
    pub fn find(&self) -> [u8; 32] {
        self.session.find
    }

    /// The owner's authority over the home.
    pub fn authority(&self) -> Authority {
        Authority { find: self.session.find, now: NOW, grant: Some((self.grant, HomeEpoch::FIRST)) }
    }

    /// The next epoch of each camera that the device serves, as its removal needs them.
    pub async fn renewed(&self, registry: &Registry) -> Vec<(CameraEpochRow, Vec<u8>)> {
        let plan = registry.home_plan(self.find(), NOW, self.home).await.unwrap().unwrap().data.unwrap();
        let served = plan.cameras.into_iter().filter(|camera| camera.device == Some(self.device));
        let next = |camera: CameraRow| CameraEpochRow {
            camera_epoch: camera.epoch.camera_epoch.next().unwrap(),
            salt: bytes32(),
            created_at: at(1),
            ..camera.epoch
        };
        served.map(|camera| (next(camera), vec![77; 20])).collect()
    }

    /// Pairs another device.
    pub async fn pair(&self, registry: &Registry) -> (DeviceId, PairingAnswerRow) {
        let (device, pairing) = waiting(self.home);
        let authority = self.authority();
        registry.create_pairing(&authority, device.clone(), pairing.clone()).await.unwrap();
        let answer = answer();
        registry.answer_pairing(pairing.find, NOW, answer.clone()).await.unwrap();
        registry
            .accept_pairing(&authority, device.id, answer.clone(), configuration(device.id, 1))
            .await
            .unwrap();
        (device.id, answer)
    }

    /// Adds a camera that the device serves.
    pub async fn camera(&self, registry: &Registry) -> CameraRow {
        let camera = camera(self.home, Some(self.device));
        registry.create_camera(&self.authority(), camera.clone(), Vec::new()).await.unwrap();
        camera
    }

    /// Delivers an event that begins so many seconds after [`NOW`].
    pub async fn event(&self, registry: &Registry, camera: &CameraRow, seconds: i64) -> EventRow {
        let event = event(camera, self.device, at(seconds));
        registry.insert_event(event.clone()).await.unwrap();
        event
    }
}

/// What redeeming a new link to an account with this address writes; the link is kept.
pub async fn redeem(registry: &Registry, email: Email) -> RedeemAccount {
    let link = link();
    registry.insert_link(link.clone()).await.unwrap();
    let account = AccountRow {
        id: AccountId::generate(),
        email,
        created_at: NOW,
        public_key: bytes32(),
        text: vec![1],
    };
    let home = home();
    RedeemAccount {
        link_find: link.find,
        now: NOW,
        password: password(&account.email),
        custody: CustodyRow { email: account.email.clone(), wrap: vec![3; 60] },
        grant: grant(account.id, home.id, Role::Owner),
        roster: roster(home.id, HomeEpoch::FIRST, 1),
        account,
        home,
    }
}

/// A link for an hour.
pub fn link() -> LinkRow {
    LinkRow { find: bytes32(), created_at: NOW, expires_at: at(3600), used_at: None, sealed: vec![9; 40] }
}

/// A password.
pub fn password(email: &Email) -> PasswordRow {
    PasswordRow {
        email: email.clone(),
        params: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA".into(),
        wrap: bytes32().into(),
    }
}

/// A home without an agent here.
pub fn home() -> HomeRow {
    HomeRow {
        id: HomeId::generate(),
        epoch: HomeEpoch::FIRST,
        created_at: NOW,
        text: vec![5; 30],
        local_agent: false,
        retention_days: 30,
        retention_bytes: 1 << 30,
        keyring: Vec::new(),
        epoch_due: false,
        joins_due: false,
        shares_due: false,
        restored: None,
    }
}

/// A grant.
pub fn grant(account: AccountId, home: HomeId, role: Role) -> GrantRow {
    GrantRow {
        id: GrantId::generate(),
        account,
        home,
        role,
        epoch: HomeEpoch::FIRST,
        created_at: NOW,
        wrap: vec![7; 80],
        away: false,
        member_key: vec![9; 80],
    }
}

/// A home's roster with this serial number.
pub fn roster(home: HomeId, epoch: HomeEpoch, serial: u64) -> RosterRow {
    RosterRow { home, epoch, serial, roster: vec![1; 40], members: vec![2; 40] }
}

/// An invitation that lasts for a hundred seconds.
pub fn invitation(home: HomeId, role: Role) -> InvitationRow {
    InvitationRow {
        id: GrantId::generate(),
        find: bytes32(),
        home,
        role: Some(role),
        epoch: HomeEpoch::FIRST,
        created_at: NOW,
        expires_at: at(100),
        text: vec![3; 40],
        wrap: vec![4; 40],
        kept: vec![5; 40],
        joined: None,
    }
}

/// Signs an account in for an hour.
pub async fn sign_in(registry: &Registry, account: AccountId) -> SessionRow {
    let session = SessionRow {
        find: bytes32(),
        id: SessionId::generate(),
        account,
        kind: 1,
        created_at: NOW,
        expires_at: at(3600),
        wrap: vec![8; 80],
        text: vec![9; 60],
        noticed: false,
        rights: None,
        used_at: None,
    };
    registry.insert_session(session.clone()).await.unwrap();
    session
}

/// A device that waits, with its pairing.
pub fn waiting(home: HomeId) -> (DeviceRow, PairingRow) {
    let device = DeviceRow {
        id: DeviceId::generate(),
        home,
        standing: DeviceStanding::Waiting,
        agent: true,
        local: false,
        public_key: None,
        credential_hash: None,
        text: vec![2; 20],
        text_epoch: HomeEpoch::FIRST,
        created_at: NOW,
        paired_at: None,
        seen_at: None,
        version: None,
        latest_serial: 0,
        acknowledged_serial: 0,
        key_epoch: HomeEpoch::FIRST,
        device_key: vec![4; 60],
        run: None,
        contested_at: None,
        left: None,
        upload_key: None,
    };
    let pairing = PairingRow {
        device: device.id,
        find: bytes32(),
        expires_at: at(600),
        blob: vec![6; 90],
        answer: None,
    };
    (device, pairing)
}

/// A device's answer to a pairing.
pub fn answer() -> PairingAnswerRow {
    PairingAnswerRow {
        public_key: bytes32(),
        credential_hash: bytes32(),
        mac: bytes32(),
        agent: true,
        version: "ownsight agent 0.1.0".into(),
    }
}

/// A configuration.
pub fn configuration(device: DeviceId, serial: u64) -> NewConfiguration {
    NewConfiguration {
        device,
        serial,
        sealed: serial.to_be_bytes().repeat(20),
        key_epoch: HomeEpoch::FIRST,
        next_key: bytes32().into(),
    }
}

/// A camera in its first epoch.
pub fn camera(home: HomeId, device: Option<DeviceId>) -> CameraRow {
    let id = CameraId::generate();
    CameraRow {
        id,
        home,
        standing: CameraStanding::Active,
        device,
        created_at: NOW,
        epoch: CameraEpochRow {
            camera: id,
            home,
            tenure: TenureId::generate(),
            home_epoch: HomeEpoch::FIRST,
            camera_epoch: CameraEpoch::FIRST,
            salt: bytes32(),
            created_at: NOW,
        },
        text: vec![1; 50],
        address: Some(vec![2; 70]),
    }
}

/// A test of a draft camera, for ten minutes.
pub fn test(draft: &CameraRow, device: DeviceId) -> TestRow {
    TestRow {
        id: TestId::generate(),
        home: draft.home,
        device,
        draft: draft.id,
        existing: None,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_mins(10)),
        report: None,
        still: None,
    }
}

/// An event of twelve seconds.
pub fn event(camera: &CameraRow, device: DeviceId, started_at: Timestamp) -> EventRow {
    EventRow {
        id: EventId::generate(),
        camera: camera.id,
        home: camera.home,
        tenure: camera.epoch.tenure,
        home_epoch: camera.epoch.home_epoch,
        camera_epoch: camera.epoch.camera_epoch,
        device,
        started_at,
        ended_at: started_at.plus(Duration::from_secs(12)),
        label: Label::Motion.code(),
        still: false,
        received_at: at(100_000),
        digest: bytes32(),
        bytes: 1_000,
        header: vec![0x0a; 200],
        trailer: vec![0x0b; 120],
        upload_mac: None,
    }
}

/// A still.
pub fn still(camera: &CameraRow, device: DeviceId, started_at: Timestamp) -> EventRow {
    EventRow {
        label: Label::Still.code(),
        still: true,
        ended_at: started_at,
        bytes: 50,
        ..event(camera, device, started_at)
    }
}

/// What was announced since it was last asked for.
pub fn announced(changes: &mut tokio::sync::broadcast::Receiver<Change>) -> Vec<Change> {
    std::iter::from_fn(|| changes.try_recv().ok()).collect()
}
