//! Rows as they are: ids that find, and sealed bytes that decide elsewhere. Nothing here is believed by itself.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, Closed, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId,
    InstallationId, LockdownId, LockdownScope, Role, SessionId, TenureId, TestId, Timestamp,
};

/// The installation itself: exactly one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationRow {
    /// Its id.
    pub id: InstallationId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The commitment to its master key.
    pub master_commitment: [u8; 32],
}

/// A one-time link, found by what is derived from its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// What finds it.
    pub find: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    pub used_at: Option<Timestamp>,
    /// What it is for, sealed under its secret.
    pub sealed: Vec<u8>,
}

/// Something that an operator has closed, and that was not lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockdownRow {
    /// Its id.
    pub id: LockdownId,
    /// For whom.
    pub scope: LockdownScope,
    /// What.
    pub closes: Closed,
    /// Why, for those whom it concerns: 1 to 500 characters.
    pub reason: String,
    /// Who did it, in words: at most 200 characters.
    pub begun_by: String,
    /// Since when.
    pub begun_at: Timestamp,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// The address that finds it at sign-in.
    pub email: Email,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its X25519 public key.
    pub public_key: [u8; 32],
    /// What it sees of itself, sealed under the account key.
    pub text: Vec<u8>,
}

/// What a password opens, found by e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRow {
    /// The account's address.
    pub email: Email,
    /// argon2id's salt and parameters, as a PHC string without a hash.
    pub params: String,
    /// The account key, wrapped under the password.
    pub wrap: Vec<u8>,
}

/// What the master key opens, found by e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyRow {
    /// The account's address.
    pub email: Email,
    /// The account key, wrapped under the master key.
    pub wrap: Vec<u8>,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the server's half: what finds it.
    pub find: [u8; 32],
    /// Its id.
    pub id: SessionId,
    /// Whose it is, for ending all of an account's.
    pub account: AccountId,
    /// How its secret travels (code of `seal::SessionKind`).
    pub kind: u8,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The account key, wrapped under both halves.
    pub wrap: Vec<u8>,
    /// What program began it, sealed under the account key; empty where it did not say.
    pub text: Vec<u8>,
    /// Whether somebody of the account has looked at it.
    pub noticed: bool,
    /// What a program's token may do (code of `model::TokenRights`); `None` for a sign-in.
    pub rights: Option<u8>,
    /// The hour in which a token was last used.
    pub used_at: Option<Timestamp>,
}

/// A home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeRow {
    /// Its id.
    pub id: HomeId,
    /// The current home epoch.
    pub epoch: HomeEpoch,
    /// When it was made.
    pub created_at: Timestamp,
    /// Name and zone, sealed under the home key of `epoch`.
    pub text: Vec<u8>,
    /// Whether the server runs an agent for it.
    pub local_agent: bool,
    /// Events older than this are erased.
    pub retention_days: u32,
    /// Oldest events are erased when the home's take more bytes.
    pub retention_bytes: u64,
    /// Former home keys under that of `epoch`; empty in the first.
    pub keyring: Vec<u8>,
    /// Somebody who had its keys is gone: the next owner's or adult's request starts an epoch.
    pub epoch_due: bool,
    /// Somebody accepted an invitation: the next owner's or adult's request takes them into the roster.
    pub joins_due: bool,
    /// A share is over: the next owner's or adult's request gives its cameras new keys.
    pub shares_due: bool,
    /// It came back from a backup, and no owner has confirmed yet who belongs to it: it opens nothing until then.
    pub restored: Option<HomeRestored>,
}

/// That a home came back from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HomeRestored {
    /// When it was brought back.
    pub at: Timestamp,
    /// As of when it is: the last moment of which the backup knows.
    pub as_of: Timestamp,
}

/// A grant of a home's key to an account: the control key, or for a viewer the home key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: GrantId,
    /// To whom.
    pub account: AccountId,
    /// Of which home.
    pub home: HomeId,
    /// As what.
    pub role: Role,
    /// Of which home epoch.
    pub epoch: HomeEpoch,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key, wrapped under the account key; where `away`, sealed to the account's key pair.
    pub wrap: Vec<u8>,
    /// Whether it came while the account was away, and was not opened since.
    pub away: bool,
    /// The member key, wrapped under the account key.
    pub member_key: Vec<u8>,
}

/// Who is a member of a home: sealed, so that only owners and adults can say who gets new keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// The home.
    pub home: HomeId,
    /// The home epoch under whose keys both are sealed.
    pub epoch: HomeEpoch,
    /// Goes up by one with each change.
    pub serial: u64,
    /// The roster, sealed under the control key.
    pub roster: Vec<u8>,
    /// What members see of each other, sealed under the home key.
    pub members: Vec<u8>,
}

/// An invitation that was not withdrawn, and of which nobody is in the roster yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRow {
    /// The grant that comes of it.
    pub id: GrantId,
    /// What finds it.
    pub find: [u8; 32],
    /// The home.
    pub home: HomeId,
    /// As what; `None`: to a share of the same id.
    pub role: Option<Role>,
    /// The home epoch of `wrap` and `kept`.
    pub epoch: HomeEpoch,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What it says before it is accepted, sealed under its key.
    pub text: Vec<u8>,
    /// The home's key for that role, or the share key, sealed under its key.
    pub wrap: Vec<u8>,
    /// What the home keeps of it, sealed under the control key.
    pub kept: Vec<u8>,
    /// Who accepted it.
    pub joined: Option<JoinRow>,
}

/// An invitation by code: for somebody who is there, and who is a member when an owner or adult has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationCodeRow {
    /// The grant that comes of it.
    pub id: GrantId,
    /// What finds it.
    pub find: [u8; 32],
    /// The home.
    pub home: HomeId,
    /// The home epoch of `kept`.
    pub epoch: HomeEpoch,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends: for being opened, and once somebody asked to join, for being confirmed.
    pub expires_at: Timestamp,
    /// What it says to who opens it, sealed under its key.
    pub text: Vec<u8>,
    /// What the home keeps of it, sealed under the control key.
    pub kept: Vec<u8>,
    /// Who asked to join.
    pub joined: Option<JoinRow>,
    /// The member key of the grant that is to come, wrapped under the account key of who asked.
    pub member_key: Vec<u8>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
}

/// Some cameras of a home, for an account outside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareRow {
    /// Its id.
    pub id: GrantId,
    /// The home.
    pub home: HomeId,
    /// For whom, once accepted.
    pub account: Option<AccountId>,
    /// Goes up by one each time that it is sealed anew.
    pub serial: u64,
    /// When it was offered.
    pub created_at: Timestamp,
    /// Events that began earlier are not part of it; before this moment it has not begun.
    pub from_at: Option<Timestamp>,
    /// When it ends.
    pub until_at: Option<Timestamp>,
    /// The share key, wrapped under the account key; where `away`, sealed to the account's key pair.
    pub wrap: Vec<u8>,
    /// Whether the key came while the account was away, and was not opened since.
    pub away: bool,
    /// The member key, wrapped under the account key.
    pub member_key: Vec<u8>,
    /// Camera secrets and terms, under the share key.
    pub contents: Vec<u8>,
    /// It has ended: its cameras wait for new keys.
    pub revoked: bool,
}

/// What who accepted an invitation left, until an owner's or adult's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRow {
    /// When.
    pub at: Timestamp,
    /// Which account.
    pub account: AccountId,
    /// Who it says it is, with its public key.
    pub note: Vec<u8>,
    /// The tag of the note.
    pub tag: [u8; 32],
}

/// What a camera is to the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CameraStanding {
    /// Made for a test; erased when that ends without being confirmed.
    Draft,
    /// In use.
    Active,
    /// Erased; the row stays so that devices are answered 410.
    Erased,
}

/// A camera's salt of one tenure and pair of epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraEpochRow {
    /// The camera.
    pub camera: CameraId,
    /// Its home in this tenure.
    pub home: HomeId,
    /// Its time in that home.
    pub tenure: TenureId,
    /// The home epoch.
    pub home_epoch: HomeEpoch,
    /// The camera epoch.
    pub camera_epoch: CameraEpoch,
    /// 32 random bytes; zeroed by erasure.
    pub salt: [u8; 32],
    /// When it began.
    pub created_at: Timestamp,
}

/// A camera with its current epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraRow {
    /// Its id.
    pub id: CameraId,
    /// Its home.
    pub home: HomeId,
    /// What it is to the registry.
    pub standing: CameraStanding,
    /// The device that serves it.
    pub device: Option<DeviceId>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Its current epoch: `text` is sealed under it.
    pub epoch: CameraEpochRow,
    /// Name and settings, sealed under the camera's text key.
    pub text: Vec<u8>,
    /// Address, user and password, sealed under the control key; `None` for a camera that pushes by itself.
    pub address: Option<Vec<u8>>,
}

/// A camera with what is shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraDetail {
    /// The camera.
    pub camera: CameraRow,
    /// All its epochs in its present home, oldest first: what lies beside it may be of a former one.
    pub epochs: Vec<CameraEpochRow>,
    /// The device's latest report on it.
    pub report: Option<ReportRow>,
    /// The latest still.
    pub still: Option<EventRow>,
    /// Number of events kept.
    pub events: u64,
    /// Of them those that were said to be none.
    pub not_events: u64,
    /// Of those, the ones of which it was said in the last seven days.
    pub not_events_week: u64,
}

/// A report of a device, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// The device that sent it.
    pub device: DeviceId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The JSON of the report.
    pub body: Vec<u8>,
    /// Its tag.
    pub tag: Vec<u8>,
}

/// A time in which a camera did not record, as its device reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapRow {
    /// The camera.
    pub camera: CameraId,
    /// The report.
    pub report: ReportRow,
}

/// Whether a device may be believed to be itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceStanding {
    /// A pairing code was made; nobody answered, or the answer was not checked yet.
    Waiting,
    /// Its answer was checked and it has configurations.
    Paired,
    /// Removed.
    Removed,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// Its home.
    pub home: HomeId,
    /// Whether it may be believed.
    pub standing: DeviceStanding,
    /// Whether it is an agent (else: a camera that pushes by itself).
    pub agent: bool,
    /// Whether this server runs it.
    pub local: bool,
    /// Its X25519 public key, once paired.
    pub public_key: Option<[u8; 32]>,
    /// SHA-256 of its credential, once answered.
    pub credential_hash: Option<[u8; 32]>,
    /// Its name, sealed under the home key of `text_epoch`.
    pub text: Vec<u8>,
    /// The home epoch of `text`.
    pub text_epoch: HomeEpoch,
    /// When its code was made.
    pub created_at: Timestamp,
    /// When its answer was checked.
    pub paired_at: Option<Timestamp>,
    /// When it last called.
    pub seen_at: Option<Timestamp>,
    /// The program and version that it named last.
    pub version: Option<String>,
    /// The latest configuration's serial number; 0 before the first.
    pub latest_serial: u64,
    /// The serial number that it says is in use.
    pub acknowledged_serial: u64,
    /// The home epoch under which `device_key` is wrapped.
    pub key_epoch: HomeEpoch,
    /// The device key for the configuration after `latest_serial`, wrapped under the control key.
    pub device_key: Vec<u8>,
    /// Which start of it calls, once one has.
    pub run: Option<DeviceRun>,
    /// When two devices presented its identity; neither is served then.
    pub contested_at: Option<Timestamp>,
    /// What it still delivers after it was removed; `None`: nothing more is taken.
    pub left: Option<DeviceLeft>,
    /// Of a device that uploads plainly: its device key, wrapped under its upload key.
    pub upload_key: Option<Vec<u8>>,
}

/// How a device went that still delivers what it recorded until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceLeft {
    /// When it ended: what began later is not taken.
    pub at: Timestamp,
    /// Whether it left by itself, as it was paired elsewhere; else people removed it.
    pub itself: bool,
}

/// Which start of a device calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceRun {
    /// Its random id.
    pub run: [u8; 16],
    /// Since when this one calls.
    pub since: Timestamp,
}

/// A device with what is shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceDetail {
    /// The device.
    pub device: DeviceRow,
    /// Its pairing, while it waits.
    pub pairing: Option<PairingRow>,
    /// Its latest report on itself.
    pub report: Option<ReportRow>,
}

/// A pairing that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingRow {
    /// The device that it makes.
    pub device: DeviceId,
    /// SHA-256 of what the device shows to ask for it.
    pub find: [u8; 32],
    /// When the code ends.
    pub expires_at: Timestamp,
    /// What the device opens with the code.
    pub blob: Vec<u8>,
    /// The device's answer.
    pub answer: Option<PairingAnswerRow>,
}

/// A device's answer to a pairing, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingAnswerRow {
    /// Its public key.
    pub public_key: [u8; 32],
    /// SHA-256 of its credential.
    pub credential_hash: [u8; 32],
    /// The MAC over both.
    pub mac: [u8; 32],
    /// Whether it says it is an agent.
    pub agent: bool,
    /// The program and version.
    pub version: String,
}

/// A configuration that was sealed for a device, with the wrap of the key for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfiguration {
    /// The device.
    pub device: DeviceId,
    /// Its serial number: one more than the latest, else the transaction is refused.
    pub serial: u64,
    /// What the server cannot read.
    pub sealed: Vec<u8>,
    /// The home epoch of the wrap.
    pub key_epoch: HomeEpoch,
    /// The device key for the next, wrapped under the control key.
    pub next_key: Vec<u8>,
}

/// A sealed object in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The event.
    pub id: EventId,
    /// Its camera.
    pub camera: CameraId,
    /// Its home.
    pub home: HomeId,
    /// The camera's time in that home.
    pub tenure: TenureId,
    /// The home epoch of its header.
    pub home_epoch: HomeEpoch,
    /// The camera epoch of its header.
    pub camera_epoch: CameraEpoch,
    /// The device that sealed it.
    pub device: DeviceId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The code of its label.
    pub label: u8,
    /// Whether it is a still: shown as the camera's last picture and not in lists.
    pub still: bool,
    /// When it was durable here.
    pub received_at: Timestamp,
    /// SHA-256 of the object.
    pub digest: [u8; 32],
    /// Bytes of the object.
    pub bytes: u64,
    /// The object's header.
    pub header: Vec<u8>,
    /// The object's trailer.
    pub trailer: Vec<u8>,
    /// Of an event that was uploaded plainly: the MAC of the upload.
    pub upload_mac: Option<[u8; 32]>,
}

/// A test of a camera's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRow {
    /// The test.
    pub id: TestId,
    /// The home.
    pub home: HomeId,
    /// The device that tests.
    pub device: DeviceId,
    /// The draft camera whose keys seal the still.
    pub draft: CameraId,
    /// The camera that the result is for, if it exists already.
    pub existing: Option<CameraId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it and its draft are erased.
    pub expires_at: Timestamp,
    /// The device's latest report on it.
    pub report: Option<ReportRow>,
    /// The still, if one arrived.
    pub still: Option<EventRow>,
}

/// A test with its cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestDetail {
    /// The test.
    pub test: TestRow,
    /// Its draft camera.
    pub draft: CameraRow,
    /// All epochs of the draft, oldest first.
    pub draft_epochs: Vec<CameraEpochRow>,
    /// The camera that the result is for, if it exists already.
    pub existing: Option<CameraRow>,
}

/// What names a sealed object in the vault. An event's id is unique for one camera only: devices choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The home.
    pub home: HomeId,
    /// The camera.
    pub camera: CameraId,
    /// The event.
    pub event: EventId,
}
