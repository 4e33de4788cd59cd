//! The cache of sealed pieces, between the gate and the files: the same pictures with it, without it, and behind a proxy
//! that mixes its replies up; and what becomes of entries that are not what they should be.

mod figures;

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use ownsight_cache::{
    Ask, Blob, Cache, CacheSecret, Caches, Clock, Content, Group, Key, Namespace, Policy, Protection, Reason,
    RedisConfig, SKEW_DEFAULT, Violation,
};
use ownsight_fault_proxy::{Dose, Fault, FaultProxy, Server};

use crate::support::alarms::{alarms, unopened_alarms};
use crate::support::scene::Side;
use crate::support::system::System;

const SECRET: [u8; 32] = [5; 32];

/// Of two homes: thumbnail, still, and a video whose last segment comes with its beginning, the four others together.
const ENTRIES: usize = 2 * (1 + 1 + 2);

/// A cache on this server, with so many connections as the faults may cost.
fn redis(url: String) -> Caches {
    let config = RedisConfig {
        reconnects_max: 1_000,
        reconnect_every: Duration::from_millis(1),
        ..RedisConfig::new(url)
    };
    Caches::redis(CacheSecret::from_bytes(SECRET), config, Clock::system(), SKEW_DEFAULT).unwrap()
}

/// Two homes on a server whose only cache is this one.
async fn two_homes(caches: Caches) -> (System, Side, Side) {
    caches.connected().await.unwrap();
    let system = System::cached_by(caches).await;
    let (anna, berta) = (Side::build(&system, "anna").await, Side::build(&system, "berta").await);
    (system, anna, berta)
}

/// Each sees its own pictures and videos, and the other's not at all.
async fn each_sees_its_own(anna: &Side, berta: &Side) {
    for (side, other) in [(anna, berta), (berta, anna)] {
        let event = format!("events/{}", side.event);
        let thumbnail = side.browser.get(&format!("{event}/thumbnail")).await;
        assert_eq!((thumbnail.status, &thumbnail.body), (200, &side.footage.thumbnail));
        let video = side.browser.get(&format!("{event}/video")).await;
        assert!(video.status == 200 && video.body == side.footage.clip, "a video's bytes");
        let still = side.browser.get(&format!("cameras/{}/still", side.camera())).await;
        assert_eq!(still.status, 200);
        assert_eq!(other.browser.get(&format!("{event}/thumbnail")).await.status, 404);
    }
}

/// Looks until the server has all of it: on a machine that stalls an entry may miss its time.
async fn until_cached(server: &Server, anna: &Side, berta: &Side) {
    for _ in 0..100 {
        each_sees_its_own(anna, berta).await;
        if names(server).len() == ENTRIES {
            return;
        }
    }
    panic!("{} entries on the server", names(server).len());
}

fn all_violations(caches: &Caches) -> u64 {
    Violation::ALL.iter().map(|kind| caches.violations(*kind)).sum()
}

#[tokio::test]
async fn pictures_are_the_same_with_a_cache_and_without() {
    let (_system, anna, berta) = two_homes(Caches::off()).await;
    each_sees_its_own(&anna, &berta).await;
    let Some(server) = Server::start("pictures") else { return };
    let caches = redis(server.url());
    let (_system, anna, berta) = two_homes(caches.clone()).await;
    until_cached(&server, &anna, &berta).await;
    each_sees_its_own(&anna, &berta).await;
    assert_eq!(all_violations(&caches), 0);
}

#[tokio::test]
async fn pictures_come_from_the_cache_while_the_files_are_away() {
    let system = System::start().await;
    let (anna, berta) = (Side::build(&system, "anna").await, Side::build(&system, "berta").await);
    each_sees_its_own(&anna, &berta).await;
    let files = system.events_folder();
    let away = files.with_extension("away");
    std::fs::rename(&files, &away).unwrap();
    each_sees_its_own(&anna, &berta).await;
    std::fs::rename(&away, &files).unwrap();
}

#[tokio::test]
async fn pictures_are_the_same_behind_a_proxy_that_mixes_replies_up() {
    let Some(server) = Server::start("faults") else { return };
    let proxy = FaultProxy::start(server.address(), None, 11).await.unwrap();
    let caches = redis(format!("redis://{}/", proxy.address()));
    let (_system, anna, berta) = two_homes(caches.clone()).await;
    each_sees_its_own(&anna, &berta).await;
    let before = unopened_alarms();
    for fault in Fault::ALL {
        proxy.set_dose(Some(Dose { fault, chance: 0.2 }));
        let struck = proxy.counts().struck;
        for _ in 0..50 {
            each_sees_its_own(&anna, &berta).await;
            if proxy.counts().struck > struck {
                break;
            }
            // The circuit breaker goes round the server for a while.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(proxy.counts().struck > struck, "{}: nothing happened", fault.name());
        each_sees_its_own(&anna, &berta).await;
    }
    assert!(all_violations(&caches) > 0, "some of it was found by the cache");
    assert_eq!(unopened_alarms(), before, "none of it reached what opens");
}

/// The names of entries on a server.
fn names(server: &Server) -> Vec<Vec<u8>> {
    let reply = server.run(&[b"KEYS", b"cache:*:k:sealed-pieces:*"]).unwrap();
    let redis::Value::Array(names) = redis::parse_redis_value(&reply).unwrap() else { panic!("no names") };
    let name = |name| match name {
        redis::Value::BulkString(name) => name,
        other => panic!("{other:?}"),
    };
    names.into_iter().map(name).collect()
}

/// What lies under each name of one home lies under one of the other then, as after replies that were exchanged for good.
#[tokio::test]
async fn entries_of_two_homes_exchanged_on_the_server_are_found_and_give_nobody_anything() {
    let Some(server) = Server::start("exchanged") else { return };
    let caches = redis(server.url());
    let (_system, anna, berta) = two_homes(caches.clone()).await;
    until_cached(&server, &anna, &berta).await;
    let all = names(&server);
    let of = |side: &Side| {
        let id = side.home.id.as_bytes().to_vec();
        all.iter().filter(move |name| name.windows(16).any(|part| part == id)).cloned().collect::<Vec<_>>()
    };
    let (annas, bertas) = (of(&anna), of(&berta));
    assert_eq!((annas.len(), bertas.len()), (ENTRIES / 2, ENTRIES / 2));
    for (a, b) in annas.iter().zip(&bertas) {
        server.run(&[b"RENAME", a, b"aside"]).unwrap();
        server.run(&[b"RENAME", b, a]).unwrap();
        server.run(&[b"RENAME", b"aside", b]).unwrap();
    }
    let before = alarms("cache-violation");
    each_sees_its_own(&anna, &berta).await;
    assert!(caches.violations(Violation::OtherKey) > 0);
    assert!(alarms("cache-violation") > before);
}

/// Bytes under the cache's own secret: what a cache would hold whose proof had failed.
enum Forged {}

impl Content for Forged {
    const NAME: &'static str = "sealed";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new("made by a test that lets the cache's own proof fail");
    const PROTECTION: Protection = Protection::Tagged;
}

/// The parts of a key, from its name on the server.
fn parts(name: &[u8]) -> Vec<Vec<u8>> {
    let marker = b":k:sealed-pieces:";
    let at = name.windows(marker.len()).position(|part| part == marker).unwrap() + marker.len();
    let (mut rest, mut parts) = (&name[at..], Vec::new());
    while let [high, low, behind @ ..] = rest {
        let (part, left) = behind.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        parts.push(part.to_vec());
        rest = left;
    }
    parts
}

fn key(parts: &[Vec<u8>]) -> Key {
    Key::of(parts).unwrap().in_group(Group::of(&parts[..3]).unwrap()).unwrap()
}

/// The keys of all entries on a server, each with its event.
fn keys(server: &Server) -> Vec<(Key, Vec<u8>)> {
    names(server).iter().map(|name| parts(name)).map(|parts| (key(&parts), parts[2].clone())).collect()
}

/// The very cache that a vault has, of a holder of its secret who sees and makes what there is.
async fn pieces_of(caches: &Caches) -> Cache<Blob<Forged>, Infallible> {
    caches.connected().await.unwrap();
    let policy = Policy { local_bytes_max: 0, budget: Duration::from_secs(5), ..Policy::default() };
    caches.cache(Namespace::new("sealed-pieces").unwrap(), policy).unwrap()
}

/// Should the cache's own proof fail, what it gives is still sealed to its home: it does not open, is given up, and the
/// file is read.
#[tokio::test]
async fn an_entry_that_the_cache_believes_and_that_is_another_homes_does_not_open() {
    let Some(server) = Server::start("forged") else { return };
    let caches = redis(server.url());
    let (_system, anna, berta) = two_homes(caches.clone()).await;
    until_cached(&server, &anna, &berta).await;
    let all = names(&server);
    let forge = pieces_of(&redis(server.url())).await;
    let mut forged = 0_u64;
    for name in &all {
        let parts = parts(name);
        let [home, _, _, borders] = &parts[..] else { panic!("four parts") };
        let (mine, other) = if home == anna.home.id.as_bytes() { (&anna, &berta) } else { (&berta, &anna) };
        if parts[2] != mine.event.as_bytes() {
            continue;
        }
        // The same ranges, of the other home's object.
        let piece = borders.chunks_exact(16).flat_map(|border| {
            let place = |at: usize| usize::from_be_bytes(border[at..at + 8].try_into().unwrap());
            other.object[place(0)..place(8)].to_vec()
        });
        let piece = piece.collect::<Bytes>();
        let key = key(&parts);
        server.run(&[b"DEL", name]).unwrap();
        forge.get_or_load(&key, Ask::ANY, async || Ok(Some(Blob::from(piece.clone())))).await.unwrap();
        assert_eq!(forge.get(&key, Ask::ANY).await.unwrap().value().unwrap().bytes(), &piece);
        forged += 1;
    }
    assert_eq!(forged, 6, "all but the stills");
    let before = alarms("cache-violation");
    each_sees_its_own(&anna, &berta).await;
    let refused = caches.violations(Violation::Refused);
    assert!(refused >= forged, "{refused} were refused");
    assert!(alarms("cache-violation") >= before + refused);
    each_sees_its_own(&anna, &berta).await;
    assert_eq!(caches.violations(Violation::Refused), refused, "each once");
}

#[tokio::test]
async fn an_erased_event_leaves_nothing_in_the_cache() {
    let Some(server) = Server::start("erased") else { return };
    let (_system, anna, berta) = two_homes(redis(server.url())).await;
    until_cached(&server, &anna, &berta).await;
    let other = pieces_of(&redis(server.url())).await;
    let mut found = 0;
    for (key, event) in keys(&server) {
        found += usize::from(event == anna.event.as_bytes() && other.get(&key, Ask::ANY).await.is_some());
    }
    assert!(found > 2, "{found} entries");
    anna.home.erase(anna.event).await;
    assert_eq!(anna.browser.get(&format!("events/{}/thumbnail", anna.event)).await.status, 404);
    for (key, event) in keys(&server) {
        let is_its = event == anna.event.as_bytes();
        assert_eq!(other.get(&key, Ask::ANY).await.is_some(), !is_its, "what is left of it nobody believes");
    }
}

#[tokio::test]
async fn pictures_come_while_the_cache_is_away() {
    let Some(mut server) = Server::start("away") else { return };
    let (_system, anna, berta) = two_homes(redis(server.url())).await;
    each_sees_its_own(&anna, &berta).await;
    server.pause().unwrap();
    each_sees_its_own(&anna, &berta).await;
    server.resume().unwrap();
    server.kill().unwrap();
    each_sees_its_own(&anna, &berta).await;
    server.restart().unwrap();
    each_sees_its_own(&anna, &berta).await;
}
