//! Connections that misbehave, on bare sockets: each has a deadline and none takes the others' place for long.

use std::time::{Duration, Instant};

use ownsight_ingest::IngestConfig;
use ownsight_server::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::system::{System, loopback};

async fn connect(system: &System) -> TcpStream {
    TcpStream::connect(system.server.addr()).await.unwrap()
}

/// Everything until the server closes.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: ownsight\r\n{headers}\r\n")
}

/// The whole answer to one request that brings `headers`.
async fn ask(system: &System, headers: &str) -> String {
    let mut stream = connect(system).await;
    let request = get("/healthz", &format!("Connection: close\r\n{headers}"));
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(&mut stream).await
}

#[tokio::test]
async fn a_head_that_does_not_come_or_drips_ends_the_connection() {
    let config = ServerConfig { header_max: Duration::from_millis(200), ..ServerConfig::at(loopback()) };
    let system = System::with(config, IngestConfig::default()).await;
    for head in ["", "GET /healthz HT", "GET /healthz HTTP/1.1\r\nHost: a\r\n"] {
        let mut stream = connect(&system).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let begun = Instant::now();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
        let elapsed = begun.elapsed();
        assert!(elapsed > Duration::from_millis(100) && elapsed < Duration::from_secs(5), "{elapsed:?}");
    }
    // One that is idle after its answer ends as well.
    let mut stream = connect(&system).await;
    stream.write_all(get("/healthz", "").as_bytes()).await.unwrap();
    let begun = Instant::now();
    assert!(read_to_end(&mut stream).await.contains("alive"));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let system = System::start().await;
    let mut stream = connect(&system).await;
    let head = get("/healthz", &format!("X: {}\r\n", "x".repeat(200_000)));
    let _ = stream.write_all(head.as_bytes()).await;
    assert!(!read_to_end(&mut stream).await.contains(" 200 "));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let config = ServerConfig {
        connections_max: 2,
        header_max: Duration::from_millis(500),
        ..ServerConfig::at(loopback())
    };
    let system = System::with(config, IngestConfig::default()).await;
    let _silent = [connect(&system).await, connect(&system).await];
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    let mut third = connect(&system).await;
    third.write_all(get("/healthz", "Connection: close\r\n").as_bytes()).await.unwrap();
    assert!(read_to_end(&mut third).await.contains("alive"));
    let elapsed = begun.elapsed();
    assert!(elapsed > Duration::from_millis(300) && elapsed < Duration::from_secs(8), "{elapsed:?}");
}

#[tokio::test]
async fn plain_http_behind_a_proxy_that_nobody_named_is_refused() {
    let system = System::start().await;
    let refused = ask(&system, "X-Forwarded-For: 203.0.113.9\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("trusted_proxies"), "{refused}");
    assert!(ask(&system, "").await.starts_with("HTTP/1.1 200"));

    let config =
        ServerConfig { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..ServerConfig::at(loopback()) };
    let system = System::with(config, IngestConfig::default()).await;
    let from_afar = "X-Forwarded-For: 203.0.113.9\r\n";
    assert!(ask(&system, from_afar).await.starts_with("HTTP/1.1 403"));
    assert!(
        ask(&system, &format!("{from_afar}X-Forwarded-Proto: https\r\n")).await.starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn what_is_no_http_is_answered_with_nothing_of_ours() {
    let system = System::start().await;
    for noise in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..], b"\0\0\0\0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = connect(&system).await;
        stream.write_all(noise).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
}
