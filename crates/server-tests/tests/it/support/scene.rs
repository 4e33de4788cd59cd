//! A home with one of everything that an address can name, and people who ask.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{
    CameraId, CameraTestStep, EventId, Label, LabelSource, MotionTrack, SectionKind, StepOutcome, StepReport,
    TestId, TestReport, Timestamp,
};
use ownsight_seal::{CameraReportKind, CameraSealer};
use reqwest::Method;
use serde_json::{Value, json};

use super::device::{Device, Serving};
use super::person::{Person, half};
use super::system::{Home, System};

/// What an event is made of. The clip is longer than three segments, and no byte of it is like the one before.
pub(crate) struct Footage {
    pub(crate) thumbnail: Vec<u8>,
    pub(crate) clip: Vec<u8>,
}

impl Footage {
    pub(crate) fn of(name: &str) -> Self {
        let clip = (0..200_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        Self { thumbnail: format!("{name} thumbnail").into_bytes(), clip }
    }
}

/// A home with its owner, who is there as a program and as a browser.
pub(crate) struct Side {
    pub(crate) home: Home,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) program: Person,
    pub(crate) browser: Person,
    pub(crate) serving: Serving,
    pub(crate) event: EventId,
    /// The event as it was delivered.
    pub(crate) object: Vec<u8>,
    pub(crate) footage: Footage,
    /// A test that passed and was not confirmed yet.
    pub(crate) test: TestId,
    /// Another, of another address.
    pub(crate) spare_test: TestId,
}

impl Side {
    pub(crate) async fn build(system: &System, name: &str) -> Self {
        let home = system.home(name).await;
        let (email, password) = (format!("{name}@example.org"), format!("{name} password"));
        let program = Person::by_token(&system.url, &email, &password).await;
        let page_half = half(name.as_bytes()[0]);
        let browser = Person::by_browser(&system.url, &email, &password, &page_half).await;
        let mut serving = Serving::start(system, &home).await;
        let footage = Footage::of(name);
        let event = EventId::generate();
        let started_at = Timestamp::now().minus(Duration::from_secs(30));
        let object = seal(&serving.sealer, event, started_at, &footage);
        assert_eq!(serving.put(event, object.clone()).send().await.unwrap().status(), 201);
        let still = EventId::generate();
        let sealed = seal_still(&serving.sealer, still, format!("{name} still").as_bytes());
        assert_eq!(serving.put(still, sealed).send().await.unwrap().status(), 201);
        let address = |path: &str| json!({"address": format!("rtsp://camera.example/{path}")});
        let test = pass_a_test(&program, &home, &mut serving.device, &address("tested")).await;
        let spare_test = pass_a_test(&program, &home, &mut serving.device, &address("spare")).await;
        Self { home, email, password, program, browser, serving, event, object, footage, test, spare_test }
    }

    pub(crate) fn home_name(&self) -> String {
        format!("{} home", self.email.split('@').next().unwrap())
    }

    pub(crate) fn camera(&self) -> CameraId {
        self.serving.camera
    }

    /// Tests its camera once more, until that has passed.
    pub(crate) async fn test_again(&mut self) -> TestId {
        self.test_of(&json!({"camera_id": self.serving.camera})).await
    }

    /// Tests what the body says, until that has passed.
    pub(crate) async fn test_of(&mut self, body: &Value) -> TestId {
        pass_a_test(&self.program, &self.home, &mut self.serving.device, body).await
    }

    /// Reports a test whose first steps came out so, and no picture.
    pub(crate) async fn report_a_test(&mut self, test: TestId, outcomes: &[StepOutcome]) {
        let configuration = self.serving.device.configure().await;
        let assigned = configuration.tests.iter().find(|assigned| assigned.test == test).unwrap();
        let sealer = configuration.sealer(&assigned.camera);
        let steps = CameraTestStep::ALL.into_iter().zip(outcomes);
        let steps =
            steps.map(|(step, outcome)| StepReport { step, outcome: *outcome, detail: "a fact".into() });
        report_a_test(&self.serving.device, &sealer, test, steps.collect()).await;
    }

    /// Delivers one more event, which began half a minute ago.
    pub(crate) async fn deliver(&self) -> EventId {
        self.deliver_of(Timestamp::now().minus(Duration::from_secs(30))).await
    }

    /// Delivers an event that begins now.
    pub(crate) async fn deliver_now(&self) -> EventId {
        self.deliver_of(Timestamp::now()).await
    }

    /// An event of its camera that began then, as its device seals it.
    pub(crate) fn sealed(&self, event: EventId, started_at: Timestamp) -> Vec<u8> {
        seal(&self.serving.sealer, event, started_at, &self.footage)
    }

    /// Delivers an event whose video has so many bytes, which began half a minute ago.
    pub(crate) async fn deliver_long(&self, bytes: usize) -> EventId {
        self.deliver_footage(&Footage { thumbnail: b"a long one".to_vec(), clip: vec![7; bytes] }).await
    }

    /// Delivers an event that consists of this, which began half a minute ago.
    pub(crate) async fn deliver_footage(&self, footage: &Footage) -> EventId {
        self.deliver_at(Timestamp::now().minus(Duration::from_secs(30)), footage).await
    }

    async fn deliver_of(&self, started_at: Timestamp) -> EventId {
        self.deliver_at(started_at, &self.footage).await
    }

    async fn deliver_at(&self, started_at: Timestamp, footage: &Footage) -> EventId {
        let event = EventId::generate();
        let object = seal(&self.serving.sealer, event, started_at, footage);
        assert_eq!(self.serving.put(event, object).send().await.unwrap().status(), 201);
        event
    }
}

fn seal(sealer: &CameraSealer, event: EventId, started_at: Timestamp, footage: &Footage) -> Vec<u8> {
    let motion = MotionTrack {
        began_ms: 3_000,
        ended_ms: 9_000,
        width: 640,
        height: 360,
        frames: 120,
        samples: vec![(0, 1), (100, 200)],
    };
    let mut sealing = sealer.begin(event, started_at, Vec::new()).unwrap();
    sealing.section(SectionKind::Thumbnail, &mut footage.thumbnail.as_slice()).unwrap();
    sealing.section(SectionKind::Clip, &mut footage.clip.as_slice()).unwrap();
    sealing.section(SectionKind::Motion, &mut motion.encode().as_slice()).unwrap();
    let ended_at = started_at.plus(Duration::from_secs(12));
    sealing.finish(ended_at, Label::Motion, LabelSource::Agent).unwrap().0
}

fn seal_still(sealer: &CameraSealer, event: EventId, picture: &[u8]) -> Vec<u8> {
    let now = Timestamp::now();
    let mut sealing = sealer.begin(event, now, Vec::new()).unwrap();
    sealing.section(SectionKind::Still, &mut { picture }).unwrap();
    sealing.finish(now, Label::Still, LabelSource::Agent).unwrap().0
}

/// Begins a test, and does what the device does until it has passed.
async fn pass_a_test(owner: &Person, home: &Home, device: &mut Device, of: &Value) -> TestId {
    let begun = owner.post(&format!("homes/{}/camera-tests", home.id), of).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let test: TestId = begun.json()["id"].as_str().unwrap().parse().unwrap();
    let configuration = device.configure().await;
    let assigned = configuration.tests.iter().find(|assigned| assigned.test == test).unwrap();
    let sealer = configuration.sealer(&assigned.camera);
    let picture = EventId::from_bytes(*test.as_bytes());
    let object = seal_still(&sealer, picture, b"a first picture");
    let stored = device.put(assigned.camera.camera, picture, object).send().await.unwrap();
    assert_eq!(stored.status(), 201);
    let steps = CameraTestStep::ALL.map(|step| StepReport {
        step,
        outcome: StepOutcome::Passed,
        detail: "a fact".into(),
    });
    report_a_test(device, &sealer, test, steps.into()).await;
    test
}

async fn report_a_test(device: &Device, sealer: &CameraSealer, test: TestId, steps: Vec<StepReport>) {
    let report = TestReport { test, at: Timestamp::now(), steps, done: true, look: None };
    let body = serde_json::to_vec(&report).unwrap();
    let report = json!({"reports": [{
        "kind": "test",
        "test_id": test,
        "body": BASE64URL_NOPAD.encode(&body),
        "tag": BASE64URL_NOPAD.encode(&sealer.tag_report(CameraReportKind::Test, &body)),
    }]});
    let taken = device.request(Method::POST, "reports").json(&report).send().await.unwrap();
    assert_eq!(taken.status(), 204);
}
