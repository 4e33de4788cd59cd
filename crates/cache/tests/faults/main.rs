//! The cache behind a proxy that mixes replies up, with calls that are dropped at any of their awaits; and, as negative
//! control, the plain client library under the same.
//!
//! `CACHE_FAULTS_OPS` sets how many calls are made under each fault; the test of all prints a table.

mod clients;
mod drive;
mod hardship;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clients::{Ours, Plain};
use drive::{Source, Tally, drive};
use hardship::{Hardship, Ordeal};
use ownsight_fault_proxy::{Dose, Fault, FaultProxy, Server};

/// Calls under each fault, if nothing else is said.
const OPS: usize = 3_000;
/// On a machine that stalls, the way to the server may be closed for most of a round: then there is another.
const ROUNDS: usize = 30;
/// How long a server suffers at least.
const HARDSHIP_MIN: Duration = Duration::from_secs(1);
/// The chance of a fault at each reply.
const CHANCE: f64 = 0.01;

fn ops() -> usize {
    std::env::var("CACHE_FAULTS_OPS").ok().and_then(|ops| ops.parse().ok()).unwrap_or(OPS)
}

async fn proxy(server: &Server, fault: Option<Fault>, chance: f64) -> FaultProxy {
    let dose = fault.map(|fault| Dose { fault, chance });
    FaultProxy::start(server.address(), dose, 7).await.unwrap()
}

async fn ours(server: &Server, fault: Option<Fault>, ops: usize) -> (Tally, u64, u64) {
    server.run(&[b"FLUSHALL"]).unwrap();
    let proxy = proxy(server, fault, CHANCE).await;
    let client = Ours::connect(proxy.address()).await;
    let tally = drive(&client, &Source::new(), ops).await;
    (tally, client.violations(), proxy.counts().struck)
}

async fn plain(server: &Server, fault: Option<Fault>, ops: usize) -> (Tally, u64) {
    server.run(&[b"FLUSHALL"]).unwrap();
    let proxy = proxy(server, fault, CHANCE).await;
    let client = Plain::connect(proxy.address()).await;
    (drive(&client, &Source::new(), ops).await, proxy.counts().struck)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_makes_the_cache_give_a_wrong_value() {
    let Some(server) = Server::start("faults") else { return };
    println!(
        "{:>18} {:>9} {:>9} {:>7} {:>9} {:>11} {:>6} {:>6}",
        "fault", "calls", "dropped", "struck", "loads", "violations", "wrong", "old"
    );
    for fault in Fault::ALL {
        for round in 1.. {
            let (tally, violations, struck) = ours(&server, Some(fault), ops()).await;
            println!(
                "{:>18} {:>9} {:>9} {struck:>7} {:>9} {violations:>11} {:>6} {:>6}",
                fault.name(),
                tally.answered,
                tally.dropped,
                tally.loads,
                tally.wrong,
                tally.old
            );
            assert_eq!((tally.wrong, tally.old, tally.failed), (0, 0, 0), "{}", fault.name());
            if struck > 0 && tally.dropped > 0 {
                break;
            }
            assert!(round < ROUNDS, "{}: nothing happened", fault.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hardship_of_the_server_makes_the_cache_give_a_wrong_value() {
    for hardship in Hardship::ALL {
        let (Some(first), Some(second)) = (Server::start("hardship"), Server::start("hardship")) else {
            return;
        };
        let proxy = Arc::new(proxy(&first, None, 0.0).await);
        let client = Ours::connect(proxy.address()).await;
        let source = Source::new();
        let ordeal = Ordeal::begin(hardship, [first, second], Arc::clone(&proxy));
        let (mut calls, began) = (0, Instant::now());
        while calls < ops() || began.elapsed() < HARDSHIP_MIN {
            let tally = drive(&client, &source, OPS).await;
            assert_eq!((tally.wrong, tally.old, tally.failed), (0, 0, 0), "{}", hardship.name());
            calls += tally.answered + tally.dropped;
        }
        let (times, violations) = (ordeal.end(), client.violations());
        println!("{:>18} {calls:>9} calls, {times} times", hardship.name());
        assert_eq!(violations, 0, "{}: it is no fault of an entry", hardship.name());
        assert!(times > 0, "{}: it did not happen", hardship.name());
    }
}

/// Negative control: this is what the library underneath gives out, under the same faults and the same calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_client_gives_wrong_values() {
    let Some(server) = Server::start("plain") else { return };
    for fault in [Fault::OffByOne, Fault::Swapped, Fault::Duplicated, Fault::Corrupted, Fault::OtherTenant] {
        let (tally, struck) = plain(&server, Some(fault), ops()).await;
        println!("{:>18} struck {struck}, wrong {} of {}", fault.name(), tally.wrong, tally.answered);
        assert!(tally.wrong > 0, "{}: {tally:?}, struck {struck}", fault.name());
    }
    let (tally, _) = plain(&server, Some(Fault::Stale), 3 * ops()).await;
    assert!(tally.old > 0, "{tally:?}");
}

/// The workload itself is sound: without a fault neither finds anything, and the server is really asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_fault_nothing_is_wrong() {
    let Some(server) = Server::start("sound") else { return };
    let (tally, _) = plain(&server, None, OPS).await;
    assert_eq!((tally.wrong, tally.failed), (0, 0));
    for round in 1.. {
        let (tally, violations, struck) = ours(&server, None, OPS).await;
        assert_eq!((tally.wrong, tally.old, tally.failed, violations, struck), (0, 0, 0, 0, 0));
        if tally.loads < tally.answered / 2 {
            break;
        }
        assert!(round < ROUNDS, "{tally:?}");
    }
}
