//! The one canonical encoding: info of every derivation and associated data of every wrap.
//!
//! ```text
//! offset  size  what
//! 0       1     format version, 1
//! 1       1     length n of the purpose's label
//! 2       n     the label, ASCII
//! 2+n     16    installation
//! 18+n          fields, in the order that the purpose names them:
//!                 1  field code: the id kind's code for ids, 64 and up for the others (see `Field`)
//!                 4  length of the value, big-endian
//!                    the value; numbers are big-endian
//! ```
//! Every part is length-prefixed or of fixed size, so two different contexts never encode alike.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, IdKind,
    InstallationId, Role, SectionKind, SessionId, TenureId, Timestamp,
};

use crate::Purpose;

/// The version of the canonical encoding and of all formats that are made with it.
pub(crate) const FORMAT_VERSION: u8 = 1;

/// Codes of fields that are not ids. Never change or reuse one.
#[repr(u8)]
enum Field {
    HomeEpoch = 64,
    CameraEpoch = 65,
    Time = 66,
    Email = 67,
    Serial = 68,
    Role = 69,
    Section = 70,
    SessionKind = 71,
}

/// A context in the making: version, purpose, installation, then what is added, in that order.
#[derive(Clone)]
pub(crate) struct Context {
    purpose: Purpose,
    bytes: Vec<u8>,
}

macro_rules! id_fields {
    ($($method:ident: $id:ty;)+) => {$(
        pub(crate) fn $method(self, id: $id) -> Self {
            self.field(<$id>::KIND.code(), id.as_bytes())
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
        Self { purpose, bytes }
    }

    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    id_fields! {
        home: HomeId;
        account: AccountId;
        camera: CameraId;
        device: DeviceId;
        tenure: TenureId;
        event: EventId;
        grant: GrantId;
        session: SessionId;
    }

    pub(crate) fn home_epoch(self, epoch: HomeEpoch) -> Self {
        self.field(Field::HomeEpoch as u8, &epoch.number().to_be_bytes())
    }

    pub(crate) fn camera_epoch(self, epoch: CameraEpoch) -> Self {
        self.field(Field::CameraEpoch as u8, &epoch.number().to_be_bytes())
    }

    pub(crate) fn time(self, time: Timestamp) -> Self {
        self.field(Field::Time as u8, &time.as_micros().to_be_bytes())
    }

    pub(crate) fn email(self, email: &Email) -> Self {
        self.field(Field::Email as u8, email.as_str().as_bytes())
    }

    pub(crate) fn serial(self, serial: u64) -> Self {
        self.field(Field::Serial as u8, &serial.to_be_bytes())
    }

    pub(crate) fn role(self, role: Role) -> Self {
        self.field(Field::Role as u8, &[role.code()])
    }

    pub(crate) fn section(self, kind: SectionKind) -> Self {
        self.field(Field::Section as u8, &[kind.code()])
    }

    pub(crate) fn session_kind(self, code: u8) -> Self {
        self.field(Field::SessionKind as u8, &[code])
    }

    fn field(mut self, code: u8, value: &[u8]) -> Self {
        // Values are ids, numbers, e-mail addresses and reports, all far below 4 GiB.
        self.bytes.push(code);
        self.bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self
    }
}

const _: () = {
    // Id kinds and other fields share one byte.
    let mut i = 0;
    while i < IdKind::ALL.len() {
        assert!(IdKind::ALL[i].code() < Field::HomeEpoch as u8);
        i += 1;
    }
};

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
        let context = Context::new(Purpose::HomeKey, InstallationId::from_bytes([0; 16]));
        let home = context.clone().home(HomeId::from_bytes([7; 16]));
        let camera = context.camera(CameraId::from_bytes([7; 16]));
        assert_ne!(home.as_bytes(), camera.as_bytes());
    }
}
