//! One caller's way through the tiers, once it leads: the server, then the source, then both told.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::cache::{Inner, On, Outcome};
use crate::clock::{Both, Moment};
use crate::count::{self, Origin};
use crate::entry::{self, Generation, Meta};
use crate::flight::Leader;
use crate::local::Held;
use crate::remote::{Fence, Link, Name, Remote, Reply, Stored};
use crate::watch::Stamp;
use crate::{Cacheable, Found, Key, LoadError, Violation};

/// Keys that are asked for in one request at most.
const BATCH_MAX: usize = 128;

/// One call: when it came, and what it takes.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) began: Moment,
    pub(crate) stamp: Stamp,
    /// A value that began to be read before this is too old.
    pub(crate) oldest: Moment,
    pub(crate) budget: Duration,
}

pub(crate) struct Asking<'a, V: Cacheable, E> {
    pub(crate) inner: &'a Inner<V, E>,
    pub(crate) on: &'a On,
    pub(crate) key: &'a Key,
    pub(crate) call: Call,
}

/// What the server had.
enum Looked<V> {
    Hit(Arc<Held<V>>),
    Miss,
    /// It is of no use for this call.
    Nothing,
}

/// Why no entry is handed out.
enum Unfit {
    Violation(Violation),
    /// There is none; or it is authentic and of no use: expired, invalidated, or older than the caller takes.
    Nothing,
}

/// When a source began to be read, on both clocks.
#[derive(Clone, Copy)]
struct Read {
    at: Both,
    ttl: Duration,
}

impl<V: Cacheable, E: Send + Sync + 'static> Asking<'_, V, E> {
    /// Looks at the server, then loads; tells who waits, and then the server.
    pub(crate) async fn lead<F, L>(
        &self,
        leader: Leader<Key, Outcome<V, E>>,
        load: F,
    ) -> Result<Found<V>, LoadError<E>>
    where
        F: FnOnce() -> L,
        L: Future<Output = Result<Option<V>, E>>,
    {
        let inner = self.inner;
        // Who loaded before may have been done between this caller's first look and its turn.
        if let Some(held) = inner.kept(&self.call, self.key) {
            inner.lookups.count(Origin::Local);
            return Ok(handed(leader, held));
        }
        let stamp = self.on.shared.watch.stamp(&inner.namespace, self.key);
        let until = Instant::now() + self.call.budget;
        let mut fence = None;
        if let Some(remote) = &self.on.shared.remote {
            match self.look(remote, stamp, until).await {
                Looked::Hit(held) => {
                    inner.local.insert(self.key, Arc::clone(&held));
                    inner.lookups.count(Origin::Remote);
                    return Ok(handed(leader, held));
                }
                Looked::Miss => fence = self.fence(remote, until).await,
                Looked::Nothing => {}
            }
        }
        inner.lookups.count(Origin::Miss);
        let (at, began) = (self.on.shared.clock.both(), Instant::now());
        let loaded = match timeout(inner.policy.load_max, load()).await {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => {
                count::load("failed");
                let error = Arc::new(error);
                leader.finish(Err(Arc::clone(&error)));
                return Err(LoadError::Source(error));
            }
            // The leader is dropped, and who waits tries for itself.
            Err(_) => {
                count::load("late");
                return Err(LoadError::Late);
            }
        };
        count::load("loaded");
        let until = until + began.elapsed();
        let lives = if loaded.is_some() { inner.policy.ttl } else { inner.policy.absent_ttl };
        let read = Read { at, ttl: inner.policy.jittered(lives) };
        let expires_at = read.at.now.plus(read.ttl.min(inner.policy.local_ttl));
        let held = Arc::new(Held { stamp, read_at: read.at.now, expires_at, value: loaded });
        inner.local.insert(self.key, Arc::clone(&held));
        let found = handed(leader, held);
        if let (Some(remote), Some(fence)) = (&self.on.shared.remote, fence) {
            self.store(remote, &fence, (found.value(), read), until).await;
        }
        Ok(found)
    }

    /// What the server has, and nothing else, within the budget.
    pub(crate) async fn on_the_server(&self) -> Option<Arc<Held<V>>> {
        let remote = self.on.shared.remote.as_ref()?;
        let until = Instant::now() + self.call.budget;
        match self.look(remote, self.call.stamp, until).await {
            Looked::Hit(held) => Some(held),
            Looked::Miss | Looked::Nothing => None,
        }
    }

    /// The same for each in its place, asked for together, within the budget of the first.
    pub(crate) async fn all_on_the_server(all: &[Self]) -> Vec<Option<Arc<Held<V>>>> {
        let mut found = vec![None; all.len()];
        let Some(first) = all.first() else { return found };
        let Some(remote) = &first.on.shared.remote else { return found };
        let until = Instant::now() + first.call.budget;
        for (places, batch) in found.chunks_mut(BATCH_MAX).zip(all.chunks(BATCH_MAX)) {
            let names = batch.iter().map(Self::name).collect::<Vec<_>>();
            match remote.look_for_all(&names, until).await {
                Ok((link, replies)) => {
                    let came = first.on.shared.clock.both();
                    for ((place, asking), reply) in places.iter_mut().zip(batch).zip(replies) {
                        let verified =
                            asking.verified(remote, (&link, reply, came), asking.call.stamp, until);
                        if let Looked::Hit(held) = verified.await {
                            *place = Some(held);
                        }
                    }
                }
                // It would say the same of the next.
                Err(error) => {
                    count::remote_error(error);
                    break;
                }
            }
        }
        found
    }

    async fn look(&self, remote: &Remote, stamp: Stamp, until: Instant) -> Looked<V> {
        match remote.look(&self.name(), until).await {
            Ok((link, reply)) => {
                let came = self.on.shared.clock.both();
                self.verified(remote, (&link, reply, came), stamp, until).await
            }
            Err(error) => {
                count::remote_error(error);
                Looked::Nothing
            }
        }
    }

    async fn verified(
        &self,
        remote: &Remote,
        (link, reply, came): (&Arc<Link>, Reply, Both),
        stamp: Stamp,
        until: Instant,
    ) -> Looked<V> {
        // Beside this reply there was one that must not have come.
        if link.is_condemned() {
            return Looked::Nothing;
        }
        match self.admit(&reply, came, stamp) {
            Ok(held) => Looked::Hit(Arc::new(held)),
            Err(Unfit::Nothing) => Looked::Miss,
            Err(Unfit::Violation(violation)) => {
                self.on.shared.tally.report(violation, Some((&self.inner.namespace, self.key)));
                let condemn = violation.condemns_connection();
                remote.evict(&self.name(), link, condemn, until).await;
                Looked::Nothing
            }
        }
    }

    /// Verifies what came, for what was asked, and holds it against what this process knows.
    fn admit(&self, reply: &Reply, came: Both, stamp: Stamp) -> Result<Held<V>, Unfit> {
        let bytes = reply.entry.as_ref().ok_or(Unfit::Nothing)?;
        let opened = entry::open(&self.on.sealing, self.key, bytes).map_err(Unfit::Violation)?;
        let now = came.now;
        // As late as it may be on any clock.
        let latest_ms = came.wall_ms.saturating_add(self.on.shared.skew_ms());
        let meta = opened.meta;
        if meta.read_at_ms > latest_ms {
            return Err(Unfit::Violation(Violation::FromTheFuture));
        }
        let invalidated = self.on.shared.watch.not_before_ms(&self.inner.namespace, self.key);
        let current = reply.groups.as_ref().is_some_and(|groups| meta.groups == self.groups(groups));
        let age = Duration::from_millis(latest_ms.saturating_sub(meta.read_at_ms));
        let read_at = now.minus(age);
        let lives = Duration::from_millis(meta.expires_at_ms.saturating_sub(latest_ms));
        let old = lives.is_zero() || meta.read_at_ms < invalidated || read_at < self.call.oldest;
        if old || !current {
            return Err(Unfit::Nothing);
        }
        let value = opened.value.map(V::from_bytes).transpose();
        let value = value.map_err(|_| Unfit::Violation(Violation::Undecodable))?;
        let expires_at = now.plus(lives.min(self.inner.policy.local_ttl));
        Ok(Held { stamp, read_at, expires_at, value })
    }

    /// What a store must find unchanged. Known before the source is read.
    async fn fence(&self, remote: &Remote, until: Instant) -> Option<Fence> {
        let lives = (self.inner.policy.load_max, self.inner.policy.ttl);
        let begun = remote.begin(&self.name(), lives, until).await;
        begun.inspect_err(|error| count::remote_error(*error)).ok()
    }

    async fn store(&self, remote: &Remote, fence: &Fence, (value, read): (Option<&V>, Read), until: Instant) {
        let Ok(bytes) = value.map(V::to_bytes).transpose() else { return count::store("not_encoded") };
        if bytes.as_ref().is_some_and(|bytes| bytes.len() > self.inner.policy.entry_bytes_max) {
            return count::store("too_large");
        }
        let generation = Generation::new();
        let meta = Meta {
            read_at_ms: read.at.wall_ms,
            expires_at_ms: read.at.wall_ms.saturating_add(read.ttl.as_millis() as u64),
            generation,
            groups: self.groups(&fence.groups),
        };
        let Ok(entry) = entry::write(&self.on.sealing, self.key, &meta, bytes.as_deref()) else {
            return count::store("not_encoded");
        };
        // What is left of its life: a process that was stopped meanwhile stores nothing that is over.
        let lives = read.ttl.saturating_sub(self.on.shared.clock.now().since(read.at.now));
        if lives.is_zero() {
            return count::store("expired");
        }
        match remote.store(&self.name(), fence, (generation, entry), lives, until).await {
            Ok(Stored::Accepted) => count::store("accepted"),
            Ok(Stored::Fenced) => count::store("fenced"),
            Err(error) => {
                count::remote_error(error);
                count::store("failed");
            }
        }
    }

    fn groups(&self, generations: &[Generation]) -> Generation {
        Generation::of_groups(self.key.groups().iter().zip(generations.iter().copied()))
    }

    fn name(&self) -> Name<'_> {
        Name { namespace: &self.inner.namespace, schema: self.on.sealing.schema(), key: self.key }
    }
}

/// Tells who waits, and the caller.
fn handed<V: Cacheable, E>(leader: Leader<Key, Outcome<V, E>>, held: Arc<Held<V>>) -> Found<V> {
    leader.finish(Ok(Arc::clone(&held)));
    Found(held)
}
