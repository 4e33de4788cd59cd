//! One connection: requests pass as they are, replies meet the fault.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::Fault;
use crate::proxy::World;
use crate::resp::{first_content, frame_len, request};

/// Requests without a reply yet. A client that sends more is cut off.
const OPEN_MAX: usize = 1 << 16;
/// How long a reply waits for a neighbour to change places with.
const NEIGHBOUR_MAX: Duration = Duration::from_millis(2);

/// Both sides of a connection.
pub(crate) struct Ends {
    client: (OwnedReadHalf, OwnedWriteHalf),
    server: (OwnedReadHalf, OwnedWriteHalf),
}

impl Ends {
    pub(crate) async fn connect(client: TcpStream, server: SocketAddr) -> io::Result<Self> {
        let server = TcpStream::connect(server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        Ok(Self { client: client.into_split(), server: server.into_split() })
    }
}

/// Requests whose replies have not come yet, in order; shared by both directions.
type Open = Arc<Mutex<State>>;

#[derive(Default)]
struct State {
    requests: VecDeque<Asked>,
    /// It subscribed: what comes is no reply to anything.
    subscribed: bool,
}

struct Asked {
    command: Vec<u8>,
    frame: Bytes,
}

/// Until either side ends, or a fault ends it.
pub(crate) async fn run(ends: Ends, world: &World) {
    let open = Open::default();
    let (to_server, to_client) = (ends.server.1, ends.client.1);
    tokio::select! {
        _ = requests(ends.client.0, to_server, &open) => {}
        _ = replies(ends.server.0, to_client, &open, world) => {}
    }
}

async fn requests(from: OwnedReadHalf, mut to: OwnedWriteHalf, open: &Open) -> io::Result<()> {
    let mut frames = Frames::new(from);
    while let Some(frame) = frames.next().await? {
        {
            let mut state = lock(open);
            let strings = request(&frame).unwrap_or_default();
            let command = strings.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
            state.subscribed |= command.ends_with(b"SUBSCRIBE");
            state.requests.push_back(Asked { command, frame: frame.clone() });
            if state.requests.len() > OPEN_MAX {
                return Err(io::Error::other("too many requests without a reply"));
            }
        }
        to.write_all(&frame).await?;
    }
    Ok(())
}

async fn replies(from: OwnedReadHalf, mut to: OwnedWriteHalf, open: &Open, world: &World) -> io::Result<()> {
    let mut frames = Frames::new(from);
    while let Some(reply) = frames.next().await? {
        let asked = {
            let mut state = lock(open);
            if state.subscribed { None } else { state.requests.pop_front() }
        };
        let Some(asked) = asked.filter(|asked| may_be_struck(&asked.command)) else {
            to.write_all(&reply).await?;
            continue;
        };
        world.keep(&asked.command, &asked.frame, &reply);
        match world.strikes() {
            None => to.write_all(&reply).await?,
            Some(fault) => {
                let mut struck = Struck { frames: &mut frames, to: &mut to, open, world };
                struck.by(fault, &asked, reply).await?;
            }
        }
    }
    Ok(())
}

/// What sets a connection up passes.
fn may_be_struck(command: &[u8]) -> bool {
    !matches!(command, b"" | b"HELLO" | b"AUTH" | b"CLIENT" | b"SELECT" | b"PING" | b"INFO" | b"COMMAND")
}

/// A reply that a fault strikes, where it is.
struct Struck<'a> {
    frames: &'a mut Frames,
    to: &'a mut OwnedWriteHalf,
    open: &'a Open,
    world: &'a World,
}

impl Struck<'_> {
    async fn by(&mut self, fault: Fault, asked: &Asked, reply: Bytes) -> io::Result<()> {
        match fault {
            Fault::OffByOne => {
                self.world.struck();
                Ok(())
            }
            Fault::Swapped => self.swap(reply).await,
            Fault::Duplicated => {
                self.world.struck();
                self.to.write_all(&reply).await?;
                self.to.write_all(&reply).await
            }
            Fault::Delayed(by) => {
                self.world.struck();
                tokio::time::sleep(by).await;
                self.to.write_all(&reply).await
            }
            Fault::Truncated => {
                self.world.struck();
                self.to.write_all(reply.get(..reply.len() / 2).unwrap_or_default()).await?;
                Err(io::Error::other("cut off, as was asked"))
            }
            Fault::Corrupted => {
                let mut changed = reply.to_vec();
                if let Some(content) = first_content(&reply) {
                    let at = content.start + self.world.below(content.len());
                    let bit = self.world.below(8);
                    if let Some(byte) = changed.get_mut(at) {
                        *byte ^= 1 << bit;
                        self.world.struck();
                    }
                }
                self.to.write_all(&changed).await
            }
            Fault::OtherTenant => self.instead(self.world.of_somebody(&asked.command), reply).await,
            Fault::Stale => self.instead(self.world.of_before(&asked.frame), reply).await,
            Fault::Moved => {
                self.world.struck();
                self.to.write_all(b"-MOVED 4242 127.0.0.1:1\r\n").await
            }
            Fault::Silent => {
                self.world.struck();
                std::future::pending().await
            }
        }
    }

    async fn instead(&mut self, other: Option<Bytes>, reply: Bytes) -> io::Result<()> {
        let other = other.filter(|other| *other != reply);
        if other.is_some() {
            self.world.struck();
        }
        self.to.write_all(&other.unwrap_or(reply)).await
    }

    async fn swap(&mut self, reply: Bytes) -> io::Result<()> {
        // A frame that is cut off by the time stays in the buffer.
        if let Ok(Ok(Some(next))) = tokio::time::timeout(NEIGHBOUR_MAX, self.frames.next()).await {
            lock(self.open).requests.pop_front();
            self.world.struck();
            self.to.write_all(&next).await?;
        }
        self.to.write_all(&reply).await
    }
}

/// Values of the protocol, from a stream.
struct Frames {
    from: OwnedReadHalf,
    buffer: BytesMut,
}

impl Frames {
    fn new(from: OwnedReadHalf) -> Self {
        Self { from, buffer: BytesMut::with_capacity(16 << 10) }
    }

    /// Cancel-safe: what was read stays in the buffer.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let found = frame_len(&self.buffer).map_err(|_| io::Error::other("not the Redis protocol"))?;
            if let Some(length) = found {
                return Ok(Some(self.buffer.split_to(length).freeze()));
            }
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

fn lock(open: &Open) -> std::sync::MutexGuard<'_, State> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
