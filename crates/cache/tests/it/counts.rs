//! What it says of itself: metrics, and words in a log.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use ownsight_cache::{Ask, CacheSecret, Caches, Clock, RedisConfig, SKEW_DEFAULT, Violation};

use crate::support::{Broken, MarkedCache, Server, Source, cache_of, key, process, run, server_only};

/// Everything in one process whose metrics are its own: a lookup of each origin, a load of each outcome, and a reply that is
/// another key's.
#[test]
fn metrics_tell_lookups_loads_stores_violations_and_connections() {
    let Some(server) = Server::start("metrics") else { return };
    let recorder = PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(everything(&server)));
    let shown = shown.render();
    for line in [
        "# HELP cache_lookups_total ",
        "# HELP cache_subscribed ",
        r#"cache_lookups_total{namespace="test",from="miss"} 5"#,
        r#"cache_lookups_total{namespace="test",from="remote"} 1"#,
        r#"cache_lookups_total{namespace="test",from="local"} 0"#,
        r#"cache_loads_total{outcome="loaded"} 4"#,
        r#"cache_loads_total{outcome="failed"} 1"#,
        r#"cache_stores_total{outcome="accepted"} 3"#,
        r#"cache_violations_total{kind="other_key"} 1"#,
        "cache_connections_condemned_total 1",
        "cache_subscribed 1",
    ] {
        assert!(shown.lines().any(|found| found.starts_with(line)), "{line} is not in\n{shown}");
    }
    let bypassed = r#"cache_remote_errors_total{reason="bypassed"}"#;
    assert!(shown.contains(bypassed) || shown.contains(r#"reason="disconnected"}"#), "{shown}");
    assert!(!shown.contains("secret-of-a-key"), "a key is not a label");
}

async fn everything(server: &Server) {
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    until_somebody_listens(server, true).await;
    source.version(&cache, "secret-of-a-key").await;
    source.version(&cache, "b").await;
    assert!(cache.get(&key("b"), Ask::ANY).await.is_some());
    assert!(cache.get_or_load(&key("c"), Ask::ANY, async || Err(Broken)).await.is_err());
    slow_load(&cache, server).await;
    exchange(server);
    source.version(&cache, "b").await;
    // Nobody listens at this one.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = RedisConfig::new(format!("redis://127.0.0.1:{port}/"));
    let nowhere = Caches::redis(CacheSecret::generate(), nowhere, Clock::manual(), SKEW_DEFAULT).unwrap();
    let _ = cache_of(&nowhere, server_only()).invalidate(&key("b")).await;
}

/// A load that takes longer than the budget, of which it is no part: so the store is waited for.
async fn slow_load(cache: &MarkedCache, server: &Server) {
    let (tell, loaded) = tokio::sync::oneshot::channel();
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        server.pause().unwrap();
        tell.send(()).unwrap();
        Source::default().read("d").await
    };
    let resumed = async {
        loaded.await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.resume().unwrap();
    };
    let asked_for = key("d");
    let stored = cache.get_or_load(&asked_for, Ask::ANY.within(Duration::from_secs(2)), slow);
    futures_util::future::join(stored, resumed).await.0.unwrap();
}

/// Each of the two keys has the other's entry.
fn exchange(server: &Server) {
    let redis::Value::Array(names) = run(server, &[b"KEYS", b"cache:*:k:*"]) else { panic!("no names") };
    let names = names.iter().map(|name| match name {
        redis::Value::BulkString(name) => name.clone(),
        other => panic!("{other:?}"),
    });
    let names =
        names.filter(|name| name.ends_with(b"b") || name.ends_with(b"secret-of-a-key")).collect::<Vec<_>>();
    let [one, other] = &names[..] else { panic!("two names") };
    run(server, &[b"RENAME", one, b"kept"]);
    run(server, &[b"RENAME", other, one]);
    run(server, &[b"RENAME", b"kept", other]);
}

fn listens(server: &Server) -> bool {
    let redis::Value::Array(channels) = run(server, &[b"PUBSUB", b"CHANNELS", b"cache:*:invalidations"])
    else {
        panic!("no channels")
    };
    !channels.is_empty()
}

/// Or until nobody does.
async fn until_somebody_listens(server: &Server, somebody: bool) {
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while listens(server) != somebody {
        assert!(tokio::time::Instant::now() < until, "somebody listens: {}", !somebody);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_listens_does_so_under_the_prefix_and_ends_with_its_caches() {
    let Some(server) = Server::start("listening") else { return };
    let (caches, _) = process(&server.url()).await;
    until_somebody_listens(&server, true).await;
    drop(caches);
    until_somebody_listens(&server, false).await;
}

#[tokio::test]
async fn caches_say_what_they_are() {
    let unreachable = RedisConfig::new("redis://127.0.0.1:1/");
    let shown = format!("{unreachable:?}");
    assert!(shown.contains("cache:") && !shown.contains("127.0.0.1"), "{shown}");
    let redis = Caches::redis(CacheSecret::generate(), unreachable, Clock::manual(), SKEW_DEFAULT).unwrap();
    for (caches, name, is_on) in [
        (Caches::off(), "off", false),
        (Caches::local(Clock::manual()), "local", true),
        (redis, "redis", true),
    ] {
        assert_eq!(format!("{caches:?}"), format!("Caches({name:?})"));
        assert_eq!(caches.is_on(), is_on);
    }
    assert_eq!(Violation::OtherKey.to_string(), "other_key");
}
