//! Two homes in one installation, alike in everything: each has an account, a paired device, a camera, events, a
//! still, reports, a gap, a camera test, a waiting pairing, a link and a configuration that was not fetched yet. Each has a
//! viewer, whose new key came while away, a member who was removed, one who accepted and is not in the roster yet, and an
//! invitation that waits: the homes are in their second epoch, with events of both. A share of a camera is held by somebody
//! outside, whose key came while away, too; another waits to be accepted. A program has a token, a code waits to be used, and
//! somebody who used another one waits to be confirmed.
//!
//! Everything that belongs to a side carries the side's name: whoever finds it in the other's answer has found a leak.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use futures_util::stream;
use ownsight_disk::RealDisk;
use ownsight_gate::{
    Client, Credentials, Gate, LinkFor, NewAccount, NewCamera, NewShare, NewToken, Password, Redemption,
    Source, TestOf,
};
use ownsight_ingest::{Answer, Credential, Declared, Ingest, IngestConfig, Report, ReportKind};
use ownsight_ledger::{Ledger, LedgerConfig};
use ownsight_model::{
    AccountId, CameraFault, CameraId, CameraReport, CameraState, CameraTestStep, DeviceId, DeviceReport,
    EventId, GapReason, GapReport, GrantId, HomeId, Label, LabelSource, MotionTrack, Rights, Role,
    SectionKind, StepOutcome, StepReport, TestId, TestReport, Timestamp, TokenRight,
};
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_seal::{
    CameraReportKind, CameraSealer, Configuration, DeviceKey, KeyPair, LinkSecret, MasterKey, PairingAnswer,
    PairingCode, PairingScope, tag_device_report,
};
use ownsight_vault::{Vault, VaultConfig};

pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const PAGE_HALVES: [u8; 2] = [0x11, 0x22];

/// The parts of a running system on one data folder.
pub(crate) struct System {
    pub(crate) registry: Registry,
    // Held: the gate and the way in work on it.
    _vault: Vault,
    pub(crate) ledger: Ledger,
    pub(crate) gate: Gate,
    pub(crate) ingest: Ingest,
}

impl System {
    pub(crate) async fn start(folder: &Path, master: &MasterKey) -> Self {
        let registry = Registry::open(folder.join("registry.db"), RegistryOptions::default()).unwrap();
        std::fs::create_dir_all(folder.join("events")).unwrap();
        let disk = RealDisk::open(&folder.join("events")).unwrap();
        let config =
            VaultConfig { floor_bytes: 0, floor_percent: 0, reserve_bytes: 4096, ..VaultConfig::default() };
        let vault = Vault::start(Arc::new(disk), config).await.unwrap();
        let id = match registry.installation().await.unwrap() {
            Some(row) => row.id,
            None => Gate::create_installation(master, &registry).await.unwrap(),
        };
        let ledger = Ledger::open(&folder.join("ledger.db"), id, &LedgerConfig::default()).unwrap();
        let (gate, _) =
            Gate::open(master.clone(), registry.clone(), vault.clone(), ledger.clone()).await.unwrap();
        let ingest = Ingest::open(registry.clone(), vault.clone(), IngestConfig::default()).await.unwrap();
        Self { registry, _vault: vault, ledger, gate, ingest }
    }

    pub(crate) async fn stop(self) {
        self.ledger.close().await;
        self.registry.close().await;
    }
}

/// One of the two homes, with what its people and its device hold.
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) account: AccountId,
    pub(crate) home: HomeId,
    pub(crate) cameras: [CameraId; 2],
    pub(crate) events: Vec<EventId>,
    pub(crate) test: TestId,
    pub(crate) link: String,
    pub(crate) cookie: (String, String),
    pub(crate) bearer: String,
    pub(crate) device: HeldByDevice,
    pub(crate) viewer: Viewer,
    /// Who holds a share of the first camera, and is no member.
    pub(crate) holder: Viewer,
    /// The secret of an invitation that waits, and the address that it is for.
    pub(crate) invitation: (String, String),
    /// A program's token, of other rights than the other side's.
    pub(crate) token: String,
    /// The secret of an invitation by code that nobody used.
    pub(crate) unused_code: String,
    /// Who asks to join by another one.
    pub(crate) asker: Asker,
    /// The secret of a share that waits, and for whom: a former member.
    pub(crate) offered: (String, Viewer),
    /// The code of a pairing that waits for its device, and that device.
    pub(crate) waiting: (DeviceId, PairingCode),
}

/// Somebody who sees, and changes nothing: a member with the home key only, or a holder of a share.
pub(crate) struct Viewer {
    pub(crate) account: AccountId,
    pub(crate) email: String,
    pub(crate) bearer: String,
}

/// What a device keeps in its folder.
pub(crate) struct HeldByDevice {
    pub(crate) scope: PairingScope,
    pub(crate) keys: KeyPair,
    pub(crate) credential: [u8; 32],
    /// Opens the configuration after `serial`.
    pub(crate) key: DeviceKey,
    pub(crate) serial: u64,
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) master: MasterKey,
    pub(crate) sides: [Side; 2],
}

impl World {
    pub(crate) async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::generate();
        let system = System::start(folder.path(), &master).await;
        let alpha = Side::build(&system, "alpha", PAGE_HALVES[0]).await;
        let bravo = Side::build(&system, "bravo", PAGE_HALVES[1]).await;
        system.stop().await;
        Self { folder, master, sides: [alpha, bravo] }
    }

    /// The data in a folder of its own, for one exchange.
    pub(crate) fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        // The devices called just now, however long the test takes: else they would be away some time.
        let registry = rusqlite::Connection::open(copy.path().join("registry.db")).unwrap();
        let now = Timestamp::now().as_micros();
        registry.execute("UPDATE devices SET seen_at = ?1 WHERE seen_at IS NOT NULL", [now]).unwrap();
        copy
    }

    /// The file of a side's event.
    pub(crate) fn file(folder: &Path, side: &Side, event: EventId) -> PathBuf {
        let name = format!("{event}.own");
        find(&folder.join("events").join(side.home.to_string()), &name).unwrap()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            find(&entry.path(), name)
        } else {
            (entry.file_name() == name).then(|| entry.path())
        }
    })
}

impl Side {
    async fn build(system: &System, name: &'static str, page_half: u8) -> Self {
        let System { gate, ingest, .. } = system;
        let email = format!("{name}@example.org");
        let password = format!("{name}-password");
        let secret = gate.make_link(LinkFor::Account { email: None, local_agent: false }).await.unwrap();
        let redemption = Redemption {
            email: email.clone(),
            password: Password::new(password.clone()),
            name: Some(format!("{name} person")),
            home_name: Some(format!("{name} home")),
            zone: Some("UTC".into()),
        };
        let made = gate.redeem_link(&secret, redemption).await.unwrap();
        let (account, home) = (made.account_id.unwrap(), made.home_id.unwrap());

        let page_half = BASE64URL_NOPAD.encode(&[page_half; 32]);
        let typed = Password::new(password.clone());
        let browser = Client::Browser { page_half: &page_half };
        let signed_in = gate.sign_in(&email, &typed, browser, None, PEER).await.unwrap();
        let cookie = (signed_in.server_half().to_owned(), page_half);
        let credentials = signed_in.credentials().clone();
        let api = Client::Api { client_half: None };
        let bearer = gate.sign_in(&email, &typed, api, None, PEER).await.unwrap().server_half().to_owned();

        let pairing = gate.pair_device(&credentials, home, &format!("{name} agent")).await.unwrap();
        let pairing = pairing.release(&credentials).unwrap();
        let mut device = HeldByDevice::pair(ingest, &pairing.code).await;
        gate.devices(&credentials, home).await.unwrap();
        device.next_configuration(ingest).await.expect("the first configuration");

        let camera = |number: u8| NewCamera {
            name: format!("{name} camera {number}"),
            source: Some(source(name, number)),
            sound: false,
            device: None,
        };
        let first = gate.add_camera(&credentials, home, camera(1)).await.unwrap();
        let configuration = device.next_configuration(ingest).await.expect("a camera");
        let sealer = configuration.sealer(&configuration.cameras[0]);

        let event = async |device: &HeldByDevice, sealer: &CameraSealer, number| {
            device.deliver(ingest, sealer, first, EventId::generate(), &event_sections(name, number)).await
        };
        let of_first_epoch = event(&device, &sealer, 0).await;
        let viewer = Viewer::join(gate, &credentials, home, &format!("{name}-viewer")).await;
        let holder = Viewer::hold(gate, &credentials, home, first, &format!("{name}-holder")).await;
        let former = Viewer::join_and_be_removed(gate, &credentials, home, &format!("{name}-former")).await;
        let configuration = device.next_configuration(ingest).await.expect("new keys");
        let sealer = configuration.sealer(&configuration.cameras[0]);
        let of_second_epoch = event(&device, &sealer, 1).await;
        let still = [(SectionKind::Still, format!("{name} still").into_bytes())];
        let still = device.deliver(ingest, &sealer, first, EventId::generate(), &still).await;
        let events = vec![of_first_epoch, of_second_epoch, still];
        device.report(ingest, &configuration, &sealer, first, name).await;

        let of = TestOf::New { source: source(name, 9), device: None };
        let test = gate.begin_test(&credentials, home, of).await.unwrap();
        let configuration = device.next_configuration(ingest).await.expect("a test");
        let assigned = &configuration.tests[0];
        let draft_sealer = configuration.sealer(&assigned.camera);
        let picture = [(SectionKind::Still, format!("{name} test picture").into_bytes())];
        let test_event = EventId::from_bytes(*test.as_bytes());
        device.deliver(ingest, &draft_sealer, assigned.camera.camera, test_event, &picture).await;
        let steps = CameraTestStep::ALL.map(|step| StepReport {
            step,
            outcome: StepOutcome::Passed,
            detail: format!("{name} step"),
        });
        let report = TestReport { test, at: Timestamp::now(), steps: steps.into(), done: true, look: None };
        let body = serde_json::to_vec(&report).unwrap();
        let tag = draft_sealer.tag_report(CameraReportKind::Test, &body).to_vec();
        device.send(ingest, vec![Report { kind: ReportKind::Test(test), body, tag }]).await;

        // A configuration that waits to be fetched, a pairing that waits for its device, a link that waits.
        let second = gate.add_camera(&credentials, home, camera(2)).await.unwrap();
        let waiting = gate.pair_device(&credentials, home, &format!("{name} waiting")).await.unwrap();
        let waiting = waiting.release(&credentials).unwrap();
        let waiting = (waiting.device_id, waiting.code.parse().unwrap());
        let link = gate.make_link(LinkFor::Reset { email: email.clone() }).await.unwrap().to_string();
        gate.event(&credentials, events[0]).await.unwrap();
        let invitation = format!("{name}-guest@example.org");
        let secret = invite(gate, &credentials, home, &invitation, Role::Adult).await.0;
        let token = make_token(gate, &credentials, name, &password).await;
        let unused = code(gate, &credentials, home).await.0;
        let asker = Asker::ask(gate, &credentials, home, &format!("{name}-asker")).await;
        let share_secret = offer(gate, &credentials, home, first, &former.email).await;
        // Last: the owner's next request takes them into the roster.
        accept(gate, &credentials, home, &format!("{name}-joiner"), Role::Adult).await;
        Self {
            name,
            email,
            password,
            account,
            home,
            cameras: [first, second],
            events,
            test,
            link,
            cookie,
            bearer,
            device,
            viewer,
            holder,
            invitation: (secret, invitation),
            token,
            unused_code: unused,
            asker,
            offered: (share_secret, former),
            waiting,
        }
    }
}

async fn invite(
    gate: &Gate,
    owner: &Credentials,
    home: HomeId,
    email: &str,
    role: Role,
) -> (String, GrantId) {
    let invitation = gate.invite(owner, home, email, role).await.unwrap().release(owner).unwrap();
    (invitation.secret.clone(), invitation.id)
}

/// A token of the owner's. The two sides' do not have the same rights.
async fn make_token(gate: &Gate, owner: &Credentials, name: &str, password: &str) -> String {
    let extra = if name == "alpha" { TokenRight::Export } else { TokenRight::Delete };
    let new = NewToken {
        name: format!("{name} token"),
        rights: vec![TokenRight::Footage, TokenRight::Manage, extra].try_into().unwrap(),
        expires_at: Timestamp::now().plus(Duration::from_hours(24)),
        password: Password::new(password.to_owned()),
    };
    gate.create_token(owner, &new, PEER).await.unwrap().release(owner).unwrap().token
}

/// Makes an invitation by code; its secret, and its id.
async fn code(gate: &Gate, owner: &Credentials, home: HomeId) -> (String, GrantId) {
    let made = gate.create_invitation_code(owner, home, Role::Viewer).await.unwrap();
    let made = made.release(owner).unwrap();
    (made.secret, made.id)
}

/// Who asks to join a home by a code, and was not confirmed.
pub(crate) struct Asker {
    pub(crate) code: GrantId,
    pub(crate) secret: String,
    pub(crate) email: String,
    pub(crate) bearer: String,
}

impl Asker {
    async fn ask(gate: &Gate, owner: &Credentials, home: HomeId, name: &str) -> Self {
        let (secret, code) = code(gate, owner, home).await;
        let email = format!("{name}@example.org");
        let new = NewAccount { password: Password::new("a long password".into()), name: name.to_owned() };
        let account = gate.redeem_invitation_code(&secret, &email, &new).await.unwrap().account_id;
        let Viewer { bearer, email, .. } = Viewer::sign_in(gate, account, email).await;
        Self { code, secret, email, bearer }
    }
}

/// Offers a share of a camera to this address; the secret of its link.
async fn offer(gate: &Gate, owner: &Credentials, home: HomeId, camera: CameraId, email: &str) -> String {
    let rights = Rights::ALL;
    let email = email.to_owned();
    let share = NewShare { email, cameras: vec![camera], rights, from: None, now_on: false, until: None };
    let offered = gate.offer_share(owner, home, &share).await.unwrap().release(owner).unwrap();
    offered.secret.clone()
}

/// Invites somebody, who accepts with a new account.
async fn accept(
    gate: &Gate,
    owner: &Credentials,
    home: HomeId,
    name: &str,
    role: Role,
) -> (AccountId, String, GrantId) {
    let email = format!("{name}@example.org");
    let (secret, member) = invite(gate, owner, home, &email, role).await;
    let new = NewAccount { password: Password::new("a long password".into()), name: name.to_owned() };
    let joined = gate.redeem_invitation(&secret, &email, &new, PEER).await.unwrap();
    (joined.account_id, email, member)
}

impl Viewer {
    async fn join(gate: &Gate, owner: &Credentials, home: HomeId, name: &str) -> Self {
        let (account, email, _) = accept(gate, owner, home, name, Role::Viewer).await;
        gate.me(owner).await.unwrap();
        Self::sign_in(gate, account, email).await
    }

    async fn hold(gate: &Gate, owner: &Credentials, home: HomeId, camera: CameraId, name: &str) -> Self {
        let email = format!("{name}@example.org");
        let secret = offer(gate, owner, home, camera, &email).await;
        let new = NewAccount { password: Password::new("a long password".into()), name: name.to_owned() };
        let account = gate.redeem_invitation(&secret, &email, &new, PEER).await.unwrap().account_id;
        gate.me(owner).await.unwrap();
        Self::sign_in(gate, account, email).await
    }

    async fn sign_in(gate: &Gate, account: AccountId, email: String) -> Self {
        let password = Password::new("a long password".into());
        let api = Client::Api { client_half: None };
        let signed_in = gate.sign_in(&email, &password, api, None, PEER).await.unwrap();
        Self { account, email, bearer: signed_in.server_half().to_owned() }
    }

    async fn join_and_be_removed(gate: &Gate, owner: &Credentials, home: HomeId, name: &str) -> Self {
        let (account, email, member) = accept(gate, owner, home, name, Role::Adult).await;
        gate.me(owner).await.unwrap();
        gate.remove_member(owner, home, member).await.unwrap();
        Self::sign_in(gate, account, email).await
    }
}

impl Side {
    /// What the registry finds the side's link by.
    pub(crate) fn link_find(&self) -> [u8; 32] {
        let secret: [u8; 32] =
            BASE64URL_NOPAD.decode(self.link.as_bytes()).unwrap().as_slice().try_into().unwrap();
        LinkSecret::from_bytes(secret).find(self.device.scope.installation)
    }
}

fn source(name: &str, number: u8) -> Source {
    Source {
        address: format!("rtsp://{name}-camera.example/{number}"),
        user: Some(format!("{name}-user")),
        password: Some(format!("{name}-secret")),
        digest_only: false,
    }
}

fn event_sections(name: &str, number: u32) -> Vec<(SectionKind, Vec<u8>)> {
    let motion = MotionTrack {
        began_ms: 3000,
        ended_ms: 9000,
        width: 640,
        height: 360,
        frames: 120 + number,
        samples: vec![(0, 1), (100, 200)],
    };
    vec![
        (SectionKind::Thumbnail, format!("{name} thumbnail {number}").into_bytes()),
        // Longer than two segments.
        (SectionKind::Clip, format!("{name} clip {number} ").repeat(12_000).into_bytes()),
        (SectionKind::Motion, motion.encode()),
    ]
}

impl HeldByDevice {
    async fn pair(ingest: &Ingest, code: &str) -> Self {
        let code: PairingCode = code.parse().unwrap();
        let blob = ingest.find_pairing(&code.find(), PEER).await.unwrap();
        let blob: serde_json::Value = serde_json::from_slice(&code.open_blob(&blob).unwrap()).unwrap();
        let text = |field: &str| blob[field].as_str().unwrap().to_owned();
        let scope = PairingScope {
            installation: text("installation").parse().unwrap(),
            home: text("home").parse().unwrap(),
            device: text("device").parse().unwrap(),
        };
        let key = code.device_key(scope.installation, scope.home, scope.device);
        let keys = KeyPair::generate();
        let credential = ownsight_seal::random_bytes();
        let credential_hash = sha256(&credential);
        let answer = PairingAnswer { public_key: keys.public(), credential_hash };
        let answer = Answer {
            device: scope.device,
            public_key: keys.public().to_bytes(),
            credential_hash,
            mac: answer.mac(&key, scope),
            agent: true,
            version: "swap test 1.0".into(),
        };
        ingest.answer_pairing(&code.find(), answer, PEER).await.unwrap();
        Self { scope, keys, credential, key, serial: 0 }
    }

    pub(crate) async fn fetch(&self, ingest: &Ingest) -> Option<Vec<u8>> {
        let credential = Credential::from_bytes(self.credential);
        let identity = ingest.authenticate(self.scope.device, &credential, None).await.ok()?;
        let next = ingest.configuration(&identity, self.serial, Duration::ZERO).await.ok()??;
        Some(next.sealed)
    }

    async fn next_configuration(&mut self, ingest: &Ingest) -> Option<Configuration> {
        let sealed = self.fetch(ingest).await?;
        let opened =
            Configuration::open(&self.keys, &self.key, self.scope, self.serial + 1, &sealed).unwrap();
        self.serial += 1;
        self.key = opened.next_device_key.clone();
        Some(opened)
    }

    async fn deliver(
        &self,
        ingest: &Ingest,
        sealer: &CameraSealer,
        camera: CameraId,
        event: EventId,
        sections: &[(SectionKind, Vec<u8>)],
    ) -> EventId {
        let started_at = Timestamp::now().minus(Duration::from_secs(20));
        let mut sealing = sealer.begin(event, started_at, Vec::new()).unwrap();
        for (kind, content) in sections {
            sealing.section(*kind, &mut content.as_slice()).unwrap();
        }
        let still = sections.iter().all(|(kind, _)| *kind == SectionKind::Still);
        let label = if still { Label::Still } else { Label::Motion };
        let ended_at = started_at.plus(Duration::from_secs(12));
        let (object, _) = sealing.finish(ended_at, label, LabelSource::Agent).unwrap();
        let declared = Declared { length: object.len() as u64, digest: sha256(&object) };
        let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from(object))]);
        let identity = ingest
            .authenticate(self.scope.device, &Credential::from_bytes(self.credential), None)
            .await
            .unwrap();
        ingest.store_event(&identity, camera, event, declared, body).await.unwrap();
        event
    }

    async fn report(
        &self,
        ingest: &Ingest,
        configuration: &Configuration,
        sealer: &CameraSealer,
        camera: CameraId,
        name: &str,
    ) {
        let at = Timestamp::now();
        let device = DeviceReport {
            device: self.scope.device,
            at,
            version: format!("{name} agent 1.0"),
            queued_events: 0,
            dropped_events: 0,
            clock_offset_ms: 4,
            configuration: self.serial,
        };
        let state = CameraReport {
            camera,
            at,
            state: CameraState::Records,
            since: at,
            video: None,
            another: None,
            quieted_since: None,
        };
        let gap = GapReport {
            camera,
            from: at.minus(Duration::from_mins(1)),
            to: Some(at.minus(Duration::from_secs(30))),
            reason: GapReason::Camera(CameraFault::Stalled),
        };
        let tagged = |kind, tagged_as, body: Vec<u8>| {
            let tag = sealer.tag_report(tagged_as, &body).to_vec();
            Report { kind, body, tag }
        };
        let body = serde_json::to_vec(&device).unwrap();
        let tag = tag_device_report(&configuration.report_key, &body).to_vec();
        let reports = vec![
            Report { kind: ReportKind::Device, body, tag },
            tagged(ReportKind::Camera(camera), CameraReportKind::State, serde_json::to_vec(&state).unwrap()),
            tagged(ReportKind::Gap(camera), CameraReportKind::Gap, serde_json::to_vec(&gap).unwrap()),
        ];
        self.send(ingest, reports).await;
    }

    async fn send(&self, ingest: &Ingest, reports: Vec<Report>) {
        let identity = ingest
            .authenticate(self.scope.device, &Credential::from_bytes(self.credential), None)
            .await
            .unwrap();
        ingest.reports(&identity, reports, Vec::new()).await.unwrap();
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().unwrap()
}
