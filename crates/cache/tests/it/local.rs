//! The tier in the process.

use std::time::Duration;

use ownsight_cache::{Ask, Caches, Group, Policy, Violation};

use crate::support::{Broken, Source, cache_of, key, local, patient};

#[tokio::test]
async fn a_value_is_loaded_once_and_is_its_keys() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    for _ in 0..3 {
        for name in ["a", "b", "c"] {
            assert_eq!(source.version(&cache, name).await, 0);
        }
    }
    assert_eq!(source.loads(), 3);
    assert_eq!(cache.loading(), 0);
}

#[tokio::test]
async fn what_is_invalidated_takes_no_room() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    source.version(&cache, "a").await;
    assert!(cache.local_bytes() > 0);
    cache.invalidate(&key("a")).await.unwrap();
    assert_eq!(cache.local_bytes(), 0);
}

#[tokio::test]
async fn it_ends_with_its_lifetime_here() {
    let policy = Policy { local_ttl: Duration::from_secs(5), ..patient() };
    let ((cache, clock), source) = (local(policy), Source::default());
    source.version(&cache, "a").await;
    clock.advance(Duration::from_millis(4_999));
    source.version(&cache, "a").await;
    assert_eq!(source.loads(), 1);
    clock.advance(Duration::from_millis(1));
    source.version(&cache, "a").await;
    assert_eq!(source.loads(), 2);
}

#[tokio::test]
async fn lifetimes_are_cut_by_chance_and_by_no_more_than_was_said() {
    let policy = Policy { jitter: 0.5, ttl: Duration::from_secs(10), ..patient() };
    let ((cache, clock), source) = (local(policy), Source::default());
    for n in 0..200 {
        source.version(&cache, &n.to_string()).await;
    }
    clock.advance(Duration::from_secs(5));
    let before = source.loads();
    for n in 0..200 {
        source.version(&cache, &n.to_string()).await;
    }
    assert_eq!(source.loads(), before);
    clock.advance(Duration::from_millis(2_500));
    let mut early = 0;
    for n in 0..200 {
        let before = source.loads();
        source.version(&cache, &n.to_string()).await;
        early += source.loads() - before;
    }
    assert!((50..150).contains(&early), "{early} of 200 ended within half of what was cut");
}

#[tokio::test]
async fn that_there_is_nothing_is_remembered_for_a_shorter_time() {
    let (cache, clock) = local(Policy { absent_ttl: Duration::from_secs(2), ..patient() });
    let mut loads = 0;
    for (step, expected) in [(0, 1), (1_999, 1), (1, 2)] {
        clock.advance(Duration::from_millis(step));
        let found = cache
            .get_or_load(&key("a"), Ask::ANY, || {
                loads += 1;
                async { Ok(None) }
            })
            .await
            .unwrap();
        assert!(found.value().is_none());
        assert_eq!(loads, expected);
    }
    assert!(cache.get(&key("a"), Ask::ANY).await.unwrap().value().is_none());
    assert!(cache.get(&key("b"), Ask::ANY).await.is_none());
}

#[tokio::test]
async fn a_failed_load_is_told_and_not_remembered() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let failed = cache.get_or_load(&key("a"), Ask::ANY, async || Err(Broken)).await.unwrap_err();
    assert!(matches!(failed, ownsight_cache::LoadError::Source(broken) if *broken == Broken));
    assert_eq!(source.version(&cache, "a").await, 0);
}

#[tokio::test]
async fn memory_is_bounded_by_weight() {
    let bytes_max = 64 << 10;
    let ((cache, _), source) = (local(Policy { local_bytes_max: bytes_max, ..patient() }), Source::default());
    for n in 0..5_000 {
        source.version(&cache, &format!("{n:0200}")).await;
        assert!(cache.local_bytes() <= bytes_max, "{}", cache.local_bytes());
    }
    assert!(cache.local_bytes() > bytes_max / 2, "{}", cache.local_bytes());
}

#[tokio::test]
async fn an_invalidation_of_key_or_group_is_seen_at_once() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let group = Group::of(["g"]).unwrap();
    let grouped = key("b").in_group(group.clone()).unwrap();
    let load = |name: &'static str| source.read(name);
    source.version(&cache, "a").await;
    cache.get_or_load(&grouped, Ask::ANY, || load("b")).await.unwrap();
    let new = source.change();
    assert_eq!(source.version(&cache, "a").await, 0);
    cache.invalidate(&key("a")).await.unwrap();
    assert_eq!(source.version(&cache, "a").await, new);
    cache.invalidate_group(&group).await.unwrap();
    let found = cache.get_or_load(&grouped, Ask::ANY, || load("b")).await.unwrap();
    assert_eq!(found.value().unwrap().version, new);
}

/// One caller names a group and another does not: neither gets what was invalidated for the other.
#[tokio::test]
async fn an_invalidation_holds_whatever_groups_a_caller_names() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let group = Group::of(["g"]).unwrap();
    for _ in 0..5 {
        cache.invalidate_group(&group).await.unwrap();
    }
    let grouped = key("a").in_group(group).unwrap();
    for told in [key("a"), grouped.clone()] {
        for asked in [&grouped, &key("a")] {
            cache.get_or_load(asked, Ask::ANY, || source.read("a")).await.unwrap();
        }
        let new = source.change();
        cache.invalidate(&told).await.unwrap();
        for asked in [&grouped, &key("a")] {
            let found = cache.get_or_load(asked, Ask::ANY, || source.read("a")).await.unwrap();
            assert_eq!(found.value().unwrap().version, new);
        }
    }
}

#[tokio::test]
async fn what_its_reader_refuses_is_counted_and_read_again() {
    let clock = ownsight_cache::Clock::manual();
    let caches = Caches::local(clock);
    let (cache, source) = (cache_of(&caches, Policy::default()), Source::default());
    source.version(&cache, "a").await;
    let new = source.change();
    cache.refuse(&key("a")).await.unwrap();
    assert_eq!(caches.violations(Violation::Refused), 1);
    assert_eq!(source.version(&cache, "a").await, new);
}

#[tokio::test]
async fn without_a_cache_each_call_loads_and_everything_works() {
    let (cache, source) = (cache_of(&Caches::off(), Policy::default()), Source::default());
    for loads in 1..4 {
        assert_eq!(source.version(&cache, "a").await, 0);
        assert_eq!(source.loads(), loads);
    }
    cache.invalidate(&key("a")).await.unwrap();
    cache.refuse(&key("a")).await.unwrap();
    assert!(cache.get(&key("a"), Ask::ANY).await.is_none());
    assert!(cache.get_or_load(&key("a"), Ask::ANY, async || Err(Broken)).await.is_err());
    Caches::off().connected().await.unwrap();
    assert!(Caches::off().is_healthy());
}
