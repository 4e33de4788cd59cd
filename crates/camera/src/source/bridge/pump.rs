//! Passes on what comes from either side until one of them ends. Data goes through as it is, in pieces as it came;
//! whoever is slow makes the other wait, and nothing is gathered.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use ownsight_model::CameraFault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::connection::Connection;
use super::super::fault::Fault;
use super::super::reach::ANSWER_MAX;
use super::framing::{Framing, Message, Next, passed};
use super::message::Head;
use super::sign_in::{PasswordGiver, Tries};

/// What is read at once: a record of TLS.
const PIECE: usize = 16 << 10;
/// Longest wait for a camera to let go.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// One side.
struct Side<C> {
    connection: C,
    received: BytesMut,
    framing: Framing,
}

/// A request that the camera has not answered.
struct Asked {
    head: Head,
    method: String,
    uri: String,
    /// The library's number of it.
    number: String,
    tries: Tries,
}

pub(super) struct Pump {
    camera: Side<Connection>,
    library: Side<TcpStream>,
    /// The address that the library has, and the camera's.
    here: String,
    real: String,
    password: PasswordGiver,
    /// Requests sent to the camera, which is the number of the last.
    sent: u32,
    asked: Option<Asked>,
    /// The session, and the address that ends it.
    session: Option<String>,
    ends_at: String,
}

impl Pump {
    /// Between a camera and the library, of which this has been received.
    pub(super) fn new(
        camera: Connection,
        library: TcpStream,
        received: BytesMut,
        here: String,
        real: String,
        password: PasswordGiver,
    ) -> Self {
        let framing = Framing::default;
        Self {
            camera: Side { connection: camera, received: BytesMut::new(), framing: framing() },
            library: Side { connection: library, received, framing: framing() },
            here,
            ends_at: real.clone(),
            real,
            password,
            sent: 0,
            asked: None,
            session: None,
        }
    }

    /// Runs until either side ends. Fails with what the library would not find out by itself.
    pub(super) async fn run(&mut self) -> Result<(), Fault> {
        self.hear_library().await?;
        loop {
            self.camera.received.reserve(PIECE);
            self.library.received.reserve(PIECE);
            tokio::select! {
                read = self.camera.connection.read_buf(&mut self.camera.received) => match read {
                    Ok(0) => return Ok(()),
                    Ok(_) => self.hear_camera().await?,
                    Err(error) => return of_reading(&error),
                },
                read = self.library.connection.read_buf(&mut self.library.received) => match read {
                    Ok(1..) => self.hear_library().await?,
                    // It has let go.
                    Ok(0) | Err(_) => return Ok(()),
                },
            }
        }
    }

    /// Ends the session at the camera, if there is one, and closes both sides.
    pub(super) async fn close(mut self) {
        // Who has let go already does not hear it.
        let _ = self.library.connection.shutdown().await;
        let _ = timeout(CLOSE_MAX, async {
            if let Some(session) = self.session.take() {
                let (method, uri) = ("TEARDOWN".to_owned(), self.ends_at.clone());
                let mut head = Head::parse(b"");
                head.set("User-Agent", super::super::stream::USER_AGENT);
                head.set("Session", &session);
                let ending = Asked { head, method, uri, number: String::new(), tries: Tries::default() };
                if self.ask(ending).await.is_ok() {
                    // What it still sends is nobody's; who closes before it has heard may not hear at all.
                    self.answered().await;
                }
            }
            let _ = self.camera.connection.shutdown().await;
        })
        .await;
    }

    /// Throws away what comes from the camera until it has answered, or closed.
    async fn answered(&mut self) {
        let Side { connection, received, framing } = &mut self.camera;
        loop {
            match framing.next(received) {
                Ok(Next::Data(length)) => passed(received, length),
                Ok(Next::More) => {
                    received.reserve(PIECE);
                    match connection.read_buf(received).await {
                        Ok(1..) => {}
                        _ => return,
                    }
                }
                Ok(Next::Message(_)) | Err(_) => return,
            }
        }
    }

    async fn hear_library(&mut self) -> Result<(), Fault> {
        loop {
            match self.library.framing.next(&mut self.library.received)? {
                Next::More => return Ok(()),
                Next::Data(length) => {
                    let data = self.library.received.split_to(length);
                    self.tell_camera(&data).await?;
                }
                Next::Message(message) => self.request(message).await?,
            }
        }
    }

    async fn request(&mut self, message: Message) -> Result<(), Fault> {
        let head = message.head;
        let Some((method, uri)) = head.request() else {
            // An answer to what the camera asked; the library does not give any.
            return self.tell_camera(&message.whole).await;
        };
        let uri = if uri == self.here { self.real.clone() } else { uri.to_owned() };
        let method = method.to_owned();
        if matches!(method.as_str(), "SETUP" | "PLAY") {
            self.ends_at.clone_from(&uri);
        }
        let number = head.header("CSeq").unwrap_or_default().to_owned();
        self.ask(Asked { head, method, uri, number, tries: Tries::default() }).await
    }

    /// Sends a request, with the password if the camera has asked for one.
    async fn ask(&mut self, mut asked: Asked) -> Result<(), Fault> {
        self.sent = self.sent.wrapping_add(1);
        let Asked { head, method, uri, tries, .. } = &mut asked;
        head.set_first(format!("{method} {uri} RTSP/1.0"));
        head.set("CSeq", &self.sent.to_string());
        if let Some(authorization) = self.password.authorization(method, uri, tries) {
            head.set("Authorization", &authorization);
        }
        let request = head.to_bytes();
        self.asked = Some(asked);
        self.tell_camera(&request).await
    }

    async fn hear_camera(&mut self) -> Result<(), Fault> {
        loop {
            match self.camera.framing.next(&mut self.camera.received)? {
                Next::More => return Ok(()),
                Next::Data(length) => {
                    let data = self.camera.received.get(..length).unwrap_or_default();
                    // A library that has let go is seen at the next reading.
                    let _ = self.library.connection.write_all(data).await;
                    passed(&mut self.camera.received, length);
                }
                Next::Message(message) => self.answer(message).await?,
            }
        }
    }

    async fn answer(&mut self, message: Message) -> Result<(), Fault> {
        let Message { mut head, body, whole } = message;
        let number = head.header("CSeq").and_then(|number| number.parse().ok());
        let is_expected = head.status().is_some() && number == Some(self.sent);
        let Some(mut asked) = self.asked.take_if(|_| is_expected) else {
            // What the camera asks itself, or answers to nobody.
            self.tell_library(&whole).await;
            return Ok(());
        };
        if head.status() == Some(401) {
            let offered: Vec<_> = head.all("WWW-Authenticate").collect();
            if self.password.hear(&offered.join(", "), &mut asked.tries)? {
                return self.ask(asked).await;
            }
        }
        head.set("CSeq", &asked.number);
        if asked.method == "DESCRIBE"
            && head.header("Content-Base").is_none()
            && head.header("Content-Location").is_none()
        {
            head.set("Content-Base", &self.real);
        }
        if let Some(session) = head.header("Session").filter(|_| asked.method == "SETUP") {
            let id = session.split(';').next().unwrap_or_default();
            self.session = Some(id.trim().to_owned());
        }
        let mut answer = head.to_bytes();
        answer.extend_from_slice(&body);
        self.tell_library(&answer).await;
        Ok(())
    }

    /// A library that has let go is seen at the next reading.
    async fn tell_library(&mut self, bytes: &[u8]) {
        let _ = self.library.connection.write_all(bytes).await;
    }

    async fn tell_camera(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let camera = &mut self.camera.connection;
        let sending = async {
            camera.write_all(bytes).await?;
            camera.flush().await
        };
        match timeout(ANSWER_MAX, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Fault::new(CameraFault::Closed, error.to_string())),
            Err(_) => Err(Fault::new(CameraFault::NoAnswer, "it takes nothing that is sent to it")),
        }
    }
}

/// A camera that just goes is nothing to be told: the library sees that.
fn of_reading(error: &io::Error) -> Result<(), Fault> {
    match error.kind() {
        io::ErrorKind::InvalidData => {
            Err(Fault::new(CameraFault::Broken, format!("the TLS connection broke: {error}")))
        }
        _ => Ok(()),
    }
}
