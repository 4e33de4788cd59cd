//! A server that is slow, full, not allowed or gone.

use std::time::{Duration, Instant};

use ownsight_cache::{Ask, CacheSecret, Caches, Clock, Policy, RedisConfig, RemoteError, SKEW_DEFAULT};

use crate::support::{Server, Source, cache_of, key, process, server_only};

fn impatient() -> Policy {
    Policy { budget: Duration::from_millis(20), ..server_only() }
}

/// Until the server is asked again and has the key.
async fn until_it_works(caches: &Caches, policy: Policy, source: &Source) {
    let cache = cache_of(caches, policy);
    let until = Instant::now() + Duration::from_secs(30);
    while cache.get(&key("again"), Ask::ANY).await.is_none() {
        assert!(Instant::now() < until, "the server is not asked again");
        source.version(&cache, "again").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(caches.is_healthy());
}

#[tokio::test]
async fn a_paused_server_costs_a_budget_a_few_times_and_then_nothing() {
    let Some(server) = Server::start("paused") else { return };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, impatient()), Source::default());
    // With time enough, so that a slow machine's failures do not count among those of the pause.
    source.version(&cache_of(&caches, server_only()), "a").await;
    server.pause().unwrap();
    let mut asked = 0;
    for n in 0..200 {
        let healthy = caches.is_healthy();
        asked += u32::from(healthy);
        source.version(&cache, &n.to_string()).await;
    }
    assert!(!caches.is_healthy());
    assert!((5..=20).contains(&asked), "{asked} waited for it");
    assert_eq!(source.loads(), 201);
    server.resume().unwrap();
    until_it_works(&caches, impatient(), &source).await;
}

#[tokio::test]
async fn a_server_that_was_killed_comes_back() {
    let Some(mut server) = Server::start("killed") else { return };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, impatient()), Source::default());
    server.kill().unwrap();
    for n in 0..50 {
        assert_eq!(source.version(&cache, &n.to_string()).await, 0);
    }
    server.restart().unwrap();
    until_it_works(&caches, impatient(), &source).await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_within_the_budget() {
    let Some(server) = Server::start("slow") else { return };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    source.version(&cache, "a").await;
    server.pause().unwrap();
    let asked_for = key("a");
    let asked = cache.get(&asked_for, Ask::ANY);
    let resumed = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.resume().unwrap();
    };
    let (found, ()) = futures_util::future::join(asked, resumed).await;
    assert!(found.is_some());
}

#[tokio::test]
async fn a_connection_that_was_closed_is_replaced_at_the_first_call_that_finds_it() {
    let Some(server) = Server::start("closed") else { return };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    source.version(&cache, "a").await;
    server.run(&[b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"]).unwrap();
    assert!(cache.get(&key("a"), Ask::ANY).await.is_none());
    caches.connected().await.unwrap();
    assert!(cache.get(&key("a"), Ask::ANY).await.is_some());
    assert!(caches.is_healthy());
}

#[tokio::test]
async fn connections_are_made_within_their_budget() {
    let Some(server) = Server::start("reconnects") else { return };
    let config = RedisConfig {
        reconnects_max: 2,
        reconnect_every: Duration::from_hours(1),
        ..RedisConfig::new(server.url())
    };
    let caches = Caches::redis(CacheSecret::generate(), config, Clock::manual(), SKEW_DEFAULT).unwrap();
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    for left in [1, 0] {
        caches.connected().await.unwrap();
        source.version(&cache, "a").await;
        server.run(&[b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"]).unwrap();
        assert!(cache.get(&key("a"), Ask::ANY).await.is_none(), "{left} are left");
    }
    assert!(caches.is_healthy(), "it is the budget that says no");
    assert_eq!(caches.connected().await.unwrap_err(), RemoteError::Disconnected);
    assert_eq!(source.version(&cache, "a").await, 0);
}

#[tokio::test]
async fn no_server_is_no_error_but_for_who_asks() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = RedisConfig::new(format!("redis://127.0.0.1:{port}/"));
    let caches = Caches::redis(CacheSecret::generate(), config, Clock::manual(), SKEW_DEFAULT).unwrap();
    assert_eq!(caches.connected().await.unwrap_err(), RemoteError::Disconnected);
    let (cache, source) = (cache_of(&caches, impatient()), Source::default());
    for n in 0..50 {
        source.version(&cache, &n.to_string()).await;
    }
    let not_told = cache.invalidate(&key("a")).await.unwrap_err();
    assert_eq!(not_told.0, RemoteError::Bypassed);
}

#[tokio::test]
async fn a_full_server_fails_no_read() {
    let Some(server) =
        Server::start_with("full", &["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"])
    else {
        return;
    };
    let (caches, _) = process(&server.url()).await;
    let (cache, source) = (cache_of(&caches, server_only()), Source::default());
    for n in 0..50 {
        source.version(&cache, &n.to_string()).await;
    }
    assert_eq!(source.loads(), 50);
}

#[tokio::test]
async fn a_password_is_used_and_a_wrong_one_is_no_entry() {
    let Some(server) = Server::start_with("password", &["--requirepass", "right"]) else { return };
    for (password, works) in [("right", true), ("wrong", false)] {
        let url = format!("redis://:{password}@{}/", server.address());
        let caches =
            Caches::redis(CacheSecret::generate(), RedisConfig::new(url), Clock::manual(), SKEW_DEFAULT);
        let caches = caches.unwrap();
        assert_eq!(caches.connected().await.is_ok(), works);
        let (cache, source) = (cache_of(&caches, server_only()), Source::default());
        source.version(&cache, password).await;
        assert_eq!(cache.get(&key(password), Ask::ANY).await.is_some(), works);
    }
}

#[tokio::test]
async fn a_server_with_a_certificate_is_asked_by_tls() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let (certificate, key_file) = (format!("{data}/test.crt.pem"), format!("{data}/test.key.pem"));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let arguments = [
        ["--tls-port", &port],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key_file],
        ["--tls-auth-clients", "no"],
    ];
    let Some(_server) = Server::start_with("tls", arguments.as_flattened()) else { return };
    let trusted = Some(std::fs::read(&certificate).unwrap());
    for (ca, works) in [(trusted, true), (None, false)] {
        let config = RedisConfig { ca, ..RedisConfig::new(format!("rediss://127.0.0.1:{port}/")) };
        let caches = Caches::redis(CacheSecret::generate(), config, Clock::manual(), SKEW_DEFAULT).unwrap();
        assert_eq!(caches.connected().await.is_ok(), works);
        let (cache, source) = (cache_of(&caches, server_only()), Source::default());
        source.version(&cache, "a").await;
        assert_eq!(cache.get(&key("a"), Ask::ANY).await.is_some(), works);
    }
}
