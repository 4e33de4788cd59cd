//! Health, metrics, TLS, and ending.

use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use ownsight_ingest::IngestConfig;
use ownsight_model::EventId;
use ownsight_seal::PairingCode;
use ownsight_server::{Server, ServerConfig, StartError, TlsFiles};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

use crate::support::device::{Serving, call, client, problem};
use crate::support::system::{System, loopback};

#[tokio::test]
async fn health_says_what_is_not_ready() {
    let system = System::start().await;
    let get = async |path: &str| client().get(format!("{}{path}", system.url)).send().await.unwrap();
    assert_eq!(get("/healthz").await.status(), 200);
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), 200);
    assert_eq!(ready.json::<Value>().await.unwrap(), json!({"not_ready": []}));
    system.ledger.close().await;
    let unready = get("/readyz").await;
    assert_eq!(unready.json::<Value>().await.unwrap(), json!({"not_ready": ["ledger"]}));
    system.registry.close().await;
    let unready = get("/readyz").await;
    assert_eq!(unready.status(), 503);
    assert_eq!(unready.json::<Value>().await.unwrap(), json!({"not_ready": ["registry", "ledger"]}));
    assert_eq!(get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn metrics_have_a_port_of_their_own_and_name_nobody() {
    let config = ServerConfig { metrics_listen: Some(loopback()), ..ServerConfig::at(loopback()) };
    let system = System::with(config, IngestConfig::default()).await;
    let home = system.home("anna").await;
    let serving = Serving::start(&system, &home).await;
    let event = EventId::generate();
    assert_eq!(serving.put(event, serving.seal(event, 10)).send().await.unwrap().status(), 201);
    let url = format!("http://{}/metrics", system.server.metrics_addr().unwrap());
    let text = client().get(url).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("ownsight_deliveries_total{outcome=\"stored\"}"), "{text}");
    assert!(text.contains("route=\"/device/v1/cameras/{camera}/events/{event}\""), "{text}");
    let ids = [event.to_string(), serving.camera.to_string(), serving.device.scope.home.to_string()];
    for id in ids.iter().chain([&serving.device.scope.device.to_string()]) {
        assert!(!text.contains(id), "{id}");
    }
    let not_here = client().get(format!("{}/metrics", system.url)).send().await.unwrap();
    assert_eq!(problem(not_here).await, (404, "not-found".into()));
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let system = System::start().await;
    for path in ["/healthz", "/nothing", "/device/v1/configuration"] {
        let answer = client().get(format!("{}{path}", system.url)).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert!(header("content-security-policy").contains("default-src 'none'"), "{path}");
    }
}

fn tls() -> TlsFiles {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    TlsFiles { certificate: data.join("test.crt.pem"), key: data.join("test.key.pem") }
}

#[tokio::test]
async fn with_a_certificate_it_speaks_https_and_nothing_else() {
    let config = ServerConfig { tls: Some(tls()), ..ServerConfig::at(loopback()) };
    let system = System::with(config, IngestConfig::default()).await;
    let pem = std::fs::read(tls().certificate).unwrap();
    let trusting =
        Client::builder().no_proxy().tls_certs_only([Certificate::from_pem(&pem).unwrap()]).build().unwrap();
    let answer = trusting.get(format!("{}/healthz", system.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // Its certificate vouches for itself: devices know the server by its key, which the code's holder reads.
    let code = system.home("anna").await.pairing_code().await.parse::<PairingCode>().unwrap();
    let find = json!({"find": BASE64URL_NOPAD.encode(&code.find())});
    let found = call(&trusting, &system.url, Method::POST, "pairings/find").json(&find).send().await.unwrap();
    let blob = found.json::<Value>().await.unwrap()["blob"].as_str().unwrap().to_owned();
    let blob = code.open_blob(&BASE64URL_NOPAD.decode(blob.as_bytes()).unwrap()).unwrap();
    let blob: Value = serde_json::from_slice(&blob).unwrap();
    // openssl x509 -in test.crt.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary
    assert_eq!(blob["server_pin"], "XdEt52sW9doYTUwu2zKOnUfXJcrFB6AlnCRbmEkSzgk");
    let plain = system.url.replace("https://", "http://");
    assert!(client().get(format!("{plain}/healthz")).send().await.is_err());
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let system = System::start().await;
    let ingest = async || {
        let config = IngestConfig::default();
        let vault_folder = tempfile::tempdir().unwrap();
        let disk = ownsight_disk::RealDisk::open(vault_folder.path()).unwrap();
        let space =
            ownsight_vault::VaultConfig { reserve_bytes: 0, ..ownsight_vault::VaultConfig::default() };
        let vault = ownsight_vault::Vault::start(std::sync::Arc::new(disk), space).await.unwrap();
        ownsight_ingest::Ingest::open(system.registry.clone(), vault, config).await.unwrap()
    };
    let taken = ServerConfig::at(system.server.addr());
    let error = Server::start(taken, system.gate.clone(), ingest().await).await.unwrap_err();
    assert!(
        matches!(&error, StartError::Listen { address, .. } if *address == system.server.addr()),
        "{error}"
    );
    let files = TlsFiles { certificate: tls().key, ..tls() };
    let config = ServerConfig { tls: Some(files), ..ServerConfig::at(loopback()) };
    let error = Server::start(config, system.gate.clone(), ingest().await).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    let files = TlsFiles { key: "/nowhere/key.pem".into(), ..tls() };
    let config = ServerConfig { tls: Some(files), ..ServerConfig::at(loopback()) };
    let error = Server::start(config, system.gate.clone(), ingest().await).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/key.pem"), "{error}");
}

#[tokio::test]
async fn it_ends_at_once_for_who_waits_and_lets_a_delivery_end() {
    let system = System::start().await;
    let home = system.home("anna").await;
    let serving = Serving::start(&system, &home).await;
    let event = EventId::generate();
    let object = serving.seal(event, 100_000);
    let chunks: Vec<Vec<u8>> = object.chunks(20_000).map(<[u8]>::to_vec).collect();
    let slow = futures_util::stream::unfold(chunks.into_iter(), |mut chunks| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        chunks.next().map(|chunk| (Ok::<_, std::io::Error>(chunk), chunks))
    });
    let length = object.len();
    let put =
        serving.put(event, object).header("Content-Length", length).body(reqwest::Body::wrap_stream(slow));
    let begun = Instant::now();
    let server = system.server;
    let (delivered, waited, ()) = tokio::join!(put.send(), serving.device.ask(30), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.shutdown().await;
    });
    assert_eq!(delivered.unwrap().status(), 201);
    assert_eq!(problem(waited).await, (503, "busy".into()));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(client().get(format!("{}/healthz", system.url)).send().await.is_err(), "nobody answers any more");
}

#[tokio::test]
async fn a_connection_that_does_not_end_is_dropped_at_shutdown() {
    let config = ServerConfig { shutdown_max: Duration::from_millis(300), ..ServerConfig::at(loopback()) };
    let system = System::with(config, IngestConfig::default()).await;
    let home = system.home("anna").await;
    let serving = Serving::start(&system, &home).await;
    let event = EventId::generate();
    let object = serving.seal(event, 1_000);
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let put =
        serving.put(event, object).header("Content-Length", 2_000).body(reqwest::Body::wrap_stream(never));
    let server = system.server;
    let (broken, ended) = tokio::join!(put.send(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let begun = Instant::now();
        server.shutdown().await;
        begun.elapsed()
    });
    assert!(broken.is_err());
    assert!(ended < Duration::from_secs(3), "{ended:?}");
}
