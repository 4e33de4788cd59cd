//! Clients that break the rules, over a bare socket.

use std::time::Duration;

use ownsight_camera_sim::CameraSim;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Client, PATIENCE, camera, start};

struct Bare(TcpStream);

impl Bare {
    async fn connect(sim: &CameraSim) -> Self {
        Self(TcpStream::connect(sim.addr()).await.unwrap())
    }

    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// What comes until `end` does, or until the connection ends.
    async fn hear(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        let read = async {
            while !String::from_utf8_lossy(&heard).contains(end) {
                if self.0.read_buf(&mut heard).await.unwrap_or(0) == 0 {
                    break;
                }
            }
        };
        timeout(PATIENCE, read).await.expect("no answer");
        String::from_utf8_lossy(&heard).into_owned()
    }

    async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        self.hear("\r\n\r\n").await
    }

    async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.is_ok()
    }

    async fn play(&mut self, url: &str) {
        let answer = self
            .ask(&format!(
                "SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
            ))
            .await;
        let session = answer.split("Session: ").nth(1).unwrap().split(';').next().unwrap();
        self.say(&format!("PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn udp_is_refused_with_461() {
    let sim = start(camera(1)).await;
    let mut bare = Bare::connect(&sim).await;
    let url = sim.url("/cam/trackID=0");
    let answer = bare
        .ask(&format!(
            "SETUP {url} RTSP/1.0\r\nCSeq: 7\r\nTransport: RTP/AVP;unicast;client_port=1-2\r\n\r\n"
        ))
        .await;
    assert!(answer.starts_with("RTSP/1.0 461 Unsupported Transport\r\nCSeq: 7\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_400_and_ends_the_connection() {
    let sim = start(camera(1)).await;
    for nonsense in ["GET / HTTP/1.1\r\n\r\n".to_owned(), "x".repeat(9000), "$\0\u{7f}\u{7f}".to_owned()] {
        let mut bare = Bare::connect(&sim).await;
        // The server may close before all is written.
        let _ = bare.0.write_all(nonsense.as_bytes()).await;
        let answer = bare.hear("\r\n\r\n").await;
        assert!(
            answer.starts_with("RTSP/1.0 400 ") || answer.is_empty() && nonsense.len() > 8192,
            "{answer}"
        );
        assert!(bare.is_closed().await);
    }
    let mut bare = Bare::connect(&sim).await;
    let answer = bare.ask("OPTIONS * RTSP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("RTSP/1.0 400 "), "a request without CSeq: {answer}");
    let answer = bare.ask("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await;
    assert!(answer.starts_with("RTSP/1.0 200 "), "goes on after a refusal: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_pieces_and_in_a_row_are_answered_in_order() {
    let sim = start(camera(1)).await;
    let mut bare = Bare::connect(&sim).await;
    for byte in b"OPTIONS * RTSP/1.0\r\nCSeq: 41\r\n\r\n" {
        bare.0.write_all(&[*byte]).await.unwrap();
    }
    assert!(bare.hear("\r\n\r\n").await.contains("CSeq: 41\r\n"));
    bare.say("OPTIONS * RTSP/1.0\r\nCSeq: 42\r\n\r\n$\x01\0\x02xxOPTIONS * RTSP/1.0\r\nCSeq: 43\r\n\r\n")
        .await;
    let both = bare.hear("CSeq: 43\r\n").await;
    assert!(both.find("CSeq: 42").unwrap() < both.find("CSeq: 43").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_are_answered_503() {
    let sim = CameraSim::builder().camera(camera(1)).connections_max(2).start().await.unwrap();
    let mut first = Bare::connect(&sim).await;
    let mut second = Bare::connect(&sim).await;
    for bare in [&mut first, &mut second] {
        assert!(bare.ask("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await.starts_with("RTSP/1.0 200 "));
    }
    let mut third = Bare::connect(&sim).await;
    assert!(third.hear("\r\n\r\n").await.starts_with("RTSP/1.0 503 "));
    drop(first);
    let admitted = async {
        loop {
            let mut bare = Bare::connect(&sim).await;
            let _ = bare.0.write_all(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await;
            if bare.hear("\r\n\r\n").await.starts_with("RTSP/1.0 200 ") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, admitted).await.expect("there is room again");
}

/// Reads nothing: the socket's buffers fill, then the queue, and at last the server gives it up, while another client of
/// the same camera misses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn slow_reader_is_sent_away_and_hinders_nobody() {
    // Strong noise makes some 5 Mbit/s at 30 frames/s, so that the socket's buffers are soon full.
    let sim = start(camera(0).fps(30).noise(25.0).watermark(1, 1)).await;
    let mut slow = Bare::connect(&sim).await;
    slow.play(&sim.url("/cam")).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let mut last = None;
    for _ in 0..30 * 25 {
        let frame = client.next().await.expect("the other client plays on");
        let time = frame.timestamp().timestamp();
        assert_eq!(time - last.unwrap_or(time - 3000), 3000);
        last = Some(time);
    }
    // What was in the buffers comes, and then the end.
    assert!(slow.is_closed().await);
}
