//! A whole pipeline against GStreamer's RTSP server.

use std::time::Duration;

use ownsight_camera::{
    CameraConfig, CameraOutput, CameraPipeline, Credentials, Event, EventConfig, EventEnd, Gap, GapReason,
};
use ownsight_model::{CameraAddress, CameraFault, CameraState, Timestamp};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout, timeout_at};

use crate::recorder::check_clip;
use crate::support::footage::FRAME_TICKS;
use crate::support::mp4::Mp4;
use crate::support::rtsp::GstCamera;
use crate::support::tools;

const PATIENCE: Duration = Duration::from_secs(45);

/// Short events, so that a test sees some.
pub(crate) fn config(address: &CameraAddress) -> CameraConfig {
    let event = EventConfig {
        pre_roll: Duration::from_secs(1),
        length: Duration::from_secs(4),
        length_max: Duration::from_secs(6),
        cool_down: Duration::from_secs(2),
        ..EventConfig::default()
    };
    CameraConfig { event, ..CameraConfig::new(address.clone(), Some(Credentials::new("anna", "secret"))) }
}

/// What a pipeline has said so far.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) states: Vec<CameraState>,
    gaps: Vec<Gap>,
    pub(crate) events: Vec<Event>,
    stills: usize,
}

impl Said {
    /// Listens until something is so.
    pub(crate) async fn until(
        &mut self,
        outputs: &mut Receiver<CameraOutput>,
        what: &str,
        is_so: impl Fn(&Self) -> bool,
    ) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            let output = timeout_at(deadline, outputs.recv()).await;
            let output = output
                .unwrap_or_else(|_| panic!("no {what}: {:?}, {} events", self.states, self.events.len()));
            self.hear(output.unwrap_or_else(|| panic!("no {what}: the pipeline has ended")));
        }
    }

    pub(crate) fn hear(&mut self, output: CameraOutput) {
        match output {
            CameraOutput::Status(status) => {
                assert!(!status.detail.contains("secret"));
                self.states.push(status.state);
            }
            CameraOutput::Gap(gap) => self.gaps.push(gap),
            CameraOutput::Event(event) => {
                let late = Timestamp::now().since(event.ended_at);
                assert!(late < Duration::from_secs(10), "{late:?} late");
                assert!(event.ended_at < Timestamp::now());
                self.events.push(*event);
            }
            CameraOutput::Still(still) => {
                assert!(still.jpeg.starts_with(&[0xff, 0xd8]));
                self.stills += 1;
            }
            CameraOutput::Stats(stats) => assert_eq!((stats.restarts, stats.frames_overrun), (0, 0)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_sends_by_udp_only() {
    if !GstCamera::available() {
        return;
    }
    let options = ["--transport", "udp", "--user", "anna", "--password", "secret"];
    let camera = GstCamera::start(&options);
    let (pipeline, mut outputs) = CameraPipeline::spawn(config(&camera.address));
    let mut said = Said::default();
    said.until(&mut outputs, "event by UDP", |said| !said.events.is_empty()).await;
    assert_eq!(said.states[..2], [CameraState::Connecting, CameraState::Records]);
    drop(pipeline);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_dies_and_comes_back() {
    if !GstCamera::available() {
        return;
    }
    let options = ["--user", "anna", "--password", "secret", "--audio"];
    let camera = GstCamera::start(&options);
    let (pipeline, mut outputs) = CameraPipeline::spawn(config(&camera.address));
    let mut said = Said::default();
    said.until(&mut outputs, "a first event and still", |said| said.events.len() == 1 && said.stills == 1)
        .await;
    assert_eq!(said.states, [CameraState::Connecting, CameraState::Records]);

    // In the middle of the second event, which begins two seconds after the first.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let port = camera.port();
    drop(camera);
    let died_at = Timestamp::now();
    said.until(&mut outputs, "an interrupted event", |said| said.events.len() == 2).await;
    assert_eq!(said.events[1].end, EventEnd::Interrupted);
    assert!(died_at.since(said.events[1].ended_at) < Duration::from_secs(2));
    said.until(&mut outputs, "offline", |said| {
        matches!(said.states.last(), Some(CameraState::Offline(CameraFault::ConnectionRefused)))
    })
    .await;
    let since = pipeline.status().borrow().since;
    assert!(since.since(died_at) < Duration::from_secs(3));

    let mut again = options.to_vec();
    again.extend(["--port", &port]);
    let camera = GstCamera::start(&again);
    let count = said.events.len();
    said.until(&mut outputs, "online again", |said| said.states.last() == Some(&CameraState::Records)).await;
    said.until(&mut outputs, "an event after it", |said| said.events.len() > count).await;
    let gap = said.gaps.first().expect("a gap");
    assert_eq!(gap.reason, GapReason::Camera(CameraFault::ConnectionRefused));
    assert!(gap.from <= died_at && gap.to > died_at, "{gap:?} around {died_at:?}");
    assert!(gap.from >= said.events[1].ended_at.shifted(-500_000));

    pipeline.request_still();
    let stills = said.stills;
    said.until(&mut outputs, "a still on demand", |said| said.stills > stills).await;

    // Stopping ends the running event and hands everything out.
    let stopping = tokio::spawn(pipeline.stop());
    while let Some(output) = timeout(PATIENCE, outputs.recv()).await.expect("the end") {
        said.hear(output);
    }
    stopping.await.unwrap();
    drop(camera);

    for event in &said.events {
        check_clip(event, FRAME_TICKS);
        assert!(!event.thumbnail.is_empty());
    }
    for pair in said.events.windows(2) {
        assert!(pair[0].ended_at < pair[1].started_at, "nothing is shown twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_with_h265_is_recorded_as_it_is() {
    if !GstCamera::available() || !tools::have_ffmpeg() {
        return;
    }
    let camera = GstCamera::start(&["--codec", "h265"]);
    let (pipeline, mut outputs) = CameraPipeline::spawn(config(&camera.address));
    let mut said = Said::default();
    said.until(&mut outputs, "two events and a still", |said| said.events.len() == 2 && said.stills > 0)
        .await;
    pipeline.stop().await;
    assert_eq!(said.states, [CameraState::Connecting, CameraState::Records]);
    for event in &said.events {
        check_clip(event, FRAME_TICKS);
        assert!(Mp4::parse(&event.clip.to_bytes()).h265);
        assert!(event.thumbnail.starts_with(&[0xff, 0xd8]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_pipeline_ends_it_at_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("rtsp://{}/", listener.local_addr().unwrap());
    let (pipeline, mut outputs) = CameraPipeline::spawn(config(&CameraAddress::parse(&address).unwrap()));
    let (_connection, _) = listener.accept().await.unwrap();
    drop(pipeline);
    let drained = async { while outputs.recv().await.is_some() {} };
    timeout(Duration::from_secs(2), drained).await.expect("the outputs end");
}

/// Half a minute by default; `OWNSIGHT_STILL_SECONDS` sets another length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_still_scene_over_rtsp_is_no_event() {
    if !GstCamera::available() || !tools::have_ffmpeg() {
        return;
    }
    let seconds = std::env::var("OWNSIGHT_STILL_SECONDS").map_or(30, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let movie = folder.path().join("still.mp4");
    tools::make_still_movie(&movie, 60, "27");
    let camera = GstCamera::play(&movie, &[]);
    let (pipeline, mut outputs) = CameraPipeline::spawn(CameraConfig::new(camera.address.clone(), None));
    let mut said = Said::default();
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while let Ok(output) = timeout_at(deadline, outputs.recv()).await {
        said.hear(output.expect("the pipeline goes on"));
    }
    assert_eq!(said.states, [CameraState::Connecting, CameraState::Records]);
    assert!(said.events.is_empty() && said.gaps.is_empty() && said.stills >= 1);
    drop(pipeline);
}
