//! Request coalescing: who asks for a key that is being loaded waits for that load.
//!
//! One caller leads, in its own task; nothing runs that nobody waits for. A leader that is dropped (cancelled, or its
//! loader panicked) leaves its place to whoever of the waiting is polled first. Plain locks and wakers, no runtime:
//! `tests/flight_model.rs` tries the interleavings of this very file.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::sync::{Arc, Mutex};

const SHARDS: usize = 16;

/// The loads under way, by key. `T` is what a load comes to, for all who wait. Clones are the same loads.
pub(crate) struct Flights<K, T>(Arc<Shards<K, T>>);

struct Shards<K, T> {
    shards: [Shard<K, T>; SHARDS],
    hasher: RandomState,
}

type Shard<K, T> = Mutex<HashMap<K, Arc<Mutex<State<T>>>>>;

struct State<T> {
    phase: Phase<T>,
    waiting: BTreeMap<u64, Option<Waker>>,
    tickets: u64,
}

enum Phase<T> {
    /// Somebody loads.
    Led,
    /// Who loaded is gone, and the next who looks takes the place.
    Vacant,
    Done(T),
}

/// What somebody who asks is to do.
pub(crate) enum Joined<K: Hash + Eq + Clone, T: Clone> {
    /// Load.
    Lead(Leader<K, T>),
    /// Wait for who loads.
    Wait(Waiter<K, T>),
}

/// What waiting came to.
pub(crate) enum Waited<K: Hash + Eq + Clone, T: Clone> {
    /// What the load came to.
    Done(T),
    /// The leader is gone: load in its place.
    Lead(Leader<K, T>),
}

/// The one who loads. Dropped without [`Leader::finish`], it hands over.
pub(crate) struct Leader<K: Hash + Eq + Clone, T: Clone> {
    place: Place<K, T>,
    finished: bool,
}

/// One who waits, a future. Dropped, it waits no more.
pub(crate) struct Waiter<K: Hash + Eq + Clone, T: Clone> {
    place: Place<K, T>,
    ticket: u64,
    over: bool,
}

struct Place<K: Hash + Eq + Clone, T: Clone> {
    flights: Flights<K, T>,
    key: K,
    state: Arc<Mutex<State<T>>>,
}

impl<K: Hash + Eq + Clone, T: Clone> Flights<K, T> {
    pub(crate) fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(HashMap::new()));
        Self(Arc::new(Shards { shards, hasher: RandomState::new() }))
    }

    /// Loads under way.
    pub(crate) fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Joins the load of a key, or begins one.
    pub(crate) fn join(&self, key: &K) -> Joined<K, T> {
        let mut shard = lock(self.shard(key));
        let state = shard.entry(key.clone()).or_insert_with(|| {
            let waiting = BTreeMap::new();
            Arc::new(Mutex::new(State { phase: Phase::Vacant, waiting, tickets: 0 }))
        });
        let place = Place { flights: self.clone(), key: key.clone(), state: Arc::clone(state) };
        let mut state = lock(&place.state);
        if matches!(state.phase, Phase::Vacant) {
            state.phase = Phase::Led;
            drop(state);
            return Joined::Lead(Leader { place, finished: false });
        }
        let ticket = state.tickets;
        state.tickets += 1;
        state.waiting.insert(ticket, None);
        drop(state);
        Joined::Wait(Waiter { place, ticket, over: false })
    }

    fn shard(&self, key: &K) -> &Shard<K, T> {
        let [first, ..] = &self.0.shards;
        self.0.shards.get(self.0.hasher.hash_one(key) as usize % SHARDS).unwrap_or(first)
    }
}

impl<K, T> Clone for Flights<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Leader<K, T> {
    /// Gives all who wait what the load came to. Who asks from now on begins anew.
    pub(crate) fn finish(mut self, outcome: T) {
        self.finished = true;
        let mut shard = lock(self.place.flights.shard(&self.place.key));
        shard.remove(&self.place.key);
        let mut state = lock(&self.place.state);
        state.phase = Phase::Done(outcome);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(shard);
        wake(waiting.into_values());
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Drop for Leader<K, T> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        // All of them: who is woken alone may never be polled again.
        let wakers = self.place.leave(|state| {
            state.phase = Phase::Vacant;
            state.waiting.values_mut().map(Option::take).collect::<Vec<_>>()
        });
        wake(wakers.into_iter());
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Future for Waiter<K, T> {
    type Output = Waited<K, T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = Arc::clone(&self.place.state);
        let mut state = lock(&shared);
        match &state.phase {
            Phase::Done(outcome) => {
                let outcome = outcome.clone();
                self.over = true;
                Poll::Ready(Waited::Done(outcome))
            }
            Phase::Vacant => {
                state.phase = Phase::Led;
                state.waiting.remove(&self.ticket);
                self.over = true;
                Poll::Ready(Waited::Lead(Leader { place: self.place.clone(), finished: false }))
            }
            Phase::Led => {
                state.waiting.insert(self.ticket, Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Unpin for Waiter<K, T> {}

impl<K: Hash + Eq + Clone, T: Clone> Drop for Waiter<K, T> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.place.leave(|state| state.waiting.remove(&self.ticket));
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Place<K, T> {
    /// Changes the state for who leaves, and forgets the load if nobody is there any more who could take it over.
    fn leave<R>(&self, change: impl FnOnce(&mut State<T>) -> R) -> R {
        let mut shard = lock(self.flights.shard(&self.key));
        let mut state = lock(&self.state);
        let left = change(&mut state);
        if matches!(state.phase, Phase::Vacant) && state.waiting.is_empty() {
            shard.remove(&self.key);
        }
        left
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Clone for Place<K, T> {
    fn clone(&self) -> Self {
        Self { flights: self.flights.clone(), key: self.key.clone(), state: Arc::clone(&self.state) }
    }
}

fn wake(wakers: impl Iterator<Item = Option<Waker>>) {
    wakers.flatten().for_each(Waker::wake);
}

fn lock<T>(mutex: &Mutex<T>) -> impl std::ops::DerefMut<Target = T> + '_ {
    // Nothing panics while it holds one of these locks but a clone of `T`, which changes nothing.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
