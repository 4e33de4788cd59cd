//! Hit ratios: keys that are asked for as Zipf has it, exponent 1.0, in room for a twentieth of them.

use std::convert::Infallible;

use bytes::Bytes;
use ownsight_cache::{Ask, Cache, Caches, Clock, Key, Namespace, Policy};

use crate::value::{Picture, key};

const KEYS: usize = 100_000;
const ROOM: usize = KEYS / 20;
const ASKED: usize = 2_000_000;
/// Asked before hits are counted.
const WARM: usize = 500_000;
const BYTES: usize = 1_000;

pub fn measure() {
    let keys = (0..KEYS).map(key).collect::<Vec<_>>();
    let picture = Picture::from(Bytes::from(vec![7; BYTES]));
    let order = zipf();

    let quick = quick_cache::sync::Cache::<Key, Picture>::new(ROOM);
    let moka = moka::sync::Cache::<Key, Picture>::new(ROOM as u64);
    let foyer =
        foyer_memory::CacheBuilder::<Key, Picture, _>::new(ROOM).build::<foyer_memory::CacheProperties>();
    // What an entry weighs here: value, key, and what it takes beside them.
    let weight = (BYTES + keys[0].as_bytes().len() + 160) as u64;
    let policy = Policy { local_bytes_max: ROOM as u64 * weight, ..Policy::default() };
    let ours: Cache<Picture, Infallible> =
        Caches::local(Clock::manual()).cache(Namespace::new("pictures").unwrap(), policy).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    println!("hit ratio, Zipf 1.0, {KEYS} keys, room for {ROOM}, {} asked", ASKED - WARM);
    ratio("quick_cache", &order, |at| {
        let hit = quick.get(&keys[at]).is_some();
        if !hit {
            quick.insert(keys[at].clone(), picture.clone());
        }
        hit
    });
    ratio("moka", &order, |at| {
        let hit = moka.get(&keys[at]).is_some();
        if !hit {
            moka.insert(keys[at].clone(), picture.clone());
        }
        hit
    });
    ratio("foyer", &order, |at| {
        let hit = foyer.get(&keys[at]).is_some();
        if !hit {
            foyer.insert(keys[at].clone(), picture.clone());
        }
        hit
    });
    runtime.block_on(async {
        let (mut hits, mut asked) = (0, 0);
        for (n, at) in order.iter().enumerate() {
            let mut loaded = false;
            let load = async || {
                loaded = true;
                Ok(Some(picture.clone()))
            };
            ours.get_or_load(&keys[*at], Ask::ANY, load).await.unwrap();
            if n >= WARM {
                asked += 1;
                hits += usize::from(!loaded);
            }
        }
        print("ours", hits, asked);
    });
    println!("  ours keeps {} bytes of {}", ours.local_bytes(), ROOM as u64 * weight);
}

fn ratio(name: &str, order: &[usize], mut ask: impl FnMut(usize) -> bool) {
    let hits = order.iter().enumerate().filter(|(n, at)| ask(**at) && *n >= WARM).count();
    print(name, hits, order.len() - WARM);
}

fn print(name: &str, hits: usize, asked: usize) {
    println!("  {name:>24} {:.4}", hits as f64 / asked as f64);
}

/// Which keys are asked for: the first one twice as often as the second.
fn zipf() -> Vec<usize> {
    let mut sum = 0.0;
    let upto = (1..=KEYS)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect::<Vec<_>>();
    let mut chance = fastrand::Rng::with_seed(3);
    let mut ask = || {
        let drawn = chance.f64() * sum;
        upto.partition_point(|upto| *upto < drawn).min(KEYS - 1)
    };
    (0..ASKED).map(|_| ask()).collect()
}
