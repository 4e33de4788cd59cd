//! Devices that upload plainly: made paired, in an owner's or adult's request, with their first camera.

use ownsight_model::DeviceId;
use rusqlite::params;

use crate::access::Authority;
use crate::cameras;
use crate::changes::ChangeKind;
use crate::configurations::add;
use crate::devices;
use crate::rows::{CameraRow, CameraStanding, DeviceRow, DeviceStanding, NewConfiguration};
use crate::sql::{first, run};
use crate::{Registry, RegistryError};

impl Registry {
    /// Makes a device that uploads plainly, its camera and its first configuration, in one transaction. It is paired from the
    /// begin: the request that makes it makes its keys.
    ///
    /// [`RegistryError::NotFound`] unless all three name each other, and the row has an upload key, a public key and a credential.
    pub async fn create_upload_device(
        &self,
        authority: &Authority,
        device: DeviceRow,
        camera: CameraRow,
        configuration: NewConfiguration,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(device.home)?;
            let whole = device.upload_key.is_some()
                && device.public_key.is_some()
                && device.credential_hash.is_some();
            if !whole
                || camera.device != Some(device.id)
                || camera.home != device.home
                || configuration.device != device.id
            {
                return Err(RegistryError::NotFound.into());
            }
            devices::insert(tx, &device)?;
            run(
                tx,
                "UPDATE devices SET standing = ?2, public_key = ?3, credential_hash = ?4, paired_at = ?5,
                   upload_key = ?6 WHERE id = ?1",
                params![
                    device.id.as_bytes(),
                    devices::code(DeviceStanding::Paired),
                    device.public_key,
                    device.credential_hash,
                    now.as_micros(),
                    device.upload_key
                ],
            )?;
            cameras::insert(tx, asker, &camera, CameraStanding::Active)?;
            add(tx, asker, &configuration)?;
            tx.changed(device.home, ChangeKind::Devices);
            tx.changed(device.home, ChangeKind::Cameras);
            Ok(())
        })
        .await
    }

    /// A device's latest configuration, with its serial number. Asking says nothing: for a device that keeps none.
    pub async fn latest_configuration(
        &self,
        device: DeviceId,
    ) -> Result<Option<(u64, Vec<u8>)>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = "SELECT serial, sealed FROM configurations WHERE device = ?1 ORDER BY serial DESC LIMIT 1";
                first(connection, "configurations", sql, [device.as_bytes()], |c| {
                    Ok((c.number("serial")?, c.blob("sealed")?))
                })
            })
            .await
    }
}
