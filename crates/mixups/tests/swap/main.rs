//! The swap test: everything that can be mixed up between two homes is exchanged, one thing at a time, and both look.
//!
//! With the barriers on nobody sees a byte of the other, and an alarm is counted; with all barriers off the same
//! looks must see the leak, or the test shows nothing. The result is the table in `docs/mixups.md`; run with
//! `OWNSIGHT_BLESS=1` to write it anew.

mod exchange;
mod look;
mod report;
mod world;

use std::collections::BTreeSet;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use ownsight_seal::barriers::Barrier;

use crate::exchange::Exchange;
use crate::look::{Looker, Seen};
use crate::world::{Side, System, World};

/// What an exchange did, seen by both sides.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) exchange: Exchange,
    pub(crate) leaks: BTreeSet<&'static str>,
    pub(crate) refused: BTreeSet<(&'static str, String)>,
    /// Requests whose answer differs from the one without an exchange.
    pub(crate) changed: BTreeSet<&'static str>,
    pub(crate) alarms: u64,
}

#[test]
fn nothing_leaks_with_the_barriers_on_and_all_of_it_is_seen_with_the_barriers_off() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();

    set_barriers(true);
    let (with, without_sides) = runtime.block_on(run(&metrics));
    set_barriers(false);
    let (without, _) = runtime.block_on(run(&metrics));
    set_barriers(true);

    report::check(&with, &without, &without_sides);
}

fn set_barriers(on: bool) {
    for barrier in Barrier::ALL {
        barrier.set(on);
    }
}

async fn run(metrics: &PrometheusHandle) -> (Vec<Outcome>, Vec<String>) {
    let world = World::build().await;
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut untouched: Option<[Seen; 2]> = None;
    for exchange in exchange::all(&world) {
        let before = alarms(metrics);
        let [one, other] = &world.sides;
        let (one, other) =
            tokio::join!(look(&world, &exchange, one, other), look(&world, &exchange, other, one));
        let seen = [one, other];
        let alarms = alarms(metrics) - before;
        let untouched = untouched.get_or_insert_with(|| seen.clone());
        outcomes.push(outcome(exchange, &seen, untouched, alarms));
    }
    (outcomes, exchange::without_sides(&world))
}

/// What one side sees, in a system of its own: one side's writes are not the other's surprise.
async fn look(world: &World, exchange: &Exchange, side: &Side, other: &Side) -> Seen {
    let folder = world.copy();
    exchange.apply(world, folder.path());
    let system = System::start(folder.path(), &world.master).await;
    let mut looker = Looker::new(&system, side, other);
    looker.cookie = exchange.cookie(side, other);
    let seen = looker.look().await;
    system.stop().await;
    seen
}

fn outcome(exchange: Exchange, seen: &[Seen; 2], untouched: &[Seen; 2], alarms: u64) -> Outcome {
    let mut outcome = Outcome {
        exchange,
        leaks: BTreeSet::new(),
        refused: BTreeSet::new(),
        changed: BTreeSet::new(),
        alarms,
    };
    for (seen, untouched) in seen.iter().zip(untouched) {
        outcome.leaks.extend(&seen.leaks);
        let new = seen.refused.iter().filter(|refusal| !untouched.refused.contains(refusal));
        outcome.refused.extend(new.cloned());
        let changed = seen.answers.iter().filter(|answer| !untouched.answers.contains(answer));
        outcome.changed.extend(changed.map(|(name, _)| *name));
    }
    outcome
}

/// The sum of all alarms, of the gate and of ingest, whatever their kind.
fn alarms(metrics: &PrometheusHandle) -> u64 {
    let text = metrics.render();
    let lines = text.lines().filter(|line| line.starts_with("ownsight_alarms_total"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
