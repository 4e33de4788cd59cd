//! Configurations: what each device of a home may believe, written in an owner's request.

use ownsight_model::{DeviceId, HomeId, Timestamp};
use ownsight_registry::CameraStanding;
use ownsight_registry::{CameraRow, DeviceRow, DeviceStanding, HomePlan, NewConfiguration, TestRow};
use ownsight_seal::{
    AssignedCamera, AssignedLook, AssignedTest, CameraSource, Configuration, DeviceKey, LookOf, OpenError,
    PublicKey, Purpose,
};

use crate::access::{HomeAccess, OpenCamera, Person};
use crate::gate::{Gate, registry_error};
use crate::rights::Needs;
use crate::{Credentials, GateError, alarm};

/// How often a change is tried when others change the same home at the same moment.
pub(crate) const TRIES: u32 = 10;

impl Gate {
    /// As [`Self::home_plan`], for what only owners and adults do.
    pub(crate) async fn managing_plan(
        &self,
        credentials: &Credentials,
        home: HomeId,
    ) -> Result<(Person, HomeAccess, HomePlan), GateError> {
        let (person, access, plan) = self.home_plan(credentials, home, Needs::MANAGE).await?;
        access.control()?;
        Ok((person, access, plan))
    }

    /// Reads all that configurations are made of, after settling what waits for an owner's or adult's request. A token that does
    /// not manage settles nothing.
    pub(crate) async fn home_plan(
        &self,
        credentials: &Credentials,
        home: HomeId,
        needs: Needs,
    ) -> Result<(Person, HomeAccess, HomePlan), GateError> {
        for _ in 0..TRIES {
            let rows = self
                .registry()
                .home_plan(credentials.find(), Timestamp::now(), home)
                .await
                .map_err(registry_error)?;
            let (person, access, plan) =
                self.open_home(credentials, home, rows.ok_or(GateError::SignedOut)?, needs)?;
            let plan = plan.ok_or(GateError::NotFound)?;
            if !manages(&person, &access) || !self.settle(&person, &access, &plan).await? {
                return Ok((person, access, plan));
            }
        }
        Err(GateError::Conflict)
    }

    /// Does one of the things that wait for a request of an owner or adult: gives whether there was one. Who joined comes
    /// before an epoch, so that they get its keys; an epoch comes before anything else is sealed.
    async fn settle(&self, person: &Person, access: &HomeAccess, plan: &HomePlan) -> Result<bool, GateError> {
        let admitted = match self.admit_joined(person, access, plan).await {
            // A roster that does not open is an alarm, and must not keep the home from being used.
            Err(GateError::NotVerified { .. }) => false,
            admitted => admitted?,
        };
        Ok(admitted
            || self.found_roster(person, access, plan).await?
            || self.start_due_epoch(person, access, plan).await?
            || self.end_due_shares(person, access, plan).await?
            || self.settle_pairings(person, access, plan).await?)
    }

    /// What a request of a member does by the way: its new grant is put under its own key, and for owners and adults what
    /// waits for them is done. A failure is logged and tried again at the next request: it must not cost the answer to this one.
    pub(crate) async fn settle_home(&self, credentials: &Credentials, person: &Person, access: &HomeAccess) {
        self.settle_grant(person, access).await;
        if !manages(person, access) {
            return;
        }
        let row = &access.row;
        if (row.epoch_due || row.joins_due || row.shares_due)
            && let Err(error) = self.home_plan(credentials, access.id(), Needs::MANAGE).await
        {
            tracing::warn!(home.id = %access.id(), %error, "what waits for an owner or adult could not be done");
        }
        self.ensure_local_agent(credentials, person, access).await;
    }
}

/// Whether a request does what waits for an owner or adult.
fn manages(person: &Person, access: &HomeAccess) -> bool {
    access.control().is_ok() && person.let_in.may(Needs::MANAGE).is_ok()
}

impl HomeAccess {
    /// The next configuration of a paired device, of the cameras and tests as they will be.
    pub(crate) fn configure(
        &self,
        device: &DeviceRow,
        cameras: &[CameraRow],
        tests: &[TestRow],
    ) -> Result<NewConfiguration, GateError> {
        let raise = |error: OpenError| alarm::raise(&error, "writing a configuration");
        let key = self
            .control()?
            .open_device_key(device.id, device.latest_serial, &device.device_key)
            .map_err(raise)?;
        let public_key = device
            .public_key
            .as_ref()
            .and_then(PublicKey::from_bytes)
            .ok_or(OpenError::NotAuthentic(Purpose::PairingAnswer))
            .map_err(raise)?;
        self.write(device, &key, &public_key, cameras, tests).map_err(raise)
    }

    pub(crate) fn write(
        &self,
        device: &DeviceRow,
        key: &DeviceKey,
        public_key: &PublicKey,
        cameras: &[CameraRow],
        tests: &[TestRow],
    ) -> Result<NewConfiguration, OpenError> {
        let assign = |camera: &CameraRow| {
            let open = self.open_camera(camera)?;
            Ok((open.assigned(device.id), open.look.map(|draft| draft.look)))
        };
        self.write_assigned(device, key, public_key, cameras, tests, assign)
    }

    /// As [`Self::write`], of cameras that are open already.
    pub(crate) fn write_assigned(
        &self,
        device: &DeviceRow,
        key: &DeviceKey,
        public_key: &PublicKey,
        cameras: &[CameraRow],
        tests: &[TestRow],
        assign: impl Fn(&CameraRow) -> Result<(AssignedCamera, Option<LookOf>), OpenError>,
    ) -> Result<NewConfiguration, OpenError> {
        let control = self.granted.control_key().ok_or(OpenError::MixUp(Purpose::DeviceKey))?;
        let serial = device.latest_serial + 1;
        // One that uploads plainly keeps no key: its own, for itself under its upload key, opens each of its configurations.
        let next_device_key = if device.upload_key.is_some() { key.clone() } else { DeviceKey::generate() };
        let next_key = control.seal_device_key(device.id, serial, &next_device_key);
        let served = |camera: &&CameraRow| {
            camera.device == Some(device.id) && camera.standing == CameraStanding::Active
        };
        let assigned: Result<_, OpenError> =
            cameras.iter().filter(served).map(|camera| Ok(assign(camera)?.0)).collect();
        let now = Timestamp::now();
        let (mut assigned_tests, mut looks) = (Vec::new(), Vec::new());
        for test in tests.iter().filter(|test| test.device == device.id && test.expires_at > now) {
            if let Some(draft) = cameras.iter().find(|camera| camera.id == test.draft) {
                match assign(draft)? {
                    (camera, None) => assigned_tests.push(AssignedTest { test: test.id, camera }),
                    (camera, Some(of)) => looks.push(AssignedLook { look: test.id, of, camera }),
                }
            }
        }
        let configuration = Configuration {
            installation: self.key.scope().installation,
            home: self.id(),
            device: device.id,
            serial,
            next_device_key,
            report_key: self.key.device_report_key(device.id),
            cameras: assigned?,
            tests: assigned_tests,
            looks,
        };
        let sealed = configuration.seal(public_key, key);
        Ok(NewConfiguration { device: device.id, serial, sealed, key_epoch: control.scope().epoch, next_key })
    }

    /// Configurations for these devices, of the cameras and tests as they will be. Devices that are not paired get none.
    pub(crate) fn configure_all<'a>(
        &self,
        devices: impl IntoIterator<Item = &'a DeviceRow>,
        cameras: &[CameraRow],
        tests: &[TestRow],
    ) -> Result<Vec<NewConfiguration>, GateError> {
        devices
            .into_iter()
            .filter(|device| device.standing == DeviceStanding::Paired)
            .map(|device| self.configure(device, cameras, tests))
            .collect()
    }
}

impl OpenCamera {
    /// What a device is told of it.
    pub(crate) fn assigned(&self, device: DeviceId) -> AssignedCamera {
        let scope = *self.secret.scope();
        let source = self.access.as_ref().map(|access| CameraSource {
            address: access.address.clone(),
            user: access.user.clone(),
            password: access.password.clone(),
            accepted: access.accepted,
            digest_only: access.digest_only,
        });
        AssignedCamera {
            camera: scope.camera,
            tenure: scope.tenure,
            home_epoch: scope.home_epoch,
            camera_epoch: scope.camera_epoch,
            camera_key: self.secret.public_key(),
            psk: self.secret.device_psk(device),
            source,
            sensitivity: self.profile.sensitivity,
            sound: self.profile.sound,
            motion: self.profile.motion.clone(),
        }
    }
}

/// The devices of a plan with these ids, each once.
pub(crate) fn devices<'a>(
    plan: &'a HomePlan,
    ids: &'a [Option<ownsight_model::DeviceId>],
) -> impl Iterator<Item = &'a DeviceRow> {
    plan.devices.iter().map(|detail| &detail.device).filter(|device| ids.contains(&Some(device.id)))
}

/// The device behind a camera that pushes by itself: the one that was asked for, else the only one that is no agent. One that
/// uploads plainly has its one camera for ever: what it signed before would follow it to another.
pub(crate) fn choose_pushing_device(
    plan: &HomePlan,
    asked: Option<DeviceId>,
) -> Result<&DeviceRow, GateError> {
    let mut paired = plan
        .devices
        .iter()
        .map(|detail| &detail.device)
        .filter(|device| device.standing == DeviceStanding::Paired)
        .filter(|device| device.upload_key.is_none() && asked.map_or(!device.agent, |id| device.id == id));
    match (paired.next(), paired.next()) {
        (Some(device), None) => Ok(device),
        _ => Err(GateError::NoDevice),
    }
}

/// The device that serves or tests a camera: the one that was asked for, else this server's, else the first agent.
pub(crate) fn choose_device(plan: &HomePlan, asked: Option<DeviceId>) -> Result<&DeviceRow, GateError> {
    let mut paired = plan
        .devices
        .iter()
        .map(|detail| &detail.device)
        .filter(|device| device.standing == DeviceStanding::Paired && device.agent);
    match asked {
        Some(id) => paired.find(|device| device.id == id).ok_or(GateError::NoDevice),
        None => paired.min_by_key(|device| (!device.local, device.created_at)).ok_or(GateError::NoDevice),
    }
}
