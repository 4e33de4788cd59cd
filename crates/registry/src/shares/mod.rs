//! Shares: some cameras of a home for an account outside it. A share's rows find, as a grant's do; what it opens, and what may
//! be done with that, lies sealed in its contents.

mod changes;
mod finding;
mod held;

use ownsight_model::{AccountId, CameraEpoch, CameraId, GrantId, HomeEpoch, HomeId, TenureId, Timestamp};

use crate::access::Access;
use crate::rows::{CameraEpochRow, InvitationRow, NewConfiguration, RosterRow, ShareRow};

pub(crate) use changes::{covers, end_share, lose_share, lose_shares_of, note_over, write_share};
pub(crate) use finding::{
    cameras_of_share, cameras_of_shares, earliest, epochs_of_shares, shares_of_account, shares_of_home,
};

/// Shares of a home, offered and accepted.
pub const SHARES_MAX: u32 = 200;

/// One epoch of one camera whose secret a share holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedEpoch {
    /// The camera.
    pub camera: CameraId,
    /// Its time in the home.
    pub tenure: TenureId,
    /// The home epoch.
    pub home_epoch: HomeEpoch,
    /// The camera epoch.
    pub camera_epoch: CameraEpoch,
}

impl From<&CameraEpochRow> for SharedEpoch {
    fn from(row: &CameraEpochRow) -> Self {
        Self {
            camera: row.camera,
            tenure: row.tenure,
            home_epoch: row.home_epoch,
            camera_epoch: row.camera_epoch,
        }
    }
}

/// What a share holds, sealed anew under a new share key.
#[derive(Debug, Clone)]
pub struct ShareIssue {
    /// The share.
    pub share: GrantId,
    /// To whom the key is sealed; `None`: to who will accept, in the invitation.
    pub account: Option<AccountId>,
    /// One more than before.
    pub serial: u64,
    /// The share key, sealed.
    pub wrap: Vec<u8>,
    /// What is shared, under the share key.
    pub contents: Vec<u8>,
    /// Events that began earlier are not part of it; before this moment it has not begun.
    pub from_at: Option<Timestamp>,
    /// When it ends.
    pub until_at: Option<Timestamp>,
    /// Whose secrets are in it.
    pub epochs: Vec<SharedEpoch>,
}

/// What becomes of a home's shares, in one step.
#[derive(Debug, Clone)]
pub struct ShareChange {
    /// The home.
    pub home: HomeId,
    /// The roster, where it changes.
    pub roster: Option<RosterRow>,
    /// A share to be offered, and what it holds.
    pub offered: Option<(InvitationRow, ShareIssue)>,
    /// Shares that hold something else from now on.
    pub issues: Vec<ShareIssue>,
    /// Shares that end, whose cameras begin an epoch or have begun one.
    pub ended: Vec<GrantId>,
    /// Shares that end, whose cameras cannot begin one now: that is due.
    pub lost: Vec<GrantId>,
    /// Cameras that begin an epoch, each with its text under that.
    pub renewed: Vec<(CameraEpochRow, Vec<u8>)>,
    /// What the devices of these cameras believe next.
    pub configurations: Vec<NewConfiguration>,
}

impl ShareChange {
    /// A change of nothing in this home, to be filled with what changes.
    pub fn of(home: HomeId) -> Self {
        Self {
            home,
            roster: None,
            offered: None,
            issues: Vec::new(),
            ended: Vec::new(),
            lost: Vec::new(),
            renewed: Vec::new(),
            configurations: Vec::new(),
        }
    }
}

/// How many events a share finds, and how many of them its account has opened; counting ends at 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareCount {
    /// The share.
    pub share: GrantId,
    /// Events that it finds now.
    pub events: u32,
    /// Of those, the ones that its account has opened.
    pub opened: u32,
}

impl ShareRow {
    /// Whether it finds anything at this moment: an end by time is looked at where shares are read.
    pub fn has_begun(&self, now: Timestamp) -> bool {
        self.from_at.is_none_or(|from| from <= now)
    }
}

impl Access {
    /// Whether a live share of the account is of this home.
    pub(crate) fn shares_in(&self, home: HomeId) -> bool {
        self.shares.iter().any(|(share, _)| share.home == home)
    }
}
