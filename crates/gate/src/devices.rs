//! Devices: pairing them, seeing how they are, removing them.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{CameraId, DeviceId, DeviceReport, HomeId, Timestamp};
use ownsight_registry::{
    DeviceDetail, DeviceRow, DeviceStanding, HomePlan, LeftBehind, PairingRow, RegistryError, Remainder,
    ReportRow,
};
use ownsight_seal::{
    OpenError, PairingAnswer, PairingCode, PairingScope, PublicKey, Purpose, report_is_about,
};

use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, LocalCode, LocalPairing, registry_error};
use crate::plan::TRIES;
use crate::profile::{self, DeviceProfile};
use crate::rights::Needs;
use crate::shares::Renewal;
use crate::{Answer, Credentials, GateError, alarm, text, views};

/// How long a pairing code works.
const CODE_LASTS: Duration = Duration::from_mins(10);
/// A device that has not called for so long is away.
pub(crate) const AWAY_AFTER: Duration = ownsight_model::DEVICE_AWAY_AFTER;
/// The name of the agent that the server itself runs.
const LOCAL_NAME: &str = "This server";

impl Gate {
    /// The devices of a home.
    pub async fn devices(
        &self,
        credentials: &Credentials,
        home: HomeId,
    ) -> Result<Answer<views::Devices>, GateError> {
        let (person, access, plan) = self.home_plan(credentials, home, Needs::MANAGE).await?;
        self.settle_home(credentials, &person, &access).await;
        let mut unverified = 0;
        let mut devices = Vec::new();
        for detail in &plan.devices {
            match access.device_view(detail, &plan) {
                Ok(view) => devices.push(view),
                Err(GateError::NotVerified { .. }) => unverified += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(Answer::new(credentials, views::Devices { devices, unverified }))
    }

    /// One device.
    pub async fn device(
        &self,
        credentials: &Credentials,
        device: DeviceId,
    ) -> Result<Answer<views::Device>, GateError> {
        let (_, access, plan) = self.device_plan(credentials, device).await?;
        let detail = find(&plan, device)?;
        Ok(Answer::new(credentials, access.device_view(detail, &plan)?))
    }

    /// Makes a pairing code: shown once, works once, for ten minutes.
    pub async fn pair_device(
        &self,
        credentials: &Credentials,
        home: HomeId,
        name: &str,
    ) -> Result<Answer<views::Pairing>, GateError> {
        let (person, access, _) = self.managing_plan(credentials, home).await?;
        let name = text::name("name", name)?;
        let (device_id, code, expires_at) = self.create_pairing(&person, &access, name, false).await?;
        let pairing = views::Pairing {
            device_id,
            code: code.reveal().to_string(),
            expires_at,
            home_name: access.profile.name.clone(),
        };
        Ok(Answer::new(credentials, pairing))
    }

    /// Changes a device's name.
    pub async fn rename_device(
        &self,
        credentials: &Credentials,
        device: DeviceId,
        name: &str,
    ) -> Result<(), GateError> {
        let (person, access, _) = self.device_plan(credentials, device).await?;
        access.control()?;
        let profile = DeviceProfile { name: text::name("name", name)? };
        let sealed = access.key.seal_device_text(device, &profile::encode(&profile));
        let epoch = access.key.scope().epoch;
        let authority = person.authority_in(&access)?;
        self.registry().update_device_text(&authority, device, sealed, epoch).await.map_err(registry_error)
    }

    /// Says that there is one such device only, after two presented its identity: the next that calls is believed to be it.
    /// Changes nothing if none did.
    pub async fn settle_device(&self, credentials: &Credentials, device: DeviceId) -> Result<(), GateError> {
        let (person, access, _) = self.device_plan(credentials, device).await?;
        let authority = person.authority_in(&access)?;
        self.registry().settle_device(&authority, device).await.map_err(registry_error)
    }

    /// Removes a device, or cancels its pairing. It is told nothing more from then on; its cameras stay, without a device and under
    /// new keys: what it holds of them makes nothing any more. What it recorded until now and has not delivered is taken for 30
    /// days, or not at all.
    pub async fn remove_device(
        &self,
        credentials: &Credentials,
        device: DeviceId,
        remainder: Remainder,
    ) -> Result<(), GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.device_plan(credentials, device).await?;
            access.control()?;
            match self.try_remove_device(&person, &access, &plan, device, remainder).await {
                Err(GateError::Conflict) => {}
                removed => return removed,
            }
        }
        Err(GateError::Conflict)
    }

    async fn try_remove_device(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
        device: DeviceId,
        remainder: Remainder,
    ) -> Result<(), GateError> {
        let served = plan.cameras.iter().filter(|camera| camera.device == Some(device));
        let Renewal { renewed, unopened, .. } = access.renew_epochs(served);
        let issues = if plan.shares.is_empty() {
            Vec::new()
        } else {
            let (roster, _) = access.open_roster(plan)?;
            let cameras: Vec<_> = renewed.iter().map(|(epoch, _)| epoch.camera).collect();
            let issues = access.reissue(plan, &roster, &cameras, &renewed, &[]);
            issues.map_err(|error| alarm::raise(&error, "sealing a share anew"))?
        };
        let authority = person.authority_in(access)?;
        self.registry()
            .remove_device(&authority, device, LeftBehind { renewed, unopened, issues, remainder })
            .await
            .map_err(registry_error)
    }

    async fn device_plan(
        &self,
        credentials: &Credentials,
        device: DeviceId,
    ) -> Result<(Person, HomeAccess, HomePlan), GateError> {
        let rows = self
            .registry()
            .device(credentials.find(), Timestamp::now(), device)
            .await
            .map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let home = self.found(credentials, &rows, Needs::MANAGE)?.device.home;
        let (person, access, plan) = self.home_plan(credentials, home, Needs::MANAGE).await?;
        find(&plan, device)?;
        Ok((person, access, plan))
    }

    async fn create_pairing(
        &self,
        person: &Person,
        access: &HomeAccess,
        name: String,
        local: bool,
    ) -> Result<(DeviceId, PairingCode, Timestamp), GateError> {
        let installation = self.installation();
        let device = DeviceId::generate();
        let code = PairingCode::generate();
        let now = Timestamp::now();
        let expires_at = now.plus(CODE_LASTS);
        let first_key = code.device_key(installation, access.id(), device);
        let blob = serde_json::json!({
            "installation": installation,
            "home": access.id(),
            "home_name": access.profile.name,
            "device": device,
            "server_pin": self.server_pin().map(|pin| BASE64URL_NOPAD.encode(&pin)),
        });
        let row = DeviceRow {
            id: device,
            home: access.id(),
            standing: DeviceStanding::Waiting,
            agent: true,
            local,
            public_key: None,
            credential_hash: None,
            text: access.key.seal_device_text(device, &profile::encode(&DeviceProfile { name })),
            text_epoch: access.key.scope().epoch,
            created_at: now,
            paired_at: None,
            seen_at: None,
            version: None,
            latest_serial: 0,
            acknowledged_serial: 0,
            key_epoch: access.control()?.scope().epoch,
            device_key: access.control()?.seal_device_key(device, 0, &first_key),
            run: None,
            contested_at: None,
            left: None,
            upload_key: None,
        };
        let pairing = PairingRow {
            device,
            find: PairingCode::find_hash(&code.find()),
            expires_at,
            blob: code.seal_blob(blob.to_string().as_bytes()),
            answer: None,
        };
        self.registry()
            .create_pairing(&person.authority_in(access)?, row, pairing)
            .await
            .map_err(registry_error)?;
        Ok((device, code, expires_at))
    }

    /// Checks the answers of devices that wait for an owner's request: gives whether anything changed.
    pub(crate) async fn settle_pairings(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
    ) -> Result<bool, GateError> {
        let mut changed = false;
        for detail in &plan.devices {
            let device = &detail.device;
            let Some(answer) = detail.pairing.as_ref().and_then(|pairing| pairing.answer.as_ref()) else {
                continue;
            };
            if device.standing != DeviceStanding::Waiting {
                continue;
            }
            let authority = person.authority_in(access)?;
            let scope =
                PairingScope { installation: self.installation(), home: access.id(), device: device.id };
            let first = access.control()?.open_device_key(device.id, 0, &device.device_key).and_then(|key| {
                let answered = PairingAnswer {
                    public_key: PublicKey::from_bytes(&answer.public_key)
                        .ok_or(OpenError::NotAuthentic(Purpose::PairingAnswer))?,
                    credential_hash: answer.credential_hash,
                };
                answered.verify(&key, scope, &answer.mac)?;
                access.write(device, &key, &answered.public_key, &plan.cameras, &plan.tests)
            });
            let outcome = match first {
                Ok(first) => {
                    self.registry().accept_pairing(&authority, device.id, answer.clone(), first).await
                }
                Err(error) => {
                    alarm::raise(&error, "checking a device's answer to its pairing");
                    self.registry().reject_pairing(&authority, device.id).await
                }
            };
            match outcome {
                // Another request of the owner was first.
                Ok(()) | Err(RegistryError::Conflict) => changed = true,
                Err(error) => return Err(registry_error(error)),
            }
        }
        Ok(changed)
    }

    /// Makes a pairing for the agent that this server is to run for a home, if there is none: the owner is present.
    ///
    /// A failure is logged and tried again at the owner's next request: it must not cost the answer to this one.
    pub(crate) async fn ensure_local_agent(
        &self,
        credentials: &Credentials,
        person: &Person,
        access: &HomeAccess,
    ) {
        if !access.row.local_agent {
            return;
        }
        if let Err(error) = self.try_ensure_local_agent(credentials, person, access).await {
            tracing::warn!(home.id = %access.id(), %error, "could not prepare this server's own agent");
        }
    }

    async fn try_ensure_local_agent(
        &self,
        credentials: &Credentials,
        person: &Person,
        access: &HomeAccess,
    ) -> Result<(), GateError> {
        let _one_at_a_time = self.local_agents().lock().await;
        let now = Timestamp::now();
        let rows =
            self.registry().devices(credentials.find(), now, access.id()).await.map_err(registry_error)?;
        let details = rows.ok_or(GateError::SignedOut)?.data;
        for detail in details.iter().filter(|detail| detail.device.local) {
            if detail.device.standing == DeviceStanding::Paired || !expired(detail, now) {
                return Ok(());
            }
            // It waits for its device: no camera is served by it.
            let authority = person.authority_in(access)?;
            self.registry()
                .remove_device(&authority, detail.device.id, LeftBehind::default())
                .await
                .map_err(registry_error)?;
        }
        let Ok(slot) = self.local_pairings().try_reserve() else { return Ok(()) };
        let (_, code, _) = self.create_pairing(person, access, LOCAL_NAME.to_owned(), true).await?;
        slot.send(LocalPairing { home: access.id(), code: LocalCode(code) });
        Ok(())
    }
}

impl HomeAccess {
    /// A device's report on itself, under the home key that it was tagged with: until it has its next configuration that is
    /// a former one.
    fn verify_device_report(&self, device: DeviceId, row: &ReportRow) -> Result<DeviceReport, OpenError> {
        let mut verified = self.key.device_report_key(device).verify(&row.body, &row.tag);
        if verified.is_err() {
            let mut keys = self.former()?.iter().rev();
            if keys.any(|key| key.device_report_key(device).verify(&row.body, &row.tag).is_ok()) {
                verified = Ok(());
            }
        }
        verified?;
        let report: DeviceReport = profile::decode(&row.body)?;
        report_is_about(&device, &report.device, Purpose::DeviceReport)?;
        Ok(report)
    }

    fn device_view(&self, detail: &DeviceDetail, plan: &HomePlan) -> Result<views::Device, GateError> {
        let device = &detail.device;
        let name =
            self.open_device(device).map_err(|error| alarm::raise(&error, "opening a device's name"))?.name;
        let report = match &detail.report {
            Some(row) => {
                let report = self
                    .verify_device_report(device.id, row)
                    .map_err(|error| alarm::raise(&error, "verifying a device's report"))?;
                Some(report)
            }
            None => None,
        };
        let now = Timestamp::now();
        let (state, since) = match device.standing {
            DeviceStanding::Removed => return Err(GateError::NotFound),
            DeviceStanding::Waiting if expired(detail, now) => {
                ("expired", device.created_at.plus(CODE_LASTS))
            }
            DeviceStanding::Waiting => ("waiting", device.created_at),
            DeviceStanding::Paired if device.contested_at.is_some() => {
                ("contested", device.contested_at.unwrap_or(now))
            }
            // It calls when it has something, and is never away.
            DeviceStanding::Paired if device.upload_key.is_some() => match device.seen_at {
                Some(seen) => ("uploads", seen),
                None => ("paired", device.paired_at.unwrap_or(device.created_at)),
            },
            DeviceStanding::Paired => match device.seen_at {
                Some(seen) if now.since(seen) < AWAY_AFTER && device.acknowledged_serial > 0 => {
                    ("connected", device.paired_at.unwrap_or(seen))
                }
                Some(seen) if device.acknowledged_serial > 0 => ("away", seen),
                _ => ("paired", device.paired_at.unwrap_or(device.created_at)),
            },
        };
        let cameras: Vec<CameraId> = plan
            .cameras
            .iter()
            .filter(|camera| {
                camera.device == Some(device.id)
                    && camera.standing == ownsight_registry::CameraStanding::Active
            })
            .map(|camera| camera.id)
            .collect();
        Ok(views::Device {
            id: device.id,
            home_id: self.id(),
            name,
            kind: match (device.agent, &device.upload_key) {
                (true, _) => "agent",
                (false, Some(_)) => "upload",
                (false, None) => "camera",
            },
            local: device.local,
            state,
            since,
            version: report.as_ref().map(|report| report.version.clone()).or_else(|| device.version.clone()),
            paired_at: device.paired_at,
            cameras,
            queued_events: report.as_ref().map(|report| report.queued_events),
            dropped_events: report.as_ref().map(|report| report.dropped_events),
            clock_offset_ms: report.as_ref().map(|report| report.clock_offset_ms),
            configuration: views::ConfigurationState {
                latest: device.latest_serial,
                acknowledged: device.acknowledged_serial,
            },
        })
    }
}

/// Whether a waiting device's code ended without an answer.
fn expired(detail: &DeviceDetail, now: Timestamp) -> bool {
    detail.pairing.as_ref().is_none_or(|pairing| pairing.answer.is_none() && pairing.expires_at <= now)
}

fn find(plan: &HomePlan, device: DeviceId) -> Result<&DeviceDetail, GateError> {
    plan.devices.iter().find(|detail| detail.device.id == device).ok_or(GateError::NotFound)
}
