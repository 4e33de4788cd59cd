//! What happens to a server while it is asked: it is paused, killed and started anew, out of memory, or another takes over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ownsight_fault_proxy::{FaultProxy, Server};

/// How long a server is well, and how long it is not.
const WELL: Duration = Duration::from_millis(150);
const UNWELL: Duration = Duration::from_millis(60);

/// One thing that happens, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardship {
    /// Stopped where it is, with its connections open (`SIGSTOP`).
    Paused,
    /// Ended at once, and started again empty.
    Killed,
    /// It takes nothing in any more.
    NoMemory,
    /// Its replica becomes the primary, without what had not reached it; it becomes the replica.
    FailingOver,
}

impl Hardship {
    pub const ALL: [Self; 4] = [Self::Paused, Self::Killed, Self::NoMemory, Self::FailingOver];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Killed => "killed and started",
            Self::NoMemory => "out of memory",
            Self::FailingOver => "failing over",
        }
    }
}

/// A server to which it happens, for as long as this is there.
pub struct Ordeal {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<usize>>,
}

impl Ordeal {
    /// Begins, behind this proxy, which is to be in front of the first server. The second one is for who fails over.
    pub fn begin(hardship: Hardship, servers: [Server; 2], proxy: Arc<FaultProxy>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let thread = std::thread::spawn(move || suffer(hardship, servers, &proxy, &ends));
        Self { over, thread: Some(thread) }
    }

    /// Ends it; how often it happened.
    pub fn end(mut self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Ordeal {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

fn suffer(hardship: Hardship, servers: [Server; 2], proxy: &FaultProxy, over: &AtomicBool) -> usize {
    let [mut primary, mut other] = servers;
    if hardship == Hardship::FailingOver {
        replicate(&other, &primary);
    }
    for times in 0.. {
        sleep(WELL);
        if over.load(Ordering::SeqCst) {
            return times;
        }
        match hardship {
            Hardship::Paused => {
                primary.pause().unwrap();
                sleep(UNWELL);
                primary.resume().unwrap();
            }
            Hardship::Killed => {
                primary.kill().unwrap();
                sleep(UNWELL);
                primary.restart().unwrap();
            }
            Hardship::NoMemory => {
                limit_memory(&primary, b"1");
                sleep(UNWELL);
                limit_memory(&primary, b"0");
            }
            Hardship::FailingOver => {
                other.run(&[b"REPLICAOF", b"NO", b"ONE"]).unwrap();
                proxy.set_server(other.address()).unwrap();
                replicate(&primary, &other);
                std::mem::swap(&mut primary, &mut other);
            }
        }
    }
    unreachable!("it goes on until it is over")
}

fn limit_memory(server: &Server, bytes: &[u8]) {
    server.run(&[b"CONFIG", b"SET", b"maxmemory", bytes]).unwrap();
}

/// Makes one the replica of another, and waits until it has what that has.
fn replicate(replica: &Server, primary: &Server) {
    let port = primary.address().port().to_string();
    primary.run(&[b"CONFIG", b"SET", b"repl-diskless-sync-delay", b"0"]).unwrap();
    replica.run(&[b"REPLICAOF", b"127.0.0.1", port.as_bytes()]).unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = replica.run(&[b"INFO", b"replication"]).unwrap();
        if String::from_utf8_lossy(&reply).contains("master_link_status:up") {
            return;
        }
        assert!(Instant::now() < until, "the replica has not caught up");
        sleep(Duration::from_millis(5));
    }
}
