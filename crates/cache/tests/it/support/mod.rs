//! What the tests share: a type to cache, caches with short words, and a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ownsight_cache::{
    Ask, Cache, CacheSecret, Caches, Clock, Found, Key, LoadError, Namespace, Policy, Protection, Reason,
    Record, RedisConfig, SKEW_DEFAULT,
};
use serde::{Deserialize, Serialize};

pub use ownsight_fault_proxy::Server;

/// A value that says which key it was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub key: String,
    pub version: u64,
}

impl Record for Marked {
    const NAME: &'static str = "marked";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new("made by tests, for tests, and nobody's");
    const PROTECTION: Protection = Protection::Tagged;

    fn heap_bytes(&self) -> usize {
        self.key.len()
    }
}

/// The same, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub String);

impl Record for Secret {
    const NAME: &'static str = "secret";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new("made by tests, for tests, and not to be read");
    const PROTECTION: Protection = Protection::Private;

    fn heap_bytes(&self) -> usize {
        self.0.len()
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source is broken")]
pub struct Broken;

pub type MarkedCache = Cache<Marked, Broken>;

pub fn key(name: &str) -> Key {
    Key::of([name]).unwrap()
}

pub fn namespace() -> Namespace {
    Namespace::new("test").unwrap()
}

pub fn cache_of(caches: &Caches, policy: Policy) -> MarkedCache {
    caches.cache(namespace(), policy).unwrap()
}

/// A cache in this process, with a clock that stands still.
pub fn local(policy: Policy) -> (MarkedCache, Clock) {
    let clock = Clock::manual();
    (cache_of(&Caches::local(clock.clone()), policy), clock)
}

/// Keeps nothing in this process and cuts nothing off lifetimes: each look goes to the server, with time enough for a slow
/// machine.
pub fn server_only() -> Policy {
    Policy { local_bytes_max: 0, ..patient() }
}

pub fn patient() -> Policy {
    Policy { jitter: 0.0, budget: Duration::from_secs(5), ..Policy::default() }
}

pub fn secret() -> CacheSecret {
    CacheSecret::from_bytes([9; 32])
}

/// A process of a fleet: caches with one secret, on one server, with a clock that stands still.
pub async fn process(url: &str) -> (Caches, Clock) {
    let clock = Clock::manual();
    let caches = process_with(url, secret(), clock.clone());
    caches.connected().await.unwrap();
    (caches, clock)
}

/// Two processes of a fleet: what each has cached, with its clock.
pub async fn two(url: &str, policy: Policy) -> [(MarkedCache, Clock); 2] {
    let ((one, first), (other, second)) = (process(url).await, process(url).await);
    [(cache_of(&one, policy.clone()), first), (cache_of(&other, policy), second)]
}

pub fn process_with(url: &str, secret: CacheSecret, clock: Clock) -> Caches {
    Caches::redis(secret, RedisConfig::new(url), clock, SKEW_DEFAULT).unwrap()
}

/// A source: each read gives the present version, and is counted.
#[derive(Debug, Clone, Default)]
pub struct Source {
    version: Arc<AtomicUsize>,
    loads: Arc<AtomicUsize>,
}

impl Source {
    pub fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub fn change(&self) -> u64 {
        self.version.fetch_add(1, Ordering::SeqCst) as u64 + 1
    }

    pub async fn read(&self, name: &str) -> Result<Option<Marked>, Broken> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let version = self.version.load(Ordering::SeqCst) as u64;
        Ok(Some(Marked { key: name.to_owned(), version }))
    }

    pub async fn through(
        &self,
        cache: &MarkedCache,
        name: &str,
        ask: Ask,
    ) -> Result<Found<Marked>, LoadError<Broken>> {
        cache.get_or_load(&key(name), ask, || self.read(name)).await
    }

    /// The version that the cache gives, which must be this key's.
    pub async fn version(&self, cache: &MarkedCache, name: &str) -> u64 {
        let found = self.through(cache, name, Ask::ANY).await.unwrap();
        let marked = found.value().unwrap();
        assert_eq!(marked.key, name);
        marked.version
    }
}

/// One command, past every cache.
pub fn run(server: &Server, command: &[&[u8]]) -> redis::Value {
    redis::parse_redis_value(&server.run(command).unwrap()).unwrap()
}
