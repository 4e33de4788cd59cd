//! What shares hold, sealed by the home's people: at first, and anew whenever a camera begins an epoch.

use ownsight_model::{CameraId, GrantId, Timestamp};
use ownsight_registry::{
    CameraEpochRow, CameraRow, CameraStanding, HomePlan, NewConfiguration, ShareIssue, ShareRow, SharedEpoch,
};
use ownsight_seal::{AccountScope, GrantScope, OpenError, Purpose, ShareKey, ShareScope};

use super::terms::{ShareEntry, ShareTerms, ShareText};
use crate::access::HomeAccess;
use crate::plan::devices;
use crate::roster::{InvitationKept, Offer, Roster};
use crate::{GateError, alarm, profile};

/// Cameras under new salts, and all that follows from that.
#[derive(Default)]
pub(crate) struct Renewal {
    /// Each with its text under the new epoch.
    pub(crate) renewed: Vec<(CameraEpochRow, Vec<u8>)>,
    /// Cameras whose present text does not open, and that stay as they are: the alarm has been raised.
    pub(crate) unopened: Vec<CameraId>,
    /// What the other shares of these cameras hold from then on.
    pub(crate) issues: Vec<ShareIssue>,
    /// What the devices of these cameras believe next.
    pub(crate) configurations: Vec<NewConfiguration>,
}

/// To whom a share key is sealed.
#[derive(Clone, Copy)]
enum To<'a> {
    Holder(&'a ShareEntry),
    Invited(&'a InvitationKept),
}

impl HomeAccess {
    /// New epochs for these cameras of the home, for all live shares of them but those that end, and for the devices that serve
    /// them.
    pub(crate) fn renew_shared_cameras(
        &self,
        plan: &HomePlan,
        roster: &Roster,
        cameras: &[CameraId],
        ending: &[GrantId],
    ) -> Result<Renewal, GateError> {
        let in_use = |camera: &&CameraRow| camera.standing == CameraStanding::Active;
        let concerned: Vec<&CameraRow> =
            plan.cameras.iter().filter(in_use).filter(|row| cameras.contains(&row.id)).collect();
        let mut renewal = self.renew_epochs(concerned.iter().copied());
        let as_renewed =
            |row: &CameraRow| match renewal.renewed.iter().find(|(epoch, _)| epoch.camera == row.id) {
                Some((epoch, text)) => CameraRow { epoch: epoch.clone(), text: text.clone(), ..row.clone() },
                None => row.clone(),
            };
        let rows: Vec<CameraRow> = plan.cameras.iter().map(as_renewed).collect();
        let serving: Vec<_> = concerned.iter().map(|row| row.device).collect();
        renewal.configurations = self.configure_all(devices(plan, &serving), &rows, &plan.tests)?;
        let begun: Vec<_> = renewal.renewed.iter().map(|(epoch, _)| epoch.camera).collect();
        renewal.issues = self
            .reissue(plan, roster, &begun, &renewal.renewed, ending)
            .map_err(|error| alarm::raise(&error, "sealing a share anew"))?;
        Ok(renewal)
    }

    /// The next epoch of each of these cameras.
    pub(crate) fn renew_epochs<'a>(&self, cameras: impl Iterator<Item = &'a CameraRow>) -> Renewal {
        let mut renewal = Renewal::default();
        for camera in cameras {
            match self.next_camera_epoch(camera) {
                Ok(next) => renewal.renewed.push(next),
                // That must not keep in what is to go.
                Err(error) => {
                    alarm::raise(&error, "sealing a camera under new keys");
                    renewal.unopened.push(camera.id);
                }
            }
        }
        renewal
    }

    /// What the live shares of a camera that is erased hold from then on: nothing of it.
    pub(crate) fn reissue_without(
        &self,
        plan: &HomePlan,
        camera: CameraId,
    ) -> Result<Vec<ShareIssue>, GateError> {
        if plan.shares.is_empty() {
            return Ok(Vec::new());
        }
        let (roster, _) = self.open_roster(plan)?;
        let mut left = plan.clone();
        left.cameras.retain(|row| row.id != camera);
        self.reissue(&left, &roster, &[camera], &[], &[])
            .map_err(|error| alarm::raise(&error, "sealing a share anew"))
    }

    /// What the live shares of these cameras hold from now on, with the epochs that some of them begin.
    pub(crate) fn reissue(
        &self,
        plan: &HomePlan,
        roster: &Roster,
        cameras: &[CameraId],
        renewed: &[(CameraEpochRow, Vec<u8>)],
        ending: &[GrantId],
    ) -> Result<Vec<ShareIssue>, OpenError> {
        let mut epochs = plan.shared_epochs.clone();
        epochs.extend(renewed.iter().map(|(epoch, _)| epoch.clone()));
        let concerns = |terms: &ShareTerms| cameras.iter().any(|camera| terms.has(*camera));
        let mut issues = Vec::new();
        for share in plan.shares.iter().filter(|share| !share.revoked && !ending.contains(&share.id)) {
            if let Some(entry) = roster.holder(share.id) {
                if concerns(&entry.terms) {
                    issues.push(self.issue_share(plan, share, entry, &epochs)?);
                }
                continue;
            }
            let Some(row) = plan.invitations.iter().find(|row| row.id == share.id) else { continue };
            let kept = self.open_invitation(row)?;
            if let Offer::Share(terms) = &kept.offer
                && concerns(terms)
            {
                let next = (share.id, share.serial + 1);
                issues.push(self.issue_offer(plan, next, &kept, terms, &epochs)?);
            }
        }
        Ok(issues)
    }

    /// What the holder of a share gets: the key to its account, as if it were away.
    pub(crate) fn issue_share(
        &self,
        plan: &HomePlan,
        share: &ShareRow,
        entry: &ShareEntry,
        epochs: &[CameraEpochRow],
    ) -> Result<ShareIssue, OpenError> {
        let serial = share.serial + 1;
        self.seal_share(plan, (share.id, serial), To::Holder(entry), &entry.terms, &entry.made_by, epochs)
    }

    /// What who is invited to a share finds: at first, under the serial number 1, or anew.
    pub(crate) fn issue_offer(
        &self,
        plan: &HomePlan,
        share: (GrantId, u64),
        kept: &InvitationKept,
        terms: &ShareTerms,
        epochs: &[CameraEpochRow],
    ) -> Result<ShareIssue, OpenError> {
        self.seal_share(plan, share, To::Invited(kept), terms, &kept.made_by, epochs)
    }

    fn seal_share(
        &self,
        plan: &HomePlan,
        (share, serial): (GrantId, u64),
        to: To<'_>,
        terms: &ShareTerms,
        made_by: &str,
        epochs: &[CameraEpochRow],
    ) -> Result<ShareIssue, OpenError> {
        let installation = self.key.scope().installation;
        let scope = ShareScope { installation, home: self.id(), grant: share };
        let is_there = |epoch: &CameraEpochRow| {
            let mut cameras = plan.cameras.iter();
            cameras.any(|row| row.id == epoch.camera && row.standing == CameraStanding::Active)
        };
        let shared: Vec<_> = epochs.iter().filter(|epoch| terms.include(epoch) && is_there(epoch)).collect();
        let secrets = shared.iter().map(|epoch| self.camera_secret(epoch)).collect::<Result<Vec<_>, _>>()?;
        let text = ShareText {
            home_name: self.profile.name.clone(),
            zone: self.profile.zone.clone(),
            made_by: made_by.to_owned(),
            rights: terms.rights,
            from: terms.from,
            until: terms.until,
        };
        let key = ShareKey::generate();
        let (account, wrap) = match to {
            To::Holder(entry) => {
                let account = AccountScope { installation, account: entry.account };
                let holder = GrantScope { account, grant: share };
                let public_key = entry.public_key()?;
                let wrap = entry.member_key().seal_share(holder, &public_key, &entry.email, self.id(), &key);
                (Some(entry.account), wrap)
            }
            To::Invited(kept) => (None, kept.key().seal_share(scope, &key)),
        };
        Ok(ShareIssue {
            share,
            account,
            serial,
            wrap,
            contents: key.seal_contents(scope, serial, &secrets, &profile::encode(&text)),
            from_at: terms.from,
            until_at: terms.until,
            epochs: shared.into_iter().map(SharedEpoch::from).collect(),
        })
    }

    /// Shares under the keys of the home's next epoch, which this access is; and those that end with it.
    pub(crate) fn renew_shares(
        &self,
        plan: &HomePlan,
        roster: &Roster,
        renewed: &[CameraEpochRow],
    ) -> Result<(Vec<ShareIssue>, Vec<GrantId>), OpenError> {
        let now = Timestamp::now();
        let mut epochs = plan.shared_epochs.clone();
        epochs.extend(renewed.iter().cloned());
        let (mut issues, mut ended) = (Vec::new(), Vec::new());
        // An offer that nobody accepted ends with the epoch, as all invitations do.
        for share in plan.shares.iter().filter(|share| share.account.is_some()) {
            match roster.holder(share.id) {
                Some(entry) if !has_ended(share, now) => {
                    issues.push(self.issue_share(plan, share, entry, &epochs)?);
                }
                Some(_) => ended.push(share.id),
                None => {
                    if !share.revoked {
                        alarm::raise(
                            &OpenError::MixUp(Purpose::Roster),
                            "finding a share's holder in the roster",
                        );
                    }
                    ended.push(share.id);
                }
            }
        }
        Ok((issues, ended))
    }
}

/// Whether a share's cameras wait for new keys, or would if it were looked at now.
pub(crate) fn has_ended(share: &ShareRow, now: Timestamp) -> bool {
    share.revoked || share.until_at.is_some_and(|until| until <= now)
}
