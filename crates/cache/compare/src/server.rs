//! A hit of 20 kB on a server: the cache beside the bare clients, one caller, 64 callers, and batches.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fred::prelude::{Client, ClientLike, Config, KeysInterface};
use futures_util::future::join_all;
use ownsight_cache::{
    Ask, Cache, CacheSecret, Caches, Clock, Key, Namespace, Policy, RedisConfig, SKEW_DEFAULT,
};
use ownsight_fault_proxy::Server;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;

use crate::turns::{Candidate, Turn, compare};
use crate::value::{BYTES, Picture, key, picture};

const KEYS: usize = 64;
/// Hits of a turn, in all.
const HITS: usize = 4_096;
/// Keys that are asked for at once where batches are.
const BATCH: usize = 16;

/// How it is asked.
#[derive(Debug, Clone, Copy)]
struct Load {
    callers: usize,
    /// Keys at once.
    batch: usize,
}

pub fn measure() {
    let Some(server) = Server::start("compare") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let everyone = runtime.block_on(Everyone::connect(&server));
    for load in [
        Load { callers: 1, batch: 1 },
        Load { callers: 64, batch: 1 },
        Load { callers: 1, batch: BATCH },
        Load { callers: 8, batch: BATCH },
    ] {
        let candidates = vec![
            Candidate { name: "redis", turn: Box::new(|| everyone.turn(&runtime, load, redis_gets)) },
            Candidate { name: "fred", turn: Box::new(|| everyone.turn(&runtime, load, fred_gets)) },
            Candidate { name: "ours", turn: Box::new(|| everyone.turn(&runtime, load, our_gets)) },
        ];
        compare(&format!("{BYTES} bytes from a server, {load:?}"), candidates);
    }
}

/// All clients, connected, and what they ask for.
#[derive(Clone)]
struct Everyone {
    redis: MultiplexedConnection,
    fred: Client,
    ours: Cache<Picture, Infallible>,
    keys: Arc<Vec<Key>>,
}

impl Everyone {
    async fn connect(server: &Server) -> Self {
        let client = redis::Client::open(server.url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let fred = Client::new(Config::from_url(&server.url()).unwrap(), None, None, None);
        fred.init().await.unwrap();
        let caches = Caches::redis(
            CacheSecret::generate(),
            RedisConfig::new(server.url()),
            Clock::system(),
            SKEW_DEFAULT,
        )
        .unwrap();
        caches.connected().await.unwrap();
        // Nothing is kept in the process: each hit is the server's.
        let policy = Policy { local_bytes_max: 0, budget: Duration::from_secs(1), ..Policy::default() };
        let ours = caches.cache(Namespace::new("pictures").unwrap(), policy).unwrap();
        let keys = (0..KEYS).map(key).collect::<Vec<_>>();
        for (n, key) in keys.iter().enumerate() {
            let picture = picture(n, BYTES);
            redis.set::<_, _, ()>(key.as_bytes(), &picture.bytes()[..]).await.unwrap();
            ours.get_or_load(key, Ask::ANY, async || Ok(Some(picture))).await.unwrap();
            assert!(ours.get(key, Ask::ANY).await.is_some());
        }
        Self { redis, fred, ours, keys: Arc::new(keys) }
    }

    fn turn<G, F>(&self, runtime: &Runtime, load: Load, gets: G) -> Turn
    where
        G: Fn(Self, Vec<usize>) -> F + Clone + Send + 'static,
        F: Future<Output = usize> + Send,
    {
        let rounds = HITS / load.callers / load.batch;
        let began = Instant::now();
        let latencies = runtime.block_on(async {
            let callers = (0..load.callers).map(|caller| {
                let (everyone, gets) = (self.clone(), gets.clone());
                tokio::spawn(async move {
                    let mut latencies = Vec::with_capacity(rounds);
                    for round in 0..rounds {
                        let asked = (0..load.batch).map(|at| (caller * 7 + round * load.batch + at) % KEYS);
                        let began = Instant::now();
                        let bytes = gets(everyone.clone(), asked.collect()).await;
                        latencies.push(began.elapsed());
                        assert_eq!(bytes, load.batch * BYTES);
                    }
                    latencies
                })
            });
            let all = join_all(callers).await;
            all.into_iter().flat_map(|latencies| latencies.unwrap()).collect()
        });
        Turn::of(began.elapsed(), HITS).with_latencies(latencies)
    }
}

async fn redis_gets(mut everyone: Everyone, asked: Vec<usize>) -> usize {
    if let [one] = asked[..] {
        let value: Vec<u8> = everyone.redis.get(everyone.keys[one].as_bytes()).await.unwrap();
        return value.len();
    }
    let mut pipeline = redis::pipe();
    for one in asked {
        pipeline.get(everyone.keys[one].as_bytes());
    }
    let values: Vec<Vec<u8>> = pipeline.query_async(&mut everyone.redis).await.unwrap();
    values.iter().map(Vec::len).sum()
}

async fn fred_gets(everyone: Everyone, asked: Vec<usize>) -> usize {
    if let [one] = asked[..] {
        let value: Bytes = everyone.fred.get(everyone.keys[one].as_bytes()).await.unwrap();
        return value.len();
    }
    let pipeline = everyone.fred.pipeline();
    for one in asked {
        let _: () = pipeline.get(everyone.keys[one].as_bytes()).await.unwrap();
    }
    let values: Vec<Bytes> = pipeline.all().await.unwrap();
    values.iter().map(Bytes::len).sum()
}

async fn our_gets(everyone: Everyone, asked: Vec<usize>) -> usize {
    if let [one] = asked[..] {
        let found = everyone.ours.get(&everyone.keys[one], Ask::ANY).await;
        return found.unwrap().value().unwrap().bytes().len();
    }
    let keys = asked.into_iter().map(|one| &everyone.keys[one]).collect::<Vec<_>>();
    let found = everyone.ours.get_many(&keys, Ask::ANY).await;
    found.into_iter().map(|found| found.unwrap().value().unwrap().bytes().len()).sum()
}
