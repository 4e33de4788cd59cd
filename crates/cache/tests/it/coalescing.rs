//! One load at a time for each key.

use std::time::Duration;

use ownsight_cache::{Ask, LoadError, Policy};
use tokio::sync::oneshot;

use crate::support::{Broken, Marked, MarkedCache, Source, key, local};

fn marked(version: u64) -> Marked {
    Marked { key: "a".into(), version }
}

/// A caller whose load ends when it is told to.
fn slow_caller(cache: &MarkedCache) -> (tokio::task::JoinHandle<u64>, oneshot::Sender<u64>) {
    let (tell, told) = oneshot::channel();
    let cache = cache.clone();
    let caller = tokio::spawn(async move {
        let load = async || Ok(Some(marked(told.await.map_err(|_| Broken)?)));
        let found = cache.get_or_load(&key("a"), Ask::ANY, load).await.unwrap();
        found.value().unwrap().version
    });
    (caller, tell)
}

async fn until_loading(cache: &MarkedCache) {
    while cache.loading() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_callers_of_a_cold_key_make_one_load() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let callers = (0..10_000).map(|_| {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move {
            let load = async || {
                tokio::time::sleep(Duration::from_millis(20)).await;
                source.read("a").await
            };
            let found = cache.get_or_load(&key("a"), Ask::ANY, load).await.unwrap();
            assert_eq!(found.value().unwrap().key, "a");
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    assert_eq!(source.loads(), 1);
    assert_eq!(cache.loading(), 0);
}

#[tokio::test]
async fn who_waited_takes_what_comes_also_if_nothing_is_kept() {
    let ((cache, _), source) = (local(Policy { local_bytes_max: 0, ..Policy::default() }), Source::default());
    let callers = (0..10).map(|_| source.version(&cache, "a"));
    assert_eq!(futures_util::future::join_all(callers).await, vec![0; 10]);
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn a_cancelled_leader_hands_over() {
    let (cache, _) = local(Policy::default());
    let (first, _never) = slow_caller(&cache);
    until_loading(&cache).await;
    let (second, tell) = slow_caller(&cache);
    let (third, tell_third) = slow_caller(&cache);
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    tell.send(2).unwrap();
    let _ = tell_third.send(2);
    assert_eq!(second.await.unwrap(), 2);
    assert_eq!(third.await.unwrap(), 2);
    assert_eq!(cache.loading(), 0);
}

#[tokio::test]
async fn a_loader_that_panics_poisons_nothing() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let panics = {
        let cache = cache.clone();
        tokio::spawn(async move {
            let load = async || {
                tokio::task::yield_now().await;
                panic!("a loader panics, as this test wants");
            };
            let _ = cache.get_or_load(&key("a"), Ask::ANY, load).await;
        })
    };
    until_loading(&cache).await;
    assert_eq!(source.version(&cache, "a").await, 0);
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(source.version(&cache, "b").await, 0);
}

#[tokio::test]
async fn who_waits_for_a_load_that_fails_gets_its_error() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let (fail, failed) = oneshot::channel::<()>();
    let leader = {
        let cache = cache.clone();
        tokio::spawn(async move {
            let load = async || failed.await.map_err(|_| Broken).map(|()| None);
            cache.get_or_load(&key("a"), Ask::ANY, load).await.is_err()
        })
    };
    until_loading(&cache).await;
    let mut waiting = Box::pin(source.through(&cache, "a", Ask::ANY));
    tokio::select! { biased; _ = &mut waiting => panic!("nothing is there"), () = tokio::task::yield_now() => {} }
    drop(fail);
    assert!(matches!(waiting.await.unwrap_err(), LoadError::Source(_)));
    assert!(leader.await.unwrap());
    assert_eq!(source.version(&cache, "a").await, 0);
}

#[tokio::test]
async fn who_asks_after_an_invalidation_does_not_get_the_load_of_before() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    let (before, tell) = slow_caller(&cache);
    until_loading(&cache).await;
    let new = source.change();
    cache.invalidate(&key("a")).await.unwrap();
    let mut after = Box::pin(source.through(&cache, "a", Ask::ANY));
    tokio::select! { biased; _ = &mut after => panic!("it is being loaded"), () = tokio::task::yield_now() => {} }
    tell.send(0).unwrap();
    assert_eq!(before.await.unwrap(), 0);
    assert_eq!(after.await.unwrap().value().unwrap().version, new);
    assert_eq!(source.version(&cache, "a").await, new);
}

#[tokio::test]
async fn who_takes_only_what_is_young_does_not_get_an_older_load() {
    let ((cache, clock), source) = (local(Policy::default()), Source::default());
    let (before, tell) = slow_caller(&cache);
    until_loading(&cache).await;
    let new = source.change();
    clock.advance(Duration::from_secs(5));
    let ask = Ask::ANY.no_older_than(Duration::from_secs(4));
    let mut young = Box::pin(source.through(&cache, "a", ask));
    tokio::select! { biased; _ = &mut young => panic!("it is being loaded"), () = tokio::task::yield_now() => {} }
    tell.send(0).unwrap();
    assert_eq!(before.await.unwrap(), 0);
    assert_eq!(young.await.unwrap().value().unwrap().version, new);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_answer_is_given_up() {
    let (cache, _) = local(Policy { load_max: Duration::from_secs(3), ..Policy::default() });
    let begun = tokio::time::Instant::now();
    let late = cache.get_or_load(&key("a"), Ask::ANY, std::future::pending).await.unwrap_err();
    assert!(matches!(late, LoadError::Late));
    assert_eq!(begun.elapsed().as_secs(), 3);
    assert_eq!(cache.loading(), 0);
}
