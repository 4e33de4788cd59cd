//! Tests of a camera's address: a draft camera, whose keys seal the first picture, confirmed or erased.

use std::time::Duration;

use ownsight_model::{
    CameraId, CameraTestStep, Closable, DeviceId, EventId, HomeId, StepOutcome, TestId, TestReport, Timestamp,
};
use ownsight_registry::{
    CameraEpochRow, CameraRow, CameraStanding, DeviceRow, HomePlan, RegistryError, TestDetail, TestRow,
};
use ownsight_seal::{CameraReportKind, OpenError, Purpose, report_is_about};

use crate::access::{HomeAccess, Person};
use crate::cameras::{Source, replaced};
use crate::gate::{Gate, registry_error};
use crate::plan::{TRIES, choose_device, devices};
use crate::profile::{self, CameraAccess, CameraProfile};
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, text, urls, views};

/// How long a test and its draft last without being confirmed.
const TEST_LASTS: Duration = Duration::from_mins(10);

/// What to test.
pub enum TestOf {
    /// A camera that is not in the home yet.
    New {
        /// Where it is.
        source: Source,
        /// The device that tests.
        device: Option<DeviceId>,
    },
    /// A camera of the home; what is left out stays as it is.
    Existing {
        /// The camera.
        camera: CameraId,
        /// Another address.
        address: Option<String>,
        /// Another user name.
        user: Option<String>,
        /// Another password.
        password: Option<String>,
        /// Another device.
        device: Option<DeviceId>,
    },
}

impl std::fmt::Debug for TestOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestOf(…)")
    }
}

/// What came of a test that was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// The camera.
    pub camera: CameraId,
    /// Whether it is a new one.
    pub added: bool,
}

struct OpenTest {
    person: Person,
    access: HomeAccess,
    row: TestRow,
    draft_epochs: Vec<CameraEpochRow>,
    existing: Option<CameraRow>,
    /// Whether it is a look, which has no steps and no picture.
    look: bool,
}

impl Gate {
    /// Begins a test: the device gets a draft camera to seal the first picture for.
    pub async fn begin_test(
        &self,
        credentials: &Credentials,
        home: HomeId,
        of: TestOf,
    ) -> Result<TestId, GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let (source, device, existing) = access.resolve(&plan.cameras, &of)?;
            person.may(Closable::Thumbnails, Some(access.id()), existing)?;
            access.refuse_added(&plan, &source, existing)?;
            let device = choose_device(&plan, device)?;
            let profile = CameraProfile::new(String::new());
            let draft = access.new_camera(CameraStanding::Draft, device, &profile, Some(&source))?;
            if let Some(id) = self.start(&person, &access, &plan, device, draft, existing).await? {
                return Ok(id);
            }
        }
        Err(GateError::Conflict)
    }

    /// Gives a device a draft to test, or to look with. `None` if another changed the home at the same moment.
    pub(crate) async fn start(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
        device: &DeviceRow,
        draft: CameraRow,
        existing: Option<CameraId>,
    ) -> Result<Option<TestId>, GateError> {
        let now = Timestamp::now();
        let test = TestRow {
            id: TestId::generate(),
            home: access.id(),
            device: device.id,
            draft: draft.id,
            existing,
            created_at: now,
            expires_at: now.plus(TEST_LASTS),
            report: None,
            still: None,
        };
        let mut cameras = plan.cameras.clone();
        cameras.push(draft.clone());
        let mut tests = plan.tests.clone();
        tests.push(test.clone());
        let configurations = access.configure_all([device], &cameras, &tests)?;
        let id = test.id;
        let authority = person.authority_in(access)?;
        match self.registry().create_test(&authority, test, draft, configurations).await {
            Ok(()) => Ok(Some(id)),
            Err(RegistryError::Conflict) => Ok(None),
            Err(error) => Err(registry_error(error)),
        }
    }

    /// How far a test is.
    pub async fn test(
        &self,
        credentials: &Credentials,
        test: TestId,
    ) -> Result<Answer<views::CameraTest>, GateError> {
        let open = self.open_test(credentials, test).await?;
        let device_name = self.test_device_name(credentials, &open).await?;
        let view = open.view(credentials, device_name)?;
        Ok(Answer::new(credentials, view))
    }

    /// The event under which a test's first picture lies.
    pub async fn test_still(&self, credentials: &Credentials, test: TestId) -> Result<EventId, GateError> {
        let open = self.open_test(credentials, test).await?;
        // A new picture of a camera whose pictures are closed.
        open.person.may(Closable::Thumbnails, Some(open.access.id()), open.row.existing)?;
        open.row.still.as_ref().ok_or(GateError::NoPicture)?;
        Ok(EventId::from_bytes(*test.as_bytes()))
    }

    /// Keeps what a passed test found: the draft becomes a camera with this name, and with sound if that is wished, or an existing camera takes the
    /// tested address and device and keeps its settings.
    pub async fn confirm_test(
        &self,
        credentials: &Credentials,
        test: TestId,
        name: Option<&str>,
        sound: bool,
    ) -> Result<Confirmed, GateError> {
        for _ in 0..TRIES {
            let open = self.open_test(credentials, test).await?;
            let raise = |error: OpenError| alarm::raise(&error, "opening a tested camera");
            if open.look
                || open.report()?.is_none_or(|report| state(&report) != "passed")
                || open.row.still.is_none()
            {
                return Err(GateError::NotPassed);
            }
            let (person, access, plan) = self.managing_plan(credentials, open.access.id()).await?;
            // As they are now: an epoch may have begun since the test was read.
            let now_row = |id: CameraId| plan.cameras.iter().find(|row| row.id == id);
            let draft_row = now_row(open.row.draft).ok_or(GateError::NotFound)?;
            let draft = access.open_camera(draft_row).map_err(raise)?;
            let tests: Vec<_> = plan.tests.iter().filter(|other| other.id != test).cloned().collect();
            let (changed, former_device) = match &open.existing {
                None => {
                    let name = text::name("name", name.unwrap_or_default())?;
                    let profile = CameraProfile { sound, ..CameraProfile::new(name) };
                    let text = draft.secret.seal_text(&profile::encode(&profile));
                    let row = CameraRow { standing: CameraStanding::Active, text, ..draft_row.clone() };
                    (row, None)
                }
                Some(existing) => {
                    let row = now_row(existing.id).ok_or(GateError::NotFound)?;
                    let source = draft.access.as_ref().ok_or(GateError::NotPassed)?;
                    let changed = CameraRow {
                        device: Some(open.row.device),
                        address: Some(
                            access.control()?.seal_camera_address(row.id, &profile::encode(source)),
                        ),
                        ..row.clone()
                    };
                    (changed, row.device)
                }
            };
            let existing_address = open.existing.as_ref().and(changed.address.clone());
            let id = changed.id;
            let text = changed.text.clone();
            let mut cameras = replaced(&plan.cameras, changed);
            if open.existing.is_some() {
                cameras.retain(|row| row.id != open.row.draft);
            }
            let affected = [Some(open.row.device), former_device];
            let configurations = access.configure_all(devices(&plan, &affected), &cameras, &tests)?;
            let authority = person.authority_in(&access)?;
            match self.registry().confirm_test(&authority, test, text, existing_address, configurations).await
            {
                Ok(objects) => {
                    self.erase_objects(&objects).await;
                    return Ok(Confirmed { camera: id, added: open.existing.is_none() });
                }
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    /// Ends a test and erases its draft.
    pub async fn cancel_test(&self, credentials: &Credentials, test: TestId) -> Result<(), GateError> {
        for _ in 0..TRIES {
            let open = self.open_test(credentials, test).await?;
            let (person, access, plan) = self.managing_plan(credentials, open.access.id()).await?;
            let tests: Vec<_> = plan.tests.iter().filter(|other| other.id != test).cloned().collect();
            let affected = [Some(open.row.device)];
            let configurations = access.configure_all(devices(&plan, &affected), &plan.cameras, &tests)?;
            let authority = person.authority_in(&access)?;
            match self.registry().cancel_test(&authority, test, configurations).await {
                Ok(objects) => {
                    self.erase_objects(&objects).await;
                    return Ok(());
                }
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    async fn open_test(&self, credentials: &Credentials, test: TestId) -> Result<OpenTest, GateError> {
        let rows =
            self.registry().test(credentials.find(), Timestamp::now(), test).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let home = self.found(credentials, &rows, Needs::MANAGE)?.test.home;
        let (person, access, data) = self.open_home(credentials, home, rows, Needs::MANAGE)?;
        // A test shows the camera's address, which goes with the control key.
        access.control()?;
        let TestDetail { test: row, draft, draft_epochs, existing } = data.ok_or(GateError::NotFound)?;
        if row.id != test {
            return Err(alarm::raise(&OpenError::MixUp(Purpose::TestReport), "finding a camera test"));
        }
        // A report says nothing of its home that is secret: that the draft opens shows whose test it is.
        let draft = access
            .open_camera(&draft)
            .map_err(|error| alarm::raise(&error, "opening a camera test's draft"))?;
        let look = draft.look.is_some();
        Ok(OpenTest { person, access, row, draft_epochs, existing, look })
    }

    /// The name of the device that tests; `None` once it was removed. A device of another home is a mix-up.
    async fn test_device_name(
        &self,
        credentials: &Credentials,
        open: &OpenTest,
    ) -> Result<Option<String>, GateError> {
        let now = Timestamp::now();
        let rows =
            self.registry().device(credentials.find(), now, open.row.device).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        if rows.data.is_none() {
            return Ok(None);
        }
        // With the home as it was opened then: an epoch may have begun since the test was read.
        let (_, access, detail) = self.open_home(credentials, open.access.id(), rows, Needs::MANAGE)?;
        let Some(detail) = detail else { return Ok(None) };
        let name = access.open_device(&detail.device).map(|profile| Some(profile.name));
        name.map_err(|error| alarm::raise(&error, "opening a device's name"))
    }
}

impl HomeAccess {
    /// What exactly is to be tested, through which device, and for which camera.
    fn resolve(
        &self,
        cameras: &[CameraRow],
        of: &TestOf,
    ) -> Result<(CameraAccess, Option<DeviceId>, Option<CameraId>), GateError> {
        match of {
            TestOf::New { source, device } => {
                let source = Source {
                    address: source.address.clone(),
                    user: source.user.clone(),
                    password: source.password.clone(),
                    digest_only: source.digest_only,
                };
                Ok((source.check()?, *device, None))
            }
            TestOf::Existing { camera, address, user, password, device } => {
                let row = cameras
                    .iter()
                    .find(|row| row.id == *camera && row.standing == CameraStanding::Active)
                    .ok_or(GateError::NotFound)?;
                let open = self.open_camera(row).map_err(|error| alarm::raise(&error, "opening a camera"))?;
                let current = open.access.ok_or_else(|| {
                    GateError::invalid("camera_id", "this camera pushes by itself and has no address")
                })?;
                let source = Source {
                    address: address.clone().unwrap_or_else(|| current.address.as_str().to_owned()),
                    user: Some(user.clone().unwrap_or_else(|| current.user.clone())),
                    password: Some(password.clone().unwrap_or_else(|| current.password.clone())),
                    digest_only: false,
                };
                let mut source = source.check()?;
                if source.address == current.address {
                    source.accepted = current.accepted;
                }
                Ok((source, device.or(row.device), Some(*camera)))
            }
        }
    }
}

impl OpenTest {
    /// The device's report, verified under the draft camera's own key.
    fn report(&self) -> Result<Option<TestReport>, GateError> {
        let Some(row) = &self.row.report else { return Ok(None) };
        let report = self
            .access
            .verify_report(CameraReportKind::Test, self.draft_epochs.iter(), row)
            .and_then(|()| profile::decode::<TestReport>(&row.body))
            .and_then(|report| {
                report_is_about(&self.row.id, &report.test, Purpose::TestReport)?;
                Ok(report)
            })
            .map_err(|error| alarm::raise(&error, "verifying a report on a camera test"))?;
        Ok(Some(report))
    }

    fn view(
        &self,
        credentials: &Credentials,
        device_name: Option<String>,
    ) -> Result<views::CameraTest, GateError> {
        let report = self.report()?;
        let look = match (&self.look, &report) {
            (true, Some(report)) => self
                .access
                .open_look(&self.row, &self.draft_epochs, report)
                .map(Some)
                .map_err(|error| alarm::raise(&error, "opening what was found"))?,
            _ => None,
        };
        let state = if self.row.expires_at <= Timestamp::now() {
            "expired"
        } else {
            report.as_ref().map_or("waiting", |report| match &look {
                Some(look) if report.done && look.fault.is_some() => "failed",
                _ => state(report),
            })
        };
        let steps = CameraTestStep::ALL.map(|step| {
            let tried = report.iter().flat_map(|report| &report.steps).find(|tried| tried.step == step);
            let (outcome, fault) = match tried.map(|tried| tried.outcome) {
                Some(StepOutcome::Passed) => ("passed", None),
                Some(StepOutcome::Failed(fault)) => ("failed", Some(fault)),
                None if matches!(state, "failed" | "expired") => ("not-tried", None),
                None => ("waiting", None),
            };
            views::TestStep {
                step,
                outcome,
                fault,
                detail: tried.map(|tried| tried.detail.clone()).unwrap_or_default(),
            }
        });
        Ok(views::CameraTest {
            id: self.row.id,
            home_id: self.access.id(),
            device_id: device_name.as_ref().map(|_| self.row.device),
            device_name,
            state,
            steps: if self.look { Vec::new() } else { steps.into() },
            look: look.map(views::Look::of),
            still_url: self.row.still.as_ref().map(|still| {
                urls::still(credentials, &format!("camera-tests/{}", self.row.id), still.started_at)
            }),
            expires_at: self.row.expires_at,
        })
    }
}

fn state(report: &TestReport) -> &'static str {
    let failed = report.steps.iter().any(|step| matches!(step.outcome, StepOutcome::Failed(_)));
    match (report.done, failed) {
        (true, true) => "failed",
        (true, false) => "passed",
        (false, _) => "running",
    }
}
