//! Who is in a home: seeing them, changing roles, removing, leaving.

use ownsight_model::{CameraEpoch, GrantId, HomeEpoch, HomeId, Role, Timestamp};
use ownsight_registry::{DeviceRow, DeviceStanding, HomePlan};
use ownsight_seal::{OpenError, Purpose};

use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::home_epochs::Renewed;
use crate::plan::TRIES;
use crate::profile;
use crate::rights::Needs;
use crate::roster::{InvitationKept, MemberEntry, Members, Offer, Roster, RosterEntry};
use crate::{Answer, Credentials, GateError, alarm, views};

impl Gate {
    /// A home's members, and for owners and adults its open invitations.
    pub async fn people(
        &self,
        credentials: &Credentials,
        home: HomeId,
    ) -> Result<Answer<views::People>, GateError> {
        let (person, access, plan) = self.home_plan(credentials, home, Needs::MANAGE).await?;
        self.settle_grant(&person, &access).await;
        let (members, invitations, mut unverified) = if access.control().is_ok() {
            access.people(&plan)?
        } else {
            (access.fellow_members(&person, &plan)?, Vec::new(), 0)
        };
        let (mut codes, mut unopened) = (Vec::new(), 0);
        if access.control().is_ok() {
            (codes, unopened) = access.codes(&plan);
        }
        unverified += unopened;
        let (shares, unopened) = self.home_shares(credentials, &access, &plan).await?;
        unverified += unopened;
        let waiting = plan.devices.iter().map(|detail| &detail.device).filter(|device| {
            device.standing == DeviceStanding::Paired && device.acknowledged_serial < device.latest_serial
        });
        // Where nobody was ever shut out by new keys, a device that is behind opens nothing to anybody.
        let renewed = |device: &&DeviceRow| {
            let mut served = plan.cameras.iter().filter(|camera| camera.device == Some(device.id));
            access.row.epoch != HomeEpoch::FIRST
                || served.any(|camera| camera.epoch.camera_epoch != CameraEpoch::FIRST)
        };
        let waiting = waiting.filter(renewed);
        let mut waiting_devices = Vec::new();
        for device in waiting {
            let name = access
                .open_device(device)
                .map_err(|error| alarm::raise(&error, "opening a device's name"))?;
            waiting_devices.push(name.name);
        }
        let role = access.role();
        let view = views::People { role, members, invitations, codes, shares, waiting_devices, unverified };
        Ok(Answer::new(credentials, view))
    }

    /// Gives a member another role. One that has less than before gets the home new keys.
    pub async fn change_role(
        &self,
        credentials: &Credentials,
        home: HomeId,
        member: GrantId,
        role: Role,
    ) -> Result<(), GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let (mut roster, serial) = access.open_roster(&plan)?;
            let before = roster.entry(member).ok_or(GateError::NotFound)?.role;
            access.may_decide_on(before)?;
            access.may_decide_on(role)?;
            if before == role {
                return Ok(());
            }
            if member == access.grant && role == Role::Viewer {
                // Who is to have less must not make the keys of which they are to have less: somebody else does it.
                return Err(GateError::NotAllowed);
            }
            if member == access.grant && before == Role::Owner {
                roster.another_owner(member)?;
            }
            for entry in roster.members.iter_mut().filter(|entry| entry.grant == member) {
                entry.role = role;
            }
            let outcome = if role == Role::Viewer {
                self.renew_home(&person, &access, &plan, &roster, serial + 1).await.map(|_| ())
            } else {
                let entry = roster.entry(member).ok_or(GateError::NotFound)?;
                let control = access.control()?;
                let issue = access
                    .issue(&person, control, entry)
                    .map_err(|error| alarm::raise(&error, "sealing a grant"))?;
                let authority = person.authority_in(&access)?;
                let row = roster.seal(control, serial + 1);
                self.registry().change_role(&authority, row, issue).await.map_err(registry_error)
            };
            match outcome {
                Err(GateError::Conflict) => {}
                outcome => return outcome,
            }
        }
        Err(GateError::Conflict)
    }

    /// Removes a member: access ends at once, and the home gets new keys. Or leaves a home: then they are due, because who
    /// leaves must not make them.
    pub async fn remove_member(
        &self,
        credentials: &Credentials,
        home: HomeId,
        member: GrantId,
    ) -> Result<Answer<views::Removed>, GateError> {
        let rows = self.session_rows(credentials).await?;
        let (person, access, ()) = self.open_home(credentials, home, rows, Needs::MANAGE)?;
        if access.grant == member {
            let find = person.find_for(Needs::SignIn)?;
            self.registry().leave_home(find, Timestamp::now(), home).await.map_err(registry_error)?;
            tracing::info!(home.id = %home, "a member left; new keys are due");
            return Ok(Answer::new(credentials, views::Removed { cameras: 0, devices: 0 }));
        }
        for _ in 0..TRIES {
            match self.try_remove(credentials, home, member).await {
                Err(GateError::Conflict) => {}
                removed => {
                    let Renewed { cameras, devices } = removed?;
                    return Ok(Answer::new(credentials, views::Removed { cameras, devices }));
                }
            }
        }
        Err(GateError::Conflict)
    }

    async fn try_remove(
        &self,
        credentials: &Credentials,
        home: HomeId,
        member: GrantId,
    ) -> Result<Renewed, GateError> {
        let (person, access, plan) = self.managing_plan(credentials, home).await?;
        let (mut roster, serial) = access.open_roster(&plan)?;
        let entry = roster.entry(member).ok_or(GateError::NotFound)?;
        access.may_decide_on(entry.role)?;
        roster.members.retain(|entry| entry.grant != member);
        match self.renew_home(&person, &access, &plan, &roster, serial + 1).await {
            Err(GateError::NotVerified { .. }) => {
                // Something else of the home does not open. That must not keep in who is to go.
                let authority = person.authority_in(&access)?;
                let row = roster.seal(access.control()?, serial + 1);
                self.registry().end_member(&authority, row, member).await.map_err(registry_error)?;
                Ok(Renewed::default())
            }
            renewed => renewed,
        }
    }
}

impl HomeAccess {
    /// Owners decide on everybody, adults on everybody but owners, and who becomes one. That is policy: both have the
    /// control key.
    pub(crate) fn may_decide_on(&self, role: Role) -> Result<(), GateError> {
        self.control()?;
        if self.role() == Role::Owner || role != Role::Owner { Ok(()) } else { Err(GateError::NotAllowed) }
    }

    fn people(
        &self,
        plan: &HomePlan,
    ) -> Result<(Vec<views::Member>, Vec<views::Invitation>, u32), GateError> {
        let (roster, _) = self.open_roster(plan)?;
        let mut unverified = 0;
        for grant in plan.grants.iter().filter(|grant| roster.entry(grant.id).is_none()) {
            alarm::raise(&OpenError::MixUp(Purpose::Roster), "finding a grant's member in the roster");
            tracing::error!(grant.id = %grant.id, "a live grant is not in its home's roster: it gets no new keys");
            unverified += 1;
        }
        let shown = |entry: &RosterEntry| self.member(entry.seen(), Some(entry.email.as_str().to_owned()));
        let members = roster.members.iter().map(shown).collect();
        let mut invitations = Vec::new();
        for row in plan.invitations.iter().filter(|row| row.joined.is_none()) {
            match self.open_invitation(row) {
                // Shown among the shares.
                Ok(InvitationKept { offer: Offer::Share(_), .. }) => {}
                Ok(InvitationKept { offer: Offer::Member(role), email, made_by, .. }) => {
                    invitations.push(views::Invitation {
                        id: row.id,
                        email: email.as_str().to_owned(),
                        role,
                        made_by,
                        made_at: row.created_at,
                        expires_at: row.expires_at,
                    });
                }
                Err(error) => {
                    alarm::raise(&error, "opening an invitation");
                    unverified += 1;
                }
            }
        }
        Ok((members, invitations, unverified))
    }

    /// What a viewer sees of the others.
    fn fellow_members(&self, person: &Person, plan: &HomePlan) -> Result<Vec<views::Member>, GateError> {
        let opened = plan
            .roster
            .as_ref()
            .ok_or(OpenError::MixUp(Purpose::Members))
            .and_then(|row| self.key.open_members(row.serial, &row.members))
            .and_then(|text| profile::decode::<Members>(&text));
        let members = opened.map_err(|error| alarm::raise(&error, "opening a home's members"))?.members;
        let is_live = |grant: GrantId| plan.grants.iter().any(|row| row.id == grant);
        let live = members.into_iter().filter(|entry| is_live(entry.grant));
        let mut shown: Vec<_> = live.map(|entry| self.member(entry, None)).collect();
        let own = plan.grants.iter().find(|row| row.id == self.grant);
        if let (Some(own), false) = (own, shown.iter().any(|member| member.you)) {
            // Accepted, and no owner or adult was there since.
            let entry = MemberEntry {
                grant: self.grant,
                name: person.profile.name.clone(),
                role: self.role(),
                since: own.created_at,
                invited_by: None,
            };
            shown.push(self.member(entry, None));
        }
        Ok(shown)
    }

    pub(crate) fn member(&self, entry: MemberEntry, email: Option<String>) -> views::Member {
        views::Member {
            id: entry.grant,
            you: entry.grant == self.grant,
            name: entry.name,
            email,
            role: entry.role,
            since: entry.since,
            invited_by: entry.invited_by,
        }
    }
}

impl Roster {
    /// Refuses to leave the home without an owner.
    fn another_owner(&self, than: GrantId) -> Result<(), GateError> {
        let another = self.members.iter().any(|entry| entry.role == Role::Owner && entry.grant != than);
        if another { Ok(()) } else { Err(GateError::LastOwner) }
    }
}
