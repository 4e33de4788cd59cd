//! The camera test tells exactly what is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ownsight_camera::{Credentials, Still, test_connection};
use ownsight_model::{CameraAddress, CameraFault, CameraTestStep, StepOutcome, StepReport};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::rtsp::{GstCamera, peer};
use crate::support::tools;

type Tested = (Result<Still, CameraFault>, Vec<StepReport>);

async fn test(address: &CameraAddress, credentials: Option<(&str, &str)>) -> Tested {
    let credentials = credentials.map(|(user, password)| Credentials::new(user, password));
    tested(address, credentials.as_ref()).await
}

async fn tested(address: &CameraAddress, credentials: Option<&Credentials>) -> Tested {
    let (sender, mut receiver) = mpsc::channel(8);
    let result = test_connection(address, credentials, None, &sender).await;
    drop(sender);
    let mut reports = Vec::new();
    while let Some(report) = receiver.recv().await {
        assert!(!report.detail.contains("secret"), "{report:?}");
        reports.push(report);
    }
    let steps: Vec<_> = reports.iter().map(|report| report.step).collect();
    assert_eq!(steps, CameraTestStep::ALL[..steps.len()]);
    (result, reports)
}

/// The test fails at this step with this fault, and all steps before it passed.
#[track_caller]
fn assert_fails((result, reports): &Tested, step: CameraTestStep, fault: CameraFault) {
    assert_eq!(result.as_ref().err(), Some(&fault), "{reports:?}");
    let (last, before) = reports.split_last().unwrap();
    assert_eq!((last.step, last.outcome), (step, StepOutcome::Failed(fault)), "{reports:?}");
    assert!(before.iter().all(|report| report.outcome == StepOutcome::Passed), "{reports:?}");
}

/// Tests a camera of GStreamer's server, which once in thousands of times plays a stream and then sends nothing. A person would try
/// again; a second time in a row is ours.
async fn test_again_if_it_stalls(address: &CameraAddress, credentials: (&str, &str)) -> Tested {
    let tested = test(address, Some(credentials)).await;
    if tested.0.as_ref().err() != Some(&CameraFault::Stalled) {
        return tested;
    }
    eprintln!("the server stalled, and is asked once more: {:?}", tested.1);
    test(address, Some(credentials)).await
}

#[track_caller]
fn assert_passes((result, reports): Tested) -> (Still, Vec<String>) {
    let still = result.unwrap_or_else(|fault| panic!("{fault:?}: {reports:?}"));
    assert_eq!(reports.len(), 6);
    (still, reports.into_iter().map(|report| report.detail).collect())
}

#[tokio::test]
async fn nobody_listens() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        CameraAddress::parse(&format!("rtsp://{}/", listener.local_addr().unwrap())).unwrap()
    };
    let tested = test(&address, None).await;
    assert_fails(&tested, CameraTestStep::Reached, CameraFault::ConnectionRefused);
}

#[tokio::test]
async fn the_name_is_unknown() {
    let address = CameraAddress::parse("rtsp://no-such-camera.invalid/").unwrap();
    assert_fails(&test(&address, None).await, CameraTestStep::Reached, CameraFault::NameUnknown);
}

#[tokio::test]
async fn it_is_a_web_server() {
    let address = peer(|_| Some("HTTP/1.1 400 Bad Request\nServer: nginx")).await;
    let tested = test(&address, None).await;
    assert_fails(&tested, CameraTestStep::Rtsp, CameraFault::NotRtsp);
    assert_eq!(tested.1[1].detail, "HTTP/1.1 400 Bad Request");
}

#[tokio::test]
async fn it_is_silent() {
    let address = peer(|_| None).await;
    assert_fails(&test(&address, None).await, CameraTestStep::Rtsp, CameraFault::NoAnswer);
}

const UNAUTHORIZED: &str =
    "RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Digest realm=\"camera\", nonce=\"1234\"";

#[tokio::test]
async fn the_password_is_refused_or_missing() {
    let answer = |method: &str| {
        Some(if method == "OPTIONS" { "RTSP/1.0 200 OK\nPublic: DESCRIBE" } else { UNAUTHORIZED })
    };
    let address = peer(answer).await;
    for credentials in [None, Some(("admin", "secret"))] {
        let tested = test(&address, credentials).await;
        assert_fails(&tested, CameraTestStep::Password, CameraFault::Unauthorized);
    }
}

/// Whether a peer was sent an `Authorization`, and how the test ended: with credentials that are given by Digest only.
async fn by_digest_only(answers: fn(&str) -> &'static str) -> (bool, Tested) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = CameraAddress::parse(&format!("rtsp://{}/", listener.local_addr().unwrap())).unwrap();
    let sent = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&sent);
    let camera = tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let noted = Arc::clone(&noted);
            tokio::spawn(async move {
                let (received, mut answer) = connection.into_split();
                let mut lines = BufReader::new(received).lines();
                let (mut method, mut number) = (String::new(), String::new());
                while let Ok(Some(line)) = lines.next_line().await {
                    if let Some(said) = line.strip_prefix("CSeq: ") {
                        said.clone_into(&mut number);
                    } else if line.to_ascii_lowercase().starts_with("authorization:") {
                        noted.store(true, Ordering::SeqCst);
                    } else if line.is_empty() {
                        let whole = answers(&method).replacen('\n', &format!("\r\nCSeq: {number}\r\n"), 1);
                        let _ = answer.write_all(whole.as_bytes()).await;
                        method.clear();
                    } else if method.is_empty() {
                        line.split(' ').next().unwrap().clone_into(&mut method);
                    }
                }
            });
        }
    });
    let credentials = Credentials::new("anna", "secret").by_digest_only();
    let tested = tested(&address, Some(&credentials)).await;
    camera.abort();
    (sent.load(Ordering::SeqCst), tested)
}

#[tokio::test]
async fn a_password_by_digest_only_goes_nowhere_in_clear_text() {
    for answers in [
        (|_: &str| "RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Basic realm=\"camera\"\r\n\r\n")
            as fn(&str) -> _,
        // Called Digest, and cannot be answered as one: Basic would be.
        |_| "RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Digest realm=\"a\"\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\n",
        |_| "RTSP/1.0 401 Unauthorized\n\r\n",
    ] {
        let (sent, tested) = by_digest_only(answers).await;
        assert!(!sent, "{tested:?}");
        assert_fails(&tested, CameraTestStep::Password, CameraFault::Refused);
        assert_eq!(tested.1[2].detail, "it takes the password in clear text only");
    }
    // Asks only once a stream is set up.
    let later = |method: &str| match method {
        "SETUP" => "RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Basic realm=\"camera\"\r\n\r\n",
        "DESCRIBE" => {
            "RTSP/1.0 200 OK\nContent-Type: application/sdp\r\nContent-Length: 82\r\n\r\n\
             v=0\r\ns=a\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID\r\n"
        }
        _ => "RTSP/1.0 200 OK\n\r\n",
    };
    let (sent, tested) = by_digest_only(later).await;
    assert!(!sent, "{tested:?}");
    assert_eq!(tested.0.as_ref().err(), Some(&CameraFault::Unauthorized), "{tested:?}");
    // And to one that asks for a Digest it goes.
    let digest = |_: &str| "RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Digest realm=\"camera\", nonce=\"1234\"\r\n\r\n";
    let (sent, tested) = by_digest_only(digest).await;
    assert!(sent, "{tested:?}");
    assert_fails(&tested, CameraTestStep::Password, CameraFault::Unauthorized);
}

#[tokio::test]
async fn cameras_without_a_stream_and_busy_ones() {
    let not_found = peer(|_| Some("RTSP/1.0 404 Not Found")).await;
    let few = peer(|_| Some("RTSP/1.0 453 Not Enough Bandwidth")).await;
    let busy = peer(|_| Some("RTSP/1.0 503 Service Unavailable")).await;
    for (address, fault) in
        [(not_found, CameraFault::NoSuchPath), (few, CameraFault::Busy), (busy, CameraFault::Busy)]
    {
        assert_fails(&test(&address, None).await, CameraTestStep::Path, fault);
    }
}

#[tokio::test]
async fn codecs_that_are_not_supported() {
    let mpeg4 = peer(|_| {
        Some(
            "RTSP/1.0 200 OK\nContent-Type: application/sdp\n\nv=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n\
             m=video 0 RTP/AVP 96\na=rtpmap:96 MP4V-ES/90000\n",
        )
    });
    let sound = peer(|_| {
        Some(
            "RTSP/1.0 200 OK\nContent-Type: application/sdp\n\nv=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n\
             m=audio 0 RTP/AVP 0\n",
        )
    });
    let tested = test(&mpeg4.await, None).await;
    assert_fails(&tested, CameraTestStep::Format, CameraFault::CodecNotSupported);
    assert_eq!(tested.1[4].detail, "MPEG-4 part 2");
    assert_fails(&test(&sound.await, None).await, CameraTestStep::Format, CameraFault::NoVideo);
}

/// Found by fuzzing: the library behind the RTSP library panics at such a description.
#[tokio::test]
async fn a_description_that_the_library_panics_at() {
    let address = peer(|_| {
        Some(
            "RTSP/1.0 200 OK\nContent-Type: application/sdp\n\nv=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n\
             mvideo=0 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        )
    });
    let tested = test(&address.await, None).await;
    assert_fails(&tested, CameraTestStep::Password, CameraFault::Broken);
}

#[tokio::test]
async fn a_camera_that_never_sends_a_picture() {
    let answer = |method: &str| match method {
        "SETUP" => Some("RTSP/1.0 200 OK\nSession: 1\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1"),
        "PLAY" => Some("RTSP/1.0 200 OK\nSession: 1"),
        _ => Some(
            "RTSP/1.0 200 OK\nContent-Type: application/sdp\n\nv=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n\
             m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1;\
             sprop-parameter-sets=Z01AH+ygYAk0IAAAAwAgAAADAoHjBjLA,aO+Ecg==\n",
        ),
    };
    let tested = test(&peer(answer).await, None).await;
    assert_eq!(tested.1[4].detail, "H.264 Main, 768×576, 10 frames/s");
    // Whichever deadline of ten seconds is first: no frame at all, or no key frame.
    let fault = tested.0.as_ref().unwrap_err();
    assert!(matches!(fault, CameraFault::NoKeyFrame | CameraFault::Stalled), "{fault:?}");
    assert_fails(&tested, CameraTestStep::Picture, *fault);
}

#[tokio::test]
async fn a_test_ends_when_nobody_listens_to_it() {
    let address = peer(|_| None).await;
    let (sender, receiver) = mpsc::channel(8);
    drop(receiver);
    let test = test_connection(&address, None, None, &sender);
    let ended = tokio::time::timeout(Duration::from_secs(2), test).await;
    assert!(ended.unwrap().is_err());
}

#[tokio::test]
async fn a_real_server_passes_all_steps() {
    if !GstCamera::available() {
        return;
    }
    for (scheme, audio) in [("digest", "--audio"), ("basic", "--path=/camera")] {
        let camera = GstCamera::start(&["--user", "anna", "--password", "secret", "--auth", scheme, audio]);
        let (still, details) =
            assert_passes(test_again_if_it_stalls(&camera.address, ("anna", "secret")).await);
        eprintln!("{details:?}");
        assert_eq!((still.width, still.height), (640, 480));
        assert!(still.jpeg.starts_with(&[0xff, 0xd8]) && still.jpeg.len() > 10_000);
        assert!(details[0].starts_with(&format!("127.0.0.1, port {}, in ", camera.port())));
        assert_eq!(details[2].to_lowercase(), scheme);
        assert_eq!(details[4], "H.264 Main, 768×576, 10 frames/s");
        assert_eq!(details[3].contains("sound (G.711) "), audio == "--audio");

        let wrong = test(&camera.address, Some(("anna", "secret?"))).await;
        assert_fails(&wrong, CameraTestStep::Password, CameraFault::Unauthorized);
        let missing = test(&camera.address, None).await;
        assert_fails(&missing, CameraTestStep::Password, CameraFault::Unauthorized);
        let other = format!("{}/no/such", camera.address.as_str());
        let lost = test(&CameraAddress::parse(&other).unwrap(), Some(("anna", "secret"))).await;
        assert_fails(&lost, CameraTestStep::Path, CameraFault::NoSuchPath);
    }
}

#[tokio::test]
async fn a_real_server_with_h265() {
    if !GstCamera::available() || !tools::have_ffmpeg() {
        return;
    }
    let camera = GstCamera::start(&["--codec", "h265"]);
    let tested = test(&camera.address, None).await;
    let still = tested.0.expect("a first picture");
    assert_eq!((still.width, still.height), (640, 480));
    assert!(still.jpeg.starts_with(&[0xff, 0xd8]));
    assert_eq!(tested.1[4].detail, "H.265 Main, 768×576, 10 frames/s");
}

#[tokio::test]
async fn a_real_server_that_sends_by_udp_only() {
    if !GstCamera::available() {
        return;
    }
    let camera =
        GstCamera::start(&["--transport", "udp", "--audio", "--user", "anna", "--password", "secret"]);
    let (still, details) = assert_passes(test_again_if_it_stalls(&camera.address, ("anna", "secret")).await);
    assert_eq!((still.width, still.height), (640, 480));
    assert!(details[5].ends_with(", by UDP"), "{details:?}");
}

#[tokio::test]
async fn a_real_server_that_sends_to_a_group_only() {
    if !GstCamera::available() {
        return;
    }
    let camera = GstCamera::start(&["--transport", "multicast"]);
    let tested = test(&camera.address, None).await;
    assert_fails(&tested, CameraTestStep::Picture, CameraFault::Refused);
    let detail = &tested.1[5].detail;
    assert!(detail.contains("unicast"), "{detail}");
}

#[tokio::test]
async fn a_camera_that_redirects_to_another_host() {
    let answer = |method: &str| {
        Some(if method == "OPTIONS" {
            "RTSP/1.0 200 OK\nPublic: DESCRIBE"
        } else {
            "RTSP/1.0 302 Moved Temporarily\nLocation: rtsp://localhost:8554/secret"
        })
    };
    let tested = test(&peer(answer).await, Some(("anna", "secret"))).await;
    assert_fails(&tested, CameraTestStep::Path, CameraFault::Refused);
    let detail = &tested.1[3].detail;
    assert!(detail.starts_with("302: it redirects to rtsp://localhost:8554, another host"), "{detail}");
}
