//! The coalescing of `src/flight.rs`, the file itself, under each interleaving that `loom` finds.

mod sync {
    pub(crate) use loom::sync::{Arc, Mutex};
}

#[path = "../src/flight.rs"]
#[allow(dead_code)]
mod flight;

use flight::{Flights, Joined, Waited};
use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// How many load a key at this moment, and how many loads there were.
#[derive(Default)]
struct Source {
    loading: AtomicUsize,
    loads: AtomicUsize,
}

impl Source {
    fn load(&self) -> usize {
        assert_eq!(self.loading.fetch_add(1, Ordering::SeqCst), 0, "two load one key at a time");
        thread::yield_now();
        let load = self.loads.fetch_add(1, Ordering::SeqCst);
        self.loading.fetch_sub(1, Ordering::SeqCst);
        load
    }
}

type Loads = Flights<u8, usize>;

/// Asks as a caller does: leads, or waits and then takes what comes, or the lead.
fn ask(flights: &Loads, source: &Source) -> usize {
    let leader = match flights.join(&1) {
        Joined::Lead(leader) => leader,
        Joined::Wait(waiter) => match block_on(waiter) {
            Waited::Done(value) => return value,
            Waited::Lead(leader) => leader,
        },
    };
    let value = source.load();
    leader.finish(value);
    value
}

/// Begins to load and is gone.
fn abandon(flights: &Loads) {
    match flights.join(&1) {
        Joined::Lead(leader) => {
            thread::yield_now();
            drop(leader);
        }
        Joined::Wait(waiter) => drop(waiter),
    }
}

fn model(run: impl Fn(Loads, Arc<Source>) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let (flights, source) = (Flights::new(), Arc::new(Source::default()));
        run(flights.clone(), source);
        assert_eq!(flights.len(), 0, "a load stays behind");
    });
}

#[test]
fn one_loads_at_a_time_and_all_get_something() {
    model(|flights, source| {
        let other = {
            let (flights, source) = (flights.clone(), Arc::clone(&source));
            thread::spawn(move || ask(&flights, &source))
        };
        let mine = ask(&flights, &source);
        let theirs = other.join().unwrap();
        let loads = source.loads.load(Ordering::SeqCst);
        assert!(mine < loads && theirs < loads);
    });
}

#[test]
fn who_waits_takes_the_place_of_a_leader_that_is_gone() {
    model(|flights, source| {
        let gone = {
            let flights = flights.clone();
            thread::spawn(move || abandon(&flights))
        };
        assert!(ask(&flights, &source) < source.loads.load(Ordering::SeqCst));
        gone.join().unwrap();
    });
}

#[test]
fn two_wait_for_one_that_is_gone() {
    model(|flights, source| {
        let Joined::Lead(leader) = flights.join(&1) else { panic!("nobody else is here") };
        let other = {
            let (flights, source) = (flights.clone(), Arc::clone(&source));
            thread::spawn(move || ask(&flights, &source))
        };
        drop(leader);
        ask(&flights, &source);
        other.join().unwrap();
    });
}

#[test]
fn a_waiter_that_goes_leaves_nothing_behind() {
    model(|flights, _| {
        let Joined::Lead(leader) = flights.join(&1) else { panic!("nobody else is here") };
        let Joined::Wait(waiter) = flights.join(&1) else { panic!("somebody loads") };
        let going = thread::spawn(move || drop(waiter));
        drop(leader);
        going.join().unwrap();
    });
}
