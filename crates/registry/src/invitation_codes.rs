//! Invitations by code: for somebody who is there. Whoever opens one leaves a note, and is a member when an owner or adult of the
//! home has confirmed.

use std::collections::BTreeSet;

use ownsight_model::{AccountId, GrantId, HomeEpoch, HomeId, Timestamp};
use rusqlite::{Connection, params};

use crate::access::Authority;
use crate::accounts::insert_account;
use crate::changes::ChangeKind;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::homes::insert_grant;
use crate::members::{JoinAs, has_epoch, has_room, is_no_member, lose_own_shares, replace_roster};
use crate::rows::{GrantRow, InvitationCodeRow, RosterRow};
use crate::sql::{exists, first, rows, run};
use crate::{Registry, RegistryError};

/// What asking to join writes.
#[derive(Debug, Clone)]
pub struct AskToJoin {
    /// What finds the invitation.
    pub find: [u8; 32],
    /// The time that decides whether it has expired.
    pub now: Timestamp,
    /// Until when somebody can confirm.
    pub until: Timestamp,
    /// Who asks.
    pub as_: JoinAs,
    /// The grant that is to come of it.
    pub grant: GrantId,
    /// The home.
    pub home: HomeId,
    /// The account of the note.
    pub account: AccountId,
    /// Who it is, with its public key.
    pub note: Vec<u8>,
    /// The note's tag.
    pub tag: [u8; 32],
    /// The member key of the grant, wrapped under the account key.
    pub member_key: Vec<u8>,
}

/// What becomes of invitations by code in a home epoch.
#[derive(Debug, Clone, Default)]
pub struct CodeRenewal {
    /// Of who waits to be confirmed: what the home keeps, under the new keys.
    pub kept: Vec<(GrantId, Vec<u8>)>,
    /// Those that end, because what somebody left does not verify.
    pub ended: Vec<GrantId>,
}

impl Registry {
    /// Keeps a new invitation by code. [`RegistryError::TooMany`]; [`RegistryError::Conflict`] if the home has another epoch.
    pub async fn create_invitation_code(
        &self,
        authority: &Authority,
        code: InvitationCodeRow,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(code.home)?;
            has_epoch(tx, code.home, code.epoch)?;
            has_room(tx, code.home, now)?;
            run(
                tx,
                "INSERT INTO invitation_codes (id, find, home, epoch, created_at, expires_at, text, kept)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    code.id.as_bytes(),
                    code.find,
                    code.home.as_bytes(),
                    code.epoch.number(),
                    code.created_at.as_micros(),
                    code.expires_at.as_micros(),
                    code.text,
                    code.kept
                ],
            )?;
            tx.changed(code.home, ChangeKind::People);
            Ok(())
        })
        .await
    }

    /// An invitation by code, whether somebody asked to join by it, was confirmed, or it expired.
    pub async fn invitation_code(&self, find: [u8; 32]) -> Result<Option<InvitationCodeRow>, RegistryError> {
        self.engine.statement(move |connection| by_find(connection, &find)).await
    }

    /// Asks to join: leaves the note of who does, and nothing else. The first who asks is the only one.
    ///
    /// [`RegistryError::LinkUsed`] if somebody asked before, or it was withdrawn or has expired; [`RegistryError::AlreadyMember`];
    /// [`RegistryError::EmailTaken`]; [`RegistryError::NotLive`] without a session; [`RegistryError::NotFound`] if session,
    /// invitation and note are not of what is named.
    pub async fn ask_to_join(&self, ask: AskToJoin) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                let open =
                    by_find(tx, &ask.find)?.filter(|row| row.joined.is_none() && row.expires_at > ask.now);
                let Some(code) = open else { return Err(RegistryError::LinkUsed.into()) };
                if code.id != ask.grant || code.home != ask.home {
                    return Err(RegistryError::NotFound.into());
                }
                let account = match &ask.as_ {
                    JoinAs::Session(find) => {
                        Authority { find: *find, now: ask.now, grant: None }.check(tx)?.account
                    }
                    JoinAs::New { account, password, custody } => {
                        insert_account(tx, account, password, custody)?;
                        account.id
                    }
                };
                if ask.account != account {
                    return Err(RegistryError::NotFound.into());
                }
                is_no_member(tx, account, ask.home)?;
                run(
                    tx,
                    "UPDATE invitation_codes SET joined_at = ?2, joined_account = ?3, note = ?4, tag = ?5, member_key = ?6,
                       expires_at = ?7 WHERE id = ?1",
                    params![
                        ask.grant.as_bytes(),
                        ask.now.as_micros(),
                        account.as_bytes(),
                        ask.note,
                        ask.tag,
                        ask.member_key,
                        ask.until.as_micros()
                    ],
                )?;
                tx.changed(ask.home, ChangeKind::People);
                Ok(())
            })
            .await
    }

    /// Withdraws an invitation by code, or refuses who asked to join; [`RegistryError::NotFound`] if there is none that waits.
    pub async fn refuse_invitation_code(
        &self,
        authority: &Authority,
        id: GrantId,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let home = asker.home()?;
            let sql = "DELETE FROM invitation_codes WHERE id = ?1 AND home = ?2 AND confirmed_at IS NULL";
            if run(tx, sql, params![id.as_bytes(), home.as_bytes()])? == 0 {
                return Err(RegistryError::NotFound.into());
            }
            tx.changed(home, ChangeKind::People);
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// Makes a member of who asked to join: the grant, sealed to their key pair, and the roster with them in it. `tag` is that of
    /// the note that was verified.
    ///
    /// [`RegistryError::Conflict`] if it is no longer as it was seen: read it again; [`RegistryError::AlreadyMember`].
    pub async fn confirm_invitation_code(
        &self,
        authority: &Authority,
        roster: RosterRow,
        grant: GrantRow,
        tag: [u8; 32],
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let home = replace_roster(tx, asker, &roster)?;
            if grant.home != home || grant.epoch != roster.epoch {
                return Err(RegistryError::NotFound.into());
            }
            let account = grant.account.as_bytes();
            let confirmed = run(
                tx,
                "UPDATE invitation_codes SET confirmed_at = ?5, kept = x'', member_key = x''
                 WHERE id = ?1 AND home = ?2 AND joined_account = ?3 AND tag = ?4 AND member_key = ?6
                   AND confirmed_at IS NULL AND expires_at > ?5",
                params![
                    grant.id.as_bytes(),
                    home.as_bytes(),
                    account,
                    tag,
                    now.as_micros(),
                    grant.member_key
                ],
            )?;
            let lives = exists(tx, "SELECT 1 FROM accounts WHERE id = ?1 AND erased_at IS NULL", [account])?;
            if confirmed == 0 || !lives {
                return Err(RegistryError::Conflict.into());
            }
            is_no_member(tx, grant.account, home)?;
            insert_grant(tx, &grant)?;
            lose_own_shares(tx, grant.account, home, now)?;
            tx.changed(home, ChangeKind::People);
            tx.changed(home, ChangeKind::Sessions);
            tx.scrub();
            Ok(())
        })
        .await
    }
}

/// A home's invitations by code that wait for somebody, or for being confirmed, oldest first.
pub(crate) fn codes_of(
    connection: &Connection,
    home: HomeId,
    now: Timestamp,
) -> Step<Vec<InvitationCodeRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(code "k"),
        " FROM invitation_codes k WHERE k.home = ?1 AND k.confirmed_at IS NULL AND k.expires_at > ?2",
        " ORDER BY k.created_at, k.id"
    );
    rows(connection, "invitation_codes", sql, params![home.as_bytes(), now.as_micros()], decode::code)
}

fn by_find(connection: &Connection, find: &[u8; 32]) -> Step<Option<InvitationCodeRow>> {
    let sql = concat!("SELECT ", columns!(code "k"), " FROM invitation_codes k WHERE k.find = ?1");
    first(connection, "invitation_codes", sql, [find], decode::code)
}

/// Takes who waits to be confirmed along into a home epoch; codes that nobody used end with the former keys.
/// [`RegistryError::Conflict`] unless exactly those who wait are named.
pub(crate) fn renew_codes(
    tx: &Tx<'_>,
    home: HomeId,
    epoch: HomeEpoch,
    now: Timestamp,
    renewal: &CodeRenewal,
) -> Step<()> {
    let id = home.as_bytes();
    let sql = "DELETE FROM invitation_codes
               WHERE home = ?1 AND confirmed_at IS NULL AND (joined_at IS NULL OR expires_at <= ?2)";
    run(tx, sql, params![id, now.as_micros()])?;
    let sql = "SELECT id FROM invitation_codes WHERE home = ?1 AND confirmed_at IS NULL";
    let waiting: BTreeSet<GrantId> =
        rows(tx, "invitation_codes", sql, [id], |c| c.id("id"))?.into_iter().collect();
    let named = renewal.kept.iter().map(|(id, _)| *id).chain(renewal.ended.iter().copied());
    if waiting != named.collect() {
        return Err(RegistryError::Conflict.into());
    }
    for (code, kept) in &renewal.kept {
        let sql = "UPDATE invitation_codes SET kept = ?2, epoch = ?3 WHERE id = ?1";
        run(tx, sql, params![code.as_bytes(), kept, epoch.number()])?;
    }
    for code in &renewal.ended {
        run(tx, "DELETE FROM invitation_codes WHERE id = ?1", [code.as_bytes()])?;
    }
    Ok(())
}
