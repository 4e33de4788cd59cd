//! The bridge with cameras that keep to a script, TLS in front of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ownsight_model::CameraFault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::super::front::{CAMERA_A, CAMERA_B, TlsFront, VERSION_1};
use super::super::scripted::{Script, Scripted, Sent, Takes};
use super::super::{Described, Fault, Stream, Way, find};
use super::admit;
use crate::config::Credentials;

const SDP: &str =
    "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

async fn described(front: &TlsFront, credentials: Option<&Credentials>) -> Result<Described, Fault> {
    let found = find(&Url::parse(&front.address()).unwrap()).await?;
    Described::connect(&found, credentials).await
}

async fn play(front: &TlsFront) -> Result<Stream, Fault> {
    let mut described = described(front, None).await?;
    described.choose_video()?;
    described.play().await
}

fn steady(count: u32) -> Vec<Sent> {
    (0..count)
        .map(|index| {
            let mut sent = Sent::frame(10, index * 9000, index == 0);
            // Larger than a record of TLS may be, and with bytes that look like the beginning of something.
            sent.units[0].extend(b"$\x00\x00\x04RTSP/1.0 200 OK\r\n\r\n".repeat(index as usize * 40 % 120));
            sent
        })
        .collect()
}

#[tokio::test]
async fn a_stream_is_whole_however_it_is_cut() {
    let sends = steady(12);
    let mut expected: Vec<_> = sends.iter().map(|sent| sent.units[0].len() + 4).collect();
    // The last frame is known to be whole by the next only.
    expected.pop();
    for (piece, certificate, versions) in [
        (usize::MAX, CAMERA_A, rustls::ALL_VERSIONS),
        (7, CAMERA_A, rustls::ALL_VERSIONS),
        (1, VERSION_1, &[&rustls::version::TLS12][..]),
        (1000, VERSION_1, &[&rustls::version::TLS13][..]),
    ] {
        let camera = Scripted::start(Script { sends: sends.clone(), ..Script::default() }).await;
        let front = TlsFront::cutting(camera.port, &[certificate], piece, versions).await;
        let mut stream = play(&front).await.unwrap();
        assert_eq!(stream.way(), Way::Tcp);
        let mut lengths = Vec::new();
        while lengths.len() < expected.len() {
            let frame = tokio::time::timeout(Duration::from_secs(15), stream.next()).await.expect("a frame");
            let frame = frame.unwrap();
            assert_eq!(frame.lost, 0);
            lengths.push(frame.unit.data.len());
        }
        assert_eq!(lengths, expected, "{piece}");

        // It hears its own address, and the end.
        drop(stream);
        let heard = async {
            while !front.heard().contains("TEARDOWN ") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), heard).await.expect("an end of the session");
        let heard = front.heard();
        let requests: Vec<_> = heard.lines().filter(|line| line.ends_with(" RTSP/1.0")).collect();
        let of_it = |line: &&str| line.split(' ').nth(1).unwrap().starts_with(&front.address());
        assert!(requests.len() == 5 && requests.iter().all(of_it), "{requests:?}");
        assert!(heard.contains("Session: 7\r\n"), "{heard}");
    }
}

#[tokio::test]
async fn udp_is_not_asked_for() {
    let camera = Scripted::start(Script { takes: Takes::Udp, ..Script::default() }).await;
    let front = TlsFront::start(camera.port, &[CAMERA_A]).await;
    let fault = play(&front).await.err().expect("refused");
    assert_eq!(fault.kind, CameraFault::Refused);
    assert!(fault.detail.contains("TLS does not encrypt"), "{fault:?}");
    assert!(!camera.asked().iter().any(|asked| asked.contains("UDP") || asked.starts_with("PLAY")));
}

#[tokio::test]
async fn another_key_a_moment_later_is_another_camera() {
    let camera = Scripted::start(Script::default()).await;
    let front = TlsFront::start(camera.port, &[CAMERA_A, CAMERA_B]).await;
    let credentials = Credentials::new("anna", "secret");
    let fault = described(&front, Some(&credentials)).await.err().expect("another camera");
    assert_eq!(fault.kind, CameraFault::AnotherCamera);
    assert_eq!(front.heard().matches("RTSP/1.0").count(), 1, "nothing is said to the second");
}

/// A camera that answers by the number of the connection and that of its request.
async fn answering(answer: fn(usize, usize) -> String) -> TlsFront {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let number = connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let (mut received, mut requests) = (Vec::new(), 0);
                while let Ok(1..) = connection.read_buf(&mut received).await {
                    while let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") {
                        let request = String::from_utf8(received.drain(..end + 4).collect()).unwrap();
                        let sequence = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap();
                        let answer = answer(number, requests).replace("CSEQ", sequence);
                        requests += 1;
                        let _ = connection.write_all(answer.as_bytes()).await;
                    }
                }
            });
        }
    });
    TlsFront::start(port, &[CAMERA_A]).await
}

fn unauthorized(challenge: &str) -> String {
    format!("RTSP/1.0 401 Unauthorized\r\nCSeq: CSEQ\r\nWWW-Authenticate: {challenge}\r\n\r\n")
}

/// With data before and behind, of a session that nobody knows.
fn description(data: &str) -> String {
    let head = "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Type: application/sdp";
    format!("{data}{head}\r\nContent-Length: {}\r\n\r\n{SDP}\r\n{data}", SDP.len())
}

#[tokio::test]
async fn a_password_is_given_as_it_was_asked_for_at_first_or_not_at_all() {
    let credentials = Credentials::new("anna", "secret");
    // By Digest, and once more as the question was too old.
    let front = answering(|_, request| match request {
        0 => unauthorized(r#"Digest realm="a", nonce="1""#),
        1 => unauthorized(r#"Digest realm="a", nonce="2", stale=true"#),
        _ => description("$\x07\x00\x04abcd"),
    })
    .await;
    described(&front, Some(&credentials)).await.unwrap();
    let heard = front.heard();
    let real = format!("uri=\"{}\"", front.address());
    assert!(
        heard.matches("Authorization: Digest").count() == 2 && heard.matches(&real).count() == 2,
        "{heard}"
    );

    // Digest to who asks first, and Basic a moment later.
    let front = answering(|connection, _| match connection {
        0 => unauthorized(r#"Digest realm="a", nonce="1""#),
        _ => unauthorized(r#"Basic realm="a""#),
    })
    .await;
    let fault = described(&front, Some(&credentials)).await.err().expect("refused");
    assert_eq!((fault.kind, fault.detail.contains("clear text")), (CameraFault::Refused, true));
    assert!(!front.heard().contains("Authorization"), "{}", front.heard());

    // Basic is what it is, within TLS.
    let front = answering(|_, request| match request {
        0 => unauthorized(r#"Basic realm="a""#),
        _ => description("$\x07\x00\x04abcd"),
    })
    .await;
    described(&front, Some(&credentials)).await.unwrap();
    assert!(front.heard().contains("Authorization: Basic YW5uYTpzZWNyZXQ=\r\n"), "{}", front.heard());
    let wrong = answering(|_, _| unauthorized(r#"Basic realm="a""#)).await;
    let fault = described(&wrong, Some(&credentials)).await.err().expect("refused");
    assert_eq!(fault.kind, CameraFault::Unauthorized);
}

#[tokio::test]
async fn what_is_too_long_ends_the_connection() {
    let long: [fn(usize, usize) -> String; 2] = [
        |connection, _| match connection {
            0 => description(""),
            _ => format!("RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nA: {}", "a".repeat(20 << 10)),
        },
        |connection, _| match connection {
            0 => description(""),
            _ => "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Length: 999999\r\n\r\n".to_owned(),
        },
    ];
    for long in long {
        let front = answering(long).await;
        let fault = described(&front, None).await.err().expect("too long");
        assert_eq!(fault.kind, CameraFault::Broken);
        assert!(fault.detail.contains("longer than"), "{fault:?}");
    }
}

#[tokio::test]
async fn who_does_not_know_the_secret_gets_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let here = format!("rtsp://{address}/secret");
    let admitting = tokio::spawn({
        let here = here.clone();
        async move { admit(listener, &here).await }
    });
    for said in
        ["DESCRIBE rtsp://127.0.0.1/secret RTSP/1.0\r\n\r\n", "$\x00\x00\x00", "GET / HTTP/1.1\r\n\r\n", ""]
    {
        let mut stranger = TcpStream::connect(address).await.unwrap();
        stranger.write_all(said.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Closed, also for who says nothing.
        let read = tokio::time::timeout(Duration::from_secs(5), stranger.read_to_end(&mut answer)).await;
        assert!(read.is_ok() && answer.is_empty(), "{said}");
    }
    let mut library = TcpStream::connect(address).await.unwrap();
    let asked = format!("DESCRIBE {here} RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    library.write_all(asked.as_bytes()).await.unwrap();
    let (_, received) = admitting.await.unwrap().expect("the library");
    assert_eq!(received, asked.as_bytes());
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
}
