//! The proxy: who connects, what happens to them, and how often.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::pipe::{Ends, run};
use crate::resp::first_content;
use crate::{Dose, Fault};

/// Replies of one command that are kept to be given to somebody else, and requests whose first reply is kept.
const KEPT_MAX: usize = 512;

/// A proxy on a free port of loopback. Ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    world: Arc<World>,
    task: JoinHandle<()>,
}

/// What has come by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that clients made.
    pub connections: u64,
    /// Replies that a fault could strike.
    pub replies: u64,
    /// Replies that one struck.
    pub struck: u64,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct World {
    server: watch::Sender<SocketAddr>,
    dose: Mutex<Option<Dose>>,
    chance: Mutex<fastrand::Rng>,
    kept: Mutex<Kept>,
    connections: AtomicU64,
    replies: AtomicU64,
    struck: AtomicU64,
}

/// Replies that came by, for those faults that give out others.
#[derive(Debug, Default)]
struct Kept {
    by_command: HashMap<Vec<u8>, VecDeque<Bytes>>,
    first: HashMap<Vec<u8>, Bytes>,
}

impl FaultProxy {
    /// Begins to listen, in front of a server on loopback. Without a dose nothing is struck. `seed` decides what chance
    /// decides.
    pub async fn start(server: SocketAddr, dose: Option<Dose>, seed: u64) -> io::Result<Self> {
        on_this_machine(server)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let world = Arc::new(World {
            server: watch::Sender::new(server),
            dose: Mutex::new(dose),
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            kept: Mutex::default(),
            connections: AtomicU64::default(),
            replies: AtomicU64::default(),
            struck: AtomicU64::default(),
        });
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, Arc::clone(&world)));
        Ok(Self { address, world, task })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Another dose from now on, or none. What a connection has suffered stays.
    pub fn set_dose(&self, dose: Option<Dose>) {
        *lock(&self.world.dose) = dose;
    }

    /// In front of another server from now on, as after a failover: all connections to the former one end.
    pub fn set_server(&self, server: SocketAddr) -> io::Result<()> {
        on_this_machine(server)?;
        self.world.server.send_replace(server);
        Ok(())
    }

    /// What has come by.
    pub fn counts(&self) -> Counts {
        Counts {
            connections: self.world.connections.load(Ordering::SeqCst),
            replies: self.world.replies.load(Ordering::SeqCst),
            struck: self.world.struck.load(Ordering::SeqCst),
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn on_this_machine(server: SocketAddr) -> io::Result<()> {
    if server.ip().is_loopback() {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the server is not on this machine"))
    }
}

async fn accept(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                world.connections.fetch_add(1, Ordering::SeqCst);
                let world = Arc::clone(&world);
                connections.spawn(async move {
                    let mut server = world.server.subscribe();
                    let address = *server.borrow_and_update();
                    let connection = async {
                        if let Ok(ends) = Ends::connect(client, address).await {
                            run(ends, &world).await;
                        }
                    };
                    tokio::select! {
                        () = connection => {}
                        _ = server.changed() => {}
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl World {
    /// What is to happen to this reply, if anything.
    pub(crate) fn strikes(&self) -> Option<Fault> {
        self.replies.fetch_add(1, Ordering::SeqCst);
        let dose = (*lock(&self.dose))?;
        (lock(&self.chance).f64() < dose.chance).then_some(dose.fault)
    }

    pub(crate) fn struck(&self) {
        self.struck.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn below(&self, end: usize) -> usize {
        lock(&self.chance).usize(..end.max(1))
    }

    /// Keeps a reply for later. `command` and `request` say what it answers.
    pub(crate) fn keep(&self, command: &[u8], request: &[u8], reply: &Bytes) {
        let mut kept = lock(&self.kept);
        // That there was nothing is no value that could be old.
        if first_content(reply).is_some() && kept.first.len() < KEPT_MAX && !kept.first.contains_key(request)
        {
            kept.first.insert(request.to_vec(), reply.clone());
        }
        let replies = kept.by_command.entry(command.to_vec()).or_default();
        replies.push_back(reply.clone());
        if replies.len() > KEPT_MAX {
            replies.pop_front();
        }
    }

    /// The reply that somebody got to a command of this name.
    pub(crate) fn of_somebody(&self, command: &[u8]) -> Option<Bytes> {
        let kept = lock(&self.kept);
        let replies = kept.by_command.get(command)?;
        replies.get(self.below(replies.len())).cloned()
    }

    /// The first reply with a value to this very request.
    pub(crate) fn of_before(&self, request: &[u8]) -> Option<Bytes> {
        lock(&self.kept).first.get(request).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
