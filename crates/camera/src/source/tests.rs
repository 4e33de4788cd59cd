//! Streams of cameras that keep to a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ownsight_model::{CameraFault, FingerprintId, Timestamp};
use tokio::time::timeout;
use url::Url;

use super::scripted::{Script, Scripted, Sent, Takes};
use super::{Answer, Described, Fault, Found, Frame, SignIn, Stream, Way, find};
use crate::fingerprint::{Fingerprint, Guard, Known, KnownCamera};

/// A tenth of a second of RTP's clock.
const TENTH: u32 = 9000;

async fn play(camera: &Scripted) -> Result<Stream, Fault> {
    let answer = Answer {
        status: 200,
        challenges: Vec::new(),
        sign_in: SignIn::Clear,
        server: None,
        location: None,
        key: None,
    };
    let at = Found { url: Url::parse(&camera.address()).unwrap(), answer };
    let mut described = Described::connect(&at, None).await?;
    described.choose_video()?;
    described.play().await
}

async fn frames(stream: &mut Stream, count: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    while frames.len() < count {
        let next = timeout(Duration::from_secs(15), stream.next()).await.expect("a frame");
        frames.push(next.unwrap());
    }
    frames
}

/// Frames one after the other, the first a key frame.
fn steady(count: u32, first: u32) -> Vec<Sent> {
    (0..count).map(|index| Sent::frame(10, first.wrapping_add(index * TENTH), index == 0)).collect()
}

#[tokio::test]
async fn tcp_is_preferred() {
    let camera = Scripted::start(Script { sends: steady(5, 0), ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    assert_eq!(stream.way(), Way::Tcp);
    assert_eq!(frames(&mut stream, 4).await.len(), 4);
    let asked = camera.asked();
    assert!(asked.iter().all(|asked| !asked.contains("UDP")), "{asked:?}");
}

#[tokio::test]
async fn who_refuses_tcp_is_asked_for_udp_and_losses_are_counted() {
    let mut sends = steady(8, 0);
    sends[4].lost = 3;
    let camera = Scripted::start(Script { takes: Takes::Udp, sends, ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    assert_eq!(stream.way(), Way::Udp);
    let frames = frames(&mut stream, 7).await;
    let lost: Vec<_> = frames.iter().map(|frame| frame.lost).collect();
    assert_eq!(lost, [0, 0, 0, 0, 3, 0, 0]);
    assert!(frames[0].unit.key && frames.iter().all(|frame| !frame.jumped));
    let setups: Vec<_> = camera.asked().into_iter().filter(|asked| asked.starts_with("SETUP")).collect();
    assert!(setups.len() == 2 && setups[0].contains("TCP") && setups[1].contains("UDP"), "{setups:?}");
}

#[tokio::test]
async fn nothing_by_udp_is_told_with_what_may_be_the_cause() {
    let camera = Scripted::start(Script { takes: Takes::Udp, ..Script::default() }).await;
    let fault = play(&camera).await.unwrap().next().await.unwrap_err();
    assert_eq!(fault.kind, CameraFault::Stalled);
    assert!(fault.detail.contains("firewall"), "{fault:?}");
}

#[tokio::test]
async fn multicast_is_refused_with_what_to_do() {
    for (takes, group, told) in [
        (Takes::Nothing, "239.1.1.1/127", "multicast only"),
        (Takes::Nothing, "0.0.0.0", "neither over TCP nor by UDP"),
        (Takes::Multicast, "239.1.1.1/127", "multicast only"),
        (Takes::Multicast, "0.0.0.0", "such as multicast"),
    ] {
        let camera = Scripted::start(Script { takes, group, ..Script::default() }).await;
        let fault = play(&camera).await.err().expect("refused");
        assert_eq!(fault.kind, CameraFault::Refused);
        assert!(fault.detail.contains(told), "{takes:?} {group}: {fault:?}");
        let played = camera.asked().iter().any(|asked| asked.starts_with("PLAY"));
        assert!(!played, "{takes:?} {group}");
    }
    // A description that names a group says nothing against a camera that takes TCP.
    let script = Script { group: "239.1.1.1/127", sends: steady(2, 0), ..Script::default() };
    let camera = Scripted::start(script).await;
    assert_eq!(play(&camera).await.unwrap().way(), Way::Tcp);
}

/// A camera that answers a description with a redirection.
async fn redirecting(location: &str) -> Scripted {
    let instead = Some(format!("RTSP/1.0 302 Moved Temporarily\r\nLocation: {location}"));
    Scripted::start(Script { instead, ..Script::default() }).await
}

#[tokio::test]
async fn a_redirection_on_the_same_host_is_followed() {
    let camera = Scripted::start(Script { sends: steady(2, 0), ..Script::default() }).await;
    let first = redirecting(&camera.address()).await;
    let second = redirecting(&first.address()).await;
    for given in [second.address(), second.address().replace("127.0.0.1", "localhost")] {
        let found = find(&Url::parse(&given).unwrap()).await.unwrap();
        assert_eq!((found.url.as_str(), found.answer.status), (camera.address().as_str(), 200));
    }
}

#[tokio::test]
async fn a_redirection_to_another_host_or_without_an_end_is_not() {
    let other = Scripted::start(Script::default()).await;
    let away = redirecting(&other.address().replace("127.0.0.1", "localhost")).await;
    let fault = find(&Url::parse(&away.address()).unwrap()).await.unwrap_err();
    assert_eq!(fault.kind, CameraFault::Refused);
    let told = format!("rtsp://localhost:{}, another host", other.port);
    assert!(fault.detail.contains(&told), "{fault:?}");
    assert!(other.asked().is_empty());

    let circle = redirecting("/camera").await;
    let fault = find(&Url::parse(&circle.address()).unwrap()).await.unwrap_err();
    assert_eq!((fault.kind, fault.detail.as_str()), (CameraFault::Refused, "it redirects more than 3 times"));
    assert_eq!(circle.asked().len(), 4);
}

/// Remembers one camera in memory.
#[derive(Debug, Default)]
struct Remembered(Mutex<Option<Fingerprint>>);

impl KnownCamera for Remembered {
    fn known(&self) -> Known {
        self.0.lock().unwrap().clone().map_or(Known::Nothing, Known::Is)
    }

    fn accepted(&self) -> Option<FingerprintId> {
        None
    }

    fn keep(&self, fingerprint: &Fingerprint) {
        *self.0.lock().unwrap() = Some(fingerprint.clone());
    }
}

#[tokio::test]
async fn who_answers_behind_a_redirection_must_be_the_camera_that_is_known() {
    let asking = |serial: &str| Script {
        instead: Some(format!(
            "RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"Login to {serial}\", nonce=\"1\""
        )),
        ..Script::default()
    };
    let (ours, theirs) = (asking("4K04B2EPAG7D2A6"), asking("4K04B2EPAG00001"));
    let (ours, theirs) = (Scripted::start(ours).await, Scripted::start(theirs).await);
    let guard = Guard::new(Some(Arc::new(Remembered::default())));
    let to_ours = Url::parse(&redirecting(&ours.address()).await.address()).unwrap();
    let (at, passed) = guard.unasked(&to_ours).await.unwrap();
    assert_eq!(at.url.as_str(), ours.address());
    guard.described(passed, b"v=0\r\n").await.unwrap();
    guard.unasked(&to_ours).await.unwrap();
    let to_theirs = Url::parse(&redirecting(&theirs.address()).await.address()).unwrap();
    let fault = guard.unasked(&to_theirs).await.unwrap_err();
    assert_eq!(fault.kind, CameraFault::AnotherCamera);
}

#[tokio::test]
async fn times_that_jump_or_stand_end_no_stream() {
    let hour = 3600 * 90_000;
    // On across the wrap, an hour ahead, two back, one ahead, and then the same time again and again.
    let first = u32::MAX - 4 * TENTH;
    let starts = [first, first.wrapping_add(hour), first.wrapping_sub(hour)];
    let mut sends: Vec<_> = starts.iter().flat_map(|start| steady(10, *start)).collect();
    sends.extend((0..10).map(|_| Sent::frame(10, 4711, true)));
    let camera = Scripted::start(Script { sends, ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    let frames = frames(&mut stream, 39).await;
    let jumps: Vec<_> = (0..39).filter(|index| frames[*index].jumped).collect();
    assert_eq!(jumps, [10, 20, 30]);
    for frame in &frames {
        let off = Timestamp::now().as_micros() - frame.unit.at.as_micros();
        assert!(off.abs() < 3_000_000, "{off} us");
    }
    assert!(frames[31..].iter().all(|frame| frame.unit.pts == frames[30].unit.pts));
}

#[tokio::test]
async fn parameter_sets_that_change_are_the_next_frames_format() {
    let other_sets = vec![
        vec![
            0x67, 0x4d, 0x40, 0x16, 0xd9, 0x00, 0xa0, 0x3d, 0xb0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00,
            0x00, 0x03, 0x00, 0x14, 0x0f, 0x16, 0x2e, 0x48,
        ],
        vec![0x68, 0xeb, 0xc3, 0xcb, 0x20],
    ];
    let mut sends = steady(8, 0);
    sends[4] = Sent::frame(10, 4 * TENTH, true);
    sends[4].units.splice(0..0, other_sets);
    let camera = Scripted::start(Script { sends, ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    let frames = frames(&mut stream, 7).await;
    let widths: Vec<_> = frames.iter().map(|frame| frame.unit.format.width()).collect();
    assert_eq!(widths, [768, 768, 768, 768, 640, 640, 640]);
    assert!(frames[4].unit.key && !frames[4].jumped);
    // The sets stand in the format, and not among the frame's units a second time.
    assert_eq!(frames[4].unit.data.len(), frames[0].unit.data.len());
}

/// Watches a camera for 14 s whose session lives 6 s; what it was asked for since it plays.
async fn kept_alive(takes: Takes, public: &'static str) -> Vec<String> {
    let sends = (0..200).map(|index| Sent::frame(100, index * TENTH, index % 10 == 0)).collect();
    let session = Duration::from_secs(6);
    let camera = Scripted::start(Script { takes, public, session, sends, ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    frames(&mut stream, 140).await;
    let asked = camera.asked();
    let playing = asked.iter().position(|asked| asked == "PLAY").unwrap();
    asked[playing + 1..].to_vec()
}

#[tokio::test]
async fn sessions_are_kept_alive_by_what_the_camera_knows() {
    let plain = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN";
    let (by_options, by_udp, by_parameter) = tokio::join!(
        kept_alive(Takes::Tcp, plain),
        kept_alive(Takes::Udp, plain),
        kept_alive(Takes::Tcp, "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER"),
    );
    for asked in [&by_options, &by_udp] {
        assert!(asked.len() >= 3 && asked.iter().all(|asked| asked == "OPTIONS"), "{asked:?}");
    }
    let (first, others) = by_parameter.split_first().unwrap();
    assert_eq!(first, "OPTIONS");
    assert!(others.len() >= 2 && others.iter().all(|asked| asked == "GET_PARAMETER"), "{others:?}");
}

#[tokio::test]
async fn a_stream_that_begins_within_a_frame_is_taken_from_the_next() {
    // Two packets of a key frame that began before (RFC 6184, 5.8): neither has the bit of a beginning.
    let rest = vec![vec![0x7c, 0x05, 0x11, 0x22], vec![0x7c, 0x45, 0x33, 0x44]];
    let mut sends = vec![Sent { units: rest, ..Sent::frame(10, 0, false) }];
    sends.extend(steady(4, TENTH));
    let camera =
        Scripted::start(Script { takes: Takes::Udp, sends: sends.clone(), ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    let first = frames(&mut stream, 3).await.remove(0);
    assert!(first.unit.key && first.lost == 0);
    // Behind a first frame it is what it is: no stream to go on with.
    sends.rotate_left(1);
    let camera = Scripted::start(Script { sends, ..Script::default() }).await;
    let mut stream = play(&camera).await.unwrap();
    frames(&mut stream, 4).await;
    assert_eq!(stream.next().await.unwrap_err().kind, CameraFault::Broken);
}
