//! The swap test: everything that can be mixed up between two homes is exchanged, one thing at a time, and both look.
//!
//! With the barriers on nobody sees a byte of the other, and an alarm is counted; with all barriers off the same
//! looks must see the leak, or the test shows nothing. What leaks then is tried again with each barrier alone: those that stop it
//! by themselves are named. The result is the table in `docs/mixups.md`; run with `OWNSIGHT_BLESS=1` to write it anew.

mod exchange;
mod look;
mod report;
mod world;

use std::collections::BTreeSet;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use ownsight_seal::barriers::Barrier;
use tokio::runtime::Runtime;

use crate::exchange::Exchange;
use crate::look::{Looker, Part, Seen};
use crate::world::{Side, System, World};

/// What an exchange did, seen by both sides.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) exchange: Exchange,
    pub(crate) leaks: BTreeSet<&'static str>,
    pub(crate) leaked_to: BTreeSet<Part>,
    pub(crate) refused: BTreeSet<(&'static str, String)>,
    /// Requests whose answer differs from the one without an exchange.
    pub(crate) changed: BTreeSet<&'static str>,
    pub(crate) alarms: u64,
}

#[test]
fn nothing_leaks_with_the_barriers_on_and_all_of_it_is_seen_with_the_barriers_off() {
    let runtime = Runtime::new().unwrap();
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();

    set_barriers(true);
    let (with, without_sides) = run(&runtime, &metrics);
    set_barriers(false);
    let (without, _) = run(&runtime, &metrics);
    let mut alone: Vec<Alone> = without.iter().map(|_| Vec::new()).collect();
    for barrier in Barrier::ALL {
        set_barriers(false);
        barrier.set(true);
        stopped_by(&runtime, barrier, &without, &mut alone);
    }
    set_barriers(true);

    report::check(&with, &without, &alone, &without_sides);
}

/// Barriers each of which stops an exchange's leak while all others are off.
pub(crate) type Alone = Vec<Barrier>;

/// Tries everything that leaked with only this barrier on.
fn stopped_by(runtime: &Runtime, barrier: Barrier, without: &[Outcome], alone: &mut [Alone]) {
    let world = runtime.block_on(World::build());
    for (outcome, alone) in without.iter().zip(alone).filter(|(outcome, _)| !outcome.leaks.is_empty()) {
        let all_leaked = || Part::ALL.into_iter().filter(|part| outcome.leaked_to.contains(part));
        // Who needs no password hashed shows it, unless nobody else saw the leak.
        let quick: Vec<_> = all_leaked().filter(|part| !part.is_slow()).collect();
        let parts = if quick.is_empty() { all_leaked().collect() } else { quick };
        let [one, other] = look_from_both(runtime, &world, &outcome.exchange, &parts);
        if one.leaks.is_empty() && other.leaks.is_empty() {
            alone.push(barrier);
        }
    }
}

fn set_barriers(on: bool) {
    for barrier in Barrier::ALL {
        barrier.set(on);
    }
}

fn run(runtime: &Runtime, metrics: &PrometheusHandle) -> (Vec<Outcome>, Vec<String>) {
    let world = runtime.block_on(World::build());
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut untouched: Option<[Seen; 2]> = None;
    for exchange in exchange::all(&world) {
        let before = alarms(metrics);
        let seen = look_from_both(runtime, &world, &exchange, &Part::ALL);
        let alarms = alarms(metrics) - before;
        let untouched = untouched.get_or_insert_with(|| seen.clone());
        outcomes.push(outcome(exchange, &seen, untouched, alarms));
    }
    (outcomes, exchange::without_sides(&world))
}

/// What either side sees, both at once: most of it is work for a processor.
fn look_from_both(runtime: &Runtime, world: &World, exchange: &Exchange, parts: &[Part]) -> [Seen; 2] {
    let [one, other] = &world.sides;
    let from = |side, other| runtime.block_on(look(world, exchange, parts, side, other));
    std::thread::scope(|scope| {
        let second = scope.spawn(|| from(other, one));
        [from(one, other), second.join().unwrap()]
    })
}

/// What one side sees, in a system of its own: one side's writes are not the other's surprise.
async fn look(world: &World, exchange: &Exchange, parts: &[Part], side: &Side, other: &Side) -> Seen {
    let folder = world.copy();
    exchange.apply(world, folder.path());
    let system = System::start(folder.path(), &world.master).await;
    let mut looker = Looker::new(&system, side, other);
    looker.cookie = exchange.cookie(side, other);
    looker.answered_for = exchange.answered_for(side, other);
    looker.links = exchange.links(side, other);
    let seen = looker.look(parts).await;
    system.stop().await;
    seen
}

fn outcome(exchange: Exchange, seen: &[Seen; 2], untouched: &[Seen; 2], alarms: u64) -> Outcome {
    let mut outcome = Outcome {
        exchange,
        leaks: BTreeSet::new(),
        leaked_to: BTreeSet::new(),
        refused: BTreeSet::new(),
        changed: BTreeSet::new(),
        alarms,
    };
    for (seen, untouched) in seen.iter().zip(untouched) {
        outcome.leaks.extend(&seen.leaks);
        outcome.leaked_to.extend(&seen.leaked_to);
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
