//! Streams of cameras that keep to a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ownsight_model::{CameraFault, FingerprintId};
use tokio::time::timeout;
use url::Url;

use super::scripted::{Script, Scripted, Sent, Takes};
use super::{Described, Fault, Frame, Stream, Way, find};
use crate::fingerprint::{Fingerprint, Guard, Known, KnownCamera};

/// A tenth of a second of RTP's clock.
const TENTH: u32 = 9000;

async fn play(camera: &Scripted) -> Result<Stream, Fault> {
    let url = Url::parse(&camera.address()).unwrap();
    let mut described = Described::connect(&url, None).await?;
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
    assert_eq!(at.as_str(), ours.address());
    guard.described(passed, b"v=0\r\n").await.unwrap();
    guard.unasked(&to_ours).await.unwrap();
    let to_theirs = Url::parse(&redirecting(&theirs.address()).await.address()).unwrap();
    let fault = guard.unasked(&to_theirs).await.unwrap_err();
    assert_eq!(fault.kind, CameraFault::AnotherCamera);
}
