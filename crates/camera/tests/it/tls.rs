//! Cameras over TLS: GStreamer's server with a certificate, and peers whose handshake fails.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ownsight_camera::{CameraConfig, CameraPipeline, Credentials, KnownCamera, Still, test_connection};
use ownsight_model::{CameraAddress, CameraFault, CameraState, CameraTestStep, StepOutcome, StepReport};
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::pipeline::{Said, config};
use crate::support::remembered::Remembered;
use crate::support::rtsp::{GstCamera, peer};

fn certificate(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/tls");
    folder.join(name).to_str().unwrap().to_owned()
}

async fn tested(
    address: &CameraAddress,
    known: Option<Arc<dyn KnownCamera>>,
) -> (Result<Still, CameraFault>, Vec<StepReport>) {
    let (sender, mut receiver) = mpsc::channel(8);
    let credentials = Credentials::new("anna", "secret").by_digest_only();
    let result = test_connection(address, Some(&credentials), known, &sender).await;
    drop(sender);
    let mut reports = Vec::new();
    while let Some(report) = receiver.recv().await {
        reports.push(report);
    }
    (result, reports)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_server_is_recorded_over_tls_until_it_has_another_key() {
    if !GstCamera::available() {
        return;
    }
    let options = |name| {
        let known = ["--user", "anna", "--password", "secret", "--tls"].map(str::to_owned);
        known.into_iter().chain([certificate(name)]).collect::<Vec<_>>()
    };
    let start = |options: &[String]| {
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        GstCamera::start(&options)
    };
    let camera = start(&options("a.pem"));
    assert!(camera.address.is_encrypted());
    let known = Arc::new(Remembered::default());
    let (result, reports) = tested(&camera.address, Some(known.clone())).await;
    assert!(result.is_ok(), "{reports:?}");
    let details: Vec<_> = reports.iter().map(|report| report.detail.as_str()).collect();
    // As `openssl` says it, see docs/cameras.md.
    let key = "0E555O+8au1bFtIaimzsdF3X/UK56yzT4TqFpc9CNo0";
    assert_eq!(
        (details[1], details[2]),
        (format!("RTSP/1.0 over TLS 1.3, key SHA256:{key}").as_str(), "Digest")
    );

    let config = CameraConfig { known: Some(known.clone()), ..config(&camera.address) };
    let (pipeline, mut outputs) = CameraPipeline::spawn(config);
    let mut said = Said::default();
    said.until(&mut outputs, "an event over TLS", |said| !said.events.is_empty()).await;
    assert_eq!(said.states, [CameraState::Connecting, CameraState::Records]);

    // The same address, user, password and program, and another key.
    let mut other = options("b.pem");
    other.extend(["--port".to_owned(), camera.port()]);
    drop(camera);
    let _other = start(&other);
    let another = CameraState::Offline(CameraFault::AnotherCamera);
    said.until(&mut outputs, "another camera", |said| said.states.last() == Some(&another)).await;
    drop(pipeline);
}

/// A peer that says this to whoever connects, and closes.
async fn saying(words: &'static [u8]) -> CameraAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut heard = [0; 4096];
            let _ = connection.read(&mut heard).await;
            let _ = connection.write_all(words).await;
            let _ = connection.shutdown().await;
        }
    });
    CameraAddress::parse(&format!("rtsps://127.0.0.1:{port}/camera")).unwrap()
}

fn with_tls(address: &CameraAddress) -> CameraAddress {
    CameraAddress::parse(&address.as_str().replacen("rtsp://", "rtsps://", 1)).unwrap()
}

#[tokio::test]
async fn a_handshake_that_fails_is_told_with_what_to_do() {
    let plain = with_tls(&peer(|_| Some("RTSP/1.0 200 OK")).await);
    let answers = saying(b"RTSP/1.0 400 Bad Request\r\n\r\n").await;
    let closes = saying(b"").await;
    let old = saying(&[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70]).await;
    let ciphers = saying(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 40]).await;
    // All at once, for those that take their time.
    let cases = [
        (answers, "does not speak TLS at this port"),
        (closes, "closed the connection in the TLS handshake"),
        (old, "neither TLS 1.2 nor 1.3"),
        (ciphers, "neither TLS 1.2 nor 1.3"),
        (plain, "no answer to TLS in 5 s"),
    ];
    let tests = cases.map(|(address, told)| async move { (told, tested(&address, None).await) });
    for (told, (result, reports)) in futures_util::future::join_all(tests).await {
        let (last, before) = reports.split_last().unwrap();
        assert_eq!(result.err(), Some(CameraFault::TlsFailed), "{reports:?}");
        assert_eq!((last.step, before.len()), (CameraTestStep::Rtsp, 1));
        assert_eq!(last.outcome, StepOutcome::Failed(CameraFault::TlsFailed));
        assert!(last.detail.contains(told), "{told}: {last:?}");
    }
}

#[tokio::test]
async fn tls_at_an_address_without_it_is_told() {
    let alert = saying(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 50]).await;
    let address = CameraAddress::parse(&alert.as_str().replacen("rtsps://", "rtsp://", 1)).unwrap();
    let (result, reports) = tested(&address, None).await;
    assert_eq!(result.err(), Some(CameraFault::NotRtsp));
    assert!(reports[1].detail.contains("rtsps://"), "{reports:?}");
    if GstCamera::available() {
        let camera = GstCamera::start(&["--tls", &certificate("a.pem")]);
        let address = camera.address.as_str().replacen("rtsps://", "rtsp://", 1);
        let begun = std::time::Instant::now();
        let (result, reports) = tested(&CameraAddress::parse(&address).unwrap(), None).await;
        assert_eq!(result.err(), Some(CameraFault::NotRtsp), "{reports:?}");
        assert!(begun.elapsed() < Duration::from_secs(4));
        let plain = GstCamera::start(&[]);
        let (result, reports) = tested(&with_tls(&plain.address), None).await;
        assert_eq!(result.err(), Some(CameraFault::TlsFailed), "{reports:?}");
    }
}
