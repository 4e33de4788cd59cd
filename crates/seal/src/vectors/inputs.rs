//! What all vectors start from.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, InstallationId,
    Role, SectionKind, SessionId, TenureId, Timestamp,
};
use zeroize::Zeroizing;

use crate::canonical::{Context, Field};
use crate::primitives::sha256;
use crate::{
    AccountKey, AccountScope, CameraPlace, CameraSalt, CameraSecret, ControlKey, DevicePsk, GrantScope,
    HeaderIds, HomeScope, InvitationKey, InvitationSecret, KeyPair, LinkSecret, MasterKey, PairingCode,
    PairingScope, PasswordHash, Purpose, SessionKind, SessionSecret,
};

pub(super) const INSTALLATION: InstallationId = InstallationId::from_bytes([0x11; 16]);
pub(super) const HOME: HomeId = HomeId::from_bytes([0x22; 16]);
pub(super) const ACCOUNT: AccountId = AccountId::from_bytes([0x33; 16]);
pub(super) const CAMERA: CameraId = CameraId::from_bytes([0x44; 16]);
pub(super) const DEVICE: DeviceId = DeviceId::from_bytes([0x55; 16]);
pub(super) const TENURE: TenureId = TenureId::from_bytes([0x66; 16]);
pub(super) const EVENT: EventId = EventId::from_bytes([0x77; 16]);
pub(super) const GRANT: GrantId = GrantId::from_bytes([0x88; 16]);
pub(super) const SESSION: SessionId = SessionId::from_bytes([0x99; 16]);
pub(super) const ROLE: Role = Role::Adult;
pub(super) const SERIAL: u64 = 7;
pub(super) const SESSION_KIND: SessionKind = SessionKind::Cookie;
pub(super) const SECTION: SectionKind = SectionKind::Clip;
pub(super) const TIME: Timestamp = Timestamp::from_micros(1_760_000_000_123_456);
pub(super) const PAIRING_CODE: &str = "K7QM-4T2X-9FWD-R3HB";

pub(super) fn home_epoch() -> HomeEpoch {
    HomeEpoch::new(3).unwrap()
}

pub(super) fn camera_epoch() -> CameraEpoch {
    CameraEpoch::new(5).unwrap()
}

pub(super) fn email() -> Email {
    Email::parse(" Anna@Exa\u{308}mple.org ").unwrap()
}

/// 32 bytes that are random in the product: SHA-256 of a name.
pub(super) fn secret(name: &str) -> [u8; 32] {
    sha256(name.as_bytes())
}

pub(super) fn home_scope() -> HomeScope {
    HomeScope { installation: INSTALLATION, home: HOME, epoch: home_epoch() }
}

pub(super) fn account_scope() -> AccountScope {
    AccountScope { installation: INSTALLATION, account: ACCOUNT }
}

pub(super) fn pairing_scope() -> PairingScope {
    PairingScope { installation: INSTALLATION, home: HOME, device: DEVICE }
}

pub(super) fn control_key() -> ControlKey {
    ControlKey { scope: home_scope(), key: Zeroizing::new(secret("control key")) }
}

pub(super) fn camera_salt() -> CameraSalt {
    CameraSalt::from_bytes(secret("camera salt"))
}

pub(super) fn camera_secret() -> CameraSecret {
    let place = CameraPlace { camera: CAMERA, tenure: TENURE, epoch: camera_epoch() };
    control_key().home_key().camera_secret(&camera_salt(), place)
}

pub(super) fn psk() -> DevicePsk {
    camera_secret().device_psk(DEVICE)
}

pub(super) fn header_ids() -> HeaderIds {
    HeaderIds { scope: *camera_secret().scope(), device: DEVICE, event: EVENT, started_at: TIME }
}

pub(super) fn account_key() -> AccountKey {
    AccountKey::from_bytes(secret("account key"))
}

pub(super) fn master_key() -> MasterKey {
    MasterKey::from_bytes(secret("master key"))
}

pub(super) fn password_hash() -> PasswordHash {
    PasswordHash::from_bytes(secret("password hash"))
}

pub(super) fn link_secret() -> LinkSecret {
    LinkSecret::from_bytes(secret("link secret"))
}

pub(super) fn invitation_secret() -> InvitationSecret {
    InvitationSecret::from_bytes(secret("invitation secret"))
}

pub(super) fn invitation_key() -> InvitationKey {
    invitation_secret().key(INSTALLATION, &email())
}

pub(super) fn grant_scope() -> GrantScope {
    GrantScope { account: account_scope(), grant: GRANT }
}

pub(super) fn pairing_code() -> PairingCode {
    PAIRING_CODE.parse().unwrap()
}

pub(super) fn device_key_pair() -> KeyPair {
    KeyPair::from_private_bytes(&secret("device private key")).unwrap()
}

pub(super) fn session() -> SessionSecret {
    let (server_half, page_half) = (secret("server half"), secret("page half"));
    SessionSecret::new(INSTALLATION, SESSION_KIND, server_half, Some(page_half))
}

/// A purpose's context, built from the list of its fields alone and not by the code that uses it.
pub(super) fn context(purpose: Purpose) -> Context {
    let installation = match purpose {
        Purpose::Pairing | Purpose::PairingFind => InstallationId::from_bytes([0; 16]),
        _ => INSTALLATION,
    };
    purpose.fields().iter().fold(Context::new(purpose, installation), |context, field| match field {
        Field::Home => context.home(HOME),
        Field::Account => context.account(ACCOUNT),
        Field::Camera => context.camera(CAMERA),
        Field::Device => context.device(DEVICE),
        Field::Tenure => context.tenure(TENURE),
        Field::Event => context.event(EVENT),
        Field::Grant => context.grant(GRANT),
        Field::Session => context.session(SESSION),
        Field::HomeEpoch => context.home_epoch(home_epoch()),
        Field::CameraEpoch => context.camera_epoch(camera_epoch()),
        Field::Time => context.time(TIME),
        Field::Email => context.email(&email()),
        Field::Serial => context.serial(SERIAL),
        Field::Role => context.role(ROLE),
        Field::Section => context.section(SECTION),
        Field::SessionKind => context.session_kind(SESSION_KIND.code()),
    })
}
