//! Looks: a device calls for cameras in its network, or asks one for its streams. A look goes the way of a camera test,
//! with a draft whose keys seal what was found.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{DeviceId, HomeId, LookReport, OnvifAddress, TestId, TestReport};
use ownsight_registry::{CameraEpochRow, CameraStanding, TestRow};
use ownsight_seal::{LookOf, OnvifSource, OpenError, Purpose, report_is_about};

use crate::access::HomeAccess;
use crate::cameras::check_credential;
use crate::gate::{Gate, registry_error};
use crate::plan::{TRIES, choose_device};
use crate::profile::{self, CameraProfile, DraftLook};
use crate::{Credentials, GateError};

/// What to look for.
pub enum LookFor {
    /// Cameras that answer a call into the device's network.
    Around,
    /// The streams of one camera that speaks ONVIF.
    Camera {
        /// Where its ONVIF service is: `http://…`
        service: String,
        /// The user name, if it asks for one.
        user: Option<String>,
        /// The password, if it asks for one.
        password: Option<String>,
    },
}

impl std::fmt::Debug for LookFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookFor(…)")
    }
}

impl LookFor {
    fn check(self) -> Result<LookOf, GateError> {
        let Self::Camera { service, user, password } = self else { return Ok(LookOf::Around) };
        let service =
            OnvifAddress::parse(&service).map_err(|error| GateError::invalid("onvif", error.to_string()))?;
        let source =
            OnvifSource { service, user: user.unwrap_or_default(), password: password.unwrap_or_default() };
        check_credential("user", &source.user)?;
        check_credential("password", &source.password)?;
        Ok(LookOf::Camera(source))
    }
}

impl Gate {
    /// Begins a look through a device. It is found, cancelled and erased as a test; it cannot be confirmed.
    pub async fn begin_look(
        &self,
        credentials: &Credentials,
        home: HomeId,
        look: LookFor,
        device: Option<DeviceId>,
    ) -> Result<TestId, GateError> {
        let draft_look = DraftLook { look: look.check()? };
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let device = choose_device(&plan, device)?;
            if device.local && draft_look.look == LookOf::Around {
                self.refuse_others_networks().await?;
            }
            let profile = CameraProfile::new(String::new());
            let mut draft = access.new_camera(CameraStanding::Draft, device, &profile, None)?;
            let text = profile::encode(&draft_look);
            draft.address = Some(access.control()?.seal_camera_address(draft.id, &text));
            if let Some(id) = self.start(&person, &access, &plan, device, draft, None).await? {
                return Ok(id);
            }
        }
        Err(GateError::Conflict)
    }

    /// Where this server runs agents for several homes, its machine's networks are not one home's.
    async fn refuse_others_networks(&self) -> Result<(), GateError> {
        if self.registry().local_homes().await.map_err(registry_error)?.len() > 1 {
            let why = "this server pulls cameras of several homes, and looks around for none: enter the camera's address";
            return Err(GateError::invalid("around", why));
        }
        Ok(())
    }
}

impl HomeAccess {
    /// What a device found, of a report that was verified, under the draft's latest epoch or a former one.
    pub(crate) fn open_look(
        &self,
        row: &TestRow,
        epochs: &[CameraEpochRow],
        report: &TestReport,
    ) -> Result<LookReport, OpenError> {
        let wrong = |why| OpenError::Malformed { what: "look report", why };
        let sealed = report.look.as_ref().ok_or(wrong("nothing was found and not even that is said"))?;
        let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).map_err(|_| wrong("it is not base64url"))?;
        let mut opened = Err(OpenError::NotAuthentic(Purpose::LookReport));
        for epoch in epochs.iter().rev() {
            opened = self.camera_secret(epoch)?.open_look(row.device, &sealed);
            if opened.is_ok() {
                break;
            }
        }
        let found: LookReport = profile::decode(&opened?)?;
        report_is_about(&row.id, &found.look, Purpose::LookReport)?;
        Ok(found)
    }
}
