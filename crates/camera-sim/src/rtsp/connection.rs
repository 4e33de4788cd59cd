//! One client's connection: bytes in, answers and frames out.
//!
//! One task reads and writes in turn. A client that does not take its bytes stops its own task only: frames then pile up
//! in its bounded queue, where the hub drops them, and after a deadline the connection ends.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::conversation::{Cameras, Conversation, Effect, SESSION_TIMEOUT};
use super::message::{MESSAGE_MAX, Malformed, Parsed, Response, Status, parse};
use crate::camera::hub::Camera;
use crate::media::source::Frame;
use crate::rtp::Packer;

/// A client must take what is written within this time.
const WRITE_MAX: Duration = Duration::from_secs(10);
const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// Serves a client until it leaves, breaks the rules, says nothing for a minute, or `kill` changes.
pub(crate) async fn serve(stream: TcpStream, cameras: Arc<Cameras>, mut kill: watch::Receiver<u64>) {
    let peer = stream.peer_addr().ok();
    let ended = match stream.local_addr() {
        Ok(local) => {
            let conversation = Conversation::new(cameras, local.ip());
            let connection =
                Connection { stream, conversation, inbox: BytesMut::new(), out: BytesMut::new() };
            tokio::select! {
                ended = connection.run() => ended,
                _ = kill.changed() => Ok("killed"),
            }
        }
        Err(error) => Err(error),
    };
    match ended {
        Ok(reason) => tracing::debug!(?peer, reason, "connection ended"),
        Err(error) => tracing::debug!(?peer, %error, "connection broke"),
    }
}

/// Tells a client that there is no room for it.
pub(crate) async fn turn_away(mut stream: TcpStream) {
    let text = Response::new(Status::ServiceUnavailable).encode(None);
    let _ = timeout(Duration::from_secs(1), stream.write_all(text.as_bytes())).await;
}

struct Connection {
    stream: TcpStream,
    conversation: Conversation,
    inbox: BytesMut,
    out: BytesMut,
}

/// A session whose frames are being sent.
struct Playing {
    camera: Arc<Camera>,
    frames: mpsc::Receiver<Arc<Frame>>,
    packer: Packer,
}

/// What the input asked for, after all whole messages in it were answered.
enum Asked {
    Nothing,
    /// A whole message came, so the client lives.
    Message(Option<Effect>),
}

impl Connection {
    /// Runs until the connection ends; says why.
    async fn run(mut self) -> io::Result<&'static str> {
        self.stream.set_nodelay(true)?;
        let mut playing: Option<Playing> = None;
        let mut deadline = Instant::now() + SESSION_TIMEOUT;
        let mut reports = interval(REPORT_INTERVAL);
        reports.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                read = self.stream.read_buf(&mut self.inbox) => {
                    if read? == 0 {
                        return Ok("the client left");
                    }
                    // All whole messages; then there is room again, as a whole message fits.
                    loop {
                        match self.take_message() {
                            Ok(Asked::Nothing) => break,
                            Ok(Asked::Message(effect)) => {
                                deadline = Instant::now() + SESSION_TIMEOUT;
                                self.flush().await?;
                                match effect {
                                    Some(Effect::Play(session)) => {
                                        let packer =
                                            Packer::new(session.channel, session.ssrc, session.first_sequence);
                                        let frames = session.camera.listen();
                                        playing = Some(Playing { camera: session.camera, frames, packer });
                                        reports.reset_after(Duration::from_millis(500));
                                    }
                                    Some(Effect::Stop) => playing = None,
                                    Some(Effect::None) | None => {}
                                }
                            }
                            Err(Malformed { status }) => {
                                let text = Response::new(status).encode(None);
                                self.out.extend_from_slice(text.as_bytes());
                                self.flush().await?;
                                return Ok("the client sent nonsense");
                            }
                        }
                    }
                }
                frame = next_frame(&mut playing) => {
                    let (Some(frame), Some(playing)) = (frame, &mut playing) else {
                        return Ok("the client was too slow");
                    };
                    playing.packer.pack(&frame, &mut self.out);
                    self.flush().await?;
                }
                _ = reports.tick(), if playing.is_some() => {
                    if let Some(Playing { camera, packer, .. }) = &playing {
                        let timestamp = camera.clock.timestamp_at(Instant::now());
                        packer.report(SystemTime::now(), timestamp, &mut self.out);
                        self.flush().await?;
                    }
                }
                () = sleep_until(deadline) => return Ok("the client said nothing for too long"),
            }
        }
    }

    /// Takes the message at the front of the inbox; the answer is left in `out`.
    fn take_message(&mut self) -> Result<Asked, Malformed> {
        match parse(&self.inbox)? {
            Parsed::Incomplete => {
                // INVARIANT: what is incomplete is shorter than the longest message, so reading can go on.
                self.inbox.reserve(MESSAGE_MAX.saturating_sub(self.inbox.len()));
                Ok(Asked::Nothing)
            }
            Parsed::Packet { length } => {
                self.inbox.advance(length);
                Ok(Asked::Message(None))
            }
            Parsed::Request { request, length } => {
                self.inbox.advance(length);
                let (response, effect) = self.conversation.answer(&request);
                tracing::trace!(method = request.method, uri = request.uri, status = response.status.code());
                let text = response.encode(request.header("cseq"));
                self.out.extend_from_slice(text.as_bytes());
                Ok(Asked::Message(Some(effect)))
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        timeout(WRITE_MAX, self.stream.write_all(&self.out)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.out.clear();
        Ok(())
    }
}

/// The next frame of what is played; waits for ever if nothing is. Cancel safe.
async fn next_frame(playing: &mut Option<Playing>) -> Option<Arc<Frame>> {
    match playing {
        Some(playing) => playing.frames.recv().await,
        None => std::future::pending().await,
    }
}
