//! Pairing, configurations and reports over HTTP.

use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use ownsight_ingest::IngestConfig;
use ownsight_model::{DeviceReport, Timestamp};
use ownsight_seal::PairingCode;
use ownsight_server::ServerConfig;
use reqwest::Method;
use serde_json::json;

use crate::support::alarms::alarms;
use crate::support::device::{Device, Serving, call, client, problem};
use crate::support::system::{System, loopback};

#[tokio::test]
async fn a_device_pairs_waits_is_configured_and_removed() {
    let system = System::start().await;
    let home = system.home("anna").await;
    let mut device = Device::answer(&system.url, &home.pairing_code().await).await;
    let waiting = device.ask(0).await;
    assert_eq!(waiting.status(), 202);
    assert_eq!(waiting.headers()["retry-after"], "2");
    assert_eq!(waiting.json::<serde_json::Value>().await.unwrap(), json!({"state": "waiting"}));
    let early = device.request(Method::POST, "reports").json(&json!({})).send().await.unwrap();
    assert_eq!(problem(early).await, (403, "device-waiting".into()));

    home.look().await;
    let first = device.configure().await;
    assert_eq!((first.device, first.home), (device.scope.device, device.scope.home));
    assert_eq!(device.ask(0).await.status(), 204);

    let begun = Instant::now();
    let (answer, _) = tokio::join!(device.ask(20), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        home.add_camera().await
    });
    assert_eq!(answer.status(), 200);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());

    home.remove(device.scope.device).await;
    assert_eq!(problem(device.ask(0).await).await, (403, "device-removed".into()));
}

#[tokio::test]
async fn what_is_unknown_is_told_apart_from_what_is_malformed() {
    let system = System::start().await;
    let home = system.home("anna").await;
    let (client, base) = (client(), &system.url);
    let post = async |path: &str, body: serde_json::Value| {
        problem(call(&client, base, Method::POST, path).json(&body).send().await.unwrap()).await
    };
    let nobody = BASE64URL_NOPAD.encode(&PairingCode::generate().find());
    assert_eq!(post("pairings/find", json!({"find": nobody})).await, (404, "not-found".into()));
    assert_eq!(post("pairings/find", json!({"find": "AAAA"})).await, (422, "malformed".into()));
    assert_eq!(post("pairings/find", json!({"find": nobody, "more": 1})).await, (422, "malformed".into()));
    assert_eq!(post("pairings/find", json!({"find": "x".repeat(70_000)})).await, (413, "too-large".into()));
    let form = call(&client, base, Method::POST, "pairings/find").body("find=x").send().await.unwrap();
    assert_eq!(problem(form).await, (415, "wrong-type".into()));

    let device = Device::answer(base, &home.pairing_code().await).await;
    for authorization in [
        None,
        Some("Device x:y".to_owned()),
        Some(format!("Bearer {}", device.authorization)),
        Some(device.authorization.replace(&device.scope.device.to_string(), &device.scope.home.to_string())),
        Some(format!("Device {}:{}", device.scope.device, BASE64URL_NOPAD.encode(&[0; 32]))),
    ] {
        let mut request = call(&client, base, Method::GET, "configuration?after=0");
        if let Some(authorization) = &authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = problem(request.send().await.unwrap()).await;
        assert_eq!(answer, (401, "device-unknown".into()), "{authorization:?}");
    }
    let bad = device.request(Method::GET, "configuration?after=x").send().await.unwrap();
    assert_eq!(problem(bad).await, (400, "bad-request".into()));
}

#[tokio::test]
async fn every_answer_to_a_device_has_the_servers_clock_and_its_version_is_checked_first() {
    let system = System::start().await;
    let client = client();
    let url = |path: &str| format!("{}/device/v1/{path}", system.url);
    for (path, version, expected) in [
        ("configuration?after=0", Some("1.0"), 401),
        ("configuration?after=0", Some("0.9"), 426),
        ("configuration?after=0", Some("1.1"), 426),
        ("configuration?after=0", None, 400),
        ("nothing", Some("1.0"), 404),
        ("reports", Some("1.0"), 405),
    ] {
        let mut request = client.get(url(path));
        if let Some(version) = version {
            request = request.header("Ownsight-Protocol", version);
        }
        let before = Timestamp::now().as_micros();
        let answer = request.send().await.unwrap();
        let clock: i64 = answer.headers()["ownsight-time"].to_str().unwrap().parse().unwrap();
        assert!((before..=Timestamp::now().as_micros()).contains(&clock));
        assert_eq!(problem(answer).await.0, expected, "{path} {version:?}");
    }
}

#[tokio::test]
async fn reports_and_alarms_are_taken() {
    let system = System::start().await;
    let home = system.home("anna").await;
    let serving = Serving::start(&system, &home).await;
    let device = &serving.device;
    let report = DeviceReport {
        device: device.scope.device,
        at: Timestamp::now(),
        version: "v".into(),
        queued_events: 0,
        dropped_events: 0,
        clock_offset_ms: 0,
        configuration: device.serial,
    };
    let encoded = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let row = json!({
        "kind": "device",
        "body": encoded(&serde_json::to_vec(&report).unwrap()),
        "tag": encoded(&[1; 32]),
    });
    let before = alarms("device-configuration-not-mine");
    let body = json!({"reports": [row], "alarms": [{"kind": "configuration-not-mine", "count": 2}]});
    let taken = device.request(Method::POST, "reports").json(&body).send().await.unwrap();
    assert_eq!(taken.status(), 204);
    assert_eq!(alarms("device-configuration-not-mine"), before + 2);
    for bad in [
        json!({"reports": [{"kind": "camera", "body": "", "tag": ""}]}),
        json!({"reports": [{"kind": "device", "body": encoded(b"{}"), "tag": encoded(&[1; 32])}]}),
        json!({"reports": vec![row.clone(); 257]}),
        json!({"reports": [{"kind": "other", "body": "", "tag": ""}]}),
    ] {
        let refused = device.request(Method::POST, "reports").json(&bad).send().await.unwrap();
        assert_eq!(problem(refused).await, (422, "malformed".into()));
    }
    let large = json!({"alarms": [{"kind": "x".repeat(300_000), "count": 1}]});
    let refused = device.request(Method::POST, "reports").json(&large).send().await.unwrap();
    assert_eq!(problem(refused).await, (413, "too-large".into()));
}

#[tokio::test]
async fn too_many_pairing_requests_are_told_when_to_come_back() {
    let limits = IngestConfig { peer_pairings_burst: 2, ..IngestConfig::default() };
    let system = System::with(ServerConfig::at(loopback()), limits).await;
    let find = json!({"find": BASE64URL_NOPAD.encode(&[1; 32])});
    let client = client();
    let ask =
        async || call(&client, &system.url, Method::POST, "pairings/find").json(&find).send().await.unwrap();
    for _ in 0..2 {
        assert_eq!(ask().await.status(), 404);
    }
    let refused = ask().await;
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(problem(refused).await, (429, "too-many".into()));
}
