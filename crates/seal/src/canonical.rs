//! The one canonical encoding: info of every derivation and associated data of every wrap.
//!
//! ```text
//! offset  size  what
//! 0       1     format version, 1
//! 1       1     length n of the purpose's label
//! 2       n     the label, ASCII
//! 2+n     16    installation
//! 18+n          fields, in the order that the purpose names them:
//!                 1  field code: the id kind's code for ids, 64 and up for the others (see [`Field`])
//!                 4  length of the value, big-endian
//!                    the value; numbers are big-endian
//! ```
//! Every part is length-prefixed or of fixed size, so two different contexts never encode alike.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, IdKind,
    InstallationId, Role, SectionKind, SessionId, TenureId, Timestamp, TokenRights,
};

use crate::Purpose;

/// The version of the canonical encoding and of all formats that are made with it.
pub(crate) const FORMAT_VERSION: u8 = 1;

/// A field of a context, with its code. Ids have their kind's code, the others 64 and up; the compiler refuses a
/// code that is used twice. Never change or reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// A home's id.
    Home = IdKind::Home as u8,
    /// An account's id.
    Account = IdKind::Account as u8,
    /// A camera's id.
    Camera = IdKind::Camera as u8,
    /// A device's id.
    Device = IdKind::Device as u8,
    /// A tenure's id.
    Tenure = IdKind::Tenure as u8,
    /// An event's id.
    Event = IdKind::Event as u8,
    /// A grant's id.
    Grant = IdKind::Grant as u8,
    /// A session's id.
    Session = IdKind::Session as u8,
    /// A home epoch's number, 32 bits.
    HomeEpoch = 64,
    /// A camera epoch's number, 32 bits.
    CameraEpoch = 65,
    /// Microseconds since 1970, 64 bits, signed.
    Time = 66,
    /// A normalised e-mail address, UTF-8.
    Email = 67,
    /// A configuration's serial number, 64 bits.
    Serial = 68,
    /// A role's code, 8 bits.
    Role = 69,
    /// A section kind's code, 8 bits.
    Section = 70,
    /// A session kind's code, 8 bits.
    SessionKind = 71,
    /// The code of a token's rights, 8 bits.
    TokenRights = 72,
}

impl Field {
    /// The code that stands before the field's value.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The field's name in `docs/key-chain.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Account => "account",
            Self::Camera => "camera",
            Self::Device => "device",
            Self::Tenure => "tenure",
            Self::Event => "event",
            Self::Grant => "grant",
            Self::Session => "session",
            Self::HomeEpoch => "home epoch",
            Self::CameraEpoch => "camera epoch",
            Self::Time => "time",
            Self::Email => "e-mail",
            Self::Serial => "serial",
            Self::Role => "role",
            Self::Section => "section kind",
            Self::SessionKind => "session kind",
            Self::TokenRights => "token rights",
        }
    }
}

/// A context in the making: version, purpose, installation, then the fields that the purpose names, in that order.
#[derive(Clone)]
pub(crate) struct Context {
    purpose: Purpose,
    /// How many of the purpose's fields are there.
    fields: usize,
    bytes: Vec<u8>,
}

macro_rules! id_fields {
    ($($method:ident: $id:ident = $field:ident;)+) => {$(
        pub(crate) fn $method(self, id: $id) -> Self {
            const { assert!($id::KIND as u8 == Field::$field as u8) };
            self.field(Field::$field, id.as_bytes())
        }
    )+};
}

impl Context {
    pub(crate) fn new(purpose: Purpose, installation: InstallationId) -> Self {
        let label = purpose.label().as_bytes();
        let mut bytes = Vec::with_capacity(160);
        bytes.push(FORMAT_VERSION);
        // A test holds labels to 255 bytes.
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label);
        bytes.extend_from_slice(installation.as_bytes());
        Self { purpose, fields: 0, bytes }
    }

    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        debug_assert_eq!(self.fields, self.purpose.fields().len(), "{} lacks a field", self.purpose.label());
        &self.bytes
    }

    id_fields! {
        home: HomeId = Home;
        account: AccountId = Account;
        camera: CameraId = Camera;
        device: DeviceId = Device;
        tenure: TenureId = Tenure;
        event: EventId = Event;
        grant: GrantId = Grant;
        session: SessionId = Session;
    }

    pub(crate) fn home_epoch(self, epoch: HomeEpoch) -> Self {
        self.field(Field::HomeEpoch, &epoch.number().to_be_bytes())
    }

    pub(crate) fn camera_epoch(self, epoch: CameraEpoch) -> Self {
        self.field(Field::CameraEpoch, &epoch.number().to_be_bytes())
    }

    pub(crate) fn time(self, time: Timestamp) -> Self {
        self.field(Field::Time, &time.as_micros().to_be_bytes())
    }

    pub(crate) fn email(self, email: &Email) -> Self {
        self.field(Field::Email, email.as_str().as_bytes())
    }

    pub(crate) fn serial(self, serial: u64) -> Self {
        self.field(Field::Serial, &serial.to_be_bytes())
    }

    pub(crate) fn role(self, role: Role) -> Self {
        self.field(Field::Role, &[role.code()])
    }

    pub(crate) fn section(self, kind: SectionKind) -> Self {
        self.field(Field::Section, &[kind.code()])
    }

    pub(crate) fn session_kind(self, code: u8) -> Self {
        self.field(Field::SessionKind, &[code])
    }

    pub(crate) fn token_rights(self, rights: TokenRights) -> Self {
        self.field(Field::TokenRights, &[rights.code()])
    }

    fn field(mut self, field: Field, value: &[u8]) -> Self {
        debug_assert_eq!(self.purpose.fields().get(self.fields), Some(&field), "{}", self.purpose.label());
        self.fields += 1;
        // Values are ids, numbers and e-mail addresses, all far below 4 GiB.
        self.bytes.push(field.code());
        self.bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_as_documented() {
        let installation = InstallationId::from_bytes([1; 16]);
        let context = Context::new(Purpose::HomeKey, installation)
            .home(HomeId::from_bytes([2; 16]))
            .home_epoch(HomeEpoch::FIRST);
        let mut expected = vec![1, 8];
        expected.extend_from_slice(b"home-key");
        expected.extend_from_slice(&[1; 16]);
        expected.extend_from_slice(&[2, 0, 0, 0, 16]);
        expected.extend_from_slice(&[2; 16]);
        expected.extend_from_slice(&[64, 0, 0, 0, 4, 0, 0, 0, 1]);
        assert_eq!(context.as_bytes(), expected);
    }

    #[test]
    fn ids_of_different_kinds_with_the_same_bytes_encode_differently() {
        let installation = InstallationId::from_bytes([0; 16]);
        let camera = Context::new(Purpose::TextKey, installation).camera(CameraId::from_bytes([7; 16]));
        let account =
            Context::new(Purpose::AccountText, installation).account(AccountId::from_bytes([7; 16]));
        assert_ne!(camera.as_bytes().split_at(26).1, account.as_bytes().split_at(30).1);
        assert_eq!(camera.as_bytes().split_at(31).1, account.as_bytes().split_at(35).1);
    }

    #[test]
    #[should_panic(expected = "home-key lacks a field")]
    fn a_context_without_one_of_its_fields_is_caught() {
        let context = Context::new(Purpose::HomeKey, InstallationId::from_bytes([0; 16]));
        context.home(HomeId::from_bytes([7; 16])).as_bytes();
    }

    #[test]
    #[should_panic(expected = "home-key")]
    fn a_context_with_another_field_is_caught() {
        let context = Context::new(Purpose::HomeKey, InstallationId::from_bytes([0; 16]));
        let _ = context.camera(CameraId::from_bytes([7; 16]));
    }
}
