//! Processes that share a server.

use std::time::Duration;

use ownsight_cache::{Ask, Cache, CacheSecret, Clock, Group, Policy, Violation};

use crate::support::{
    Broken, Secret, Server, Source, cache_of, key, namespace, patient, process, process_with, run,
    server_only, two,
};

#[tokio::test]
async fn what_one_loads_the_other_finds() {
    let Some(server) = Server::start("shared") else { return };
    let [(one, _), (other, _)] = two(&server.url(), patient()).await;
    let source = Source::default();
    source.version(&one, "a").await;
    source.change();
    assert_eq!(source.version(&other, "a").await, 0);
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn that_there_is_nothing_is_shared_too() {
    let Some(server) = Server::start("absence") else { return };
    let [(one, _), (other, _)] = two(&server.url(), server_only()).await;
    one.get_or_load(&key("a"), Ask::ANY, async || Ok(None)).await.unwrap();
    let found = other.get(&key("a"), Ask::ANY).await.unwrap();
    assert!(found.value().is_none());
}

#[tokio::test]
async fn an_invalidation_reaches_the_server_and_who_listens() {
    let Some(server) = Server::start("invalidation") else { return };
    let [(one, _), (other, _)] = two(&server.url(), patient()).await;
    let source = Source::default();
    let group = Group::of(["g"]).unwrap();
    // Until the other listens, its own copy may be old: this is what it waits for.
    for round in 1..=3 {
        source.version(&one, "a").await;
        source.version(&other, "a").await;
        let new = source.change();
        one.invalidate(&key("a")).await.unwrap();
        one.invalidate_group(&group).await.unwrap();
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        while source.version(&other, "a").await != new {
            assert!(tokio::time::Instant::now() < until, "the other did not hear of it, round {round}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(source.version(&one, "a").await, new);
    }
}

#[tokio::test]
async fn a_group_is_invalidated_on_the_server() {
    let Some(server) = Server::start("groups") else { return };
    let [(one, _), (other, _)] = two(&server.url(), server_only()).await;
    let source = Source::default();
    let (group, bystander) = (Group::of(["g"]).unwrap(), Group::of(["h"]).unwrap());
    let grouped = |name| key(name).in_group(group.clone()).unwrap().in_group(bystander.clone()).unwrap();
    let get = async |name| other.get(&grouped(name), Ask::ANY).await;
    for name in ["a", "b"] {
        one.get_or_load(&grouped(name), Ask::ANY, || source.read(name)).await.unwrap();
        assert_eq!(get(name).await.unwrap().value().unwrap().key, name);
    }
    one.invalidate_group(&group).await.unwrap();
    assert!(get("a").await.is_none() && get("b").await.is_none());
    let beside = key("c").in_group(bystander.clone()).unwrap();
    one.get_or_load(&beside, Ask::ANY, || source.read("c")).await.unwrap();
    one.invalidate_group(&group).await.unwrap();
    let newcomer = cache_of(&process(&server.url()).await.0, server_only());
    assert!(newcomer.get(&beside, Ask::ANY).await.is_some(), "it is in another group");
    // Who was not there when it was invalidated knows by the group's generation.
    one.get_or_load(&grouped("a"), Ask::ANY, || source.read("a")).await.unwrap();
    let newcomer = cache_of(&process(&server.url()).await.0, server_only());
    assert!(newcomer.get(&grouped("b"), Ask::ANY).await.is_none());
    source.change();
    one.get_or_load(&grouped("a"), Ask::ANY, || source.read("a")).await.unwrap();
}

#[tokio::test]
async fn many_are_asked_for_together_each_in_its_place() {
    let Some(server) = Server::start("many") else { return };
    let [(writer, _), (reader, _)] = two(&server.url(), patient()).await;
    let source = Source::default();
    let grouped = |name: &str| key(name).in_group(Group::of(["g"]).unwrap()).unwrap();
    // More than fit in one request.
    let names = (0..300).map(|n: u32| n.to_string()).collect::<Vec<_>>();
    let keys = names.iter().enumerate();
    let keys = keys.map(|(n, name)| if n % 7 == 0 { grouped(name) } else { key(name) }).collect::<Vec<_>>();
    for (n, (name, key)) in names.iter().zip(&keys).enumerate() {
        if n % 3 != 0 {
            writer.get_or_load(key, Ask::ANY, || source.read(name)).await.unwrap();
        }
        if n % 5 == 0 {
            reader.get_or_load(key, Ask::ANY, || source.read(name)).await.unwrap();
        }
    }
    let found = reader.get_many(&keys, Ask::ANY).await;
    assert_eq!(found.len(), keys.len());
    for (n, (found, name)) in found.iter().zip(&names).enumerate() {
        let found = found.as_ref().map(|found| &found.value().unwrap().key);
        assert_eq!(found, (n % 3 != 0 || n % 5 == 0).then_some(name), "{n}");
    }
    assert!(reader.get_many(&keys[..0], Ask::ANY).await.is_empty());
    let off = cache_of(&ownsight_cache::Caches::off(), patient());
    assert!(off.get_many(&keys[..2], Ask::ANY).await.iter().all(Option::is_none));
}

/// A holder that was stopped between reading its source and storing must not bring an old value back.
#[tokio::test]
async fn a_store_that_began_before_an_invalidation_is_not_accepted() {
    let Some(server) = Server::start("fence") else { return };
    let [(slow, _), (other, clock)] = two(&server.url(), server_only()).await;
    let source = Source::default();
    let interrupted = async || {
        let old = source.read("a").await;
        source.change();
        other.invalidate(&key("a")).await.unwrap();
        clock.advance(Duration::from_secs(2));
        old
    };
    slow.get_or_load(&key("a"), Ask::ANY, interrupted).await.unwrap();
    assert!(other.get(&key("a"), Ask::ANY).await.is_none());
    assert_eq!(source.version(&other, "a").await, 1);
}

#[tokio::test]
async fn what_is_too_old_for_one_is_replaced_for_all() {
    let Some(server) = Server::start("replaced") else { return };
    let [(one, clock), (other, other_clock)] = two(&server.url(), server_only()).await;
    let source = Source::default();
    source.version(&one, "a").await;
    let new = source.change();
    other_clock.advance(Duration::from_secs(10));
    clock.advance(Duration::from_secs(10));
    source.through(&one, "a", Ask::ANY.no_older_than(Duration::from_secs(5))).await.unwrap();
    assert_eq!(source.loads(), 2);
    let kept = other.get(&key("a"), Ask::ANY).await.unwrap();
    assert_eq!(kept.value().unwrap().version, new);
}

#[tokio::test]
async fn of_two_that_loaded_in_one_generation_one_stores() {
    let Some(server) = Server::start("generation") else { return };
    let [(slow, _), (fast, _)] = two(&server.url(), server_only()).await;
    let source = Source::default();
    let overtaken = async || {
        let old = source.read("a").await;
        source.change();
        assert_eq!(source.version(&fast, "a").await, 1);
        old
    };
    slow.get_or_load(&key("a"), Ask::ANY, overtaken).await.unwrap();
    let kept = fast.get(&key("a"), Ask::ANY).await.unwrap();
    assert_eq!(kept.value().unwrap().version, 1);
}

#[tokio::test]
async fn a_server_that_forgot_takes_no_store_of_before() {
    let Some(server) = Server::start("forgotten") else { return };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    let forgotten = async || {
        run(&server, &[b"FLUSHALL"]);
        source.read("a").await
    };
    cache.get_or_load(&key("a"), Ask::ANY, forgotten).await.unwrap();
    assert!(cache.get(&key("a"), Ask::ANY).await.is_none());
}

#[tokio::test]
async fn other_secrets_share_nothing() {
    let Some(server) = Server::start("secrets") else { return };
    let (mine, _) = process(&server.url()).await;
    let theirs = process_with(&server.url(), CacheSecret::from_bytes([1; 32]), Clock::manual());
    theirs.connected().await.unwrap();
    let source = Source::default();
    source.version(&cache_of(&mine, server_only()), "a").await;
    let new = source.change();
    assert_eq!(source.version(&cache_of(&theirs, server_only()), "a").await, new);
    // They have other names, so that a new secret empties the cache and raises no alarm.
    assert_eq!(theirs.violations(Violation::NotAuthentic), 0);
}

#[tokio::test]
async fn a_private_value_is_not_readable_on_the_server() {
    let Some(server) = Server::start("private") else { return };
    let (caches, _) = process(&server.url()).await;
    let cache: Cache<Secret, Broken> = caches.cache(namespace(), server_only()).unwrap();
    let load = async || Ok(Some(Secret("nobody reads this".into())));
    cache.get_or_load(&key("a"), Ask::ANY, load).await.unwrap();
    let kept = cache.get(&key("a"), Ask::ANY).await.unwrap();
    assert_eq!(kept.value().unwrap().0, "nobody reads this");
    let redis::Value::Array(names) = run(&server, &[b"KEYS", b"cache:*:k:*"]) else { panic!("no names") };
    let redis::Value::BulkString(name) = &names[0] else { panic!("no name") };
    let everything = format!("{:?}", run(&server, &[b"HGETALL", name]));
    assert!(everything.len() > 100 && !everything.contains("nobody"), "{everything}");
}

#[tokio::test]
async fn what_is_too_large_is_not_stored() {
    let Some(server) = Server::start("large") else { return };
    let (caches, _) = process(&server.url()).await;
    let cache = cache_of(&caches, Policy { entry_bytes_max: 3, ..server_only() });
    Source::default().version(&cache, "a").await;
    assert!(cache.get(&key("a"), Ask::ANY).await.is_some(), "`a` and a version are 3 bytes");
    Source::default().version(&cache, "aa").await;
    assert!(cache.get(&key("aa"), Ask::ANY).await.is_none());
}

#[tokio::test]
async fn everything_on_the_server_ends_by_itself() {
    let Some(server) = Server::start("ends") else { return };
    let (caches, _) = process(&server.url()).await;
    let cache = cache_of(&caches, server_only());
    let grouped = key("a").in_group(Group::of(["g"]).unwrap()).unwrap();
    cache.get_or_load(&grouped, Ask::ANY, || async { Source::default().read("a").await }).await.unwrap();
    let redis::Value::Array(names) = run(&server, &[b"KEYS", b"*"]) else { panic!("no names") };
    assert_eq!(names.len(), 2);
    for name in names {
        let redis::Value::BulkString(name) = name else { panic!("no name") };
        let redis::Value::Int(left) = run(&server, &[b"PTTL", &name]) else { panic!("no time") };
        assert!((1..=3_630_000).contains(&left), "{left}");
    }
}
