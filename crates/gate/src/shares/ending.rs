//! The end of a share: by the home's people, by time, or by its holder. Its cameras get new keys, in the request of an owner or
//! adult who is present; access has ended before that where nobody was.

use std::collections::BTreeSet;

use ownsight_model::{CameraId, GrantId, HomeId, Timestamp};
use ownsight_registry::{HomePlan, RegistryError, ShareChange};

use super::contents::has_ended;
use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::home_epochs::Renewed;
use crate::plan::TRIES;
use crate::rights::Needs;
use crate::roster::Roster;
use crate::{Answer, Credentials, GateError, views};

impl Gate {
    /// Ends a share at once, and gives its cameras new keys; or withdraws one that nobody accepted, which has none.
    pub async fn end_share(
        &self,
        credentials: &Credentials,
        home: HomeId,
        share: GrantId,
    ) -> Result<Answer<views::Removed>, GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let (roster, serial) = access.open_roster(&plan)?;
            plan.shares.iter().find(|row| row.id == share).ok_or(GateError::NotFound)?;
            match self.end_shares(&person, &access, &plan, roster, serial, vec![share]).await {
                Err(GateError::Conflict) => {}
                Err(GateError::NotVerified { .. }) => {
                    // Something else of the home does not open. That must not keep in who is to go.
                    let lost = ShareChange { lost: vec![share], ..ShareChange::of(access.id()) };
                    let authority = person.authority_in(&access)?;
                    self.registry().change_shares(&authority, lost).await.map_err(registry_error)?;
                    return Ok(Answer::new(credentials, views::Removed { cameras: 0, devices: 0 }));
                }
                ended => {
                    let Renewed { cameras, devices } = ended?;
                    return Ok(Answer::new(credentials, views::Removed { cameras, devices }));
                }
            }
        }
        Err(GateError::Conflict)
    }

    /// Gives a share up that the account holds. Its cameras get new keys at the next request of their home's owner or adult: who
    /// goes must not make them.
    pub async fn leave_share(&self, credentials: &Credentials, share: GrantId) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        let find = person.find_for(Needs::SignIn)?;
        self.registry().leave_share(find, Timestamp::now(), share).await.map_err(registry_error)
    }

    /// Gives the cameras of shares that are over new keys: gives whether there were any.
    pub(crate) async fn end_due_shares(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
    ) -> Result<bool, GateError> {
        let now = Timestamp::now();
        let due: Vec<GrantId> =
            plan.shares.iter().filter(|share| has_ended(share, now)).map(|share| share.id).collect();
        if due.is_empty() {
            return Ok(false);
        }
        let ended = async {
            let (roster, serial) = access.open_roster(plan)?;
            self.end_shares(person, access, plan, roster, serial, due).await
        };
        match ended.await {
            Ok(_) | Err(GateError::Conflict) => Ok(true),
            // What does not open must not keep the home from being used: access has ended before.
            Err(GateError::NotVerified { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn end_shares(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
        mut roster: Roster,
        serial: u64,
        ended: Vec<GrantId>,
    ) -> Result<Renewed, GateError> {
        // Nobody holds the keys of one that was not accepted. One whose acceptance did not verify is in no roster: its rows say
        // which cameras get new keys, and a row too many does no harm.
        let entries = roster.shares.iter().filter(|entry| ended.contains(&entry.grant));
        let mut held: BTreeSet<CameraId> =
            entries.flat_map(|entry| entry.terms.cameras.iter().map(|shared| shared.camera)).collect();
        let found = plan.share_cameras.iter().filter(|(share, _)| ended.contains(share));
        held.extend(found.map(|(_, camera)| *camera));
        let cameras: Vec<_> = held.into_iter().collect();
        let before = roster.shares.len();
        roster.shares.retain(|entry| !ended.contains(&entry.grant));
        let renewal = access.renew_shared_cameras(plan, &roster, &cameras, &ended)?;
        let renewed = Renewed {
            cameras: u32::try_from(renewal.renewed.len()).unwrap_or(u32::MAX),
            devices: u32::try_from(renewal.configurations.len()).unwrap_or(u32::MAX),
        };
        let changed = roster.shares.len() != before;
        let control = access.control()?;
        let change = ShareChange {
            roster: changed.then(|| roster.seal(control, serial + 1)),
            issues: renewal.issues,
            ended,
            renewed: renewal.renewed,
            configurations: renewal.configurations,
            ..ShareChange::of(access.id())
        };
        let authority = person.authority_in(access)?;
        match self.registry().change_shares(&authority, change).await {
            Ok(()) => Ok(renewed),
            Err(RegistryError::Conflict) => Err(GateError::Conflict),
            Err(error) => Err(registry_error(error)),
        }
    }
}
