//! Answers as cameras of known makers give them, in `fixtures`: what is chosen of them, and what they are known by.

use std::sync::{Arc, Mutex};

use ownsight_camera::{Credentials, KnownCamera, test_connection};
use ownsight_model::{CameraAddress, CameraFault, CameraTestStep, StepReport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::remembered::Remembered;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/", $name, ".txt"))
    };
}

/// Answers like a camera, until it is to play: then it ends the connection.
async fn camera(
    unauthorized: Option<&'static str>,
    described: &'static str,
) -> (CameraAddress, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = CameraAddress::parse(&format!("rtsp://{}/stream", listener.local_addr().unwrap())).unwrap();
    let set_up = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&set_up);
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(connection, unauthorized, described, Arc::clone(&kept)));
        }
    });
    (address, set_up)
}

async fn serve(
    mut connection: TcpStream,
    unauthorized: Option<&str>,
    described: &str,
    set_up: Arc<Mutex<String>>,
) {
    let mut received = Vec::new();
    while let Ok(1..) = connection.read_buf(&mut received).await {
        while let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") {
            let request = String::from_utf8(received.drain(..end + 4).collect()).unwrap();
            let header = |name: &str| request.lines().find_map(|line| line.strip_prefix(name));
            let mut words = request.split(' ');
            let answer = match (words.next().unwrap(), unauthorized) {
                ("OPTIONS", _) => "RTSP/1.0 200 OK\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY",
                ("PLAY", _) => return,
                (_, Some(unauthorized)) if header("Authorization: ").is_none() => unauthorized,
                ("SETUP", _) => {
                    words.next().unwrap().clone_into(&mut set_up.lock().unwrap());
                    "RTSP/1.0 200 OK\nSession: 1\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1"
                }
                _ => described,
            };
            let (head, body) = answer.split_once("\n\n").unwrap_or((answer.trim_end(), ""));
            let (head, body) = (head.replace('\n', "\r\n"), body.replace('\n', "\r\n"));
            let number = header("CSeq: ").unwrap();
            let whole = format!("{head}\r\nCSeq: {number}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let _ = connection.write_all(whole.as_bytes()).await;
        }
    }
}

/// The steps of a test, what the camera is known by after it, and which stream was set up.
async fn tried(
    unauthorized: Option<&'static str>,
    described: &'static str,
) -> (Vec<StepReport>, String, String) {
    let (address, set_up) = camera(unauthorized, described).await;
    let known = Arc::new(Remembered::default());
    let (sender, mut receiver) = mpsc::channel(8);
    let credentials = Credentials::new("admin", "secret");
    let keeper: Arc<dyn KnownCamera> = Arc::clone(&known) as Arc<dyn KnownCamera>;
    let tested = test_connection(&address, Some(&credentials), Some(keeper), &sender).await;
    assert!(tested.is_err(), "it sends no pictures");
    drop(sender);
    let mut reports = Vec::new();
    while let Some(report) = receiver.recv().await {
        reports.push(report);
    }
    let known = known.0.lock().unwrap().as_ref().map(|known| known.to_stored("a camera"));
    let set_up = set_up.lock().unwrap().clone();
    (reports, known.unwrap_or_default(), set_up)
}

#[tokio::test]
async fn the_video_is_chosen_and_the_camera_known() {
    type Case = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);
    let cases: [Case; 6] = [
        (
            fixture!("hikvision_unauthorized"),
            fixture!("hikvision_describe"),
            "trackID=1",
            "1 video, sound (G.711) ",
            &["realm IP Camera(23435)", "session Media Presentation"],
        ),
        (
            fixture!("dahua_unauthorized"),
            fixture!("dahua_describe"),
            "trackID=0",
            "1 video, sound (AAC) ",
            &["realm Login to 4K04B2EPAG7D2A6", "session Media Server"],
        ),
        (
            fixture!("reolink_unauthorized"),
            fixture!("reolink_describe"),
            "track1",
            "1 video, sound (AAC) ",
            &[
                "realm BC Streaming Media",
                "session Session streamed by \"preview\"",
                "tool BC Streaming Media #",
            ],
        ),
        (
            fixture!("axis_unauthorized"),
            fixture!("axis_describe"),
            "stream=0",
            "1 video",
            &["realm AXIS_ACCC8E012345", "server GStreamer RTSP server", "tool GStreamer"],
        ),
        (
            fixture!("tapo_unauthorized"),
            fixture!("tapo_describe"),
            "track1",
            "1 video, sound (G.711) ",
            &["realm TP-Link IP-Camera", "session Session streamed by \"TP-LINK RTSP Server\""],
        ),
        (
            fixture!("uniview_unauthorized"),
            fixture!("uniview_describe"),
            "media/video1/video",
            "1 video",
            &["realm 48ea63a1b2c3", "session VCP IPC Realtime stream"],
        ),
    ];
    for (unauthorized, described, control, offers, parts) in cases {
        let (reports, known, set_up) = tried(Some(unauthorized), described).await;
        let details: Vec<_> = reports.iter().map(|report| report.detail.as_str()).collect();
        assert_eq!(details[2], "Digest", "{reports:?}");
        // What becomes of the sound depends on the machine.
        let offered =
            if offers.ends_with(' ') { details[3].starts_with(offers) } else { details[3] == offers };
        assert!(offered, "{reports:?}");
        assert!(details[4].starts_with("H.264 Main, 768×576"), "{reports:?}");
        assert_eq!(reports[5].step, CameraTestStep::Picture);
        assert!(set_up.ends_with(control), "{set_up}");
        let lines: Vec<_> = known.lines().collect();
        assert!(lines.contains(&"asks digest"), "{known}");
        for part in parts {
            assert!(lines.contains(part), "{part} in {known}");
        }
    }
}

#[tokio::test]
async fn motion_jpeg_is_named() {
    let (reports, known, _) = tried(None, fixture!("esp32_describe")).await;
    let last = reports.last().unwrap();
    assert_eq!((last.step, last.detail.as_str()), (CameraTestStep::Format, "Motion JPEG"));
    assert_eq!(last.outcome, ownsight_model::StepOutcome::Failed(CameraFault::CodecNotSupported));
    assert!(known.contains("\nasks nothing\n"), "{known}");
}
