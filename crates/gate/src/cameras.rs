//! Cameras: seeing how they are, adding, changing and erasing them.

use ownsight_model::{
    CameraAddress, CameraEpoch, CameraId, DeviceId, FingerprintId, HomeId, TenureId, Timestamp,
};
use ownsight_registry::{
    CameraDetail, CameraEpochRow, CameraRow, CameraStanding, CameraUpdate, DeviceDetail, DeviceRow, HomePlan,
    ObjectKey, RegistryError,
};
use ownsight_seal::{CameraPlace, CameraSalt, OpenError, Purpose};

use crate::access::{HomeAccess, OpenCamera, Person};
use crate::camera_status::status;
use crate::events::{is_epoch_of, verify};
use crate::gate::{Gate, registry_error};
use crate::motion::{self, MotionChange};
use crate::plan::{TRIES, choose_device, choose_pushing_device, devices};
use crate::profile::{self, CameraAccess, CameraProfile};
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, text, urls, views};

const CREDENTIAL_BYTES_MAX: usize = 256;

/// A camera to add without a test.
#[derive(Debug)]
pub struct NewCamera {
    /// Its name.
    pub name: String,
    /// Where it is; `None`: nowhere, it is a device that pushes by itself.
    pub source: Option<Source>,
    /// Whether sound is recorded.
    pub sound: bool,
    /// The device that is to serve it; `None`: this server's agent, else the first; of a camera that pushes by itself: the only
    /// device that does.
    pub device: Option<DeviceId>,
}

/// A camera's address with what it asks for, as typed.
pub struct Source {
    /// `rtsp://…` or `rtsps://…`
    pub address: String,
    /// The user name, if it asks for one.
    pub user: Option<String>,
    /// The password, if it asks for one.
    pub password: Option<String>,
    /// Whether a test gives the password by Digest only: nobody typed the address.
    pub digest_only: bool,
}

/// What changes of a camera; what is left out stays.
#[derive(Default)]
pub struct CameraChange {
    /// A new name.
    pub name: Option<String>,
    /// A new address.
    pub address: Option<String>,
    /// A new user name.
    pub user: Option<String>,
    /// A new password.
    pub password: Option<String>,
    /// What answers and is to be taken for this camera, as its status names it.
    pub accept: Option<String>,
    /// How readily motion is an event, 1 to 10.
    pub sensitivity: Option<u8>,
    /// Whether sound is recorded.
    pub sound: Option<bool>,
    /// What else counts as motion.
    pub motion: MotionChange,
    /// Another device.
    pub device: Option<DeviceId>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source(…)")
    }
}

impl std::fmt::Debug for CameraChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CameraChange(…)")
    }
}

impl Source {
    /// What was typed; `None` of a camera that pushes by itself, which has no address and nothing that goes with one.
    pub fn of(
        address: Option<String>,
        user: Option<String>,
        password: Option<String>,
    ) -> Result<Option<Self>, GateError> {
        match address {
            Some(address) => Ok(Some(Self { address, user, password, digest_only: false })),
            None if user.is_none() && password.is_none() => Ok(None),
            None => Err(GateError::invalid("address", "it must be there if there is a user or a password")),
        }
    }

    pub(crate) fn check(self) -> Result<CameraAccess, GateError> {
        let access = CameraAccess {
            address: CameraAddress::parse(&self.address)?,
            user: self.user.unwrap_or_default(),
            password: self.password.unwrap_or_default(),
            accepted: None,
            digest_only: self.digest_only,
        };
        check_credentials(&access)?;
        Ok(access)
    }
}

fn check_credentials(access: &CameraAccess) -> Result<(), GateError> {
    check_credential("user", &access.user)?;
    check_credential("password", &access.password)
}

/// A user name or password as it can be sent.
pub(crate) fn check_credential(field: &'static str, value: &str) -> Result<(), GateError> {
    if value.len() > CREDENTIAL_BYTES_MAX || value.chars().any(char::is_control) {
        return Err(GateError::invalid(field, "at most 256 bytes without control characters are expected"));
    }
    Ok(())
}

impl Gate {
    /// The cameras of one home, or of all that the account's grants open.
    pub async fn cameras(
        &self,
        credentials: &Credentials,
        home: Option<HomeId>,
    ) -> Result<Answer<views::Cameras>, GateError> {
        let now = Timestamp::now();
        let rows = self.registry().cameras(credentials.find(), now, home).await.map_err(registry_error)?;
        let mut rows = rows.ok_or(GateError::SignedOut)?;
        let restored = std::mem::take(&mut rows.restored);
        let (person, homes, mut unverified, details) = self.open_homes(credentials, rows, Needs::Homes)?;
        if let Some(asked) = home
            && homes.iter().all(|access| access.id() != asked)
            && unverified == 0
        {
            return Err(person.nothing(restored.of_home(asked)));
        }
        // With the home as it was opened when they were read: an epoch may begin in between.
        let mut known_devices = Vec::new();
        for access in homes.iter().filter(|access| home.is_none_or(|asked| access.id() == asked)) {
            self.settle_home(credentials, &person, access).await;
            match self.home_plan(credentials, access.id(), Needs::Homes).await {
                Ok((_, access, plan)) => known_devices.push((access, plan.devices)),
                // One home must not cost the others: it was left meanwhile, or does not open, which is an alarm.
                Err(GateError::NotFound | GateError::NotVerified { .. } | GateError::Restored) => {}
                Err(error) => return Err(error),
            }
        }
        let mut cameras = Vec::with_capacity(details.len());
        for detail in &details {
            let access = homes.iter().find(|access| access.id() == detail.camera.home);
            let opened = access
                .ok_or(OpenError::MixUp(Purpose::CameraText))
                .and_then(|access| Ok((access, access.open_camera(&detail.camera)?)));
            match opened {
                Ok((access, open)) => {
                    let known = known_devices.iter().find(|(known, _)| known.id() == access.id());
                    let known = known.map(|(access, devices)| (access, devices.as_slice()));
                    cameras.push(view(credentials, access, detail, &open, known));
                }
                Err(error) => {
                    alarm::raise(&error, "opening a camera");
                    unverified += 1;
                }
            }
        }
        Ok(Answer::new(credentials, views::Cameras { cameras, unverified }))
    }

    /// One camera.
    pub async fn camera(
        &self,
        credentials: &Credentials,
        camera: CameraId,
    ) -> Result<Answer<views::Camera>, GateError> {
        let (_, access, detail) = self.camera_detail(credentials, camera, Needs::Homes).await?;
        let open =
            access.open_camera(&detail.camera).map_err(|error| alarm::raise(&error, "opening a camera"))?;
        let (_, now, plan) = self.home_plan(credentials, access.id(), Needs::Homes).await?;
        let known = Some((&now, plan.devices.as_slice()));
        Ok(Answer::new(credentials, view(credentials, &access, &detail, &open, known)))
    }

    /// Adds a camera without a test.
    pub async fn add_camera(
        &self,
        credentials: &Credentials,
        home: HomeId,
        new: NewCamera,
    ) -> Result<CameraId, GateError> {
        self.managing_plan(credentials, home).await?;
        let name = text::name("name", &new.name)?;
        let source = new.source.map(Source::check).transpose()?;
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let device = match &source {
                Some(source) => {
                    access.refuse_added(&plan, source, None)?;
                    choose_device(&plan, new.device)?
                }
                None => choose_pushing_device(&plan, new.device)?,
            };
            let profile = CameraProfile { sound: new.sound, ..CameraProfile::new(name.clone()) };
            let row = access.new_camera(CameraStanding::Active, device, &profile, source.as_ref())?;
            let mut cameras = plan.cameras.clone();
            cameras.push(row.clone());
            let configurations = access.configure_all([device], &cameras, &plan.tests)?;
            let id = row.id;
            let authority = person.authority_in(&access)?;
            match self.registry().create_camera(&authority, row, configurations).await {
                Ok(()) => return Ok(id),
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    /// Changes a camera; its devices get new configurations.
    pub async fn change_camera(
        &self,
        credentials: &Credentials,
        camera: CameraId,
        change: CameraChange,
    ) -> Result<(), GateError> {
        for _ in 0..TRIES {
            let (person, access, plan, row) = self.camera_plan(credentials, camera).await?;
            let mut open =
                access.open_camera(&row).map_err(|error| alarm::raise(&error, "opening a camera"))?;
            change.apply(&mut open)?;
            let device = match change.device {
                Some(_) if open.access.is_none() => Some(choose_pushing_device(&plan, change.device)?.id),
                Some(_) => Some(choose_device(&plan, change.device)?.id),
                None => row.device,
            };
            if let Some(source) = &open.access {
                access.refuse_added(&plan, source, Some(camera))?;
            }
            let changed = CameraRow {
                device,
                text: open.secret.seal_text(&profile::encode(&open.profile)),
                address: open
                    .access
                    .as_ref()
                    .map(|source| {
                        Ok::<_, GateError>(
                            access.control()?.seal_camera_address(camera, &profile::encode(source)),
                        )
                    })
                    .transpose()?,
                ..row.clone()
            };
            let update = CameraUpdate {
                camera,
                text: Some((row.epoch.camera_epoch, changed.text.clone())),
                address: Some(changed.address.clone()),
                device: Some(device),
            };
            let cameras = replaced(&plan.cameras, changed);
            let affected = [row.device, device];
            let configurations = access.configure_all(devices(&plan, &affected), &cameras, &plan.tests)?;
            let authority = person.authority_in(&access)?;
            match self.registry().update_camera(&authority, update, configurations).await {
                Ok(()) => return Ok(()),
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    /// Erases a camera with all its events: its salt is destroyed, its files are unlinked.
    pub async fn erase_camera(
        &self,
        credentials: &Credentials,
        camera: CameraId,
    ) -> Result<Answer<views::Erased>, GateError> {
        for _ in 0..TRIES {
            let (person, access, plan, row) = self.camera_plan(credentials, camera).await?;
            let cameras: Vec<CameraRow> =
                plan.cameras.iter().filter(|other| other.id != camera).cloned().collect();
            let affected = [row.device];
            let configurations = access.configure_all(devices(&plan, &affected), &cameras, &plan.tests)?;
            let issues = access.reissue_without(&plan, camera)?;
            let authority = person.authority_in(&access)?;
            match self.registry().erase_camera(&authority, camera, issues, configurations).await {
                Ok(erased) => {
                    self.erase_objects(&erased.objects).await;
                    let view = views::Erased { events: erased.events, bytes: erased.bytes };
                    return Ok(Answer::new(credentials, view));
                }
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    pub(crate) async fn camera_detail(
        &self,
        credentials: &Credentials,
        camera: CameraId,
        needs: Needs,
    ) -> Result<(Person, HomeAccess, CameraDetail), GateError> {
        let now = Timestamp::now();
        let rows = self.registry().camera(credentials.find(), now, camera).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let detail = self.found(credentials, &rows, needs)?;
        if detail.camera.id != camera {
            return Err(alarm::raise(&OpenError::MixUp(Purpose::CameraText), "finding a camera"));
        }
        let home = detail.camera.home;
        let (person, access, detail) = self.open_home(credentials, home, rows, needs)?;
        Ok((person, access, detail.ok_or(GateError::NotFound)?))
    }

    async fn camera_plan(
        &self,
        credentials: &Credentials,
        camera: CameraId,
    ) -> Result<(Person, HomeAccess, HomePlan, CameraRow), GateError> {
        let (_, access, _) = self.camera_detail(credentials, camera, Needs::MANAGE).await?;
        let (person, access, plan) = self.managing_plan(credentials, access.id()).await?;
        let row = plan
            .cameras
            .iter()
            .find(|row| row.id == camera && row.standing == CameraStanding::Active)
            .cloned()
            .ok_or(GateError::NotFound)?;
        Ok((person, access, plan, row))
    }

    /// Erases objects that the registry has forgotten. What fails here is swept at the next start.
    pub(crate) async fn erase_objects(&self, objects: &[ObjectKey]) {
        self.kept_keys().forget(objects.iter().map(|key| (key.camera, key.event)));
        let objects: Vec<_> = objects
            .iter()
            .map(|key| ownsight_vault::ObjectRef { home: key.home, camera: key.camera, event: key.event })
            .collect();
        match self.vault().delete(&objects).await {
            Ok(deletion) if deletion.failed.is_empty() && deletion.not_overwritten == 0 => {}
            Ok(deletion) => {
                for (object, error) in &deletion.failed {
                    tracing::error!(event.id = %object.event, %error, "an event's file could not be erased");
                }
                alarm::erasure_failed(deletion.failed.len(), deletion.not_overwritten);
            }
            Err(error) => {
                tracing::error!(%error, "the vault does not erase");
                alarm::erasure_failed(objects.len(), 0);
            }
        }
    }
}

impl HomeAccess {
    /// A new camera's row, with keys of its own.
    pub(crate) fn new_camera(
        &self,
        standing: CameraStanding,
        device: &DeviceRow,
        profile: &CameraProfile,
        source: Option<&CameraAccess>,
    ) -> Result<CameraRow, GateError> {
        let now = Timestamp::now();
        let scope = self.key.scope();
        let salt = CameraSalt::generate();
        let place = CameraPlace {
            camera: CameraId::generate(),
            tenure: TenureId::generate(),
            epoch: CameraEpoch::FIRST,
        };
        let secret = self.key.camera_secret(&salt, place);
        Ok(CameraRow {
            id: place.camera,
            home: scope.home,
            standing,
            device: Some(device.id),
            created_at: now,
            epoch: CameraEpochRow {
                camera: place.camera,
                home: scope.home,
                tenure: place.tenure,
                home_epoch: scope.epoch,
                camera_epoch: place.epoch,
                salt: *salt.as_bytes(),
                created_at: now,
            },
            text: secret.seal_text(&profile::encode(profile)),
            address: match source {
                Some(source) => {
                    Some(self.control()?.seal_camera_address(place.camera, &profile::encode(source)))
                }
                None => None,
            },
        })
    }

    /// Refuses an address that another active camera of the home has.
    pub(crate) fn refuse_added(
        &self,
        plan: &HomePlan,
        source: &CameraAccess,
        except: Option<CameraId>,
    ) -> Result<(), GateError> {
        for row in &plan.cameras {
            if row.standing != CameraStanding::Active || Some(row.id) == except {
                continue;
            }
            // A camera that does not open is an alarm where it is listed; it is not what is being added.
            if let Ok(OpenCamera { access: Some(other), .. }) = self.open_camera(row)
                && other.address == source.address
            {
                return Err(GateError::AlreadyAdded);
            }
        }
        Ok(())
    }
}

impl CameraChange {
    fn apply(&self, open: &mut OpenCamera) -> Result<(), GateError> {
        if let Some(name) = &self.name {
            open.profile.name = text::name("name", name)?;
        }
        if let Some(sensitivity) = self.sensitivity {
            if !(1..=10).contains(&sensitivity) {
                return Err(GateError::invalid("sensitivity", "1 to 10 is expected"));
            }
            open.profile.sensitivity = sensitivity;
        }
        open.profile.sound = self.sound.unwrap_or(open.profile.sound);
        self.motion.apply(&mut open.profile.motion)?;
        let accepted = self.accept.as_deref().map(str::parse::<FingerprintId>).transpose();
        let accepted = accepted.map_err(|_| {
            GateError::invalid("accept_fingerprint", "64 hex digits, as in the camera's status, are expected")
        })?;
        if self.address.is_none() && self.user.is_none() && self.password.is_none() && accepted.is_none() {
            return Ok(());
        }
        let Some(access) = &mut open.access else {
            return Err(GateError::invalid("address", "this camera pushes by itself and has no address"));
        };
        if let Some(address) = &self.address {
            let address = CameraAddress::parse(address)?;
            if address != access.address {
                // What was said of the camera at the former address says nothing of this one.
                access.accepted = None;
                access.digest_only = false;
            }
            access.address = address;
        }
        if let Some(user) = &self.user {
            access.user.clone_from(user);
        }
        if let Some(password) = &self.password {
            access.password.clone_from(password);
        }
        access.accepted = accepted.or(access.accepted);
        check_credentials(access)
    }
}

/// The rows with one in the place of its former self.
pub(crate) fn replaced(cameras: &[CameraRow], changed: CameraRow) -> Vec<CameraRow> {
    let mut cameras: Vec<_> = cameras.iter().filter(|row| row.id != changed.id).cloned().collect();
    cameras.push(changed);
    cameras
}

fn view(
    credentials: &Credentials,
    access: &HomeAccess,
    detail: &CameraDetail,
    open: &OpenCamera,
    known_devices: Option<(&HomeAccess, &[DeviceDetail])>,
) -> views::Camera {
    let row = &detail.camera;
    let device = known_devices.and_then(|(now, devices)| {
        let mut devices = devices.iter().map(|known| &known.device);
        let device = devices.find(|device| Some(device.id) == row.device && device.home == access.id())?;
        Some((now, device))
    });
    let device_name = device.and_then(|(now, device)| match now.open_device(device) {
        Ok(profile) => Some(profile.name),
        Err(error) => {
            alarm::raise(&error, "opening a device's name");
            None
        }
    });
    let device = device.map(|(_, device)| device);
    let (status, video) = status(access, detail, device);
    // A device that is not this home's, or does not open, is not named: the row only finds.
    let device_id = row.device.filter(|_| device_name.is_some());
    if row.device.is_some() && device.is_none() {
        alarm::raise(&OpenError::MixUp(Purpose::DeviceText), "finding a camera's device");
    }
    let still = detail.still.as_ref().and_then(|still| {
        let epoch = detail.epochs.iter().find(|epoch| is_epoch_of(epoch, still));
        let verified = epoch
            .ok_or(OpenError::MixUp(Purpose::Event))
            .and_then(|epoch| access.camera_secret(epoch))
            .and_then(|secret| verify(&secret, still, still.id));
        verified.map_err(|error| alarm::raise(&error, "verifying a camera's still")).ok()
    });
    let still_at = still.map(|still| still.ids().started_at);
    views::Camera {
        id: row.id,
        home_id: access.id(),
        name: open.profile.name.clone(),
        address: open.access.as_ref().map(|source| source.address.as_str().to_owned()),
        user: open.access.as_ref().map(|source| source.user.clone()).filter(|user| !user.is_empty()),
        has_password: open.access.as_ref().is_some_and(|source| !source.password.is_empty()),
        sensitivity: open.profile.sensitivity,
        sound: open.profile.sound,
        motion: motion::view(&open.profile.motion),
        device_id,
        device_name,
        created_at: row.created_at,
        status,
        still_at,
        still_url: still_at.map(|at| urls::still(credentials, &format!("cameras/{}", row.id), at)),
        video,
        events: detail.events,
        not_events: detail.not_events,
        not_events_week: detail.not_events_week,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_a_password_shows_nothing() {
        let source = || Source {
            address: "rtsp://a.b/secret".into(),
            user: None,
            password: Some("secret".into()),
            digest_only: false,
        };
        let change = CameraChange { password: Some("secret".into()), ..CameraChange::default() };
        assert_eq!(format!("{:?} {change:?}", source()), "Source(…) CameraChange(…)");
        let test = crate::TestOf::New { source: source(), device: None };
        assert_eq!(format!("{test:?}"), "TestOf(…)");
    }
}
