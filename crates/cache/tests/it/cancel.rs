//! Calls that are dropped, at each place where they wait.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use ownsight_cache::{Ask, Policy};

use crate::support::{MarkedCache, Server, Source, cache_of, key, local, process, server_only};

/// Polls a future so often, each time that it wants to be, and drops it. Whether it was done.
async fn polled(times: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// After whatever was dropped: no load is left, and the cache gives each key its own value.
async fn is_whole(cache: &MarkedCache, source: &Source) {
    assert_eq!(cache.loading(), 0);
    for name in ["a", "b"] {
        source.version(cache, name).await;
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_nothing_behind() {
    let ((cache, _), source) = (local(Policy::default()), Source::default());
    for times in 0..6 {
        let load = async || {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            source.read("a").await
        };
        let done = polled(times, cache.get_or_load(&key("a"), Ask::ANY, load)).await;
        assert_eq!(done, times == 5, "{times}");
        assert_eq!(cache.loading(), 0);
    }
    assert_eq!(source.loads(), 2, "one was dropped while it read");
}

#[tokio::test]
async fn a_call_to_the_server_that_is_dropped_shifts_no_reply() {
    let Some(server) = Server::start("dropped") else { return };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    for round in 0..300_usize {
        let name = ["a", "b", "c", "d"][round % 4];
        let times = round % 7;
        match round % 5 {
            0 => polled(times, cache.invalidate(&key(name))).await,
            1 => polled(times, cache.get(&key(name), Ask::ANY)).await,
            2 => {
                let keys = ["a", "b", "c", "d"].map(key);
                polled(times, cache.get_many(&keys, Ask::ANY)).await
            }
            _ => polled(times, source.through(&cache, name, Ask::ANY)).await,
        };
        is_whole(&cache, &source).await;
    }
    for violation in ownsight_cache::Violation::ALL {
        assert_eq!(caches.violations(violation), 0, "{violation}");
    }
}

#[tokio::test]
async fn an_invalidation_holds_here_from_its_first_poll() {
    let Some(server) = Server::start("first poll") else { return };
    let (caches, _) = process(&server.url()).await;
    let cache = cache_of(&caches, Policy { budget: Duration::from_secs(5), ..Policy::default() });
    let source = Source::default();
    source.version(&cache, "a").await;
    let new = source.change();
    assert!(!polled(0, cache.invalidate(&key("a"))).await);
    assert_eq!(source.version(&cache, "a").await, 0, "nobody polled it");
    assert!(!polled(1, cache.invalidate(&key("a"))).await);
    assert_eq!(source.version(&cache, "a").await, new);
    assert!(!polled(1, cache.refuse(&key("a"))).await);
    is_whole(&cache, &source).await;
}

#[tokio::test]
async fn who_waits_for_the_connection_may_leave() {
    let Some(server) = Server::start("connecting") else { return };
    let caches = crate::support::process_with(
        &server.url(),
        crate::support::secret(),
        ownsight_cache::Clock::manual(),
    );
    assert!(!polled(1, caches.connected()).await);
    caches.connected().await.unwrap();
}
