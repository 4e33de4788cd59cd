//! How old a value may be.

use std::time::Duration;

use ownsight_cache::Ask;

use crate::support::{Server, Source, cache_of, key, local, patient, process, server_only, two};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn never_older_than_the_caller_takes() {
    let ((cache, clock), source) = (local(patient()), Source::default());
    source.version(&cache, "a").await;
    let new = source.change();
    clock.advance(s(10));
    let version = async |age| {
        let found = source.through(&cache, "a", Ask::ANY.no_older_than(age)).await.unwrap();
        found.value().unwrap().version
    };
    assert_eq!(version(s(10)).await, 0);
    assert_eq!(version(Duration::from_millis(9_999)).await, new);
    assert_eq!(version(Duration::ZERO).await, new);
}

#[tokio::test]
async fn what_another_process_wrote_may_be_older_by_the_skew() {
    let Some(server) = Server::start("freshness") else { return };
    let [(writer, _), (reader, clock)] = two(&server.url(), server_only()).await;
    let source = Source::default();
    source.version(&writer, "a").await;
    let get = async |age| reader.get(&key("a"), Ask::ANY.no_older_than(age)).await;
    clock.advance(s(10));
    assert!(get(s(11)).await.is_some());
    assert!(get(Duration::from_millis(10_999)).await.is_none());
    // It lives for an hour by its writer's clock, which may be a second ahead.
    clock.advance(s(3_600 - 12));
    assert!(reader.get(&key("a"), Ask::ANY).await.is_some());
    clock.advance(s(1));
    assert!(reader.get(&key("a"), Ask::ANY).await.is_none());
}

#[tokio::test]
async fn what_a_server_had_is_kept_here_for_its_time_here() {
    let Some(server) = Server::start("kept here") else { return };
    let [(writer, _), (reader, clock)] = two(&server.url(), patient()).await;
    let source = Source::default();
    // From when it listens, which ends what it kept before: each time with another key.
    let until = tokio::time::Instant::now() + s(10);
    let kept = loop {
        assert!(tokio::time::Instant::now() < until, "it keeps nothing");
        let name = source.loads().to_string();
        source.version(&writer, &name).await;
        let before = source.loads();
        source.version(&reader, &name).await;
        server.run(&[b"FLUSHALL"]).unwrap();
        source.version(&reader, &name).await;
        if source.loads() == before {
            break name;
        }
    };
    let new = source.change();
    clock.advance(s(59));
    assert_eq!(source.version(&reader, &kept).await, 0);
    clock.advance(s(1));
    server.run(&[b"FLUSHALL"]).unwrap();
    assert_eq!(source.version(&reader, &kept).await, new);
}

/// Its own clock says when it was invalidated, and the other's when it was read; they differ by the skew at most.
#[tokio::test]
async fn what_was_read_a_skew_after_an_invalidation_is_taken_and_not_before() {
    let Some(server) = Server::start("skew") else { return };
    let (reader, source) = (cache_of(&process(&server.url()).await.0, server_only()), Source::default());
    for (later, taken) in [(999, false), (1_000, true)] {
        let (early, early_clock) = process(&server.url()).await;
        let early = cache_of(&early, server_only());
        reader.invalidate(&key("a")).await.unwrap();
        early_clock.advance(Duration::from_millis(later));
        source.version(&early, "a").await;
        assert_eq!(reader.get(&key("a"), Ask::ANY).await.is_some(), taken, "{later} ms later");
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_younger_in_this_process() {
    let ((cache, clock), source) = (local(patient()), Source::default());
    source.version(&cache, "a").await;
    clock.advance(s(10));
    clock.set_wall_ms(0);
    let new = source.change();
    let found = source.through(&cache, "a", Ask::ANY.no_older_than(s(9))).await.unwrap();
    assert_eq!(found.value().unwrap().version, new);
}
