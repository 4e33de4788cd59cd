//! Cameras whose device uploads plainly: made with their secret in one request of an owner or adult, which shows it once.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ownsight_model::{DeviceId, HomeId, Timestamp};
use ownsight_registry::{CameraStanding, DeviceRow, DeviceStanding, HomePlan, RegistryError};
use ownsight_seal::{DeviceKey, PairingScope, UploadKey};

use crate::access::HomeAccess;
use crate::gate::{Gate, registry_error};
use crate::plan::TRIES;
use crate::profile::{self, CameraProfile, DeviceProfile};
use crate::{Answer, Credentials, GateError, alarm, text, views};

impl Gate {
    /// Adds a camera that is uploaded to plainly, with a device of its own, and answers that device's secret: it is shown
    /// once. Both are called `name`.
    ///
    /// There is no pairing: who asks has the control key, and what is made here is handed to them. Nothing of the secret is
    /// kept but what it opens.
    pub async fn add_upload(
        &self,
        credentials: &Credentials,
        home: HomeId,
        name: &str,
    ) -> Result<Answer<views::Upload>, GateError> {
        self.managing_plan(credentials, home).await?;
        let name = text::name("name", name)?;
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let key = UploadKey::generate();
            let (row, device_key) = access.upload_device(&key, &name)?;
            let profile = CameraProfile::new(name.clone());
            let camera = access.new_camera(CameraStanding::Active, &row, &profile, None)?;
            let configuration = access.first_configuration(&row, &device_key, &key, &plan, camera.clone())?;
            let scope = access.upload_scope(row.id);
            let view = views::Upload {
                device_id: row.id,
                camera_id: camera.id,
                upload_key: format!("{}:{}", row.id, BASE64URL_NOPAD.encode(key.expose())),
                signing_key: HEXLOWER.encode(device_key.upload_signing_key(scope).expose()),
            };
            let authority = person.authority_in(&access)?;
            match self.registry().create_upload_device(&authority, row, camera, configuration).await {
                Ok(()) => return Ok(Answer::new(credentials, view)),
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }
}

impl HomeAccess {
    fn upload_scope(&self, device: DeviceId) -> PairingScope {
        PairingScope { installation: self.key.scope().installation, home: self.id(), device }
    }

    /// A device whose keys come from this upload key, and its device key.
    fn upload_device(&self, key: &UploadKey, name: &str) -> Result<(DeviceRow, DeviceKey), GateError> {
        let (id, now) = (DeviceId::generate(), Timestamp::now());
        let scope = self.upload_scope(id);
        let (control, device_key) = (self.control()?, DeviceKey::generate());
        let profile = DeviceProfile { name: name.to_owned() };
        let row = DeviceRow {
            id,
            home: self.id(),
            standing: DeviceStanding::Paired,
            agent: false,
            local: false,
            public_key: Some(key.key_pair(scope.installation, id).public().to_bytes()),
            credential_hash: Some(key.credential_hash(scope.installation, id)),
            text: self.key.seal_device_text(id, &profile::encode(&profile)),
            text_epoch: self.key.scope().epoch,
            created_at: now,
            paired_at: Some(now),
            seen_at: None,
            version: None,
            latest_serial: 0,
            acknowledged_serial: 0,
            key_epoch: control.scope().epoch,
            device_key: control.seal_device_key(id, 0, &device_key),
            run: None,
            contested_at: None,
            left: None,
            upload_key: Some(key.seal_device_key(scope, &device_key)),
        };
        Ok((row, device_key))
    }

    fn first_configuration(
        &self,
        device: &DeviceRow,
        device_key: &DeviceKey,
        key: &UploadKey,
        plan: &HomePlan,
        camera: ownsight_registry::CameraRow,
    ) -> Result<ownsight_registry::NewConfiguration, GateError> {
        let public_key = key.key_pair(self.key.scope().installation, device.id).public();
        self.write(device, device_key, &public_key, &[camera], &plan.tests)
            .map_err(|error| alarm::raise(&error, "writing a configuration"))
    }
}
