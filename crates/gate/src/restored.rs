//! Homes that came back from a backup. What had ended since that backup is there again: so such a home opens nothing, to its own
//! people neither, until an owner has seen who belonged to it then and said who still does. Whoever is not named is removed in
//! the same request, and the home gets new keys in any case: former ones came back too.

use ownsight_model::{Closable, DeviceId, GrantId, HomeId, Role, Timestamp};
use ownsight_registry::{Confirmation, DeviceStanding, HomePlan, RegistryError, Restored};

use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::home_epochs::Renewed;
use crate::plan::TRIES;
use crate::rights::Needs;
use crate::shares::has_ended;
use crate::{Answer, Credentials, GateError, alarm, views};

/// Who and what still belongs to a home, as its owner says.
#[derive(Debug, Clone, Default)]
pub struct StillBelong {
    /// Members; the owner who says it stays in any case.
    pub members: Vec<GrantId>,
    /// Shares.
    pub shares: Vec<GrantId>,
    /// Devices.
    pub devices: Vec<DeviceId>,
}

impl Gate {
    /// Who and what belonged to a home when its backup was made; for an owner. [`GateError::Restored`] for anybody else of the
    /// home, [`GateError::NotFound`] if it does not wait to be confirmed.
    pub async fn restored_home(
        &self,
        credentials: &Credentials,
        home: HomeId,
    ) -> Result<Answer<views::RestoredHome>, GateError> {
        let (_, access, plan) = self.restored_plan(credentials, home).await?;
        Ok(Answer::new(credentials, access.restored_view(&plan)?))
    }

    /// Confirms a home: whoever and whatever is not named is out, all others get new keys, and it is open again.
    pub async fn confirm_home(
        &self,
        credentials: &Credentials,
        home: HomeId,
        still: &StillBelong,
    ) -> Result<Answer<views::Removed>, GateError> {
        for _ in 0..TRIES {
            match self.try_confirm(credentials, home, still).await {
                Err(GateError::Conflict) => {}
                confirmed => {
                    let Renewed { cameras, devices } = confirmed?;
                    tracing::warn!(home.id = %home, "a restored home was confirmed by an owner");
                    return Ok(Answer::new(credentials, views::Removed { cameras, devices }));
                }
            }
        }
        Err(GateError::Conflict)
    }

    async fn try_confirm(
        &self,
        credentials: &Credentials,
        home: HomeId,
        still: &StillBelong,
    ) -> Result<Renewed, GateError> {
        let (person, access, mut plan) = self.restored_plan(credentials, home).await?;
        let (mut roster, serial) = access.open_roster(&plan)?;
        let there = access.restored_view(&plan)?;
        still.only_of(&there)?;
        roster.members.retain(|entry| entry.grant == access.grant || still.members.contains(&entry.grant));
        roster.shares.retain(|entry| still.shares.contains(&entry.grant));
        // Not in the roster, and on purpose: no mix-up.
        for share in plan.shares.iter_mut().filter(|share| roster.holder(share.id).is_none()) {
            share.revoked = true;
        }
        let (stays, goes): (Vec<_>, Vec<_>) =
            plan.devices.into_iter().partition(|detail| still.devices.contains(&detail.device.id));
        plan.devices = stays;
        let removed: Vec<DeviceId> = goes.iter().map(|detail| detail.device.id).collect();
        let gone = |device: DeviceId| removed.contains(&device);
        for camera in &mut plan.cameras {
            camera.device = camera.device.filter(|device| !gone(*device));
        }
        plan.tests.retain(|test| !gone(test.device));
        let authority = person.authority_in(&access)?;
        let renewal = access
            .renewal(&person, &plan, &roster, serial + 1)
            .map_err(|error| alarm::raise(&error, "sealing a restored home under new keys"))?;
        let renewed = Renewed {
            cameras: u32::try_from(renewal.cameras.len()).unwrap_or(u32::MAX),
            devices: u32::try_from(renewal.configurations.len()).unwrap_or(u32::MAX),
        };
        match self.registry().confirm_home(&authority, Confirmation { renewal, removed }).await {
            Ok(()) => Ok(renewed),
            Err(RegistryError::Conflict) => Err(GateError::Conflict),
            Err(error) => Err(registry_error(error)),
        }
    }

    /// A home that waits, opened for an owner. Nothing that waits for a request of theirs is done before it is confirmed.
    async fn restored_plan(
        &self,
        credentials: &Credentials,
        home: HomeId,
    ) -> Result<(Person, HomeAccess, HomePlan), GateError> {
        let now = Timestamp::now();
        let rows =
            self.registry().restored_plan(credentials.find(), now, home).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let mut person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        person.lockdowns = Some(rows.lockdowns);
        let Restored { grants, shares } = rows.restored;
        let of_share = shares.into_iter().find(|(share, _)| share.home == home);
        let Some((grant, row)) = grants.into_iter().find(|(grant, _)| grant.home == home) else {
            let Some((share, row)) = of_share else { return Err(GateError::NotFound) };
            person.open_share(&share, row).map_err(|error| alarm::raise(&error, "opening a share"))?;
            return Err(GateError::Restored);
        };
        let access = person
            .open_home_asked(&grant, row, home)
            .map_err(|error| alarm::raise(&error, "opening a home"))?;
        if access.role() != Role::Owner {
            return Err(GateError::Restored);
        }
        person.may(Closable::All, Some(home), None)?;
        Ok((person, access, rows.data.ok_or(GateError::NotFound)?))
    }
}

impl StillBelong {
    /// Refuses names of what is not in the list: it was another one that was looked at.
    fn only_of(&self, there: &views::RestoredHome) -> Result<(), GateError> {
        fn all<T: PartialEq>(named: &[T], there: &[T], field: &'static str) -> Result<(), GateError> {
            if named.iter().all(|id| there.contains(id)) {
                return Ok(());
            }
            Err(GateError::invalid(field, "it names what is not in the list: load that anew"))
        }
        let members: Vec<_> = there.members.iter().map(|member| member.id).collect();
        let shares: Vec<_> = there.shares.iter().map(|share| share.id).collect();
        let devices: Vec<_> = there.devices.iter().map(|device| device.id).collect();
        all(&self.members, &members, "members")?;
        all(&self.shares, &shares, "shares")?;
        all(&self.devices, &devices, "devices")
    }
}

impl Person {
    /// What the account has of homes that wait to be confirmed, as far as it opens; and how much does not.
    pub(crate) fn waiting(&self, restored: Restored) -> (Vec<views::WaitingHome>, u32) {
        let (mut waiting, mut unverified) = (Vec::new(), 0);
        let mut add = |home, role, name, row: Option<ownsight_registry::HomeRestored>| {
            let Some(restored) = row else { return };
            let (restored_at, as_of) = (restored.at, restored.as_of);
            waiting.push(views::WaitingHome { home_id: home, role, name, restored_at, as_of });
        };
        for (grant, row) in restored.grants {
            let (since, asked) = (row.restored, grant.home);
            match self.open_home_asked(&grant, row, asked) {
                Ok(access) => {
                    let role = access.role();
                    let name = (role == Role::Owner).then(|| access.profile.name.clone());
                    add(access.id(), Some(role), name, since);
                }
                Err(error) => {
                    alarm::raise(&error, "opening a home");
                    unverified += 1;
                }
            }
        }
        for (share, row) in restored.shares {
            let since = row.restored;
            match self.open_share(&share, row) {
                Ok(share) => add(share.home(), None, None, since),
                Err(error) => {
                    alarm::raise(&error, "opening a share");
                    unverified += 1;
                }
            }
        }
        (waiting, unverified)
    }

    /// That nothing was found: while a home of the account waits, what was asked for may be of that.
    pub(crate) fn nothing(&self, restored: Restored) -> GateError {
        if self.waiting(restored).0.is_empty() { GateError::NotFound } else { GateError::Restored }
    }
}

impl HomeAccess {
    fn restored_view(&self, plan: &HomePlan) -> Result<views::RestoredHome, GateError> {
        let restored = self.row.restored.ok_or(GateError::NotFound)?;
        let (roster, _) = self.open_roster(plan)?;
        let shown = |entry: &crate::roster::RosterEntry| {
            self.member(entry.seen(), Some(entry.email.as_str().to_owned()))
        };
        let now = Timestamp::now();
        let mut shares = Vec::new();
        for row in plan.shares.iter().filter(|row| !has_ended(row, now)) {
            let Some(entry) = roster.holder(row.id) else { continue };
            shares.push(views::RestoredShare {
                id: row.id,
                name: entry.name.clone(),
                email: entry.email.as_str().to_owned(),
                cameras: self.shared_names(plan, &entry.terms),
                since: entry.accepted,
                until: entry.terms.until,
            });
        }
        let mut devices = Vec::new();
        let paired = plan.devices.iter().map(|detail| &detail.device);
        for device in paired.filter(|device| device.standing == DeviceStanding::Paired) {
            let name =
                self.open_device(device).map_err(|error| alarm::raise(&error, "opening a device's name"))?;
            devices.push(views::RestoredDevice {
                id: device.id,
                name: name.name,
                local: device.local,
                paired_at: device.paired_at,
                seen_at: device.seen_at,
            });
        }
        Ok(views::RestoredHome {
            home_id: self.id(),
            name: self.profile.name.clone(),
            zone: self.profile.zone.clone(),
            restored_at: restored.at,
            as_of: restored.as_of,
            members: roster.members.iter().map(shown).collect(),
            shares,
            devices,
        })
    }
}
