//! Cameras for tests: GStreamer's RTSP server playing footage, and peers that misbehave on purpose.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ownsight_model::CameraAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{footage, tools};

/// A camera in a process of its own. Ends when dropped.
pub(crate) struct GstCamera {
    child: Child,
    pub(crate) address: CameraAddress,
}

impl GstCamera {
    /// Whether such cameras can be had here; says loudly if not.
    pub(crate) fn available() -> bool {
        let imports = "import gi; gi.require_version('GstRtspServer', '1.0')";
        tools::have("/usr/bin/python3", &["-c", imports])
    }

    /// Plays the footage.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::play(&footage::path(), options)
    }

    /// Plays a movie.
    pub(crate) fn play(movie: &Path, options: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/gst-rtsp-camera.py");
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(movie)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = CameraAddress::parse(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        Self { child, address }
    }

    pub(crate) fn port(&self) -> String {
        self.address.authority().rsplit_once(':').unwrap().1.to_owned()
    }
}

impl Drop for GstCamera {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A peer that answers each request by its method, with a status line, headers and a body; `None` is silence.
pub(crate) async fn peer(answer: fn(&str) -> Option<&'static str>) -> CameraAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("rtsp://{}/camera", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(connection, answer));
        }
    });
    CameraAddress::parse(&address).unwrap()
}

async fn serve(mut connection: TcpStream, answer: fn(&str) -> Option<&'static str>) {
    let mut received = Vec::new();
    while let Ok(1..) = connection.read_buf(&mut received).await {
        while let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") {
            let request = String::from_utf8(received.drain(..end + 4).collect()).unwrap();
            let number = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("1");
            let Some(answer) = answer(request.split(' ').next().unwrap()) else { continue };
            let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
            let head = head.replace('\n', "\r\n");
            let body = body.replace('\n', "\r\n");
            let whole = format!("{head}\r\nCSeq: {number}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let _ = connection.write_all(whole.as_bytes()).await;
        }
    }
}
