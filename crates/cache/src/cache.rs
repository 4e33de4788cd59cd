//! The cache itself: what callers ask.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{Instrument, debug_span};

use crate::asking::{Asking, Call};
use crate::caches::Shared;
use crate::clock::Moment;
use crate::count::{self, Lookups, Origin};
use crate::entry::Sealing;
use crate::flight::{Flights, Joined, Leader, Waited};
use crate::local::{Held, Local};
use crate::remote::Announcement;
use crate::watch::{Stamp, Subject};
use crate::{Ask, Cacheable, Group, Key, Namespace, Policy, RemoteError, SchemaError, Violation};

/// How long an invalidation tries to reach the server.
const INVALIDATE_MAX: Duration = Duration::from_secs(1);

/// A cache of values of one type, whose loads fail with `E`. Cheap to clone.
///
/// There is no bare *set*: a value comes in by the load of who asked for it, because only then is it known what was
/// invalidated since its source was read.
pub struct Cache<V: Cacheable, E> {
    inner: Arc<Inner<V, E>>,
}

impl<V: Cacheable, E> Clone for Cache<V, E> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

pub(crate) struct Inner<V: Cacheable, E> {
    /// `None` if nothing is cached.
    on: Option<On>,
    pub(crate) namespace: Namespace,
    pub(crate) policy: Policy,
    pub(crate) local: Local<V>,
    pub(crate) lookups: Lookups,
    flights: Flights<Key, Outcome<V, E>>,
}

/// What a cache works with that keeps something.
pub(crate) struct On {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sealing: Sealing,
}

pub(crate) type Outcome<V, E> = Result<Arc<Held<V>>, Arc<E>>;

/// A value that was verified. Cheap to clone.
#[derive(Debug)]
pub struct Found<V>(pub(crate) Arc<Held<V>>);

impl<V> Found<V> {
    /// The value; `None` if its source has none.
    pub fn value(&self) -> Option<&V> {
        self.0.value.as_ref()
    }
}

impl<V> Clone for Found<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Why there is no value. A cache that fails is no reason: then the source is read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError<E> {
    /// The source failed, for this caller or for who loaded for it.
    #[error("the source could not be read")]
    Source(Arc<E>),
    /// The source took too long.
    #[error("the source did not answer in time")]
    Late,
}

impl<E> Clone for LoadError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Source(error) => Self::Source(Arc::clone(error)),
            Self::Late => Self::Late,
        }
    }
}

/// An invalidation holds in this process; other processes, and the server, were not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("other processes were not told that something is invalid, and may hand it out until it expires")]
pub struct NotTold(#[source] pub RemoteError);

impl<V: Cacheable, E: Send + Sync + 'static> Cache<V, E> {
    pub(crate) fn new(
        shared: Option<Arc<Shared>>,
        namespace: Namespace,
        policy: Policy,
    ) -> Result<Self, SchemaError> {
        let schema = V::schema()?;
        let on = shared.map(|shared| {
            let sealing = Sealing::new(&shared.secret, namespace.clone(), schema, V::PROTECTION);
            On { shared, sealing }
        });
        let local = Local::new(if on.is_some() { policy.local_bytes_max } else { 0 });
        let lookups = Lookups::of(&namespace);
        let inner = Inner { on, namespace, policy, local, lookups, flights: Flights::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The value of this key: kept here, waited for with others who load it, kept on the server, or loaded. It was read
    /// for exactly this key, and is as young as asked.
    ///
    /// `load` reads the source; it is called once at most, and by one caller at a time for each key in this process. If
    /// it fails, all who wait for it get its error, and the next who asks loads anew.
    ///
    /// Cancel-safe: a dropped call leaves nothing behind; who waited for its load takes over with a load of its own.
    pub async fn get_or_load<F, L>(&self, key: &Key, ask: Ask, load: F) -> Result<Found<V>, LoadError<E>>
    where
        F: FnOnce() -> L,
        L: Future<Output = Result<Option<V>, E>>,
    {
        let inner = &*self.inner;
        let Some(on) = &inner.on else { return inner.load_only(load).await };
        let call = inner.call(&on.shared, key, ask);
        if let Some(held) = inner.kept(&call, key) {
            inner.lookups.count(Origin::Local);
            return Ok(Found(held));
        }
        let found = async {
            match timeout(inner.policy.load_max, inner.lead_or_wait(&call, key)).await {
                Err(_) => Err(LoadError::Late),
                Ok(Turn::Over(outcome)) => {
                    inner.lookups.count(Origin::Shared);
                    outcome.map(Found).map_err(LoadError::Source)
                }
                Ok(Turn::Lead(leader)) => Asking { inner, on, key, call }.lead(leader, load).await,
            }
        };
        found.instrument(debug_span!("cache", namespace = inner.namespace.as_str())).await
    }

    /// The value of this key, if it is kept here or on the server.
    ///
    /// Cancel-safe: it changes nothing, but that an entry which breaks the promise is evicted.
    pub async fn get(&self, key: &Key, ask: Ask) -> Option<Found<V>> {
        let inner = &*self.inner;
        let on = inner.on.as_ref()?;
        let call = inner.call(&on.shared, key, ask);
        if let Some(held) = inner.kept(&call, key) {
            inner.lookups.count(Origin::Local);
            return Some(Found(held));
        }
        let found = Asking { inner, on, key, call }.on_the_server().await;
        inner.lookups.count(if found.is_some() { Origin::Remote } else { Origin::Miss });
        found.map(Found)
    }

    /// The values of these keys, as by [`Cache::get`] for each, in their order: what is not kept here is asked for
    /// together, 128 at a time, within one budget. If one of the replies is another key's, none that came behind it is
    /// handed out; and if the server refuses one, none that was asked for with it.
    ///
    /// Cancel-safe: as [`Cache::get`].
    pub async fn get_many<K: Borrow<Key>>(&self, keys: &[K], ask: Ask) -> Vec<Option<Found<V>>> {
        let inner = &*self.inner;
        let mut found = vec![None; keys.len()];
        let Some(on) = &inner.on else { return found };
        let (mut places, mut asked) = (Vec::new(), Vec::new());
        for (place, key) in found.iter_mut().zip(keys.iter().map(Borrow::borrow)) {
            let call = inner.call(&on.shared, key, ask);
            if let Some(held) = inner.kept(&call, key) {
                inner.lookups.count(Origin::Local);
                *place = Some(Found(held));
            } else {
                places.push(place);
                asked.push(Asking { inner, on, key, call });
            }
        }
        for (place, held) in places.into_iter().zip(Asking::all_on_the_server(&asked).await) {
            inner.lookups.count(if held.is_some() { Origin::Remote } else { Origin::Miss });
            *place = held.map(Found);
        }
        found
    }

    /// The source of this key has changed. Call it after the change: who asks from then on, in this process, is not
    /// given what was read before, whatever becomes of this call; in others once they hear of it, or at the latest when
    /// it expires. Takes a second at most.
    ///
    /// Cancel-safe: it holds in this process with the first poll; dropped later, other processes may not be told.
    pub async fn invalidate(&self, key: &Key) -> Result<(), NotTold> {
        self.inner.local.remove(key);
        self.inner.invalidate(Subject::Key(key.as_bytes())).await
    }

    /// The sources of all keys of this group have changed. As [`Cache::invalidate`] otherwise.
    ///
    /// Cancel-safe: as [`Cache::invalidate`].
    pub async fn invalidate_group(&self, group: &Group) -> Result<(), NotTold> {
        self.inner.invalidate(Subject::Group(group.as_bytes())).await
    }

    /// Whoever asked found that this value is not what it should be: it is forgotten here and on the server, counted as
    /// a violation, and is to be read from its source again.
    ///
    /// Cancel-safe: as [`Cache::invalidate`].
    pub async fn refuse(&self, key: &Key) -> Result<(), NotTold> {
        if let Some(on) = &self.inner.on {
            on.shared.tally.report(Violation::Refused, Some((&self.inner.namespace, key)));
        }
        self.invalidate(key).await
    }

    /// What is kept in this process, by weight, in bytes.
    pub fn local_bytes(&self) -> u64 {
        self.inner.local.bytes()
    }

    /// Loads under way in this process.
    pub fn loading(&self) -> usize {
        self.inner.flights.len()
    }
}

enum Turn<V: Cacheable, E> {
    Lead(Leader<Key, Outcome<V, E>>),
    Over(Outcome<V, E>),
}

impl<V: Cacheable, E: Send + Sync + 'static> Inner<V, E> {
    fn call(&self, shared: &Shared, key: &Key, ask: Ask) -> Call {
        // The stamp first: what is invalidated from here on is not this call's to wait for.
        let stamp = shared.watch.stamp(&self.namespace, key);
        // Without a bound it is for what expires, and most calls need no more than it.
        let began = if ask.age_max.is_some() { shared.clock.now() } else { shared.clock.recent() };
        let oldest = ask.age_max.map_or(Moment::FIRST, |age| began.minus(age));
        Call { began, stamp, oldest, budget: ask.budget.unwrap_or(self.policy.budget) }
    }

    /// What this process keeps, if it will do.
    pub(crate) fn kept(&self, call: &Call, key: &Key) -> Option<Arc<Held<V>>> {
        let held = self.local.get(key)?;
        (held.stamp >= call.stamp && held.read_at >= call.oldest && held.expires_at > call.began)
            .then_some(held)
    }

    async fn load_only<F, L>(&self, load: F) -> Result<Found<V>, LoadError<E>>
    where
        F: FnOnce() -> L,
        L: Future<Output = Result<Option<V>, E>>,
    {
        let value = timeout(self.policy.load_max, load()).await.map_err(|_| LoadError::Late)?;
        let value = value.map_err(|error| LoadError::Source(Arc::new(error)))?;
        let (read_at, expires_at) = (Moment::FIRST, Moment::FIRST);
        Ok(Found(Arc::new(Held { stamp: Stamp::default(), read_at, expires_at, value })))
    }

    async fn lead_or_wait(&self, call: &Call, key: &Key) -> Turn<V, E> {
        loop {
            let waiter = match self.flights.join(key) {
                Joined::Lead(leader) => return Turn::Lead(leader),
                Joined::Wait(waiter) => waiter,
            };
            match waiter.await {
                Waited::Lead(leader) => return Turn::Lead(leader),
                Waited::Done(Err(error)) => return Turn::Over(Err(error)),
                Waited::Done(Ok(held)) if held.stamp >= call.stamp && held.read_at >= call.oldest => {
                    return Turn::Over(Ok(held));
                }
                // It was read before this caller would have it read: the next load is younger.
                Waited::Done(Ok(_)) => {}
            }
        }
    }

    async fn invalidate(&self, subject: Subject<'_>) -> Result<(), NotTold> {
        let Some(On { shared, .. }) = &self.on else { return Ok(()) };
        let not_before = shared.clock.wall_ms().saturating_add(shared.skew_ms());
        shared.watch.invalidate(&self.namespace, subject, not_before);
        let Some(remote) = &shared.remote else { return Ok(()) };
        let announcement =
            Announcement { sender: shared.sender, namespace: self.namespace.as_str(), subject };
        let told = remote.invalidate(&self.namespace, &announcement, Instant::now() + INVALIDATE_MAX).await;
        told.map_err(|error| {
            count::remote_error(error);
            NotTold(error)
        })
    }
}
