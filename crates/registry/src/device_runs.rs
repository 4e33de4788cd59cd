//! Runs of devices: each start of one has a random id, by which two devices with one identity are told apart.

use ownsight_model::{DeviceId, Timestamp};
use rusqlite::params;

use crate::access::Authority;
use crate::changes::ChangeKind;
use crate::devices::{device_row, owned};
use crate::sql::run;
use crate::{Registry, RegistryError};

impl Registry {
    /// A device has been started anew: `run` takes the place of `before`, if that is the present one still. Whether it was.
    pub async fn begin_run(
        &self,
        device: DeviceId,
        before: Option<[u8; 16]>,
        new: [u8; 16],
        now: Timestamp,
    ) -> Result<bool, RegistryError> {
        self.engine
            .write(move |tx| {
                let changed = run(
                    tx,
                    "UPDATE devices SET run = ?3, run_since = ?4
                     WHERE id = ?1 AND run IS ?2 AND contested_at IS NULL",
                    params![device.as_bytes(), before, new, now.as_micros()],
                )?;
                Ok(changed > 0)
            })
            .await
    }

    /// Two devices have presented this identity: neither is served from now on. Whether this call is the first to say so.
    pub async fn contest_device(&self, device: DeviceId, now: Timestamp) -> Result<bool, RegistryError> {
        self.engine
            .write(move |tx| {
                let sql = "UPDATE devices SET contested_at = ?2 WHERE id = ?1 AND contested_at IS NULL";
                let changed = run(tx, sql, params![device.as_bytes(), now.as_micros()])?;
                if let (true, Some(row)) = (changed > 0, device_row(tx, device)?) {
                    tx.changed(row.home, ChangeKind::Devices);
                }
                Ok(changed > 0)
            })
            .await
    }

    /// There is one such device again: the next that calls is believed to be it. Nothing changes if none was contested.
    pub async fn settle_device(&self, authority: &Authority, device: DeviceId) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, device)?;
            run(
                tx,
                "UPDATE devices SET run = NULL, run_since = NULL, contested_at = NULL
                 WHERE id = ?1 AND contested_at IS NOT NULL",
                [device.as_bytes()],
            )?;
            tx.changed(row.home, ChangeKind::Devices);
            Ok(())
        })
        .await
    }
}
