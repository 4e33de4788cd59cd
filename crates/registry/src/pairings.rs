//! Pairing: a code was made, a device answered, an owner's request checked the answer.

use ownsight_model::{DeviceId, Timestamp};
use rusqlite::{Connection, params};

use crate::access::Authority;
use crate::changes::ChangeKind;
use crate::configurations::add;
use crate::decode::{self, columns};
use crate::devices::{clipped, code, insert, owned};
use crate::error::Step;
use crate::rows::{DeviceRow, DeviceStanding, NewConfiguration, PairingAnswerRow, PairingRow};
use crate::sql::{first, run};
use crate::{Registry, RegistryError};

/// What became of a device's answer to a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerOutcome {
    /// Kept, to be checked.
    Taken,
    /// The same answer was kept before.
    Same,
    /// Another answer was kept before: refused.
    Conflict,
    /// No such pairing, or its code has ended.
    Unknown,
}

impl Registry {
    /// Begins a pairing: a device that waits, with what finds its code. The device's standing, keys and times are
    /// those of one that waits, whatever the row says.
    pub async fn create_pairing(
        &self,
        authority: &Authority,
        device: DeviceRow,
        pairing: PairingRow,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(device.home)?;
            if pairing.device != device.id {
                return Err(RegistryError::NotFound.into());
            }
            insert(tx, &device)?;
            run(
                tx,
                "INSERT INTO pairings (device, find, expires_at, blob) VALUES (?1, ?2, ?3, ?4)",
                params![
                    pairing.device.as_bytes(),
                    pairing.find,
                    pairing.expires_at.as_micros(),
                    pairing.blob
                ],
            )?;
            tx.changed(device.home, ChangeKind::Devices);
            Ok(())
        })
        .await
    }

    /// The pairing that a device asks for, while its code lasts.
    pub async fn pairing_by_find(
        &self,
        find_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PairingRow>, RegistryError> {
        self.engine.statement(move |connection| by_find(connection, &find_hash, now)).await
    }

    /// Keeps a device's answer, to be checked by the next owner's request. Only while the code lasts.
    pub async fn answer_pairing(
        &self,
        find_hash: [u8; 32],
        now: Timestamp,
        answer: PairingAnswerRow,
    ) -> Result<AnswerOutcome, RegistryError> {
        self.engine
            .write(move |tx| {
                let answer = PairingAnswerRow { version: clipped(&answer.version), ..answer };
                let Some(pairing) = by_find(tx, &find_hash, now)? else { return Ok(AnswerOutcome::Unknown) };
                match &pairing.answer {
                    Some(kept) if *kept == answer => return Ok(AnswerOutcome::Same),
                    Some(_) => return Ok(AnswerOutcome::Conflict),
                    None => {}
                }
                run(
                    tx,
                    "UPDATE pairings SET answer_public_key = ?2, answer_credential_hash = ?3, answer_mac = ?4,
                       answer_agent = ?5, answer_version = ?6 WHERE device = ?1",
                    params![
                        pairing.device.as_bytes(),
                        answer.public_key,
                        answer.credential_hash,
                        answer.mac,
                        answer.agent,
                        answer.version
                    ],
                )?;
                let home = first(
                    tx,
                    "devices",
                    "SELECT home FROM devices WHERE id = ?1",
                    [pairing.device.as_bytes()],
                    |c| c.id("home"),
                )?;
                if let Some(home) = home {
                    tx.changed(home, ChangeKind::Devices);
                }
                Ok(AnswerOutcome::Taken)
            })
            .await
    }

    /// Makes a device paired, after its answer was checked, with its first configuration. `answer` is what was
    /// checked: [`RegistryError::Conflict`] if another one is kept now, or if the device does not wait.
    pub async fn accept_pairing(
        &self,
        authority: &Authority,
        device: DeviceId,
        answer: PairingAnswerRow,
        configuration: NewConfiguration,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, device)?;
            if configuration.device != device {
                return Err(RegistryError::NotFound.into());
            }
            let kept = pairing_of(tx, device)?.and_then(|pairing| pairing.answer);
            if row.standing != DeviceStanding::Waiting || kept.as_ref() != Some(&answer) {
                return Err(RegistryError::Conflict.into());
            }
            run(
                tx,
                "UPDATE devices SET standing = ?2, agent = ?3, public_key = ?4, credential_hash = ?5, paired_at = ?6,
                   version = ?7 WHERE id = ?1",
                params![
                    device.as_bytes(),
                    code(DeviceStanding::Paired),
                    answer.agent,
                    answer.public_key,
                    answer.credential_hash,
                    now.as_micros(),
                    answer.version
                ],
            )?;
            add(tx, asker, &configuration)?;
            tx.changed(row.home, ChangeKind::Devices);
            Ok(())
        })
        .await
    }

    /// Forgets an answer that was checked and did not verify. The code lasts on.
    pub async fn reject_pairing(&self, authority: &Authority, device: DeviceId) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, device)?;
            if row.standing != DeviceStanding::Waiting {
                return Err(RegistryError::Conflict.into());
            }
            run(
                tx,
                "UPDATE pairings SET answer_public_key = NULL, answer_credential_hash = NULL, answer_mac = NULL,
                   answer_agent = NULL, answer_version = NULL WHERE device = ?1",
                [device.as_bytes()],
            )?;
            tx.changed(row.home, ChangeKind::Devices);
            Ok(())
        })
        .await
    }
}

/// A device's pairing, expired or not.
pub(crate) fn pairing_of(connection: &Connection, device: DeviceId) -> Step<Option<PairingRow>> {
    let sql = concat!("SELECT ", columns!(pairing "p"), " FROM pairings p WHERE p.device = ?1");
    first(connection, "pairings", sql, [device.as_bytes()], decode::pairing)
}

fn by_find(connection: &Connection, find: &[u8; 32], now: Timestamp) -> Step<Option<PairingRow>> {
    let sql =
        concat!("SELECT ", columns!(pairing "p"), " FROM pairings p WHERE p.find = ?1 AND p.expires_at > ?2");
    first(connection, "pairings", sql, params![find, now.as_micros()], decode::pairing)
}
