//! Home epochs: new keys for a home and all that is sealed under them, in the request of an owner or adult. No event is
//! touched: former home keys lie in the keyring under the new one, so who has the home opens its past, and who was removed
//! has no key for what comes.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use ownsight_model::{CameraId, GrantId, Timestamp};
use ownsight_registry::{
    CameraEpochRow, CameraRenewal, CameraRow, DeviceRenewal, DeviceRow, DeviceStanding, HomePlan,
    HomeRenewal, HomeRow, Issue, RegistryError,
};
use ownsight_seal::{
    AssignedCamera, ControlKey, GrantScope, HomeKey, HomeScope, LookOf, OpenError, PublicKey, Purpose,
};

use crate::access::{HomeAccess, OpenCamera, Person};
use crate::gate::{Gate, registry_error};
use crate::profile;
use crate::roster::{Roster, RosterEntry};
use crate::{GateError, alarm};

/// Fewer cameras than this are not worth a thread.
const PART_MIN: usize = 64;

/// What an epoch gave new keys to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Renewed {
    pub(crate) cameras: u32,
    pub(crate) devices: u32,
}

impl Gate {
    /// Starts an epoch that is due, because somebody is gone who had the home's keys: gives whether anything changed.
    ///
    /// What does not open keeps it from starting, and must not keep the home from being used: the alarm is raised, access was
    /// cut when it became due.
    pub(crate) async fn start_due_epoch(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
    ) -> Result<bool, GateError> {
        if !access.row.epoch_due {
            return Ok(false);
        }
        let started = async {
            let (roster, serial) = access.open_roster(plan)?;
            self.renew_home(person, access, plan, &roster, serial + 1).await
        };
        match started.await {
            Ok(_) | Err(GateError::Conflict) => Ok(true),
            Err(GateError::NotVerified { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the home new keys, and them to the members of this roster: live grants that are not in it end.
    /// [`GateError::Conflict`] if something came in between.
    pub(crate) async fn renew_home(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
        roster: &Roster,
        serial: u64,
    ) -> Result<Renewed, GateError> {
        let authority = person.authority_in(access)?;
        let renewal = access
            .renewal(person, plan, roster, serial)
            .map_err(|error| alarm::raise(&error, "sealing a home under new keys"))?;
        let renewed = Renewed {
            cameras: u32::try_from(renewal.cameras.len()).unwrap_or(u32::MAX),
            devices: u32::try_from(renewal.configurations.len()).unwrap_or(u32::MAX),
        };
        match self.registry().renew_home(&authority, renewal).await {
            Ok(()) => Ok(renewed),
            Err(RegistryError::Conflict) => Err(GateError::Conflict),
            Err(error) => Err(registry_error(error)),
        }
    }
}

/// Cameras under new keys.
#[derive(Default)]
struct Cameras {
    renewed: Vec<CameraRenewal>,
    /// What the device that serves or tests each is told of it.
    assigned: HashMap<CameraId, (AssignedCamera, Option<LookOf>)>,
}

impl HomeAccess {
    /// The home under new keys, for the members and shares of this roster.
    pub(crate) fn renewal(
        &self,
        person: &Person,
        plan: &HomePlan,
        roster: &Roster,
        serial: u64,
    ) -> Result<HomeRenewal, OpenError> {
        let no_key = OpenError::MixUp(Purpose::GrantControl);
        let control = self.granted.control_key().ok_or(no_key.clone())?;
        let scope = self.key.scope();
        let epoch = scope
            .epoch
            .next()
            .ok_or(OpenError::Malformed { what: "home epoch", why: "it is the last one" })?;
        let next_control = ControlKey::generate(HomeScope { epoch, ..scope });
        let next_key = next_control.home_key();
        let former: Vec<HomeKey> = self.keys()?.into_iter().cloned().collect();
        let row = HomeRow {
            epoch,
            text: next_key.seal_text(&profile::encode(&self.profile)),
            keyring: next_key.seal_keyring(&former),
            ..self.row.clone()
        };
        let granted = next_control.granted(self.role());
        let next = Self::open(self.grant, row, granted, None)?;

        let Cameras { renewed: cameras, assigned } =
            self.renew_cameras(&next, &next_control, &plan.cameras)?;
        let mut devices = Vec::with_capacity(plan.devices.len());
        let mut configurations = Vec::new();
        // A pairing that waits ends: its code may be in the hands of who is to go. But for this server's own.
        let stays = |device: &&DeviceRow| device.standing == DeviceStanding::Paired || device.local;
        for device in plan.devices.iter().map(|detail| &detail.device).filter(stays) {
            let key = control.open_device_key(device.id, device.latest_serial, &device.device_key)?;
            let text = self.open_device(device)?;
            devices.push(DeviceRenewal {
                device: device.id,
                text: next_key.seal_device_text(device.id, &profile::encode(&text)),
                device_key: next_control.seal_device_key(device.id, device.latest_serial, &key),
            });
            if device.standing == DeviceStanding::Paired {
                let public_key = device.public_key.as_ref().and_then(PublicKey::from_bytes);
                let public_key = public_key.ok_or(OpenError::NotAuthentic(Purpose::PairingAnswer))?;
                let assign = |camera: &CameraRow| {
                    // A camera is assigned to the one device that serves or tests it.
                    let assigned = assigned.get(&camera.id).filter(|_| camera.device == Some(device.id));
                    assigned.cloned().ok_or(OpenError::MixUp(Purpose::CameraText))
                };
                let (rows, tests) = (&plan.cameras, &plan.tests);
                configurations.push(next.write_assigned(device, &key, &public_key, rows, tests, assign)?);
            }
        }
        let issues = roster
            .members
            .iter()
            .map(|entry| self.issue(person, &next_control, entry))
            .collect::<Result<_, _>>()?;
        let stays = |grant: GrantId| roster.entry(grant).is_some();
        let renewed: Vec<_> = cameras.iter().map(|camera| camera.epoch.clone()).collect();
        let (shares, ended_shares) = next.renew_shares(plan, roster, &renewed)?;
        Ok(HomeRenewal {
            shares,
            ended_shares,
            codes: self.renew_codes(&next_control, plan),
            roster: roster.seal(&next_control, serial),
            text: next.row.text,
            keyring: next.row.keyring,
            issues,
            ended: plan.grants.iter().map(|grant| grant.id).filter(|grant| !stays(*grant)).collect(),
            cameras,
            devices,
            configurations,
        })
    }

    /// All cameras under the new keys, on as many cores as there are: two key derivations and four wraps for each.
    fn renew_cameras(
        &self,
        next: &Self,
        next_control: &ControlKey,
        cameras: &[CameraRow],
    ) -> Result<Cameras, OpenError> {
        let now = Timestamp::now();
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let part = cameras.len().div_ceil(cores).max(PART_MIN);
        let renew = |part: &[CameraRow]| -> Result<Cameras, OpenError> {
            let mut done = Cameras::default();
            for camera in part {
                self.renew_camera(next, next_control, camera, now, &mut done)?;
            }
            Ok(done)
        };
        let parts = std::thread::scope(|scope| {
            let threads: Vec<_> = cameras.chunks(part).map(|part| scope.spawn(move || renew(part))).collect();
            let ended = threads.into_iter().map(|thread| match thread.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect::<Result<Vec<_>, _>>()
        })?;
        let mut all = Cameras::default();
        for part in parts {
            all.renewed.extend(part.renewed);
            all.assigned.extend(part.assigned);
        }
        Ok(all)
    }

    fn renew_camera(
        &self,
        next: &Self,
        next_control: &ControlKey,
        camera: &CameraRow,
        now: Timestamp,
        done: &mut Cameras,
    ) -> Result<(), OpenError> {
        let open = self.open_camera(camera)?;
        let epoch = CameraEpochRow {
            home_epoch: next_control.scope().epoch,
            created_at: now,
            ..camera.epoch.clone()
        };
        let open = OpenCamera { secret: next.camera_secret(&epoch)?, ..open };
        let text = open.secret.seal_text(&profile::encode(&open.profile));
        let private = match (&open.access, &open.look) {
            (Some(access), _) => Some(profile::encode(access)),
            (None, look) => look.as_ref().map(profile::encode),
        };
        let address = private.map(|text| next_control.seal_camera_address(camera.id, &text));
        if let Some(device) = camera.device {
            let look = open.look.as_ref().map(|draft| draft.look.clone());
            done.assigned.insert(camera.id, (open.assigned(device), look));
        }
        done.renewed.push(CameraRenewal { epoch, text, address });
        Ok(())
    }

    /// A home's key for one member: under the account's own key for who asks, sealed to its key pair for all others.
    pub(crate) fn issue(
        &self,
        person: &Person,
        control: &ControlKey,
        entry: &RosterEntry,
    ) -> Result<Issue, OpenError> {
        let granted = control.granted(entry.role);
        let own = entry.grant == self.grant;
        let wrap = if own {
            person.key.seal_grant(person.grant_scope(entry.grant), &granted)
        } else {
            let account = ownsight_seal::AccountScope {
                installation: control.scope().installation,
                account: entry.account,
            };
            let scope = GrantScope { account, grant: entry.grant };
            entry.member_key().seal_grant(scope, &entry.public_key()?, &entry.email, &granted)
        };
        Ok(Issue { grant: entry.grant, role: entry.role, wrap, away: !own })
    }
}
