//! How many appends a second the ledger records, each of them durable before the next of its caller.
//!
//! ```text
//! cargo run --release -p ownsight-ledger --example append_rate [folder]
//! ```
//! The folder decides which disk is measured; the default is the system's folder for temporary files.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

use std::time::{Duration, Instant};

use ownsight_ledger::{Action, Entry, EventRef, Ledger, LedgerConfig, Opening, Origin};
use ownsight_model::{AccountId, CameraId, EventId, HomeId, InstallationId, SessionId, Timestamp};

const SPAN: Duration = Duration::from_secs(3);

fn entry() -> Entry {
    let event = EventRef { camera: CameraId::generate(), event: EventId::generate() };
    let opening = Opening {
        account: AccountId::generate(),
        session: SessionId::generate(),
        home: HomeId::generate(),
        action: Action::Thumbnail(event),
    };
    Entry { time: Timestamp::now(), origin: Origin::WebApp, opening }
}

async fn append_until(ledger: Ledger, end: Instant) -> Vec<Duration> {
    let mut took = Vec::new();
    while Instant::now() < end {
        let begin = Instant::now();
        let recorded = ledger.append(entry(), begin + Duration::from_secs(10)).await.unwrap();
        assert!(recorded.sequence() > 0);
        took.push(begin.elapsed());
    }
    took
}

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    println!("callers  appends/s  per commit   p50 ms   p99 ms");
    for callers in [1_usize, 8, 64] {
        let path = folder.path().join(format!("{callers}.sqlite"));
        let ledger = Ledger::open(&path, InstallationId::generate(), &LedgerConfig::default()).unwrap();
        let begin = Instant::now();
        let mut took = runtime.block_on(async {
            let tasks: Vec<_> =
                (0..callers).map(|_| tokio::spawn(append_until(ledger.clone(), begin + SPAN))).collect();
            let mut took = Vec::new();
            for task in tasks {
                took.extend(task.await.unwrap());
            }
            took
        });
        let rate = took.len() as f64 / begin.elapsed().as_secs_f64();
        let counts = ledger.counts();
        let shared = counts.entries as f64 / counts.commits as f64;
        took.sort();
        let at = |percent: usize| took.get(took.len() * percent / 100).unwrap().as_secs_f64() * 1000.0;
        println!("{callers:>7}  {rate:>9.0}  {shared:>10.1}  {:>7.2}  {:>7.2}", at(50), at(99));
        runtime.block_on(ledger.close());
    }
}
