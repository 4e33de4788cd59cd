//! One-time links: who redeems one makes an account with its home, or a new password.

use ownsight_model::{AccountId, Timestamp};
use rusqlite::params;

use crate::accounts::{insert_account, owns_address, write_password};
use crate::engine::Tx;
use crate::error::Step;
use crate::homes::{insert_grant, insert_home};
use crate::members::insert_roster;
use crate::rows::{AccountRow, CustodyRow, GrantRow, HomeRow, LinkRow, PasswordRow, RosterRow};
use crate::sessions::end_all;
use crate::sql::{first, run};
use crate::{Registry, RegistryError};

/// What redeeming a link to a new account writes.
#[derive(Debug, Clone)]
pub struct RedeemAccount {
    /// What finds the link.
    pub link_find: [u8; 32],
    /// The time that decides whether it has expired.
    pub now: Timestamp,
    /// The account.
    pub account: AccountRow,
    /// Its password.
    pub password: PasswordRow,
    /// Its custody.
    pub custody: CustodyRow,
    /// Its home.
    pub home: HomeRow,
    /// Its grant of that home.
    pub grant: GrantRow,
    /// The home's roster.
    pub roster: RosterRow,
}

/// What redeeming a link to a new password writes.
#[derive(Debug, Clone)]
pub struct RedeemReset {
    /// What finds the link.
    pub link_find: [u8; 32],
    /// The time that decides whether it has expired.
    pub now: Timestamp,
    /// Whose password it is.
    pub account: AccountId,
    /// The new one.
    pub password: PasswordRow,
}

impl Registry {
    /// Keeps a new link.
    pub async fn insert_link(&self, link: LinkRow) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                run(
                    tx,
                    "INSERT INTO links (find, created_at, expires_at, used_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        link.find,
                        link.created_at.as_micros(),
                        link.expires_at.as_micros(),
                        link.used_at.map(Timestamp::as_micros),
                        link.sealed
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// The link, used or expired or not.
    pub async fn link(&self, find: [u8; 32]) -> Result<Option<LinkRow>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = "SELECT created_at, expires_at, used_at, sealed FROM links WHERE find = ?1";
                first(connection, "links", sql, [find], |c| {
                    Ok(LinkRow {
                        find,
                        created_at: c.time("created_at")?,
                        expires_at: c.time("expires_at")?,
                        used_at: c.time_or_null("used_at")?,
                        sealed: c.blob("sealed")?,
                    })
                })
            })
            .await
    }

    /// Uses a link up that makes nothing. [`RegistryError::LinkUsed`].
    pub async fn spend_link(&self, find: [u8; 32], now: Timestamp) -> Result<(), RegistryError> {
        self.engine.write(move |tx| use_link(tx, &find, now)).await
    }

    /// Makes an account with its home and grant, and uses the link up. [`RegistryError::LinkUsed`],
    /// [`RegistryError::EmailTaken`]; [`RegistryError::NotFound`] if the rows do not belong together.
    pub async fn redeem_account(&self, redeem: RedeemAccount) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                use_link(tx, &redeem.link_find, redeem.now)?;
                let RedeemAccount { account, password, custody, home, grant, roster, .. } = &redeem;
                if grant.account != account.id || grant.home != home.id || roster.home != home.id {
                    return Err(RegistryError::NotFound.into());
                }
                insert_account(tx, account, password, custody)?;
                insert_home(tx, home)?;
                insert_grant(tx, grant)?;
                insert_roster(tx, roster)
            })
            .await
    }

    /// Replaces an account's password, ends all its sessions, and uses the link up. [`RegistryError::LinkUsed`];
    /// [`RegistryError::NotFound`] if the password's address is not the account's.
    pub async fn redeem_reset(&self, redeem: RedeemReset) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                use_link(tx, &redeem.link_find, redeem.now)?;
                owns_address(tx, redeem.account, &redeem.password.email)?;
                write_password(tx, &redeem.password)?;
                end_all(tx, redeem.account, None)?;
                Ok(())
            })
            .await
    }
}

pub(crate) fn use_link(tx: &Tx<'_>, find: &[u8; 32], now: Timestamp) -> Step<()> {
    let sql = "UPDATE links SET used_at = ?2 WHERE find = ?1 AND used_at IS NULL AND expires_at > ?2";
    match run(tx, sql, params![find, now.as_micros()])? {
        0 => Err(RegistryError::LinkUsed.into()),
        _ => Ok(()),
    }
}
