//! Configurations for devices: sealed, numbered without a gap, each waiting until the device has a later one.

use ownsight_model::DeviceId;
use rusqlite::{Connection, params};

use crate::access::{Asker, Authority};
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::devices::owned;
use crate::engine::Tx;
use crate::error::Step;
use crate::rows::{DeviceStanding, NewConfiguration};
use crate::sql::{first, run};
use crate::{HomeId, Registry, RegistryError};

impl Registry {
    /// Adds configurations. [`RegistryError::Conflict`], and nothing is written, unless each has the number after
    /// its device's latest.
    pub async fn add_configurations(
        &self,
        authority: &Authority,
        configurations: Vec<NewConfiguration>,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| add_all(tx, asker, &configurations)).await
    }

    /// The paired device's configuration after number `after`, as (number, sealed bytes, latest number).
    ///
    /// Asking says that `after` is in use: that is noted, the configurations up to it are forgotten, and so is the
    /// pairing. When there is nothing to note this only reads.
    pub async fn next_configuration(
        &self,
        device: DeviceId,
        after: u64,
    ) -> Result<Option<(u64, Vec<u8>, u64)>, RegistryError> {
        let seen = self.engine.statement(move |connection| position(connection, device, after)).await?;
        let Some(position) = seen else { return Ok(None) };
        if !position.news {
            return Ok(position.next);
        }
        self.engine
            .write(move |tx| {
                let Some(position) = position_to_note(tx, device, after)? else { return Ok(None) };
                Ok(position.next)
            })
            .await
    }
}

struct Position {
    home: HomeId,
    /// Whether there is something to note.
    news: bool,
    /// What `after` says is in use: never beyond the latest.
    in_use: u64,
    next: Option<(u64, Vec<u8>, u64)>,
}

fn position(connection: &Connection, device: DeviceId, after: u64) -> Step<Option<Position>> {
    let sql = "SELECT d.home, d.latest_serial, d.acknowledged_serial,
                 EXISTS (SELECT 1 FROM pairings p WHERE p.device = d.id), n.sealed
               FROM devices d LEFT JOIN configurations n ON n.device = d.id AND n.serial = ?2
               WHERE d.id = ?1 AND d.standing = 2";
    let parameters = params![device.as_bytes(), big(after.saturating_add(1))];
    first(connection, "devices", sql, parameters, |c| {
        let home = c.id("home")?;
        let latest: u64 = c.number("latest_serial")?;
        let acknowledged: u64 = c.number("acknowledged_serial")?;
        let pairing = c.flag("pairing")?;
        let sealed = c.of("configurations").joined(1, |c| c.blob("sealed"))?;
        let in_use = after.min(latest);
        let next = sealed.map(|sealed| (after.saturating_add(1), sealed, latest));
        // The code ends with the first call that is answered with a configuration, or says that one is in use.
        let news = in_use > acknowledged || (pairing && next.is_some());
        Ok(Position { home, news, in_use, next })
    })
}

fn position_to_note(tx: &Tx<'_>, device: DeviceId, after: u64) -> Step<Option<Position>> {
    let Some(position) = position(tx, device, after)? else { return Ok(None) };
    if position.news {
        let id = device.as_bytes();
        run(
            tx,
            "UPDATE devices SET acknowledged_serial = max(acknowledged_serial, ?2) WHERE id = ?1",
            params![id, big(position.in_use)],
        )?;
        run(
            tx,
            "DELETE FROM configurations WHERE device = ?1 AND serial <= ?2",
            params![id, big(position.in_use)],
        )?;
        run(tx, "DELETE FROM pairings WHERE device = ?1", [id])?;
        tx.changed(position.home, ChangeKind::Devices);
    }
    Ok(Some(position))
}

/// Adds each configuration, or none.
pub(crate) fn add_all(tx: &Tx<'_>, asker: Asker, configurations: &[NewConfiguration]) -> Step<()> {
    for configuration in configurations {
        add(tx, asker, configuration)?;
    }
    Ok(())
}

/// Adds a configuration for a paired device of the asker's home.
pub(crate) fn add(tx: &Tx<'_>, asker: Asker, configuration: &NewConfiguration) -> Step<()> {
    let device = owned(tx, asker, configuration.device)?;
    if device.standing != DeviceStanding::Paired {
        return Err(RegistryError::NotFound.into());
    }
    if device.latest_serial.checked_add(1) != Some(configuration.serial) {
        return Err(RegistryError::Conflict.into());
    }
    run(
        tx,
        "INSERT INTO configurations (device, serial, sealed) VALUES (?1, ?2, ?3)",
        params![device.id.as_bytes(), big(configuration.serial), configuration.sealed],
    )?;
    run(
        tx,
        "UPDATE devices SET latest_serial = ?2, key_epoch = ?3, device_key = ?4 WHERE id = ?1",
        params![
            device.id.as_bytes(),
            big(configuration.serial),
            configuration.key_epoch.number(),
            configuration.next_key
        ],
    )?;
    if device.upload_key.is_some() {
        // It keeps none itself: each of its requests is served by the latest, and by no other.
        let id = device.id.as_bytes();
        let serial = big(configuration.serial);
        run(tx, "DELETE FROM configurations WHERE device = ?1 AND serial < ?2", params![id, serial])?;
        run(tx, "UPDATE devices SET acknowledged_serial = ?2 WHERE id = ?1", params![id, serial])?;
    }
    tx.changed(device.home, ChangeKind::Devices);
    Ok(())
}
