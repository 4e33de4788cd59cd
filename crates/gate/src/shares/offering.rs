//! Offering shares and changing them: by an owner or adult of the home.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{CameraId, Email, GrantId, HomeId, Rights, Timestamp};
use ownsight_registry::{CameraEpochRow, CameraRow, CameraStanding, HomePlan, InvitationRow, ShareChange};
use ownsight_seal::InvitationSecret;

use super::contents::{Renewal, has_ended};
use super::terms::{ShareOffer, ShareTerms, SharedCamera, Since};
use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::invitations::{INVITATION_LASTS, InvitationText};
use crate::plan::TRIES;
use crate::profile::{self, KeyText};
use crate::rights::Needs;
use crate::roster::{InvitationKept, Offer, Roster};
use crate::{Answer, Credentials, GateError, alarm, views};

/// Cameras of one share.
const CAMERAS_MAX: usize = 100;

/// A share to be offered.
#[derive(Debug)]
pub struct NewShare {
    /// Whose it is to be: the address that must be typed to accept.
    pub email: String,
    /// The cameras, at least one.
    pub cameras: Vec<CameraId>,
    /// What may be done with their footage.
    pub rights: Rights,
    /// Events that began earlier are not part of it, and it does not begin before.
    pub from: Option<Timestamp>,
    /// It begins now, with new keys for its cameras: earlier footage stays closed by key.
    pub now_on: bool,
    /// When it ends.
    pub until: Option<Timestamp>,
}

/// What changes of a share; what is left out stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShareUpdate {
    /// What may be done with the footage.
    pub rights: Option<Rights>,
    /// When it ends.
    pub until: NewEnd,
}

/// A new end of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewEnd {
    /// The one that it has.
    #[default]
    Unchanged,
    /// None.
    Never,
    /// This moment.
    At(Timestamp),
}

impl NewShare {
    fn check(&self, now: Timestamp) -> Result<(), GateError> {
        if self.cameras.is_empty() || self.cameras.len() > CAMERAS_MAX {
            return Err(GateError::invalid("cameras", "1 to 100 cameras are expected"));
        }
        if self.now_on && self.from.is_some() {
            return Err(GateError::invalid("from", "it is left out where `now_on` is asked for"));
        }
        check_until(self.until, self.from.unwrap_or(now).max(now))
    }
}

fn check_until(until: Option<Timestamp>, after: Timestamp) -> Result<(), GateError> {
    if until.is_some_and(|until| until <= after) {
        return Err(GateError::invalid("until", "a moment that is to come, after `from`, is expected"));
    }
    Ok(())
}

impl Gate {
    /// Offers a share to who has this address: gives the secret of the link, once.
    pub async fn offer_share(
        &self,
        credentials: &Credentials,
        home: HomeId,
        new: &NewShare,
    ) -> Result<Answer<views::NewShare>, GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            match self.try_offer(credentials, &person, &access, &plan, new).await {
                Err(GateError::Conflict) => {}
                offered => return Ok(Answer::new(credentials, offered?)),
            }
        }
        Err(GateError::Conflict)
    }

    async fn try_offer(
        &self,
        credentials: &Credentials,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
        new: &NewShare,
    ) -> Result<views::NewShare, GateError> {
        let now = Timestamp::now();
        new.check(now)?;
        let email = Email::parse(&new.email)?;
        let (roster, _) = access.open_roster(plan)?;
        if roster.members.iter().any(|entry| entry.email == email) {
            return Err(GateError::AlreadyMember);
        }
        let cameras = chosen(plan, &new.cameras)?;
        let raise = |error| alarm::raise(&error, "sealing a share");
        let names: Vec<String> = cameras
            .iter()
            .map(|row| access.open_camera(row).map(|open| open.profile.name))
            .collect::<Result<_, _>>()
            .map_err(raise)?;
        let ids: Vec<CameraId> = cameras.iter().map(|row| row.id).collect();
        let (renewal, epochs) = if new.now_on {
            let renewal = access.renew_shared_cameras(plan, &roster, &ids, &[])?;
            if let Some(camera) = renewal.unopened.first() {
                tracing::error!(camera.id = %camera, "a camera that does not open cannot be shared");
                return Err(GateError::Conflict);
            }
            let epochs: Vec<_> = renewal.renewed.iter().map(|(epoch, _)| epoch.clone()).collect();
            (renewal, epochs)
        } else {
            (Renewal::default(), self.epochs_of(credentials, access, &cameras).await?)
        };
        let from = if new.now_on { Some(now) } else { new.from };
        let terms = ShareTerms {
            cameras: ids.iter().map(|id| shared_camera(*id, &epochs, from)).collect(),
            rights: new.rights,
            from,
            until: new.until,
            now_on: new.now_on,
        };
        let (secret, invitation, kept) = self.invitation_to(person, access, &email, &terms, names, now)?;
        let issue = access.issue_offer(plan, (invitation.id, 1), &kept, &terms, &epochs).map_err(raise)?;
        let (id, expires_at) = (invitation.id, invitation.expires_at);
        let invitation = InvitationRow { wrap: issue.wrap.clone(), ..invitation };
        let change = ShareChange {
            offered: Some((invitation, issue)),
            issues: renewal.issues,
            renewed: renewal.renewed,
            configurations: renewal.configurations,
            ..ShareChange::of(access.id())
        };
        let authority = person.authority_in(access)?;
        self.registry().change_shares(&authority, change).await.map_err(registry_error)?;
        Ok(views::NewShare {
            id,
            secret: BASE64URL_NOPAD.encode(secret.expose()),
            email: email.as_str().to_owned(),
            expires_at,
        })
    }

    /// The invitation to a share, without its key yet.
    fn invitation_to(
        &self,
        person: &Person,
        access: &HomeAccess,
        email: &Email,
        terms: &ShareTerms,
        cameras: Vec<String>,
        now: Timestamp,
    ) -> Result<(InvitationSecret, InvitationRow, InvitationKept), GateError> {
        let control = access.control()?;
        let installation = self.installation();
        let id = GrantId::generate();
        let secret = InvitationSecret::generate();
        let key = secret.key(installation, email);
        let offer = ShareOffer { cameras, rights: terms.rights, from: terms.from, until: terms.until };
        let text = InvitationText {
            home: access.id(),
            home_name: access.profile.name.clone(),
            invited_by: person.profile.name.clone(),
            share: Some(offer),
        };
        let kept = InvitationKept {
            key: KeyText::new(*key.expose()),
            email: email.clone(),
            offer: Offer::Share(terms.clone()),
            made_by: person.profile.name.clone(),
        };
        let expires_at = now.plus(INVITATION_LASTS);
        let row = InvitationRow {
            id,
            find: secret.find(installation),
            home: access.id(),
            role: None,
            epoch: control.scope().epoch,
            created_at: now,
            expires_at: terms.until.map_or(expires_at, |until| until.min(expires_at)),
            text: key.seal_text(installation, id, &profile::encode(&text)),
            wrap: Vec::new(),
            kept: control.seal_invitation(id, &profile::encode(&kept)),
            joined: None,
        };
        Ok((secret, row, kept))
    }

    /// All epochs of these cameras; [`GateError::Conflict`] if one began since the plan was read.
    async fn epochs_of(
        &self,
        credentials: &Credentials,
        access: &HomeAccess,
        cameras: &[&CameraRow],
    ) -> Result<Vec<CameraEpochRow>, GateError> {
        let ids = cameras.iter().map(|row| row.id).collect();
        let rows = self
            .registry()
            .camera_epochs(credentials.find(), Timestamp::now(), access.id(), ids)
            .await
            .map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let (_, now, epochs) = self.open_home(credentials, access.id(), rows, Needs::MANAGE)?;
        let same_epoch = now.key.scope().epoch == access.key.scope().epoch;
        let latest: HashMap<CameraId, &CameraEpochRow> =
            epochs.iter().map(|epoch| (epoch.camera, epoch)).collect();
        let is_latest = |row: &&CameraRow| latest.get(&row.id).is_some_and(|epoch| **epoch == row.epoch);
        if same_epoch && cameras.iter().all(is_latest) { Ok(epochs) } else { Err(GateError::Conflict) }
    }

    /// Changes what a share allows, or when it ends. Its cameras keep their keys: both are rules.
    pub async fn change_share(
        &self,
        credentials: &Credentials,
        home: HomeId,
        share: GrantId,
        update: ShareUpdate,
    ) -> Result<(), GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let (mut roster, serial) = access.open_roster(&plan)?;
            let now = Timestamp::now();
            let row = plan.shares.iter().find(|row| row.id == share && !has_ended(row, now));
            let row = row.ok_or(GateError::NotFound)?;
            // One that nobody accepted is offered anew, and not changed under the eyes of who looks at it.
            let entry = roster.shares.iter_mut().find(|entry| entry.grant == share);
            let entry = entry.ok_or(GateError::NotFound)?;
            entry.terms.rights = update.rights.unwrap_or(entry.terms.rights);
            entry.terms.until = match update.until {
                NewEnd::Unchanged => entry.terms.until,
                NewEnd::Never => None,
                NewEnd::At(until) => Some(until),
            };
            check_until(entry.terms.until, now.max(entry.terms.from.unwrap_or(now)))?;
            let entry = entry.clone();
            let issue = access
                .issue_share(&plan, row, &entry, &plan.shared_epochs)
                .map_err(|error| alarm::raise(&error, "sealing a share anew"))?;
            let change = ShareChange {
                roster: Some(roster.seal(access.control()?, serial + 1)),
                issues: vec![issue],
                ..ShareChange::of(access.id())
            };
            let authority = person.authority_in(&access)?;
            match self.registry().change_shares(&authority, change).await.map_err(registry_error) {
                Err(GateError::Conflict) => {}
                changed => return changed,
            }
        }
        Err(GateError::Conflict)
    }
}

/// The cameras of a plan with these ids, each once; [`GateError::NotFound`] if one is not there.
fn chosen<'a>(plan: &'a HomePlan, ids: &[CameraId]) -> Result<Vec<&'a CameraRow>, GateError> {
    let mut chosen: Vec<&CameraRow> = Vec::with_capacity(ids.len());
    for id in ids {
        let row = plan.cameras.iter().find(|row| row.id == *id && row.standing == CameraStanding::Active);
        let row = row.ok_or(GateError::NotFound)?;
        if chosen.iter().all(|other| other.id != row.id) {
            chosen.push(row);
        }
    }
    Ok(chosen)
}

/// Without the secrets of epochs that had been followed by another one before the share begins.
fn shared_camera(camera: CameraId, epochs: &[CameraEpochRow], from: Option<Timestamp>) -> SharedCamera {
    let own: Vec<_> = epochs.iter().filter(|epoch| epoch.camera == camera).collect();
    let since = from.and_then(|from| {
        let later = own.iter().zip(own.iter().skip(1)).find(|(_, next)| next.created_at > from);
        later.map(|(epoch, _)| *epoch).or(own.last().copied())
    });
    SharedCamera { camera, since: since.map(Since::from) }
}

impl Roster {
    pub(crate) fn holder(&self, share: GrantId) -> Option<&super::ShareEntry> {
        self.shares.iter().find(|entry| entry.grant == share)
    }
}

#[cfg(test)]
mod tests {
    use ownsight_model::{CameraEpoch, HomeEpoch, TenureId};

    use super::*;

    fn new(cameras: usize) -> NewShare {
        NewShare {
            email: "a@b.org".into(),
            cameras: vec![CameraId::from_bytes([1; 16]); cameras],
            rights: Rights::ALL,
            from: None,
            now_on: false,
            until: None,
        }
    }

    fn refused(new: &NewShare, now: Timestamp) -> Option<&'static str> {
        match new.check(now) {
            Ok(()) => None,
            Err(GateError::Invalid { field, .. }) => Some(field),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn a_share_has_one_to_a_hundred_cameras() {
        for (cameras, expected) in [(0, Some("cameras")), (1, None), (100, None), (101, Some("cameras"))] {
            assert_eq!(refused(&new(cameras), Timestamp::now()), expected, "{cameras}");
        }
    }

    #[test]
    fn a_share_holds_the_epoch_that_it_begins_in_and_what_comes_after() {
        let now = Timestamp::now();
        let at = |seconds: i64| now.shifted(seconds * 1_000_000);
        let epoch = |camera: u8, number: u32, seconds: i64| CameraEpochRow {
            camera: CameraId::from_bytes([camera; 16]),
            home: HomeId::from_bytes([2; 16]),
            tenure: TenureId::from_bytes([camera; 16]),
            home_epoch: HomeEpoch::FIRST,
            camera_epoch: CameraEpoch::new(number).unwrap(),
            salt: [0; 32],
            created_at: at(seconds),
        };
        let epochs = [epoch(1, 1, 0), epoch(1, 2, 100), epoch(1, 3, 200), epoch(9, 1, 0), epoch(9, 2, 999)];
        for (from, first) in [
            (None, 1),
            (Some(-5), 1),
            (Some(0), 1),
            (Some(99), 1),
            (Some(100), 2),
            (Some(199), 2),
            (Some(200), 3),
            (Some(500), 3),
        ] {
            let shared = shared_camera(epochs[0].camera, &epochs, from.map(at));
            let terms = ShareTerms {
                cameras: vec![shared],
                rights: Rights::ALL,
                from: None,
                until: None,
                now_on: false,
            };
            let held: Vec<u32> = epochs
                .iter()
                .filter(|epoch| terms.include(epoch))
                .map(|epoch| epoch.camera_epoch.number())
                .collect();
            assert_eq!(held, (first..=3).collect::<Vec<_>>(), "{from:?}");
        }
    }

    #[test]
    fn a_share_ends_after_it_begins_and_after_now() {
        let now = Timestamp::now();
        let at = |seconds: i64| Some(now.shifted(seconds * 1_000_000));
        for (from, now_on, until, expected) in [
            (None, false, None, None),
            (None, true, None, None),
            (at(5), true, None, Some("from")),
            (at(-5), false, None, None),
            (None, false, at(0), Some("until")),
            (None, false, at(1), None),
            (at(-5), false, at(-1), Some("until")),
            (at(5), false, at(5), Some("until")),
            (at(5), false, at(4), Some("until")),
            (at(5), false, at(6), None),
        ] {
            let new = NewShare { from, now_on, until, ..new(1) };
            assert_eq!(refused(&new, now), expected, "{new:?}");
        }
    }
}
