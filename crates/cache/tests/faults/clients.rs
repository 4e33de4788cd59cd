//! The clients: ours, and the library underneath as people use it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ownsight_cache::{
    Ask, Blob, Cache, CacheSecret, Caches, Clock, Content, Found, Key, Namespace, Policy, Protection, Reason,
    RedisConfig, Violation,
};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio::sync::RwLock;
use tokio::time::timeout;

use crate::drive::{Client, Source, watermark};

/// How long either waits for the server.
const WAIT: Duration = Duration::from_millis(100);

/// Bytes with a watermark.
enum Picture {}

impl Content for Picture {
    const NAME: &'static str = "picture";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new("made by tests, for tests, and nobody's");
    const PROTECTION: Protection = Protection::Tagged;
}

/// Ours. Without its tier in the process each call is the server's.
pub struct Ours {
    caches: Caches,
    cache: Cache<Blob<Picture>, Infallible>,
}

impl Ours {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::connect_keeping(address, 0).await
    }

    /// With a tier in the process that holds about half of what is asked for.
    #[allow(dead_code, reason = "the test has each call go to the server, the long run only half of them")]
    pub async fn connect_with_local(address: SocketAddr) -> Self {
        Self::connect_keeping(address, 8_000).await
    }

    async fn connect_keeping(address: SocketAddr, local_bytes_max: u64) -> Self {
        // Connections come back quickly here, so that as many replies as can be are mixed up.
        let config = RedisConfig {
            reconnects_max: 1_000,
            reconnect_every: Duration::from_millis(1),
            ..RedisConfig::new(format!("redis://{address}/"))
        };
        let skew = Duration::from_millis(2);
        let caches = Caches::redis(CacheSecret::generate(), config, Clock::system(), skew).unwrap();
        caches.connected().await.unwrap();
        let policy = Policy { local_bytes_max, budget: WAIT, ..Policy::default() };
        let cache = caches.cache(Namespace::new("pictures").unwrap(), policy).unwrap();
        Self { caches, cache }
    }

    pub fn violations(&self) -> u64 {
        Violation::ALL.iter().map(|kind| self.caches.violations(*kind)).sum()
    }
}

fn key(key: usize) -> Key {
    Key::of([key.to_be_bytes()]).unwrap()
}

/// Keys that are asked for beside another.
const NEIGHBOURS: usize = 3;

impl Ours {
    /// Asks for several at once. If one is in another's place, what is given counts as wrong.
    async fn among_others(&self, n: usize) -> Option<Vec<u8>> {
        let asked = (n..=n + NEIGHBOURS).collect::<Vec<_>>();
        let keys = asked.iter().map(|n| key(*n)).collect::<Vec<_>>();
        let found = self.cache.get_many(&keys, Ask::ANY).await;
        let bytes = |found: &Option<Found<_>>| {
            found.as_ref().and_then(Found::value).map(|picture: &Blob<Picture>| picture.bytes().to_vec())
        };
        let given = found.iter().map(bytes);
        let mut given = asked.iter().zip(given);
        let misplaced = given.any(|(asked, value)| {
            value.is_some_and(|value| watermark(&value).is_none_or(|(marked, _)| marked != *asked))
        });
        if misplaced { Some(b"misplaced".to_vec()) } else { bytes(found.first()?) }
    }
}

impl Client for Ours {
    async fn read(&self, n: usize, source: &Source) -> Option<Vec<u8>> {
        if fastrand::u8(..4) == 0
            && let Some(value) = self.among_others(n).await
        {
            return Some(value);
        }
        let load = async || {
            tokio::task::yield_now().await;
            Ok(Some(Blob::from(Bytes::from(source.load(n)))))
        };
        let found = self.cache.get_or_load(&key(n), Ask::ANY, load).await.ok()?;
        found.value().map(|picture| picture.bytes().to_vec())
    }

    async fn invalidate(&self, n: usize) {
        // That others are not told is said to the caller; in this process it holds.
        let _ = self.cache.invalidate(&key(n)).await;
    }
}

/// The library, with a connection that all share, a time-out around each command, and a new connection after errors.
pub struct Plain {
    client: redis::Client,
    connection: RwLock<MultiplexedConnection>,
    late: AtomicU32,
}

impl Plain {
    pub async fn connect(address: SocketAddr) -> Self {
        let client = redis::Client::open(format!("redis://{address}/")).unwrap();
        let connection = RwLock::new(client.get_multiplexed_async_connection().await.unwrap());
        Self { client, connection, late: AtomicU32::default() }
    }

    async fn failed(&self, late: bool) {
        if late && self.late.fetch_add(1, Ordering::SeqCst) < 3 {
            return;
        }
        self.late.store(0, Ordering::SeqCst);
        if let Ok(Ok(connection)) =
            timeout(Duration::from_secs(1), self.client.get_multiplexed_async_connection()).await
        {
            *self.connection.write().await = connection;
        }
    }
}

impl Client for Plain {
    async fn read(&self, n: usize, source: &Source) -> Option<Vec<u8>> {
        let mut connection = self.connection.read().await.clone();
        match timeout(WAIT, connection.get::<_, Option<Vec<u8>>>(n)).await {
            Ok(Ok(Some(value))) => return Some(value),
            Ok(Ok(None)) => {}
            Ok(Err(_)) => self.failed(false).await,
            Err(_) => self.failed(true).await,
        }
        let value = source.load(n);
        let _ = timeout(WAIT, connection.set::<_, _, ()>(n, &value)).await;
        Some(value)
    }

    async fn invalidate(&self, n: usize) {
        let mut connection = self.connection.read().await.clone();
        let _ = timeout(WAIT, connection.del::<_, ()>(n)).await;
    }
}
