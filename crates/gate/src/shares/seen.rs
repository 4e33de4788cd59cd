//! Shares as the people of the home see them.

use ownsight_model::Timestamp;
use ownsight_registry::{HomePlan, ShareCount, ShareRow};
use ownsight_seal::{OpenError, Purpose};

use super::contents::has_ended;
use super::terms::ShareTerms;
use crate::access::HomeAccess;
use crate::gate::{Gate, registry_error};
use crate::roster::Offer;
use crate::{Credentials, GateError, alarm, views};

impl Gate {
    /// A home's shares with what they open, and how many could not be verified; none for viewers.
    pub(crate) async fn home_shares(
        &self,
        credentials: &Credentials,
        access: &HomeAccess,
        plan: &HomePlan,
    ) -> Result<(Vec<views::Share>, u32), GateError> {
        if access.control().is_err() || plan.shares.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let now = Timestamp::now();
        let rows = self
            .registry()
            .share_counts(credentials.find(), now, access.id())
            .await
            .map_err(registry_error)?;
        let counts = rows.ok_or(GateError::SignedOut)?.data;
        let (roster, _) = access.open_roster(plan)?;
        let (mut shares, mut unverified) = (Vec::new(), 0);
        for row in plan.shares.iter().filter(|row| !has_ended(row, now)) {
            let count = counts.iter().find(|count| count.share == row.id);
            let view = match roster.holder(row.id) {
                Some(entry) => Ok(views::Share {
                    name: Some(entry.name.clone()),
                    email: entry.email.as_str().to_owned(),
                    made_by: entry.made_by.clone(),
                    accepted_at: Some(entry.accepted),
                    ..access.share_view(plan, row, &entry.terms, count, now)
                }),
                None => access.offered_view(plan, row, count, now),
            };
            match view {
                Ok(view) => shares.push(view),
                Err(error) => {
                    alarm::raise(&error, "finding a share's holder in the roster");
                    unverified += 1;
                }
            }
        }
        Ok((shares, unverified))
    }
}

impl HomeAccess {
    fn offered_view(
        &self,
        plan: &HomePlan,
        row: &ShareRow,
        count: Option<&ShareCount>,
        now: Timestamp,
    ) -> Result<views::Share, OpenError> {
        let invitation = plan.invitations.iter().find(|invitation| invitation.id == row.id);
        let invitation = invitation.ok_or(OpenError::MixUp(Purpose::Roster))?;
        let kept = self.open_invitation(invitation)?;
        let Offer::Share(terms) = &kept.offer else { return Err(OpenError::MixUp(Purpose::InvitationKept)) };
        Ok(views::Share {
            email: kept.email.as_str().to_owned(),
            made_by: kept.made_by.clone(),
            link_ends_at: Some(invitation.expires_at),
            state: "waiting",
            ..self.share_view(plan, row, terms, count, now)
        })
    }

    fn share_view(
        &self,
        plan: &HomePlan,
        row: &ShareRow,
        terms: &ShareTerms,
        count: Option<&ShareCount>,
        now: Timestamp,
    ) -> views::Share {
        let has_begun = terms.from.is_none_or(|from| from <= now);
        views::Share {
            id: row.id,
            name: None,
            email: String::new(),
            cameras: self.shared_names(plan, terms),
            rights: terms.rights,
            from: terms.from,
            until: terms.until,
            now_on: terms.now_on,
            made_by: String::new(),
            made_at: row.created_at,
            accepted_at: None,
            link_ends_at: None,
            state: if has_begun { "live" } else { "not-begun" },
            events: count.filter(|_| has_begun).map_or(0, |count| count.events),
            opened: count.map_or(0, |count| count.opened),
        }
    }

    /// The share's cameras that are still there. One that does not open is an alarm where cameras are listed.
    pub(crate) fn shared_names(&self, plan: &HomePlan, terms: &ShareTerms) -> Vec<views::NamedCamera> {
        let shared = plan.cameras.iter().filter(|row| terms.has(row.id));
        let open = shared.filter_map(|row| Some((row.id, self.open_camera(row).ok()?.profile.name)));
        open.map(|(id, name)| views::NamedCamera { id, name }).collect()
    }
}
