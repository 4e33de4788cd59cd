//! What the cache and the bare clients give out, under each fault and each hardship of the server; the least dose at which
//! a fault is found; and one long run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ownsight_fault_proxy::{Dose, Fault, FaultProxy, Server};
use tokio::runtime::Runtime;

use crate::clients::{Ours, Plain};
use crate::drive::{Client, Source, Tally, drive};
use crate::fred_client::Fred;
use crate::hardship::{Hardship, Ordeal};

/// Calls under each fault.
const OPS: usize = 100_000;
const CHANCE: f64 = 0.01;
/// Chances that are tried, from the largest on.
const DOSES: [f64; 5] = [1e-2, 1e-3, 1e-4, 3e-5, 1e-5];
/// A client that is given nothing for so long has not finished.
const PATIENCE: Duration = Duration::from_secs(300);

/// Who is driven.
#[derive(Debug, Clone, Copy)]
enum Who {
    Redis,
    Fred,
    Ours,
}

/// What came of it.
struct Outcome {
    tally: Tally,
    struck: u64,
    /// What ours reported.
    found: u64,
}

impl Who {
    const ALL: [Self; 3] = [Self::Redis, Self::Fred, Self::Ours];

    async fn drive(self, proxy: &FaultProxy, dose: Option<Dose>, ops: usize) -> Option<Outcome> {
        // Connected before anything goes wrong.
        proxy.set_dose(None);
        let (address, source) = (proxy.address(), Source::new());
        let struck = proxy.counts().struck;
        let (tally, found) = match self {
            Self::Redis => (driven(&Plain::connect(address).await, proxy, dose, &source, ops).await?, 0),
            Self::Fred => (driven(&Fred::connect(address).await, proxy, dose, &source, ops).await?, 0),
            Self::Ours => {
                let client = Ours::connect(address).await;
                let tally = driven(&client, proxy, dose, &source, ops).await?;
                (tally, client.violations())
            }
        };
        proxy.set_dose(None);
        Some(Outcome { tally, struck: proxy.counts().struck - struck, found })
    }
}

async fn driven(
    client: &impl Client,
    proxy: &FaultProxy,
    dose: Option<Dose>,
    source: &Source,
    ops: usize,
) -> Option<Tally> {
    proxy.set_dose(dose);
    tokio::time::timeout(PATIENCE, drive(client, source, ops)).await.ok()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A line of the table: each column's wrong and old values, then what ours found of what struck it.
fn row(name: &str, outcomes: &[Option<Outcome>]) {
    print!("| {name} |");
    for outcome in outcomes {
        match outcome {
            Some(Outcome { tally, .. }) => print!(" {} | {} |", tally.wrong, tally.old),
            None => print!(" not finished | |"),
        }
    }
    match outcomes.last() {
        Some(Some(ours)) => println!(" {} of {} |", ours.found, ours.struck),
        _ => println!(" |"),
    }
}

pub fn table() {
    let runtime = runtime();
    println!("| | redis: wrong | old | fred: wrong | old | cache: wrong | old | found of struck |");
    for fault in Fault::ALL {
        let Some(server) = Server::start("faults") else { return };
        let outcomes = Who::ALL.map(|who| {
            runtime.block_on(async {
                server.run(&[b"FLUSHALL"]).unwrap();
                let proxy = FaultProxy::start(server.address(), None, 7).await.unwrap();
                who.drive(&proxy, Some(Dose { fault, chance: CHANCE }), OPS).await
            })
        });
        row(fault.name(), &outcomes);
    }
    for hardship in Hardship::ALL {
        let outcomes = Who::ALL.map(|who| {
            runtime.block_on(async {
                let (first, second) = (Server::start("first")?, Server::start("second")?);
                let proxy = Arc::new(FaultProxy::start(first.address(), None, 7).await.unwrap());
                let ordeal = Ordeal::begin(hardship, [first, second], Arc::clone(&proxy));
                let outcome = who.drive(&proxy, None, OPS).await;
                let times = tokio::task::spawn_blocking(|| ordeal.end()).await.unwrap();
                outcome.map(|outcome| Outcome { struck: times as u64, ..outcome })
            })
        });
        row(hardship.name(), &outcomes);
    }
}

/// The least chance at which a fault still makes a bare client give something wrong, or old, and ours find something.
pub fn doses() {
    let runtime = runtime();
    println!("| fault | redis | fred | found by the cache |");
    for fault in Fault::ALL {
        let Some(server) = Server::start("doses") else { return };
        let least = Who::ALL.map(|who| {
            let shows = |chance: &&f64| {
                let outcome = runtime.block_on(async {
                    server.run(&[b"FLUSHALL"]).unwrap();
                    let proxy = FaultProxy::start(server.address(), None, 7).await.unwrap();
                    who.drive(&proxy, Some(Dose { fault, chance: **chance }), OPS).await
                });
                outcome.is_some_and(|outcome| match who {
                    Who::Ours => outcome.found > 0,
                    Who::Redis | Who::Fred => outcome.tally.wrong + outcome.tally.old > 0,
                })
            };
            DOSES.iter().take_while(shows).last().map_or("–".to_owned(), |chance| format!("{chance:e}"))
        });
        println!("| {} | {} |", fault.name(), least.join(" | "));
    }
}

/// So many calls of the cache in one run, over all faults and hardships in turn, with a tier in the process and without.
pub fn long(calls: usize) {
    let Some(server) = Server::start("long") else { return };
    let (began, mut found, mut struck) = (Instant::now(), 0, 0);
    let mut sum = Tally::default();
    let runtime = runtime();
    runtime.block_on(async {
        let proxy = Arc::new(FaultProxy::start(server.address(), None, 7).await.unwrap());
        let pairs = [
            (Ours::connect(proxy.address()).await, Source::new()),
            (Ours::connect_with_local(proxy.address()).await, Source::new()),
        ];
        let mut reported = 0;
        for round in 0.. {
            for (client, source) in &pairs {
                for fault in Fault::ALL {
                    proxy.set_dose(Some(Dose { fault, chance: CHANCE }));
                    let tally = drive(client, source, OPS).await;
                    add(&mut sum, &tally);
                }
            }
            proxy.set_dose(None);
            let hardship = Hardship::ALL[round % Hardship::ALL.len()];
            let (Some(first), Some(second)) = (Server::start("first"), Server::start("second")) else {
                return;
            };
            proxy.set_server(first.address()).unwrap();
            let ordeal = Ordeal::begin(hardship, [first, second], Arc::clone(&proxy));
            for (client, source) in &pairs {
                let tally = drive(client, source, OPS).await;
                add(&mut sum, &tally);
            }
            tokio::task::spawn_blocking(|| ordeal.end()).await.unwrap();
            proxy.set_server(server.address()).unwrap();
            found = pairs.iter().map(|(client, _)| client.violations()).sum();
            struck = proxy.counts().struck;
            let done = sum.answered + sum.dropped;
            if done >= reported + calls / 100 || done >= calls {
                reported = done;
                println!(
                    "{done} calls, {} dropped, {} loads, wrong {}, old {}; struck {struck}, found {found}; {:.0} s",
                    sum.dropped,
                    sum.loads,
                    sum.wrong,
                    sum.old,
                    began.elapsed().as_secs_f64()
                );
            }
            if done >= calls {
                break;
            }
        }
    });
    assert_eq!((sum.wrong, sum.old, sum.failed), (0, 0, 0));
    assert!(struck > 0 && found > 0);
}

fn add(sum: &mut Tally, tally: &Tally) {
    sum.answered += tally.answered;
    sum.dropped += tally.dropped;
    sum.failed += tally.failed;
    sum.loads += tally.loads;
    sum.wrong += tally.wrong;
    sum.old += tally.old;
}
