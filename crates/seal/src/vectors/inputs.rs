//! What all vectors start from.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, InstallationId,
    Role, SectionKind, SessionId, TenureId, Timestamp, TokenRight, TokenRights,
};
use zeroize::Zeroizing;

use crate::canonical::{Context, Field};
use crate::primitives::sha256;
use crate::{
    AccountKey, AccountScope, CameraPlace, CameraSalt, CameraSecret, ControlKey, DevicePsk, GrantScope,
    HeaderIds, HomeScope, InvitationKey, InvitationSecret, KeyPair, LinkSecret, MasterKey, PairingCode,
    PairingScope, PasswordHash, Purpose, SessionKind, SessionSecret, ShareKey, ShareScope, UploadKey,
};

pub(crate) const INSTALLATION: InstallationId = InstallationId::from_bytes([0x11; 16]);
pub(crate) const HOME: HomeId = HomeId::from_bytes([0x22; 16]);
pub(crate) const ACCOUNT: AccountId = AccountId::from_bytes([0x33; 16]);
pub(crate) const CAMERA: CameraId = CameraId::from_bytes([0x44; 16]);
pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0x55; 16]);
pub(crate) const TENURE: TenureId = TenureId::from_bytes([0x66; 16]);
pub(crate) const EVENT: EventId = EventId::from_bytes([0x77; 16]);
pub(crate) const GRANT: GrantId = GrantId::from_bytes([0x88; 16]);
pub(crate) const SESSION: SessionId = SessionId::from_bytes([0x99; 16]);
pub(crate) const ROLE: Role = Role::Adult;
pub(crate) const SERIAL: u64 = 7;
pub(crate) const SESSION_KIND: SessionKind = SessionKind::Cookie;
pub(crate) const SECTION: SectionKind = SectionKind::Clip;
pub(crate) const TIME: Timestamp = Timestamp::from_micros(1_760_000_000_123_456);
pub(crate) const PAIRING_CODE: &str = "K7QM-4T2X-9FWD-R3HB";

pub(crate) fn home_epoch() -> HomeEpoch {
    HomeEpoch::new(3).unwrap()
}

pub(crate) fn camera_epoch() -> CameraEpoch {
    CameraEpoch::new(5).unwrap()
}

pub(crate) fn email() -> Email {
    Email::parse(" Anna@Exa\u{308}mple.org ").unwrap()
}

/// To see, and to keep.
pub(crate) fn token_rights() -> TokenRights {
    vec![TokenRight::Footage, TokenRight::Export].try_into().unwrap()
}

/// 32 bytes that are random in the product: SHA-256 of a name.
pub(crate) fn secret(name: &str) -> [u8; 32] {
    sha256(name.as_bytes())
}

pub(crate) fn home_scope() -> HomeScope {
    HomeScope { installation: INSTALLATION, home: HOME, epoch: home_epoch() }
}

pub(crate) fn account_scope() -> AccountScope {
    AccountScope { installation: INSTALLATION, account: ACCOUNT }
}

pub(crate) fn pairing_scope() -> PairingScope {
    PairingScope { installation: INSTALLATION, home: HOME, device: DEVICE }
}

pub(crate) fn control_key() -> ControlKey {
    ControlKey { scope: home_scope(), key: Zeroizing::new(secret("control key")) }
}

pub(crate) fn camera_salt() -> CameraSalt {
    CameraSalt::from_bytes(secret("camera salt"))
}

pub(crate) fn camera_secret() -> CameraSecret {
    let place = CameraPlace { camera: CAMERA, tenure: TENURE, epoch: camera_epoch() };
    control_key().home_key().camera_secret(&camera_salt(), place)
}

pub(crate) fn psk() -> DevicePsk {
    camera_secret().device_psk(DEVICE)
}

pub(crate) fn header_ids() -> HeaderIds {
    HeaderIds { scope: *camera_secret().scope(), device: DEVICE, event: EVENT, started_at: TIME }
}

pub(crate) fn account_key() -> AccountKey {
    AccountKey::from_bytes(secret("account key"))
}

pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_bytes(secret("master key"))
}

pub(crate) fn password_hash() -> PasswordHash {
    PasswordHash::from_bytes(secret("password hash"))
}

pub(crate) fn link_secret() -> LinkSecret {
    LinkSecret::from_bytes(secret("link secret"))
}

pub(crate) fn invitation_secret() -> InvitationSecret {
    InvitationSecret::from_bytes(secret("invitation secret"))
}

pub(crate) fn invitation_key() -> InvitationKey {
    invitation_secret().key(INSTALLATION, &email())
}

pub(crate) fn invitation_code_key() -> InvitationKey {
    invitation_secret().code_key(INSTALLATION)
}

pub(crate) fn grant_scope() -> GrantScope {
    GrantScope { account: account_scope(), grant: GRANT }
}

pub(crate) fn share_scope() -> ShareScope {
    ShareScope { installation: INSTALLATION, home: HOME, grant: GRANT }
}

pub(crate) fn share_key() -> ShareKey {
    ShareKey::from_bytes(secret("share key"))
}

pub(crate) fn pairing_code() -> PairingCode {
    PAIRING_CODE.parse().unwrap()
}

pub(crate) fn device_key_pair() -> KeyPair {
    KeyPair::from_private_bytes(&secret("device private key")).unwrap()
}

pub(crate) fn upload_key() -> UploadKey {
    UploadKey::from_bytes(secret("upload key"))
}

pub(crate) fn session() -> SessionSecret {
    let (server_half, page_half) = (secret("server half"), secret("page half"));
    SessionSecret::new(INSTALLATION, SESSION_KIND, server_half, Some(page_half))
}

/// A purpose's context, built from the list of its fields alone and not by the code that uses it.
pub(crate) fn context(purpose: Purpose) -> Context {
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
        Field::TokenRights => context.token_rights(token_rights()),
    })
}
