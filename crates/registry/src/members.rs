//! Members of a home: its roster, invitations, and grants that come, change and go.

use ownsight_model::{AccountId, Email, GrantId, HomeEpoch, HomeId, Role, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Asker, Authority};
use crate::accounts::{insert_account, owns_address};
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::homes::insert_grant;
use crate::rows::{AccountRow, CustodyRow, GrantRow, InvitationRow, PasswordRow, RosterRow};
use crate::sessions::{announce, end_all};
use crate::shares::{lose_share, lose_shares_of};
use crate::sql::{exists, first, number, rows, run};
use crate::{Registry, RegistryError};

/// Members of a home and invitations together.
pub const MEMBERS_MAX: u32 = 100;

/// A home's key, sealed anew for a member.
#[derive(Debug, Clone)]
pub struct Issue {
    /// The grant.
    pub grant: GrantId,
    /// As what.
    pub role: Role,
    /// The key, wrapped or sealed.
    pub wrap: Vec<u8>,
    /// Whether it is sealed to the account's key pair.
    pub away: bool,
}

/// What accepting an invitation writes.
#[derive(Debug, Clone)]
pub struct Joining {
    /// What finds the invitation.
    pub find: [u8; 32],
    /// The time that decides whether it has expired.
    pub now: Timestamp,
    /// Who accepts.
    pub as_: JoinAs,
    /// What comes of it.
    pub comes: Comes,
    /// Who it is, with its public key.
    pub note: Vec<u8>,
    /// The note's tag.
    pub tag: [u8; 32],
}

/// What comes of an accepted invitation, under the id of that.
#[derive(Debug, Clone)]
pub enum Comes {
    /// A member's grant, of the invitation's role and epoch.
    Member(GrantRow),
    /// A share that was offered.
    Share {
        /// The share.
        share: GrantId,
        /// Its home.
        home: HomeId,
        /// For whom.
        account: AccountId,
        /// The share key as it was in the invitation.
        sealed: Vec<u8>,
        /// The share key, wrapped under the account key.
        wrap: Vec<u8>,
        /// The member key, wrapped under the account key.
        member_key: Vec<u8>,
    },
}

impl Comes {
    fn parts(&self) -> (GrantId, HomeId, AccountId, Option<Role>) {
        match self {
            Self::Member(grant) => (grant.id, grant.home, grant.account, Some(grant.role)),
            Self::Share { share, home, account, .. } => (*share, *home, *account, None),
        }
    }
}

/// Who accepts an invitation.
#[derive(Debug, Clone)]
pub enum JoinAs {
    /// The account of the session that this finds.
    Session([u8; 32]),
    /// An account that is made by it.
    New {
        /// The account.
        account: Box<AccountRow>,
        /// Its password.
        password: Box<PasswordRow>,
        /// Its custody.
        custody: Box<CustodyRow>,
    },
}

impl Registry {
    /// Writes the first roster of a home that was made before there were rosters, with the member key of its owner.
    /// [`RegistryError::Conflict`] if there is one, or if the asker is not the one who alone has a live grant, as owner.
    pub async fn found_roster(
        &self,
        authority: &Authority,
        roster: RosterRow,
        member_key: Vec<u8>,
    ) -> Result<(), RegistryError> {
        let grant = authority.grant.map(|(grant, _)| grant);
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(roster.home)?;
            let grants = grants_of(tx, roster.home)?;
            let alone =
                matches!(grants.as_slice(), [only] if Some(only.id) == grant && only.role == Role::Owner);
            if !alone || roster_of(tx, roster.home)?.is_some() {
                return Err(RegistryError::Conflict.into());
            }
            insert_roster(tx, &roster)?;
            let id = grant.as_ref().map(GrantId::as_bytes);
            run(tx, "UPDATE grants SET member_key = ?2 WHERE id = ?1", params![id, member_key])?;
            Ok(())
        })
        .await
    }

    /// Keeps a new invitation of a member. [`RegistryError::TooMany`]; [`RegistryError::Conflict`] if the home has another epoch.
    pub async fn create_invitation(
        &self,
        authority: &Authority,
        invitation: InvitationRow,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(invitation.home)?;
            has_epoch(tx, invitation.home, invitation.epoch)?;
            has_room(tx, invitation.home, now)?;
            insert_invitation(tx, &invitation)?;
            tx.changed(invitation.home, ChangeKind::People);
            Ok(())
        })
        .await
    }

    /// Destroys a member's invitation that nobody accepted; [`RegistryError::NotFound`] if there is none.
    pub async fn withdraw_invitation(&self, authority: &Authority, id: GrantId) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let home = asker.home()?;
            let sql = "DELETE FROM invitations
                       WHERE id = ?1 AND home = ?2 AND joined_at IS NULL AND role IS NOT NULL";
            if run(tx, sql, params![id.as_bytes(), home.as_bytes()])? == 0 {
                return Err(RegistryError::NotFound.into());
            }
            tx.changed(home, ChangeKind::People);
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// An invitation, accepted or expired or not.
    pub async fn invitation(&self, find: [u8; 32]) -> Result<Option<InvitationRow>, RegistryError> {
        self.engine.statement(move |connection| by_find(connection, &find)).await
    }

    /// Accepts an invitation: the grant is live, and a note waits for an owner's or adult's request.
    ///
    /// [`RegistryError::LinkUsed`] if it was accepted, withdrawn or has expired; [`RegistryError::AlreadyMember`];
    /// [`RegistryError::EmailTaken`]; [`RegistryError::NotLive`] without a session; [`RegistryError::Conflict`] if the home
    /// or the invitation has another epoch than the grant: read it again.
    pub async fn join(&self, joining: Joining) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                let Joining { find, now, as_, comes, note, tag } = &joining;
                let open = by_find(tx, find)?.filter(|row| row.joined.is_none() && row.expires_at > *now);
                let Some(invitation) = open else { return Err(RegistryError::LinkUsed.into()) };
                let (id, home, named, role) = comes.parts();
                if id != invitation.id || home != invitation.home || role != invitation.role {
                    return Err(RegistryError::NotFound.into());
                }
                if matches!(comes, Comes::Member(grant) if grant.epoch != invitation.epoch) {
                    return Err(RegistryError::Conflict.into());
                }
                has_epoch(tx, home, invitation.epoch)?;
                let account = match as_ {
                    JoinAs::Session(find) => {
                        let own = Authority { find: *find, now: *now, grant: None };
                        own.check(tx)?.account
                    }
                    JoinAs::New { account, password, custody } => {
                        insert_account(tx, account, password, custody)?;
                        account.id
                    }
                };
                if named != account {
                    return Err(RegistryError::NotFound.into());
                }
                is_no_member(tx, account, home)?;
                match comes {
                    Comes::Member(grant) => {
                        insert_grant(tx, grant)?;
                        lose_own_shares(tx, account, home, *now)?;
                    }
                    Comes::Share { sealed, wrap, member_key, .. } => {
                        let sql = "UPDATE shares SET account = ?2, wrap = ?3, away = 0, member_key = ?4
                                   WHERE id = ?1 AND account IS NULL AND revoked_at IS NULL";
                        let accepted = params![id.as_bytes(), account.as_bytes(), wrap, member_key];
                        // What is shared may have been sealed anew, under another share key.
                        if *sealed != invitation.wrap || run(tx, sql, accepted)? == 0 {
                            return Err(RegistryError::Conflict.into());
                        }
                    }
                }
                run(
                    tx,
                    "UPDATE invitations SET joined_at = ?2, joined_account = ?3, note = ?4, tag = ?5, text = x'', wrap = x''
                     WHERE id = ?1",
                    params![id.as_bytes(), now.as_micros(), account.as_bytes(), note, tag],
                )?;
                run(tx, "UPDATE homes SET joins_due = 1 WHERE id = ?1", [home.as_bytes()])?;
                tx.changed(home, ChangeKind::People);
                // The account's streams must learn of their new home.
                tx.changed(home, ChangeKind::Sessions);
                tx.scrub();
                Ok(())
            })
            .await
    }

    /// Takes who accepted into the roster: forgets the notes of these grants. `refused` are those whose note did not
    /// verify: their grants end, and an epoch is due.
    pub async fn admit(
        &self,
        authority: &Authority,
        roster: RosterRow,
        admitted: Vec<GrantId>,
        refused: Vec<GrantId>,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let home = replace_roster(tx, asker, &roster)?;
            for grant in admitted.iter().chain(&refused) {
                let sql = "DELETE FROM invitations WHERE id = ?1 AND home = ?2 AND joined_at IS NOT NULL";
                if run(tx, sql, params![grant.as_bytes(), home.as_bytes()])? == 0 {
                    return Err(RegistryError::Conflict.into());
                }
            }
            for id in &refused {
                let sql = "SELECT 1 FROM shares WHERE id = ?1 AND home = ?2 AND revoked_at IS NULL";
                if exists(tx, sql, params![id.as_bytes(), home.as_bytes()])? {
                    lose_share(tx, *id, now)?;
                } else {
                    lose_member(tx, *id, home, now)?;
                }
            }
            run(
                tx,
                "UPDATE homes SET joins_due = EXISTS
                   (SELECT 1 FROM invitations WHERE home = ?1 AND joined_at IS NOT NULL) WHERE id = ?1",
                [home.as_bytes()],
            )?;
            tx.changed(home, ChangeKind::People);
            Ok(())
        })
        .await
    }

    /// Gives a member another role, with the key that goes with it. [`RegistryError::LastOwner`]. For a role that has less
    /// than before, that member's home starts an epoch instead: [`Registry::renew_home`].
    pub async fn change_role(
        &self,
        authority: &Authority,
        roster: RosterRow,
        issue: Issue,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let home = replace_roster(tx, asker, &roster)?;
            write_issue(tx, home, roster.epoch, &issue)?;
            has_owner(tx, home)?;
            tx.changed(home, ChangeKind::People);
            Ok(())
        })
        .await
    }

    /// Ends a member's grant; the next owner's or adult's request starts an epoch. For when none can be started now.
    /// [`RegistryError::LastOwner`].
    pub async fn end_member(
        &self,
        authority: &Authority,
        roster: RosterRow,
        grant: GrantId,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let home = replace_roster(tx, asker, &roster)?;
            lose_member(tx, grant, home, now)?;
            has_owner(tx, home)
        })
        .await
    }

    /// Ends the account's own grants of a home; the next owner's or adult's request starts an epoch.
    /// [`RegistryError::LastOwner`]; [`RegistryError::NotFound`] for a home that it is not in.
    pub async fn leave_home(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
    ) -> Result<(), RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let sql = "SELECT id FROM grants WHERE account = ?1 AND home = ?2 AND revoked_at IS NULL";
            let own: Vec<GrantId> =
                rows(tx, "grants", sql, params![asker.account.as_bytes(), home.as_bytes()], |c| c.id("id"))?;
            if own.is_empty() {
                return Err(RegistryError::NotFound.into());
            }
            for grant in own {
                lose_member(tx, grant, home, now)?;
            }
            has_owner(tx, home)
        })
        .await
    }

    /// Erases the account: its grants, sessions, password and custody are destroyed, and its address is free again. The row
    /// stays, for grants and records that name it. An epoch is due in each of its homes.
    /// [`RegistryError::LastOwner`] while it is the only owner of one; [`RegistryError::NotFound`] if session and rows are not
    /// of the account and address that are named: those that were opened.
    pub async fn erase_account(
        &self,
        authority: &Authority,
        account: AccountId,
        email: &Email,
    ) -> Result<(), RegistryError> {
        let (now, email) = (authority.now, email.clone());
        self.authorised_write(authority, move |tx, asker| {
            owns_address(tx, account, &email)?;
            if asker.account != account {
                return Err(RegistryError::NotFound.into());
            }
            let id = account.as_bytes();
            let sql = "SELECT id, home FROM grants WHERE account = ?1 AND revoked_at IS NULL";
            let held: Vec<(GrantId, HomeId)> = rows(tx, "grants", sql, [id], |c| Ok((c.id("id")?, c.id("home")?)))?;
            for (grant, home) in held {
                lose_member(tx, grant, home, now)?;
                has_owner(tx, home)?;
            }
            lose_shares_of(tx, account, now)?;
            end_all(tx, asker.account, None)?;
            run(tx, "DELETE FROM invitation_codes WHERE joined_account = ?1", [id])?;
            run(tx, "DELETE FROM passwords WHERE email = ?1", [email.as_str()])?;
            run(tx, "DELETE FROM custodies WHERE email = ?1", [email.as_str()])?;
            let nobodys = format!("{}@erased.invalid", asker.account);
            run(
                tx,
                "UPDATE accounts SET email = ?2, public_key = zeroblob(32), text = x'', erased_at = ?3 WHERE id = ?1",
                params![id, nobodys, now.as_micros()],
            )?;
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// Puts a grant that came while its account was away under the account key, if it is still the one that was opened;
    /// whether it was.
    pub async fn settle_grant(
        &self,
        find: [u8; 32],
        now: Timestamp,
        grant: GrantId,
        sealed: Vec<u8>,
        wrap: Vec<u8>,
    ) -> Result<bool, RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let sql = "UPDATE grants SET wrap = ?4, away = 0
                       WHERE id = ?1 AND account = ?2 AND wrap = ?3 AND away = 1 AND revoked_at IS NULL";
            let account = asker.account.as_bytes();
            Ok(run(tx, sql, params![grant.as_bytes(), account, sealed, wrap])? > 0)
        })
        .await
    }
}

pub(crate) fn roster_of(connection: &Connection, home: HomeId) -> Step<Option<RosterRow>> {
    let sql = concat!("SELECT ", columns!(roster "r"), " FROM rosters r WHERE r.home = ?1");
    first(connection, "rosters", sql, [home.as_bytes()], decode::roster)
}

/// A home's live grants, oldest first.
pub(crate) fn grants_of(connection: &Connection, home: HomeId) -> Step<Vec<GrantRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(grant "g"),
        " FROM grants g WHERE g.home = ?1 AND g.revoked_at IS NULL ORDER BY g.created_at, g.id"
    );
    rows(connection, "grants", sql, [home.as_bytes()], decode::grant)
}

/// A home's invitations, oldest first, without those that expired unaccepted.
pub(crate) fn invitations_of(
    connection: &Connection,
    home: HomeId,
    now: Timestamp,
) -> Step<Vec<InvitationRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(invitation "i"),
        " FROM invitations i WHERE i.home = ?1 AND (i.joined_at IS NOT NULL OR i.expires_at > ?2)",
        " ORDER BY i.created_at, i.id"
    );
    rows(connection, "invitations", sql, params![home.as_bytes(), now.as_micros()], decode::invitation)
}

fn by_find(connection: &Connection, find: &[u8; 32]) -> Step<Option<InvitationRow>> {
    let sql = concat!("SELECT ", columns!(invitation "i"), " FROM invitations i WHERE i.find = ?1");
    first(connection, "invitations", sql, [find], decode::invitation)
}

pub(crate) fn insert_invitation(tx: &Tx<'_>, invitation: &InvitationRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO invitations (id, find, home, role, epoch, created_at, expires_at, text, wrap, kept)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            invitation.id.as_bytes(),
            invitation.find,
            invitation.home.as_bytes(),
            invitation.role.map(Role::code),
            invitation.epoch.number(),
            invitation.created_at.as_micros(),
            invitation.expires_at.as_micros(),
            invitation.text,
            invitation.wrap,
            invitation.kept
        ],
    )?;
    Ok(())
}

pub(crate) fn insert_roster(tx: &Tx<'_>, roster: &RosterRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO rosters (home, epoch, serial, roster, members) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            roster.home.as_bytes(),
            roster.epoch.number(),
            big(roster.serial),
            roster.roster,
            roster.members
        ],
    )?;
    Ok(())
}

/// Puts a roster of the home's present epoch into the place of the one before it.
pub(crate) fn replace_roster(tx: &Tx<'_>, asker: Asker, roster: &RosterRow) -> Step<HomeId> {
    asker.owns(roster.home)?;
    has_epoch(tx, roster.home, roster.epoch)?;
    write_roster(tx, roster)?;
    Ok(roster.home)
}

/// [`RegistryError::Conflict`] unless the roster's serial number is the one after that of the roster that is there.
pub(crate) fn write_roster(tx: &Tx<'_>, roster: &RosterRow) -> Step<()> {
    let written = run(
        tx,
        "UPDATE rosters SET epoch = ?2, serial = ?3, roster = ?4, members = ?5 WHERE home = ?1 AND serial = ?3 - 1",
        params![
            roster.home.as_bytes(),
            roster.epoch.number(),
            big(roster.serial),
            roster.roster,
            roster.members
        ],
    )?;
    if written == 0 { Err(RegistryError::Conflict.into()) } else { Ok(()) }
}

/// [`RegistryError::TooMany`] if the home has as many members and invitations as it may have.
pub(crate) fn has_room(tx: &Tx<'_>, home: HomeId, now: Timestamp) -> Step<()> {
    let sql = "SELECT (SELECT count(*) FROM grants WHERE home = ?1 AND revoked_at IS NULL)
                 + (SELECT count(*) FROM invitations
                    WHERE home = ?1 AND joined_at IS NULL AND expires_at > ?2 AND role IS NOT NULL)
                 + (SELECT count(*) FROM invitation_codes
                    WHERE home = ?1 AND confirmed_at IS NULL AND expires_at > ?2)";
    let many = number(tx, sql, params![home.as_bytes(), now.as_micros()])?;
    if many.is_none_or(|many| many >= i64::from(MEMBERS_MAX)) {
        return Err(RegistryError::TooMany { max: MEMBERS_MAX }.into());
    }
    Ok(())
}

/// [`RegistryError::AlreadyMember`] if the account has a live grant of the home.
pub(crate) fn is_no_member(tx: &Tx<'_>, account: AccountId, home: HomeId) -> Step<()> {
    let sql = "SELECT 1 FROM grants WHERE account = ?1 AND home = ?2 AND revoked_at IS NULL";
    if exists(tx, sql, params![account.as_bytes(), home.as_bytes()])? {
        Err(RegistryError::AlreadyMember.into())
    } else {
        Ok(())
    }
}

/// A member needs no share of the home, and must not keep one when removed.
pub(crate) fn lose_own_shares(tx: &Tx<'_>, account: AccountId, home: HomeId, now: Timestamp) -> Step<()> {
    let sql = "SELECT id FROM shares WHERE account = ?1 AND home = ?2 AND revoked_at IS NULL";
    for share in rows(tx, "shares", sql, params![account.as_bytes(), home.as_bytes()], |c| c.id("id"))? {
        lose_share(tx, share, now)?;
    }
    Ok(())
}

/// [`RegistryError::Conflict`] unless this is the home's present epoch.
pub(crate) fn has_epoch(tx: &Tx<'_>, home: HomeId, epoch: HomeEpoch) -> Step<()> {
    let sql = "SELECT 1 FROM homes WHERE id = ?1 AND epoch = ?2";
    if exists(tx, sql, params![home.as_bytes(), epoch.number()])? {
        Ok(())
    } else {
        Err(RegistryError::Conflict.into())
    }
}

/// Puts a key into a live grant of this home.
pub(crate) fn write_issue(tx: &Tx<'_>, home: HomeId, epoch: HomeEpoch, issue: &Issue) -> Step<()> {
    let written = run(
        tx,
        "UPDATE grants SET role = ?3, epoch = ?4, wrap = ?5, away = ?6
         WHERE id = ?1 AND home = ?2 AND revoked_at IS NULL",
        params![
            issue.grant.as_bytes(),
            home.as_bytes(),
            issue.role.code(),
            epoch.number(),
            issue.wrap,
            issue.away
        ],
    )?;
    if written == 0 { Err(RegistryError::Conflict.into()) } else { Ok(()) }
}

/// Ends a live grant of this home and destroys its keys.
pub(crate) fn end_grant(tx: &Tx<'_>, grant: GrantId, home: HomeId, now: Timestamp) -> Step<()> {
    let sql = "SELECT account FROM grants WHERE id = ?1 AND home = ?2 AND revoked_at IS NULL";
    let found: Option<AccountId> =
        first(tx, "grants", sql, params![grant.as_bytes(), home.as_bytes()], |c| c.id("account"))?;
    let Some(account) = found else { return Err(RegistryError::Conflict.into()) };
    // Before the grant ends: its home is among those that must ask again.
    announce(tx, account)?;
    run(
        tx,
        "UPDATE grants SET revoked_at = ?2, wrap = x'', member_key = x'' WHERE id = ?1",
        params![grant.as_bytes(), now.as_micros()],
    )?;
    tx.scrub();
    Ok(())
}

/// Ends a live grant of this home without new keys: they are due.
pub(crate) fn lose_member(tx: &Tx<'_>, grant: GrantId, home: HomeId, now: Timestamp) -> Step<()> {
    end_grant(tx, grant, home, now)?;
    run(tx, "UPDATE homes SET epoch_due = 1 WHERE id = ?1", [home.as_bytes()])?;
    tx.changed(home, ChangeKind::People);
    Ok(())
}

/// Refuses to leave a home without an owner.
pub(crate) fn has_owner(tx: &Tx<'_>, home: HomeId) -> Step<()> {
    let sql = "SELECT 1 FROM grants WHERE home = ?1 AND role = ?2 AND revoked_at IS NULL";
    if exists(tx, sql, params![home.as_bytes(), Role::Owner.code()])? {
        Ok(())
    } else {
        Err(RegistryError::LastOwner.into())
    }
}
