//! The installation's own row, and the master key that its custodies lie under.

use ownsight_model::{AccountId, Email};
use rusqlite::{Connection, params};

use crate::engine::Tx;
use crate::error::Step;
use crate::rows::InstallationRow;
use crate::sql::{first, rows, run};
use crate::{Registry, RegistryError};

/// Custodies that are read at once when all are wrapped anew.
const PAGE: u32 = 500;

/// What becomes of one custody when the master key is another.
#[derive(Debug)]
pub enum Rewrap {
    /// It lies under the new key.
    Wrapped(Vec<u8>),
    /// It goes.
    Dropped,
    /// It cannot be wrapped: nothing at all is to change.
    Refused,
}

/// How many custodies a change of the master key wrapped anew, and how many it dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Wrapped anew.
    pub wrapped: u64,
    /// Dropped.
    pub dropped: u64,
}

impl Registry {
    /// The installation; `None` before it was made.
    pub async fn installation(&self) -> Result<Option<InstallationRow>, RegistryError> {
        self.engine
            .statement(|connection| {
                let sql = "SELECT id, created_at, master_commitment FROM installation";
                first(connection, "installation", sql, [], |c| {
                    Ok(InstallationRow {
                        id: c.id("id")?,
                        created_at: c.time("created_at")?,
                        master_commitment: c.array("master_commitment")?,
                    })
                })
            })
            .await
    }

    /// Makes the installation. [`RegistryError::Conflict`] if there is one.
    pub async fn create_installation(&self, row: InstallationRow) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                run(
                    tx,
                    "INSERT INTO installation (one, id, created_at, master_commitment) VALUES (1, ?1, ?2, ?3)",
                    params![row.id.as_bytes(), row.created_at.as_micros(), row.master_commitment],
                )?;
                Ok(())
            })
            .await
    }

    /// Puts the commitment to another master key into the place of this one, and gives each custody to `rewrap`, with the
    /// account whose address it has: all in one transaction.
    ///
    /// [`RegistryError::Conflict`], and nothing is written, if the commitment is not `from`, or a custody was refused; each is
    /// asked for nevertheless. Memory: some 220 bytes for each account, which the database keeps to be able to take it
    /// back. Takes longer than other calls: open the registry with a deadline for it.
    pub async fn replace_master<F>(
        &self,
        from: [u8; 32],
        to: [u8; 32],
        rewrap: F,
    ) -> Result<Rewrapped, RegistryError>
    where
        F: FnMut(AccountId, &Email, &[u8]) -> Rewrap + Send + 'static,
    {
        self.engine.write(move |tx| replace_master(tx, &from, &to, rewrap)).await
    }
}

fn replace_master(
    tx: &Tx<'_>,
    from: &[u8; 32],
    to: &[u8; 32],
    mut rewrap: impl FnMut(AccountId, &Email, &[u8]) -> Rewrap,
) -> Step<Rewrapped> {
    let sql = "UPDATE installation SET master_commitment = ?2 WHERE master_commitment = ?1";
    if run(tx, sql, params![from, to])? == 0 {
        return Err(RegistryError::Conflict.into());
    }
    let (mut done, mut refused) = (Rewrapped::default(), false);
    let mut page = custodies(tx, "")?;
    while let Some((_, last, _)) = page.last() {
        let last = last.clone();
        for (account, email, wrap) in &page {
            match rewrap(*account, email, wrap) {
                Rewrap::Wrapped(wrap) => {
                    let sql = "UPDATE custodies SET wrap = ?2 WHERE email = ?1";
                    run(tx, sql, params![email.as_str(), wrap])?;
                    done.wrapped += 1;
                }
                Rewrap::Dropped => {
                    run(tx, "DELETE FROM custodies WHERE email = ?1", [email.as_str()])?;
                    done.dropped += 1;
                }
                Rewrap::Refused => refused = true,
            }
        }
        page = custodies(tx, last.as_str())?;
    }
    if refused {
        return Err(RegistryError::Conflict.into());
    }
    tx.scrub();
    Ok(done)
}

/// The next custodies after this address.
fn custodies(connection: &Connection, after: &str) -> Step<Vec<(AccountId, Email, Vec<u8>)>> {
    let sql = "SELECT a.id, c.email, c.wrap FROM custodies c JOIN accounts a ON a.email = c.email
               WHERE c.email > ?1 ORDER BY c.email LIMIT ?2";
    rows(connection, "custodies", sql, params![after, PAGE], |c| {
        Ok((c.id("id")?, c.email("email")?, c.blob("wrap")?))
    })
}
