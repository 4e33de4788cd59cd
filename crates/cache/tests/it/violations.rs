//! What comes back and must not: each kind is found, counted, forgotten, and nobody is given it.

use std::time::Duration;

use ownsight_cache::{Ask, Cache, CacheSecret, Caches, Clock, Namespace, Violation};
use redis::Value;

use crate::support::{MarkedCache, Server, Source, cache_of, key, process, process_with, run, server_only};

/// How names under the tests' secret begin, after the prefix. Formats must not change unseen.
const SECRET_NAME: &[u8] = b"9d5ab3bc7e61fd09";

struct World {
    server: Server,
    caches: Caches,
    clock: Clock,
    cache: MarkedCache,
    source: Source,
}

async fn world(test: &str) -> Option<World> {
    let server = Server::start(test)?;
    let (caches, clock) = process(&server.url()).await;
    let cache = cache_of(&caches, server_only());
    Some(World { server, caches, clock, cache, source: Source::default() })
}

fn name(key: &str) -> Vec<u8> {
    named("test", key)
}

fn named(namespace: &str, key: &str) -> Vec<u8> {
    let length = u16::try_from(key.len()).unwrap().to_be_bytes();
    [b"cache:", SECRET_NAME, b":k:", namespace.as_bytes(), b":", &length, key.as_bytes()].concat()
}

impl World {
    /// Generation and entry of a name, by their fields.
    fn fields(&self, name: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Value::Array(found) = run(&self.server, &[b"HGETALL", name]) else { panic!("no hash") };
        let bytes = |value: &Value| match value {
            Value::BulkString(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        found.chunks(2).map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect()
    }

    /// Whatever is under `from` is under `to` then, as after a reply that was not for it.
    fn exchange(&self, from: &[u8], to: &[u8]) {
        run(&self.server, &[b"COPY", from, to, b"REPLACE"]);
    }

    /// Changes the entry of a key.
    fn change(&self, key: &str, change: impl Fn(&mut Vec<u8>)) {
        for (field, mut value) in self.fields(&name(key)) {
            if field[0] == b'v' {
                change(&mut value);
                run(&self.server, &[b"HSET", &name(key), &field, &value]);
            }
        }
    }

    /// Asks for `a`, which the source has changed since, and finds the violation, the source's value, and a cache that
    /// works again.
    async fn finds(&self, violation: Violation) {
        let before = self.caches.violations(violation);
        let new = self.source.change();
        assert_eq!(self.source.version(&self.cache, "a").await, new);
        assert_eq!(self.caches.violations(violation), before + 1, "{violation}");
        let total = Violation::ALL.iter().map(|kind| self.caches.violations(*kind)).sum::<u64>();
        assert_eq!(total, before + 1);
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            self.caches.connected().await.unwrap();
            assert_eq!(self.source.version(&self.cache, "a").await, new);
            if self.cache.get(&key("a"), Ask::ANY).await.is_some() {
                break;
            }
            assert!(tokio::time::Instant::now() < until, "the server is not asked again");
        }
        assert_eq!(self.caches.violations(violation), before + 1, "{violation} came again");
    }
}

#[tokio::test]
async fn another_keys_entry() {
    let Some(world) = world("other key").await else { return };
    world.source.version(&world.cache, "b").await;
    world.exchange(&name("b"), &name("a"));
    world.finds(Violation::OtherKey).await;
}

#[tokio::test]
async fn another_keys_entry_among_many() {
    let Some(world) = world("among many").await else { return };
    let keys = ["a", "b", "c", "d"].map(key);
    for name in ["a", "b", "c", "d"] {
        world.source.version(&world.cache, name).await;
    }
    world.exchange(&name("d"), &name("b"));
    let found = world.cache.get_many(&keys, Ask::ANY).await;
    let found = found.iter().map(|found| found.as_ref().map(|found| found.value().unwrap().key.as_str()));
    assert_eq!(found.collect::<Vec<_>>(), [Some("a"), None, None, None], "nothing that came behind it");
    assert_eq!(world.caches.violations(Violation::OtherKey), 1);
    world.caches.connected().await.unwrap();
    assert!(world.cache.get(&keys[1], Ask::ANY).await.is_none(), "it is evicted");
    assert!(world.cache.get(&keys[3], Ask::ANY).await.is_some());
}

#[tokio::test]
async fn another_namespaces_entry() {
    let Some(world) = world("other namespace").await else { return };
    let other: MarkedCache = world.caches.cache(Namespace::new("other").unwrap(), server_only()).unwrap();
    world.source.version(&other, "a").await;
    world.exchange(&named("other", "a"), &name("a"));
    world.finds(Violation::OtherNamespace).await;
}

#[tokio::test]
async fn another_schemas_entry() {
    let Some(world) = world("other schema").await else { return };
    let other: Cache<crate::support::Secret, crate::support::Broken> =
        world.caches.cache(crate::support::namespace(), server_only()).unwrap();
    let load = async || Ok(Some(crate::support::Secret("secret".into())));
    other.get_or_load(&key("a"), Ask::ANY, load).await.unwrap();
    let theirs = world.fields(&name("a"));
    world.source.version(&world.cache, "a").await;
    for (field, value) in theirs {
        for (mine, _) in world.fields(&name("a")) {
            if mine[0] == field[0] && mine != field {
                run(&world.server, &[b"HSET", &name("a"), &mine, &value]);
            }
        }
    }
    world.finds(Violation::OtherSchema).await;
}

#[tokio::test]
async fn an_entry_that_is_cut_off() {
    let Some(world) = world("cut off").await else { return };
    world.source.version(&world.cache, "a").await;
    world.change("a", |entry| entry.truncate(entry.len() - 1));
    world.finds(Violation::Malformed).await;
}

#[tokio::test]
async fn an_entry_that_was_changed() {
    let Some(world) = world("changed").await else { return };
    world.source.version(&world.cache, "a").await;
    world.change("a", |entry| {
        let value = entry.len() - 33;
        entry[value] ^= 1;
    });
    world.finds(Violation::NotAuthentic).await;
}

#[tokio::test]
async fn an_entry_of_who_has_another_secret() {
    let Some(world) = world("other secret").await else { return };
    let theirs = process_with(&world.server.url(), CacheSecret::from_bytes([1; 32]), Clock::manual());
    theirs.connected().await.unwrap();
    world.source.version(&cache_of(&theirs, server_only()), "a").await;
    let Value::Array(names) = run(&world.server, &[b"KEYS", b"cache:*:k:*"]) else { panic!("no names") };
    let [Value::BulkString(their_name)] = &names[..] else { panic!("one name") };
    assert_ne!(their_name, &name("a"));
    world.exchange(their_name, &name("a"));
    world.finds(Violation::NotAuthentic).await;
}

/// Who is to hear of violations hears of each, of its kind, and only the first who asked to.
#[tokio::test]
async fn each_is_told() {
    let Some(world) = world("told").await else { return };
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    world.caches.on_violation(move |violation| sender.send(violation).unwrap());
    world.caches.on_violation(|_| panic!("the first one stays"));
    world.source.version(&world.cache, "b").await;
    assert!(heard.try_recv().is_err());
    world.exchange(&name("b"), &name("a"));
    world.finds(Violation::OtherKey).await;
    assert_eq!(heard.try_recv(), Ok(Violation::OtherKey));
    world.cache.refuse(&key("a")).await.unwrap();
    assert_eq!(heard.try_recv(), Ok(Violation::Refused));
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn an_entry_of_tomorrow() {
    let Some(world) = world("tomorrow").await else { return };
    world.source.version(&world.cache, "a").await;
    // As far as clocks may differ it is none.
    world.clock.set_wall_ms(world.clock.wall_ms() - 1_000);
    assert!(world.cache.get(&key("a"), Ask::ANY).await.is_some());
    world.clock.set_wall_ms(world.clock.wall_ms() - 1);
    // A wrong clock is no fault of the connection: it stays.
    assert!(world.cache.get(&key("a"), Ask::ANY).await.is_none());
    world.source.version(&world.cache, "b").await;
    assert!(world.cache.get(&key("b"), Ask::ANY).await.is_some());
    world.clock.set_wall_ms(world.clock.wall_ms() + 1);
    world.source.version(&world.cache, "a").await;
    world.clock.set_wall_ms(world.clock.wall_ms() - 1_001);
    world.finds(Violation::FromTheFuture).await;
}

#[tokio::test]
async fn a_reply_of_another_form() {
    let Some(world) = world("form").await else { return };
    world.source.version(&world.cache, "a").await;
    for (field, _) in world.fields(&name("a")) {
        match field[0] {
            b'g' => run(&world.server, &[b"HSET", &name("a"), &field, b"not sixteen bytes"]),
            _ => run(&world.server, &[b"HDEL", &name("a"), &field]),
        };
    }
    let new = world.source.change();
    assert_eq!(world.source.version(&world.cache, "a").await, new);
    assert_eq!(world.caches.violations(Violation::UnexpectedReply), 1);
    // It is gone, and does not come again.
    world.caches.connected().await.unwrap();
    assert_eq!(world.source.version(&world.cache, "a").await, new);
    assert!(world.cache.get(&key("a"), Ask::ANY).await.is_some());
    // A key that is no hash at all is the server's refusal, and no violation.
    run(&world.server, &[b"SET", &name("a"), b"text"]);
    world.caches.connected().await.unwrap();
    assert_eq!(world.source.version(&world.cache, "a").await, new);
    assert_eq!(world.caches.violations(Violation::UnexpectedReply), 1);
}

/// Negative control: entries that were not exchanged raise nothing.
#[tokio::test]
async fn honest_entries_are_no_violation() {
    let Some(world) = world("honest").await else { return };
    for round in 0..3 {
        for n in 0..50 {
            world.source.version(&world.cache, &n.to_string()).await;
        }
        assert_eq!(world.source.loads(), 50, "round {round}");
    }
    for violation in Violation::ALL {
        assert_eq!(world.caches.violations(violation), 0, "{violation}");
    }
}
