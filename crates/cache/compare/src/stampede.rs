//! Ten thousand callers at once for one key that nobody has.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ownsight_cache::{Ask, Cache, Caches, Clock, Key, Namespace, Policy};
use tokio::runtime::Runtime;

use crate::turns::{Candidate, Turn, compare};
use crate::value::{BYTES, Picture, key, picture};

const CALLERS: usize = 10_000;
/// How long a load takes.
const LOAD: Duration = Duration::from_millis(20);

pub fn measure() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let everyone = Everyone {
        loads: Arc::default(),
        quick: Arc::new(quick_cache::sync::Cache::new(1_000)),
        moka: moka::future::Cache::new(1_000),
        ours: Caches::local(Clock::system())
            .cache(Namespace::new("pictures").unwrap(), Policy::default())
            .unwrap(),
    };
    let stampedes = AtomicUsize::new(0);
    let cold = || key(stampedes.fetch_add(1, Ordering::SeqCst));
    let candidates = vec![
        Candidate { name: "quick_cache", turn: Box::new(|| everyone.turn(&runtime, cold(), by_quick)) },
        Candidate { name: "moka", turn: Box::new(|| everyone.turn(&runtime, cold(), by_moka)) },
        Candidate { name: "ours", turn: Box::new(|| everyone.turn(&runtime, cold(), by_ours)) },
    ];
    compare(&format!("{CALLERS} callers for a cold key, without the load's {LOAD:?}"), candidates);
}

#[derive(Clone)]
struct Everyone {
    loads: Arc<AtomicUsize>,
    quick: Arc<quick_cache::sync::Cache<Key, Picture>>,
    moka: moka::future::Cache<Key, Picture>,
    ours: Cache<Picture, Infallible>,
}

impl Everyone {
    async fn load(&self) -> Picture {
        self.loads.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(LOAD).await;
        picture(1, BYTES)
    }

    fn turn<F>(&self, runtime: &Runtime, key: Key, ask: fn(Self, Key) -> F) -> Turn
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.loads.store(0, Ordering::SeqCst);
        let began = Instant::now();
        runtime.block_on(async {
            let callers = (0..CALLERS).map(|_| tokio::spawn(ask(self.clone(), key.clone())));
            for bytes in join_all(callers).await {
                assert_eq!(bytes.unwrap(), BYTES);
            }
        });
        let time = began.elapsed().saturating_sub(LOAD);
        assert_eq!(self.loads.load(Ordering::SeqCst), 1, "one load");
        Turn::of(time, CALLERS)
    }
}

async fn by_quick(everyone: Everyone, key: Key) -> usize {
    let load = async { Ok::<_, Infallible>(everyone.load().await) };
    everyone.quick.get_or_insert_async(&key, load).await.unwrap().bytes().len()
}

async fn by_moka(everyone: Everyone, key: Key) -> usize {
    everyone.moka.get_with(key, everyone.load()).await.bytes().len()
}

async fn by_ours(everyone: Everyone, key: Key) -> usize {
    let load = async || Ok(Some(everyone.load().await));
    everyone.ours.get_or_load(&key, Ask::ANY, load).await.unwrap().value().unwrap().bytes().len()
}
