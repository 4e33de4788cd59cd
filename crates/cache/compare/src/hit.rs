//! A hit in the process: the cache beside the bare libraries, with the same keys and values.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Instant;

use ownsight_cache::{Ask, Cache, Caches, Clock, Key, Namespace, Policy};

use crate::turns::{Candidate, Turn, compare};
use crate::value::{BYTES, Picture, key, picture};

/// Keys that are there.
const KEYS: usize = 1_000;
/// Hits in a turn, of each thread.
const HITS: usize = 1_000_000;
const MEMORY: u64 = 64 << 20;

pub fn measure() {
    let keys = (0..KEYS).map(key).collect::<Vec<_>>();
    let mut chance = fastrand::Rng::with_seed(1);
    let order = (0..HITS).map(|_| chance.usize(..KEYS)).collect::<Vec<_>>();
    let asked = order.iter().map(|at| keys[*at].clone()).collect::<Vec<_>>();

    let quick = quick_cache::sync::Cache::with_weighter(KEYS * 2, MEMORY, QuickWeight);
    let moka = moka::sync::Cache::builder()
        .max_capacity(MEMORY)
        .weigher(|_: &Key, picture: &Picture| picture.bytes().len() as u32)
        .build();
    let foyer = foyer_memory::CacheBuilder::<Key, Picture, _>::new(MEMORY as usize)
        .with_weighter(|_: &Key, picture: &Picture| picture.bytes().len())
        .build::<foyer_memory::CacheProperties>();
    let ours: Cache<Picture, Infallible> =
        Caches::local(Clock::system()).cache(Namespace::new("pictures").unwrap(), Policy::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (n, key) in keys.iter().enumerate() {
        let picture = picture(n, BYTES);
        quick.insert(key.clone(), picture.clone());
        moka.insert(key.clone(), picture.clone());
        foyer.insert(key.clone(), picture.clone());
        runtime.block_on(ours.get_or_load(key, Ask::ANY, async || Ok(Some(picture)))).unwrap();
    }
    moka.run_pending_tasks();

    for threads in [1, 2] {
        let asked = &asked;
        let candidates = vec![
            Candidate {
                name: "quick_cache",
                turn: Box::new(|| {
                    each(threads, asked, |key| drop(black_box(quick.get(key).expect("a hit"))))
                }),
            },
            Candidate {
                name: "moka",
                turn: Box::new(|| each(threads, asked, |key| drop(black_box(moka.get(key).expect("a hit"))))),
            },
            Candidate {
                name: "foyer",
                turn: Box::new(|| {
                    each(threads, asked, |key| drop(black_box(foyer.get(key).expect("a hit"))))
                }),
            },
            Candidate { name: "ours", turn: Box::new(|| ours_each(threads, asked, &ours)) },
        ];
        compare(&format!("a hit in the process, {threads} threads"), candidates);
    }
}

/// What one hit takes, with so many threads that each make all of them.
fn each(threads: usize, asked: &[Key], hit: impl Fn(&Key) + Sync) -> Turn {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| asked.iter().for_each(&hit));
        }
    });
    Turn::of(began.elapsed(), HITS)
}

/// The same through the async function, each thread in a runtime of its own.
fn ours_each(threads: usize, asked: &[Key], ours: &Cache<Picture, Infallible>) -> Turn {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    for key in asked {
                        let load = async || unreachable!("it is there");
                        drop(black_box(ours.get_or_load(key, Ask::ANY, load).await.unwrap()));
                    }
                });
            });
        }
    });
    Turn::of(began.elapsed(), HITS)
}

#[derive(Clone)]
struct QuickWeight;

impl quick_cache::Weighter<Key, Picture> for QuickWeight {
    fn weight(&self, _: &Key, picture: &Picture) -> u64 {
        picture.bytes().len() as u64
    }
}
