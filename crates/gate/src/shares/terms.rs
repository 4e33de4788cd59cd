//! What a share is: which cameras, since which of their epochs, what may be done, and until when.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, Email, GrantId, HomeEpoch, Rights, TenureId, Timestamp,
};
use ownsight_registry::CameraEpochRow;
use ownsight_seal::{MemberKey, OpenError, PublicKey, Purpose};
use serde::{Deserialize, Serialize};

use crate::profile::KeyText;

/// What the home's people agreed to, as the home keeps it under the control key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShareTerms {
    pub(crate) cameras: Vec<SharedCamera>,
    pub(crate) rights: Rights,
    /// Events that began earlier are not part of it. That is a rule; what `since` leaves out is closed by key.
    pub(crate) from: Option<Timestamp>,
    /// When it ends.
    pub(crate) until: Option<Timestamp>,
    /// It began with an epoch of its cameras.
    pub(crate) now_on: bool,
}

/// A camera of a share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SharedCamera {
    pub(crate) camera: CameraId,
    /// The first epoch whose secret the holder gets, if not all.
    pub(crate) since: Option<Since>,
}

/// An epoch of a camera, by which its tenure's epochs are parted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Since {
    tenure: TenureId,
    home_epoch: HomeEpoch,
    camera_epoch: CameraEpoch,
}

impl From<&CameraEpochRow> for Since {
    fn from(row: &CameraEpochRow) -> Self {
        Self { tenure: row.tenure, home_epoch: row.home_epoch, camera_epoch: row.camera_epoch }
    }
}

impl Since {
    fn includes(self, row: &CameraEpochRow) -> bool {
        self.tenure == row.tenure
            && (self.home_epoch, self.camera_epoch) <= (row.home_epoch, row.camera_epoch)
    }
}

impl ShareTerms {
    pub(crate) fn has(&self, camera: CameraId) -> bool {
        self.cameras.iter().any(|shared| shared.camera == camera)
    }

    /// Whether the holder gets this epoch's secret.
    pub(crate) fn include(&self, row: &CameraEpochRow) -> bool {
        let shared = self.cameras.iter().find(|shared| shared.camera == row.camera);
        shared.is_some_and(|shared| shared.since.is_none_or(|since| since.includes(row)))
    }
}

/// A holder in the roster.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ShareEntry {
    pub(crate) grant: GrantId,
    pub(crate) account: AccountId,
    /// As it was typed when the share was offered.
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) public_key: KeyText,
    pub(crate) member_key: KeyText,
    pub(crate) accepted: Timestamp,
    pub(crate) made_by: String,
    pub(crate) terms: ShareTerms,
}

impl ShareEntry {
    pub(crate) fn member_key(&self) -> MemberKey {
        MemberKey::from_bytes(*self.member_key.bytes())
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, OpenError> {
        PublicKey::from_bytes(self.public_key.bytes()).ok_or(OpenError::NotAuthentic(Purpose::Roster))
    }
}

/// What its contents tell a holder of a share, beside the secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShareText {
    pub(crate) home_name: String,
    pub(crate) zone: String,
    pub(crate) made_by: String,
    pub(crate) rights: Rights,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// What an invitation says of the share that it is to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShareOffer {
    pub(crate) cameras: Vec<String>,
    pub(crate) rights: Rights,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use ownsight_model::{HomeId, Timestamp};

    use super::*;

    #[test]
    fn a_share_that_began_holds_the_epochs_of_its_tenure_from_then_on() {
        let epoch = |home: u32, camera: u32| CameraEpochRow {
            camera: CameraId::from_bytes([1; 16]),
            home: HomeId::from_bytes([2; 16]),
            tenure: TenureId::from_bytes([3; 16]),
            home_epoch: HomeEpoch::new(home).unwrap(),
            camera_epoch: CameraEpoch::new(camera).unwrap(),
            salt: [0; 32],
            created_at: Timestamp::now(),
        };
        let since = Since::from(&epoch(2, 5));
        for (home, camera, included) in
            [(2, 5, true), (2, 6, true), (3, 1, true), (3, 5, true), (2, 4, false), (1, 9, false)]
        {
            assert_eq!(since.includes(&epoch(home, camera)), included, "{home}, {camera}");
        }
        let of_another = CameraEpochRow { tenure: TenureId::from_bytes([4; 16]), ..epoch(2, 5) };
        assert!(!since.includes(&of_another));
        let later = CameraEpochRow { home_epoch: HomeEpoch::new(3).unwrap(), ..of_another };
        assert!(!since.includes(&later), "another tenure");
    }
}
