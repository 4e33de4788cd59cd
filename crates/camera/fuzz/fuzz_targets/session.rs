//! A camera that answers anything: status, headers, description, transport, and what it interleaves as RTP and RTCP.

#![no_main]

use std::cell::RefCell;
use std::time::Duration;

use ownsight_camera::{Credentials, test_connection};
use ownsight_model::CameraAddress;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What the camera says: an input in four parts, each after a line of its own (see `seeds/session`).
struct Script<'a> {
    description: &'a [u8],
    setup: &'a [u8],
    play: &'a [u8],
    /// After PLAY's answer, as it is.
    stream: &'a [u8],
}

impl<'a> Script<'a> {
    const BORDER: &'static [u8] = b"\n====\n";

    fn parse(input: &'a [u8]) -> Self {
        let mut rest = input;
        let mut part = || {
            let border = rest.windows(Self::BORDER.len()).position(|window| window == Self::BORDER);
            let (part, after) = match border {
                Some(at) => (&rest[..at], &rest[at + Self::BORDER.len()..]),
                None => (rest, &[][..]),
            };
            rest = after;
            part
        };
        Self { description: part(), setup: part(), play: part(), stream: part() }
    }
}

/// A status, lines of headers, an empty line, a body: with what makes it an answer to that request.
fn answer(part: &[u8], sequence: &str, out: &mut Vec<u8>) {
    let (head, body) = match part.windows(2).position(|window| window == b"\n\n") {
        Some(at) => (&part[..at], &part[at + 2..]),
        None => (part, &[][..]),
    };
    let (status, headers) = match head.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&head[..at], &head[at + 1..]),
        None => (head, &[][..]),
    };
    out.extend(b"RTSP/1.0 ");
    out.extend(status);
    out.extend(format!("\r\nCSeq: {sequence}\r\nContent-Length: {}\r\n", body.len()).into_bytes());
    for line in headers.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        out.extend(line);
        out.extend(b"\r\n");
    }
    out.extend(b"\r\n");
    out.extend(body);
}

/// Answers each request of one connection, and closes it after PLAY's stream.
async fn serve(connection: TcpStream, script: &Script<'_>) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let (mut method, mut sequence, mut line) = (String::new(), String::new(), String::new());
        loop {
            line.clear();
            if connection.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if method.is_empty() {
                method = line.split(' ').next().unwrap_or_default().to_owned();
            } else if let Some(value) = line.strip_prefix("CSeq: ") {
                value.clone_into(&mut sequence);
            }
        }
        let mut out = Vec::new();
        match method.as_str() {
            "DESCRIBE" => answer(script.description, &sequence, &mut out),
            "SETUP" => answer(script.setup, &sequence, &mut out),
            "PLAY" => answer(script.play, &sequence, &mut out),
            _ => answer(b"200 OK\nPublic: DESCRIBE, SETUP, PLAY", &sequence, &mut out),
        }
        let playing = method == "PLAY";
        if playing {
            out.extend(script.stream);
        }
        connection.write_all(&out).await?;
        if playing || method == "TEARDOWN" {
            return Ok(());
        }
    }
}

thread_local! {
    static CAMERA: RefCell<Option<(Runtime, TcpListener)>> = const { RefCell::new(None) };
}

/// A library's panic is contained by what is tried here, and costs this connection; ours is a finding.
fn pass_over_panics_of_libraries() {
    let found = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains("/registry/")) {
            found(panic);
        }
    }));
}

fn try_out(runtime: &Runtime, listener: &TcpListener, script: &Script<'_>) {
    runtime.block_on(async {
        let port = listener.local_addr().expect("it is bound").port();
        let address = CameraAddress::parse(&format!("rtsp://127.0.0.1:{port}/cam")).expect("an address");
        let credentials = Credentials::new("anna", "a password that nobody has");
        let (steps, mut reported) = mpsc::channel(16);
        let server = async {
            loop {
                let Ok((connection, _)) = listener.accept().await else { return };
                // It is the camera's own affair how its connection ends.
                let _ = serve(connection, script).await;
            }
        };
        let tried =
            timeout(Duration::from_secs(2), test_connection(&address, Some(&credentials), None, &steps));
        tokio::select! {
            result = tried => if let Ok(Ok(still)) = result {
                assert!(still.jpeg.starts_with(&[0xff, 0xd8]), "a picture");
            },
            () = server => {}
        }
        drop(steps);
        let mut count = 0;
        while reported.recv().await.is_some() {
            count += 1;
        }
        assert!(count <= 6, "{count} steps were reported");
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let script = Script::parse(input);
    CAMERA.with_borrow_mut(|camera| {
        let (runtime, listener) = camera.get_or_insert_with(|| {
            pass_over_panics_of_libraries();
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
            (runtime, listener)
        });
        try_out(runtime, listener, &script);
    });
});
