//! A camera that keeps to a script: which transports it takes, what it sends and when, how long its session lives.
//! Written for tests, after RFC 2326; what it is asked for is kept.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Parameter sets of 768x576 pixels, as `sprop-parameter-sets` has them.
pub(crate) const SPROP_768: &str = "Z01AH+ygYAk0IAAAAwAgAAADAoHjBjLA,aO+Ecg==";

/// Which transports a camera takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Tcp,
    /// TCP is answered with 461.
    Udp,
    /// Whatever is asked for is answered with 461.
    Nothing,
    /// Whatever is asked for is answered with a group.
    Multicast,
}

/// One frame.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The pause before it.
    pub(crate) after: Duration,
    pub(crate) timestamp: u32,
    /// Packets that are lost before it.
    pub(crate) lost: u16,
    /// Units without start codes, each smaller than a packet.
    pub(crate) units: Vec<Vec<u8>>,
}

impl Sent {
    pub(crate) fn frame(after_ms: u64, timestamp: u32, key: bool) -> Self {
        let unit =
            if key { vec![0x65, 0x88, 0x84, 0x00, 0x21, 0xff] } else { vec![0x41, 0x9a, 0x02, 0x04, 0x7f] };
        Self { after: Duration::from_millis(after_ms), timestamp, lost: 0, units: vec![unit] }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) takes: Takes,
    /// The address of `c=`.
    pub(crate) group: &'static str,
    /// Methods that it says it knows.
    pub(crate) public: &'static str,
    /// The connection ends when nothing was asked for so long.
    pub(crate) session: Duration,
    pub(crate) sends: Vec<Sent>,
    /// Answered to a description instead of one: a status line and headers.
    pub(crate) instead: Option<String>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            takes: Takes::Tcp,
            group: "0.0.0.0",
            public: "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN",
            session: Duration::from_mins(1),
            sends: Vec::new(),
            instead: None,
        }
    }
}

/// A camera that runs as long as the test's runtime.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(connection, script.clone(), Arc::clone(&kept)));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn address(&self) -> String {
        format!("rtsp://127.0.0.1:{}/camera", self.port)
    }

    /// What was asked for so far: method and transport.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Where packets go.
#[derive(Clone)]
enum To {
    Channel(Arc<tokio::sync::Mutex<OwnedWriteHalf>>),
    Socket(Arc<UdpSocket>, SocketAddr),
}

async fn serve(connection: TcpStream, script: Script, asked: Arc<Mutex<Vec<String>>>) {
    let peer = connection.peer_addr().unwrap();
    let (mut reader, writer) = connection.into_split();
    let writer = Arc::new(tokio::sync::Mutex::new(writer));
    let mut to = To::Channel(Arc::clone(&writer));
    // Ends with this connection.
    let mut sending = JoinSet::new();
    let mut received = Vec::new();
    loop {
        match timeout(script.session, reader.read_buf(&mut received)).await {
            Ok(Ok(1..)) => {}
            _ => return,
        }
        while let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") {
            let request = String::from_utf8(received.drain(..end + 4).collect()).unwrap();
            let header = |name: &str| request.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("");
            let method = request.split(' ').next().unwrap();
            let transport = header("Transport: ");
            asked.lock().unwrap().push(format!("{method} {transport}").trim_end().to_owned());
            let (head, body) = match method {
                "DESCRIBE" => match &script.instead {
                    Some(instead) => (instead.clone(), String::new()),
                    None => ("RTSP/1.0 200 OK\r\nContent-Type: application/sdp".to_owned(), sdp(&script)),
                },
                "OPTIONS" => (format!("RTSP/1.0 200 OK\r\nPublic: {}", script.public), String::new()),
                "SETUP" => (set_up(&script, transport, peer, &mut to).await, String::new()),
                known if script.public.contains(known) => {
                    ("RTSP/1.0 200 OK\r\nSession: 7".to_owned(), String::new())
                }
                _ => ("RTSP/1.0 501 Not Implemented".to_owned(), String::new()),
            };
            let length = body.len();
            let whole =
                format!("{head}\r\nCSeq: {}\r\nContent-Length: {length}\r\n\r\n{body}", header("CSeq: "));
            if writer.lock().await.write_all(whole.as_bytes()).await.is_err() {
                return;
            }
            if method == "PLAY" {
                sending.spawn(send(script.sends.clone(), to.clone()));
            }
        }
    }
}

fn sdp(script: &Script) -> String {
    let group = script.group;
    format!(
        "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 {group}\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
         a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={SPROP_768}\r\n"
    )
}

/// Answers with what it takes.
async fn set_up(script: &Script, transport: &str, peer: SocketAddr, to: &mut To) -> String {
    let agreed = match script.takes {
        Takes::Multicast => "RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;ttl=127".to_owned(),
        Takes::Tcp if transport.contains("/TCP") => transport.to_owned(),
        Takes::Udp if !transport.contains("/TCP") => {
            let (_, port) = transport.split_once("client_port=").unwrap();
            let port = port.split('-').next().unwrap().parse().unwrap();
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let own = socket.local_addr().unwrap().port();
            *to = To::Socket(Arc::new(socket), SocketAddr::new(peer.ip(), port));
            format!("{transport};server_port={own}-{}", own.wrapping_add(1))
        }
        Takes::Tcp | Takes::Udp | Takes::Nothing => return "RTSP/1.0 461 Unsupported Transport".to_owned(),
    };
    let seconds = script.session.as_secs();
    format!("RTSP/1.0 200 OK\r\nSession: 7;timeout={seconds}\r\nTransport: {agreed}")
}

/// Sends frames as RTP (RFC 3550 and RFC 6184), each unit a packet of its own.
async fn send(frames: Vec<Sent>, to: To) {
    let mut number = 4711_u16;
    for frame in frames {
        sleep(frame.after).await;
        number = number.wrapping_add(frame.lost);
        for (index, unit) in frame.units.iter().enumerate() {
            let mark = if index + 1 == frame.units.len() { 0x80 } else { 0 };
            let mut packet = vec![0x80, mark | 0x60];
            packet.extend(number.to_be_bytes());
            packet.extend(frame.timestamp.to_be_bytes());
            packet.extend(0x1234_5678_u32.to_be_bytes());
            packet.extend(unit);
            number = number.wrapping_add(1);
            let sent = match &to {
                To::Channel(writer) => {
                    let mut framed = vec![b'$', 0];
                    framed.extend(u16::try_from(packet.len()).unwrap().to_be_bytes());
                    framed.extend(packet);
                    writer.lock().await.write_all(&framed).await.is_ok()
                }
                To::Socket(socket, peer) => socket.send_to(&packet, peer).await.is_ok(),
            };
            if !sent {
                return;
            }
        }
    }
    // The stream goes on without frames until the connection ends.
    std::future::pending::<()>().await;
}
