//! Reaching a camera step by step, to find out what is wrong when the RTSP library only says that something is.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ownsight_model::CameraFault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::challenge::{Challenge, challenges};
use super::connection::{Connection, WITH_TLS};
use super::fault::Fault;
use super::tls::TlsKey;

/// Longest wait for a name, a connection, or an answer.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Longest head of an answer that is read, in bytes.
const HEAD_MAX: usize = 16 << 10;
/// RTSP's port, and that of RTSP over TLS.
const PORT: u16 = 554;
const TLS_PORT: u16 = 322;

/// What who speaks TLS says to who does not: an alert, of whatever version.
const TLS_ALERT: &[u8] = &[0x15, 0x03];

/// A TCP connection that was made.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) connection: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) took: Duration,
}

/// Connects to the host and port of an address. Cancel safe: a dropped call leaves nothing behind.
pub(crate) async fn reach(url: &Url) -> Result<Reached, Fault> {
    let peers = resolve(url).await?;
    let begun = Instant::now();
    let connecting = async {
        let mut fault = Fault::new(CameraFault::NameUnknown, "the name has no address");
        for peer in peers {
            match TcpStream::connect(peer).await {
                Ok(connection) => return Ok(Reached { connection, peer, took: begun.elapsed() }),
                Err(error) => fault = Fault::of_connecting(&error),
            }
        }
        Err(fault)
    };
    timeout(ANSWER_MAX, connecting).await.unwrap_or_else(|_| Err(no_answer()))
}

async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, Fault> {
    let usual = if url.scheme() == WITH_TLS { TLS_PORT } else { PORT };
    let port = url.port().unwrap_or(usual);
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok(vec![(ip, port).into()]),
        Some(Host::Ipv6(ip)) => Ok(vec![(ip, port).into()]),
        Some(Host::Domain(name)) => match timeout(ANSWER_MAX, lookup_host((name, port))).await {
            Ok(Ok(peers)) => Ok(peers.collect()),
            Ok(Err(error)) => Err(Fault::new(CameraFault::NameUnknown, error.to_string())),
            Err(_) => Err(Fault::new(CameraFault::NameUnknown, "the name service does not answer")),
        },
        None => Err(Fault::new(CameraFault::NameUnknown, "the address has no host")),
    }
}

/// The head of an RTSP answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The ways of giving a password that the camera takes, in its order.
    pub(crate) challenges: Vec<Challenge>,
    /// How a password would be given, by the library that gives it.
    pub(crate) sign_in: SignIn,
    /// What it calls its program: `Server`.
    pub(crate) server: Option<String>,
    /// Where it says that the stream is: `Location`.
    pub(crate) location: Option<String>,
    /// Which key the one who says so has proved to have; `None` without TLS.
    pub(crate) key: Option<TlsKey>,
}

/// What becomes of a password by an answer's challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// Only who knows it can tell that it was given.
    Digest,
    /// It would go out as it is, or is not known to be hidden.
    Clear,
}

impl SignIn {
    /// By what `WWW-Authenticate` says, all of it. A Digest that cannot be answered is not answered: then Basic is, where
    /// that is offered too.
    fn of(offered: &str) -> Self {
        match http_auth::PasswordClient::try_from(offered) {
            Ok(http_auth::PasswordClient::Digest(_)) => Self::Digest,
            Ok(_) | Err(_) => Self::Clear,
        }
    }
}

impl Answer {
    /// How the camera wants to be given a password: `Digest`, `Basic`, or the first that it names.
    pub(crate) fn scheme(&self) -> Option<&str> {
        let mut schemes = self.challenges.iter().map(|challenge| challenge.scheme.as_str());
        let first = schemes.clone().next();
        schemes.find(|scheme| scheme.eq_ignore_ascii_case("digest")).or(first)
    }
}

/// Sends a request without credentials and reads the head of the answer. `number` counts the connection's
/// requests from 1.
pub(crate) async fn ask(
    connection: &mut Connection,
    method: &str,
    url: &Url,
    number: u32,
) -> Result<Answer, Fault> {
    let request = format!(
        "{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: {}\r\nAccept: application/sdp\r\n\r\n",
        super::stream::USER_AGENT
    );
    let mut head = Vec::new();
    let exchange = async {
        connection.write_all(request.as_bytes()).await?;
        connection.flush().await?;
        let mut byte = [0_u8; 512];
        while head.len() < HEAD_MAX && !is_whole(&head) {
            let count = connection.read(&mut byte).await?;
            if count == 0 {
                break;
            }
            head.extend(byte.iter().take(count));
        }
        std::io::Result::Ok(())
    };
    let ended = timeout(ANSWER_MAX, exchange).await;
    if head.is_empty() {
        return Err(match ended {
            Err(_) => no_answer(),
            Ok(_) => Fault::new(CameraFault::NotRtsp, "the connection was closed without an answer"),
        });
    }
    if !is_whole(&head) {
        // What is cut off says less than it would, of who answers too.
        return Err(match ended {
            Err(_) => no_answer(),
            Ok(_) => Fault::new(CameraFault::Broken, "its answer is cut off, or its head longer than 16 KiB"),
        });
    }
    let answer = parse(&head)?;
    Ok(Answer { key: connection.key(), ..answer })
}

/// A head is whole with its empty line; what is no RTSP is seen in its first line.
fn is_whole(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n") || head.len() >= 5 && !head.starts_with(b"RTSP/")
}

fn parse(head: &[u8]) -> Result<Answer, Fault> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    let mut words = first.split_whitespace();
    if head.starts_with(TLS_ALERT) {
        return Err(Fault::new(
            CameraFault::NotRtsp,
            "it speaks TLS at this port: its address begins with rtsps://",
        ));
    }
    if !words.next().is_some_and(|version| version.starts_with("RTSP/")) {
        return Err(Fault::new(CameraFault::NotRtsp, first));
    }
    let Some(status) = words.next().and_then(|status| status.parse().ok()) else {
        return Err(Fault::new(CameraFault::Broken, first));
    };
    let mut answer = Answer {
        status,
        challenges: Vec::new(),
        sign_in: SignIn::Clear,
        server: None,
        location: None,
        key: None,
    };
    let mut offered = Vec::new();
    let headers = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("www-authenticate") {
            answer.challenges.extend(challenges(value));
            offered.push(value.trim());
        } else if name.eq_ignore_ascii_case("server") {
            answer.server.get_or_insert(value.trim().to_owned());
        } else if name.eq_ignore_ascii_case("location") {
            answer.location.get_or_insert(value.trim().to_owned());
        }
    }
    answer.sign_in = SignIn::of(&offered.join(", "));
    Ok(answer)
}

fn no_answer() -> Fault {
    Fault::new(CameraFault::NoAnswer, format!("no answer in {} s", ANSWER_MAX.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let head = b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
                     www-authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\r\n";
        let answer = parse(head).unwrap();
        assert_eq!((answer.status, answer.scheme()), (401, Some("Digest")));
        assert_eq!(answer.sign_in, SignIn::Digest);
        // What is called Digest and cannot be answered as one: the password would go out as Basic.
        let feigned = b"RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a\"\r\n\
                        WWW-Authenticate: Basic realm=\"a\"\r\n\r\n";
        assert_eq!(parse(feigned).unwrap().sign_in, SignIn::Clear);
        let moved =
            parse(b"RTSP/1.0 302 Moved\r\nlocation:  rtsp://10.0.0.2/b\r\nLocation: c\r\n\r\n").unwrap();
        assert_eq!(moved.location.as_deref(), Some("rtsp://10.0.0.2/b"));
        let open = parse(b"RTSP/1.0 200 OK\r\nserver: Cam/1\r\n\r\nServer: no header\r\n").unwrap();
        assert_eq!((open.status, open.scheme(), open.server.as_deref()), (200, None, Some("Cam/1")));
    }

    #[test]
    fn what_is_no_rtsp_is_told() {
        let web = parse(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n").unwrap_err();
        assert_eq!(web, Fault::new(CameraFault::NotRtsp, "HTTP/1.1 400 Bad Request"));
        assert_eq!(parse(b"\x15\x03\x01\x00\x02").unwrap_err().kind, CameraFault::NotRtsp);
        assert_eq!(parse(b"RTSP/1.0\r\n\r\n").unwrap_err().kind, CameraFault::Broken);
    }
}
