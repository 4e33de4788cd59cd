//! Two homes whose cameras have the same user, password, path and format exchange their addresses, as a router does that
//! hands them out anew.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use ownsight_camera::{CameraConfig, CameraOutput, CameraPipeline, Credentials};
use ownsight_camera_sim::{AuthScheme, CameraSim, Identity, PRESETS, SimCamera, watermark};
use ownsight_model::{
    AnotherCamera, CameraAddress, CameraFault, CameraReport, CameraState, CameraTestStep, FingerprintPart,
    SectionKind, StepOutcome, TestId, TestReport,
};

use crate::support::{TestCamera, eventually};
use crate::tls_front::{CAMERA_A, CAMERA_B, TlsFront};
use crate::{Agent, PASSWORD, USER, World};

const PATH: &str = PRESETS[0].path;
/// Serial numbers of two cameras of one model.
const SERIALS: [&str; 2] = ["Login to 4K04B2EPAG7D2A6", "Login to 4K04B2EPAG00001"];

/// One home, its agent, and the camera that was added.
struct House {
    world: World,
    agent: Agent,
    camera: TestCamera,
    address: SocketAddr,
}

fn identity(realm: &str) -> Identity {
    Identity { realm: realm.to_owned(), ..Identity::default() }
}

/// The camera of a home: its pictures say so themselves.
async fn camera_of(home: u16, identity: Identity, scheme: AuthScheme, at: Option<SocketAddr>) -> CameraSim {
    let camera = SimCamera::new(PATH, PRESETS[0].view)
        .watermark(home, 1)
        .credentials_by(scheme, USER, PASSWORD)
        .identity(identity);
    let mut builder = CameraSim::builder().camera(camera);
    if let Some(address) = at {
        builder = builder.bind(address);
    }
    builder.start().await.unwrap()
}

impl House {
    async fn new(home: u16, realm: &str) -> Self {
        let sim = camera_of(home, identity(realm), AuthScheme::Digest, None).await;
        let address = sim.addr();
        let mut world = World::with(sim);
        let agent = world.pair().await;
        let camera = world.camera();
        world.configure(1, &[&camera], &[]);
        Self { world, agent, camera, address }
    }

    fn last_report(&self) -> Option<CameraReport> {
        let mut reports = self.world.server.shared.reports_of("camera").into_iter();
        let of_it = |named: &serde_json::Value| named["camera_id"] == self.camera.id().to_string();
        let (body, tag, _) = reports.rfind(|(_, _, named)| of_it(named))?;
        let device = self.world.home.device;
        self.camera
            .secret
            .verify_report(ownsight_seal::CameraReportKind::State, device, &body, &tag)
            .unwrap();
        Some(serde_json::from_slice(&body).unwrap())
    }

    /// Which homes' cameras are on what this home was given, of events (or of everything).
    fn seen(&self, events_only: bool) -> BTreeSet<u16> {
        let objects = self.world.server.shared.objects();
        let pictures = objects.iter().filter_map(|(_, _, object)| {
            let thumbnail = self.camera.open(object, SectionKind::Thumbnail);
            let still = || self.camera.open(object, SectionKind::Still);
            if events_only { thumbnail } else { thumbnail.or_else(still) }
        });
        pictures.map(|jpeg| home_on(&jpeg)).collect()
    }

    async fn sees(&self, home: u16) {
        eventually("a picture", || self.seen(false).contains(&home).then_some(())).await;
    }

    /// An event of a home's camera. People walk by all the time, but not all of the time.
    async fn gets_event_of(&self, home: u16) {
        for _ in 0..4 {
            for _ in 0..100 {
                if self.seen(true).contains(&home) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        panic!("no event of the camera of home {home} in 80 s");
    }

    /// What the agent says of the camera that is not the one that was added.
    async fn refuses(&self) -> AnotherCamera {
        eventually("that it is another camera", || {
            let report = self.last_report()?;
            let is_so = report.state == CameraState::Offline(CameraFault::AnotherCamera);
            is_so.then(|| report.another.expect("what differs"))
        })
        .await
    }

    async fn records(&self) {
        eventually("that it records", || {
            let report = self.last_report()?;
            assert!(report.another.is_none() || report.state != CameraState::Records);
            (report.state == CameraState::Records).then_some(())
        })
        .await;
    }
}

fn home_on(jpeg: &[u8]) -> u16 {
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    let luma = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    watermark::read(&luma, width, height, width).expect("a watermark").home
}

/// Two homes that have recorded from their own cameras, and then find the other's at their address.
async fn swapped(realms: [&str; 2]) -> [House; 2] {
    let mut houses = [House::new(1, realms[0]).await, House::new(2, realms[1]).await];
    for (house, home) in houses.iter().zip([1, 2]) {
        house.sees(home).await;
        house.records().await;
    }
    let [one, two] = &mut houses;
    let addresses = [one.address, two.address];
    std::mem::replace(&mut one.world.sim, CameraSim::builder().start().await.unwrap()).stop().await;
    std::mem::replace(&mut two.world.sim, CameraSim::builder().start().await.unwrap()).stop().await;
    one.world.sim = camera_of(2, identity(realms[1]), AuthScheme::Digest, Some(addresses[0])).await;
    two.world.sim = camera_of(1, identity(realms[0]), AuthScheme::Digest, Some(addresses[1])).await;
    houses
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_camera_at_the_same_address_is_not_recorded() {
    let [mut one, mut two] = swapped(SERIALS).await;
    for (house, others) in [(&one, SERIALS), (&two, [SERIALS[1], SERIALS[0]])] {
        let another = house.refuses().await;
        let [difference] = &another.differs[..] else { panic!("{another:?}") };
        assert_eq!(difference.part, FingerprintPart::Realm);
        assert_eq!(
            (difference.known.as_deref(), difference.seen.as_deref()),
            (Some(others[0]), Some(others[1]))
        );
    }

    // An agent that begins anew knows it all the same.
    one.agent.stop().await;
    one.agent = one.world.start(None);
    let count = || one.world.server.shared.reports_of("camera").len();
    let before = count();
    eventually("that it has begun anew", || (count() > before).then_some(())).await;
    let another = one.refuses().await;
    // Long enough for the footage to become events, as the control shows.
    tokio::time::sleep(Duration::from_secs(30)).await;
    for (house, own) in [(&one, 1), (&two, 2)] {
        assert_eq!(house.seen(false), BTreeSet::from([own]));
        assert_eq!(house.world.sim.passwords_seen(PATH), Ok(0), "no stranger is answered");
    }

    // To say so of another camera than the one that is there changes nothing.
    let theirs = two.refuses().await.fingerprint;
    one.world.configure(2, &[&one.camera.clone().accepting(theirs)], &[]);
    let shared = one.world.server.shared.clone();
    eventually("that it is in use", || shared.polls().iter().any(|(after, _)| *after == 2).then_some(()))
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(one.refuses().await, another);
    assert_eq!(one.world.sim.passwords_seen(PATH), Ok(0));

    // One home says that this is its camera. The other's comes back by itself.
    one.world.configure(3, &[&one.camera.clone().accepting(another.fingerprint)], &[]);
    one.sees(2).await;
    one.records().await;
    one.gets_event_of(2).await;
    two.world.sim.stop().await;
    two.world.sim = camera_of(2, identity(SERIALS[1]), AuthScheme::Digest, Some(two.address)).await;
    let stills = two.world.server.shared.objects().len();
    eventually_long("that its own camera records", || {
        let more = two.world.server.shared.objects().len() > stills;
        (two.last_report()?.state == CameraState::Records && more).then_some(())
    })
    .await;
    assert_eq!(two.seen(false), BTreeSet::from([2]));

    // What was accepted is known from then on, also without being named.
    one.agent.stop().await;
    one.agent = one.world.start(None);
    one.records().await;
    one.agent.stop().await;
    two.agent.stop().await;
}

/// The control with the check switched off: the same exchange, and a pipeline that knows no camera, as what measures has it.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_check_switched_off_the_neighbours_footage_comes_in() {
    let ours = camera_of(1, identity(SERIALS[0]), AuthScheme::Digest, None).await;
    let at = ours.addr();
    let address = CameraAddress::parse(&ours.url(PATH)).unwrap();
    let mut config = CameraConfig::new(address, Some(Credentials::new(USER, PASSWORD)));
    config.still_interval = Duration::from_secs(1);
    assert!(config.known.is_none());
    let (_pipeline, mut outputs) = CameraPipeline::spawn(config);
    let mut still_of = async |home: u16| {
        let found = async {
            while let Some(output) = outputs.recv().await {
                if matches!(output, CameraOutput::Still(still) if home_on(&still.jpeg) == home) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), found).await.expect("a still of the home's camera");
    };
    still_of(1).await;
    ours.stop().await;
    let theirs = camera_of(2, identity(SERIALS[1]), AuthScheme::Digest, Some(at)).await;
    still_of(2).await;
    assert!(theirs.passwords_seen(PATH).unwrap() > 0, "and it was answered");
}

/// The control: where nothing tells the cameras apart, the arrangement does bring a neighbour's footage in.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_difference_the_neighbours_footage_comes_in() {
    let [one, two] = swapped(["RTSP", "RTSP"]).await;
    one.gets_event_of(2).await;
    two.sees(1).await;
    one.agent.stop().await;
    two.agent.stop().await;
}

/// The same with TLS: what cannot be told apart by what it says is told apart by its key, before any password.
#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_camera_of_the_same_model_has_another_tls_key() {
    let ours = camera_of(1, identity("RTSP"), AuthScheme::Digest, None).await;
    let theirs = camera_of(2, identity("RTSP"), AuthScheme::Digest, None).await;
    let front = TlsFront::start(ours.addr().port(), &[CAMERA_A]).await;
    let address = ours.addr();
    let url =
        ours.url(PATH).replace(&format!("rtsp://{address}/"), &format!("rtsps://127.0.0.1:{}/", front.port));
    let mut world = World::with(ours);
    let agent = world.pair().await;
    let camera = world.home.camera().at(&url, USER, PASSWORD);
    world.configure(1, &[&camera], &[]);
    let mut house = House { world, agent, camera, address };
    house.sees(1).await;
    house.records().await;
    assert!(house.world.sim.passwords_seen(PATH).unwrap() > 0);

    front.becomes(theirs.addr().port(), CAMERA_B);
    // What is under way goes on until its camera ends it.
    std::mem::replace(&mut house.world.sim, CameraSim::builder().start().await.unwrap()).stop().await;
    let another = house.refuses().await;
    let [difference] = &another.differs[..] else { panic!("{another:?}") };
    assert_eq!(difference.part, FingerprintPart::TlsKey);
    assert!(difference.seen.as_deref().unwrap().starts_with("SHA256:"), "{difference:?}");
    assert_eq!(theirs.passwords_seen(PATH), Ok(0), "no stranger is answered");
    assert_eq!(house.seen(false), BTreeSet::from([1]));

    // Somebody of the home says that it is the camera, with a new certificate.
    house.world.configure(2, &[&house.camera.clone().accepting(another.fingerprint)], &[]);
    house.sees(2).await;
    house.records().await;
    assert!(theirs.passwords_seen(PATH).unwrap() > 0);
    house.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_given_to_who_asks_for_it_in_the_clear() {
    let mut house = House::new(1, SERIALS[0]).await;
    house.records().await;
    std::mem::replace(&mut house.world.sim, CameraSim::builder().start().await.unwrap()).stop().await;
    // It even has the right serial number.
    house.world.sim = camera_of(2, identity(SERIALS[0]), AuthScheme::Basic, Some(house.address)).await;
    let another = house.refuses().await;
    assert_eq!(another.differs[0].part, FingerprintPart::SignIn);
    assert_eq!(house.world.sim.passwords_seen(PATH), Ok(0));
    house.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_the_camera_is_no_question_and_another_address_is_another_camera() {
    let mut house = House::new(1, SERIALS[0]).await;
    house.records().await;
    std::mem::replace(&mut house.world.sim, CameraSim::builder().start().await.unwrap()).stop().await;
    let updated = Identity {
        origin: "StreamingServer".to_owned(),
        tool: "a new one".to_owned(),
        server: Some("Rtsp Server/4.0".to_owned()),
        ..identity(SERIALS[0])
    };
    house.world.sim = camera_of(1, updated, AuthScheme::Digest, Some(house.address)).await;
    eventually("that it is looked at", || (house.world.sim.passwords_seen(PATH) != Ok(0)).then_some(()))
        .await;
    house.records().await;

    // Its owner replaces it, at another address.
    let other = camera_of(2, identity(SERIALS[1]), AuthScheme::Digest, None).await;
    let moved = house.camera.clone().at(&other.url(PATH), USER, PASSWORD);
    house.world.configure(2, &[&moved], &[]);
    house.sees(2).await;
    house.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_gives_a_stranger_neither_a_password_nor_a_picture_and_a_draft_learns() {
    let mut house = House::new(1, SERIALS[0]).await;
    house.records().await;
    std::mem::replace(&mut house.world.sim, CameraSim::builder().start().await.unwrap()).stop().await;
    house.world.sim = camera_of(2, identity(SERIALS[1]), AuthScheme::Digest, Some(house.address)).await;
    house.refuses().await;
    let (draft, test) = (house.world.camera(), TestId::generate());
    house.world.configure(2, &[&house.camera], &[(test, &draft)]);
    let report = done(&house, test).await;
    let last = report.steps.last().unwrap();
    assert_eq!(last.step, CameraTestStep::Password);
    assert_eq!(last.outcome, StepOutcome::Failed(CameraFault::AnotherCamera));
    assert_eq!(house.world.sim.passwords_seen(PATH), Ok(0));

    // At an address of its own the draft is tested, and is from then on what it was then.
    let third = camera_of(3, identity("IP Camera(23435)"), AuthScheme::Digest, None).await;
    let at = third.addr();
    let (draft, test) = (house.world.home.camera().at(&third.url(PATH), USER, PASSWORD), TestId::generate());
    house.world.configure(3, &[&house.camera], &[(test, &draft)]);
    let report = done(&house, test).await;
    assert_eq!(report.steps.last().unwrap().outcome, StepOutcome::Passed, "{report:?}");
    third.stop().await;
    let fourth = camera_of(4, identity("IP Camera(C4321)"), AuthScheme::Digest, Some(at)).await;
    house.world.configure(4, &[&draft], &[]);
    house.camera = draft;
    house.refuses().await;
    assert_eq!(fourth.passwords_seen(PATH), Ok(0));
    house.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_not_the_same_as_none() {
    let mut house = House::new(1, SERIALS[0]).await;
    house.records().await;
    house.agent.stop().await;
    let path = house.world.folder.path().join(format!("program-fingerprint-{}.json", house.camera.id()));
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    house.agent = house.world.start(None);
    let another = house.refuses().await;
    assert_eq!(another.differs[0].part, FingerprintPart::Kept);
    house.world.configure(2, &[&house.camera.clone().accepting(another.fingerprint)], &[]);
    house.records().await;
    house.agent.stop().await;

    // A camera that is no longer this agent's leaves nothing behind.
    assert!(path.exists());
    house.agent = house.world.start(None);
    house.world.configure(3, &[], &[]);
    eventually("that it is forgotten", || (!path.exists()).then_some(())).await;
    house.agent.stop().await;
}

async fn done(house: &House, test: TestId) -> TestReport {
    eventually_long("the test's end", || {
        let reports = house.world.server.shared.reports_of("test").into_iter();
        let mut reports = reports.map(|(body, _, _)| serde_json::from_slice::<TestReport>(&body).unwrap());
        reports.find(|report| report.test == test && report.done)
    })
    .await
}

/// As [`eventually`], for what waits for an agent's next attempt: up to a minute after many.
async fn eventually_long<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..900 {
        if let Some(value) = found() {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("did not come about: {what}");
}
