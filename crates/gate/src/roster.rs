//! The roster: who is a member of a home, sealed so that only owners and adults say who gets new keys. What an accounts
//! table says is never asked for that.

use ownsight_model::{AccountId, Email, GrantId, Role, Timestamp};
use ownsight_registry::{GrantRow, HomePlan, InvitationRow, RegistryError, RosterRow};
use ownsight_seal::{AccountScope, ControlKey, InvitationKey, MemberKey, OpenError, PublicKey, Purpose};
use serde::{Deserialize, Serialize};

use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::profile::{self, KeyText};
use crate::rights::Needs;
use crate::shares::{ShareEntry, ShareTerms};
use crate::{GateError, alarm};

/// Who is a member, and what new keys are sealed to: opened with the control key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Roster {
    pub(crate) members: Vec<RosterEntry>,
    /// Who holds a share.
    #[serde(default)]
    pub(crate) shares: Vec<ShareEntry>,
}

/// One member.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RosterEntry {
    pub(crate) grant: GrantId,
    pub(crate) account: AccountId,
    /// As the inviter typed it.
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) public_key: KeyText,
    pub(crate) member_key: KeyText,
    pub(crate) since: Timestamp,
    /// The name of who invited them; none for who made the home.
    pub(crate) invited_by: Option<String>,
}

/// What members see of each other: opened with the home key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Members {
    pub(crate) members: Vec<MemberEntry>,
}

/// What members see of one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct MemberEntry {
    pub(crate) grant: GrantId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) since: Timestamp,
    pub(crate) invited_by: Option<String>,
}

/// Who accepted an invitation, as it says itself.
#[derive(Serialize, Deserialize)]
pub(crate) struct JoinNote {
    pub(crate) account: AccountId,
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) public_key: KeyText,
}

/// What a home keeps of an invitation.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct InvitationKept {
    pub(crate) key: KeyText,
    pub(crate) email: Email,
    #[serde(flatten)]
    pub(crate) offer: Offer,
    pub(crate) made_by: String,
}

/// What an invitation is to: in JSON the field `role` or `share`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Offer {
    #[serde(rename = "role")]
    Member(Role),
    #[serde(rename = "share")]
    Share(ShareTerms),
}

impl Offer {
    fn role(&self) -> Option<Role> {
        match self {
            Self::Member(role) => Some(*role),
            Self::Share(_) => None,
        }
    }
}

/// Who accepted an invitation, verified.
enum Joined {
    Member(RosterEntry),
    Holder(ShareEntry),
}

impl RosterEntry {
    /// Whoever makes a home is its first member.
    pub(crate) fn founder(
        account: AccountId,
        grant: &GrantRow,
        email: Email,
        name: String,
        public_key: &PublicKey,
        member_key: &MemberKey,
    ) -> Self {
        Self {
            grant: grant.id,
            account,
            email,
            name,
            role: Role::Owner,
            public_key: KeyText::new(public_key.to_bytes()),
            member_key: KeyText::new(*member_key.expose()),
            since: grant.created_at,
            invited_by: None,
        }
    }

    /// What the other members see.
    pub(crate) fn seen(&self) -> MemberEntry {
        MemberEntry {
            grant: self.grant,
            name: self.name.clone(),
            role: self.role,
            since: self.since,
            invited_by: self.invited_by.clone(),
        }
    }

    pub(crate) fn member_key(&self) -> MemberKey {
        MemberKey::from_bytes(*self.member_key.bytes())
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, OpenError> {
        PublicKey::from_bytes(self.public_key.bytes()).ok_or(OpenError::NotAuthentic(Purpose::Roster))
    }
}

impl InvitationKept {
    pub(crate) fn key(&self) -> InvitationKey {
        InvitationKey::from_bytes(*self.key.bytes())
    }
}

impl Roster {
    /// Its row under this control key.
    pub(crate) fn seal(&self, control: &ControlKey, serial: u64) -> RosterRow {
        let members = Members { members: self.members.iter().map(RosterEntry::seen).collect() };
        RosterRow {
            home: control.scope().home,
            epoch: control.scope().epoch,
            serial,
            roster: control.seal_roster(serial, &profile::encode(self)),
            members: control.home_key().seal_members(serial, &profile::encode(&members)),
        }
    }

    pub(crate) fn entry(&self, grant: GrantId) -> Option<&RosterEntry> {
        self.members.iter().find(|entry| entry.grant == grant)
    }

    /// Those whose grants are live: who left is in the roster until it is written again.
    fn live(mut self, plan: &HomePlan) -> Self {
        self.members.retain(|entry| {
            plan.grants.iter().any(|row| row.id == entry.grant && row.account == entry.account)
        });
        let is_there = |entry: &ShareEntry| {
            plan.shares.iter().any(|row| row.id == entry.grant && row.account == Some(entry.account))
        };
        self.shares.retain(is_there);
        self
    }
}

impl HomeAccess {
    /// The roster with its serial number, without who left since it was written.
    pub(crate) fn open_roster(&self, plan: &HomePlan) -> Result<(Roster, u64), GateError> {
        let row = plan.roster.as_ref().ok_or(OpenError::MixUp(Purpose::Roster));
        let opened = row.and_then(|row| Ok((row, self.open_roster_row(row)?)));
        let (row, roster) = opened.map_err(|error| alarm::raise(&error, "opening a roster"))?;
        Ok((roster.live(plan), row.serial))
    }

    fn open_roster_row(&self, row: &RosterRow) -> Result<Roster, OpenError> {
        let control = self.granted.control_key().ok_or(OpenError::MixUp(Purpose::Roster))?;
        profile::decode(&control.open_roster(row.serial, &row.roster)?)
    }

    /// What the home keeps of an invitation of its own.
    pub(crate) fn open_invitation(&self, row: &InvitationRow) -> Result<InvitationKept, OpenError> {
        let mixed_up = OpenError::MixUp(Purpose::InvitationKept);
        let control = self.granted.control_key().ok_or(mixed_up.clone())?;
        let kept: InvitationKept = profile::decode(&control.open_invitation(row.id, &row.kept)?)?;
        if kept.offer.role() == row.role { Ok(kept) } else { Err(mixed_up) }
    }
}

impl Gate {
    /// Writes the first roster of a home that was made before there were rosters: of its one owner, who asks.
    pub(crate) async fn found_roster(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
    ) -> Result<bool, GateError> {
        let [grant] = plan.grants.as_slice() else { return Ok(false) };
        if plan.roster.is_some() || access.role() != Role::Owner || grant.id != access.grant {
            return Ok(false);
        }
        let member_key = MemberKey::generate();
        let entry = RosterEntry::founder(
            person.scope.account,
            grant,
            person.profile.email.clone(),
            person.profile.name.clone(),
            &person.key.public_key(person.scope),
            &member_key,
        );
        let roster = Roster { members: vec![entry], shares: Vec::new() }.seal(access.control()?, 1);
        let scope = person.grant_scope(grant.id);
        let sealed = person.key.seal_member_key(scope, access.id(), &member_key);
        let authority = person.authority_in(access)?;
        match self.registry().found_roster(&authority, roster, sealed).await {
            Ok(()) | Err(RegistryError::Conflict) => Ok(true),
            Err(error) => Err(registry_error(error)),
        }
    }

    /// Takes who accepted an invitation into the roster, before anything is sealed to them: gives whether anything changed.
    ///
    /// A note that does not verify is an alarm, and ends the grant that came with it.
    pub(crate) async fn admit_joined(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
    ) -> Result<bool, GateError> {
        let joined: Vec<_> = plan.invitations.iter().filter(|row| row.joined.is_some()).collect();
        if joined.is_empty() {
            return Ok(false);
        }
        let (mut roster, serial) = access.open_roster(plan)?;
        let (mut admitted, mut refused) = (Vec::new(), Vec::new());
        for row in joined {
            let grant = plan.grants.iter().find(|grant| grant.id == row.id).map(|grant| grant.account);
            let share = plan.shares.iter().find(|share| share.id == row.id).and_then(|share| share.account);
            let Some(account) = grant.or(share) else {
                // Left again before anybody looked.
                admitted.push(row.id);
                continue;
            };
            match self.verify_join(access, row, account) {
                Ok(Joined::Member(entry)) => {
                    roster.members.push(entry);
                    admitted.push(row.id);
                }
                Ok(Joined::Holder(entry)) => {
                    roster.shares.push(entry);
                    admitted.push(row.id);
                }
                Err(error) => {
                    alarm::raise(&error, "checking who accepted an invitation");
                    refused.push(row.id);
                }
            }
        }
        let row = roster.seal(access.control()?, serial + 1);
        let authority = person.authority_in(access)?;
        match self.registry().admit(&authority, row, admitted, refused).await {
            // Another request was first.
            Ok(()) | Err(RegistryError::Conflict) => Ok(true),
            Err(error) => Err(registry_error(error)),
        }
    }

    fn verify_join(
        &self,
        access: &HomeAccess,
        row: &InvitationRow,
        account: AccountId,
    ) -> Result<Joined, OpenError> {
        let unverified = OpenError::NotAuthentic(Purpose::JoinNote);
        let joined = row.joined.as_ref().ok_or(unverified.clone())?;
        let kept = access.open_invitation(row)?;
        let key = kept.key();
        key.verify_join_note(self.installation(), row.id, &joined.note, &joined.tag)?;
        let note: JoinNote = profile::decode(&joined.note)?;
        if note.email != kept.email || note.account != account {
            return Err(OpenError::MixUp(Purpose::JoinNote));
        }
        PublicKey::from_bytes(note.public_key.bytes()).ok_or(unverified)?;
        let account = AccountScope { installation: self.installation(), account: note.account };
        let member_key = KeyText::new(*key.member_key(account, row.id).expose());
        Ok(match kept.offer {
            Offer::Member(role) => Joined::Member(RosterEntry {
                grant: row.id,
                account: note.account,
                email: kept.email,
                name: note.name,
                role,
                public_key: note.public_key,
                member_key,
                since: joined.at,
                invited_by: Some(kept.made_by),
            }),
            Offer::Share(terms) => Joined::Holder(ShareEntry {
                grant: row.id,
                account: note.account,
                email: kept.email,
                name: note.name,
                public_key: note.public_key,
                member_key,
                accepted: joined.at,
                made_by: kept.made_by,
                terms,
            }),
        })
    }

    /// Puts a grant that came while the account was away under its own key. A failure is logged: it opens as it is.
    pub(crate) async fn settle_grant(&self, person: &Person, access: &HomeAccess) {
        let Some(arrived) = &access.arrived else { return };
        let Ok(find) = person.find_for(Needs::Live) else { return };
        let settled = self
            .registry()
            .settle_grant(find, Timestamp::now(), access.grant, arrived.sealed.clone(), arrived.wrap.clone())
            .await;
        if let Err(error) = settled {
            tracing::warn!(home.id = %access.id(), %error, "a new grant could not be wrapped under its account's key");
        }
    }
}

/// A home's first roster: of who makes it.
pub(crate) fn first_roster(control: &ControlKey, founder: RosterEntry) -> RosterRow {
    Roster { members: vec![founder], shares: Vec::new() }.seal(control, 1)
}
