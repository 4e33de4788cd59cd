//! Deliveries over HTTP: each answer of the table in `docs/device-api.md`.

use futures_util::stream;
use ownsight_ingest::IngestConfig;
use ownsight_model::{CameraId, EventId};
use ownsight_server::ServerConfig;
use reqwest::{Body, Method};
use serde_json::Value;

use crate::support::device::{EVENT_TYPE, Serving, call, content_digest, problem};
use crate::support::system::{Home, System, loopback};

async fn scene() -> (System, Home, Serving) {
    let system = System::start().await;
    let home = system.home("anna").await;
    let serving = Serving::start(&system, &home).await;
    (system, home, serving)
}

#[tokio::test]
async fn an_event_is_stored_once_and_answered_the_same_again() {
    let (_system, home, serving) = scene().await;
    let event = EventId::generate();
    let object = serving.seal(event, 300_000);
    let first = serving.put(event, object.clone()).send().await.unwrap();
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    assert_eq!(
        (&first["event"], &first["bytes"]),
        (&Value::from(event.to_string()), &Value::from(object.len()))
    );
    for _ in 0..3 {
        let again = serving.put(event, object.clone()).send().await.unwrap();
        assert_eq!(again.status(), 200);
        assert_eq!(again.json::<Value>().await.unwrap(), first);
    }
    let other = serving.put(event, serving.seal(event, 100)).send().await.unwrap();
    assert_eq!(problem(other).await, (409, "digest-differs".into()));
    home.erase(event).await;
    let erased = serving.put(event, object).send().await.unwrap();
    assert_eq!(problem(erased).await, (410, "erased".into()));
}

#[tokio::test]
async fn what_is_not_an_event_is_refused_with_its_reason() {
    let (_system, _home, serving) = scene().await;
    let event = EventId::generate();
    let object = serving.seal(event, 100);
    let path = format!("cameras/{}/events/{event}", serving.camera);
    let put = || serving.device.request(Method::PUT, &path);
    let digest = content_digest(&object);

    let typed =
        put().header("Content-Type", "video/mp4").header("Content-Digest", &digest).body(object.clone());
    assert_eq!(problem(typed.send().await.unwrap()).await, (415, "wrong-type".into()));
    let chunked = Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(object.clone())]));
    let unsized_body =
        put().header("Content-Type", EVENT_TYPE).header("Content-Digest", &digest).body(chunked);
    assert_eq!(problem(unsized_body.send().await.unwrap()).await, (411, "length-missing".into()));
    for digest in [None, Some("md5=:AAAA:"), Some("sha-256=AAAA")] {
        let mut request = put().header("Content-Type", EVENT_TYPE).body(object.clone());
        if let Some(digest) = digest {
            request = request.header("Content-Digest", digest);
        }
        assert_eq!(problem(request.send().await.unwrap()).await, (422, "malformed".into()), "{digest:?}");
    }
    let damaged = serving.put(event, object.clone());
    let mut bytes = object.clone();
    bytes[400] ^= 1;
    assert_eq!(problem(damaged.body(bytes).send().await.unwrap()).await, (422, "digest-mismatch".into()));
    let noise = serving.put(event, vec![9; 5_000]);
    assert_eq!(problem(noise.send().await.unwrap()).await, (422, "malformed".into()));
    let other = serving.put(EventId::generate(), object.clone());
    assert_eq!(problem(other.send().await.unwrap()).await, (422, "not-yours".into()));

    let nowhere = format!("cameras/{}/events/{event}", CameraId::generate());
    let nowhere = serving
        .device
        .request(Method::PUT, &nowhere)
        .header("Content-Type", EVENT_TYPE)
        .header("Content-Digest", &digest)
        .body(object.clone());
    assert_eq!(problem(nowhere.send().await.unwrap()).await, (422, "not-yours".into()));
    let no_id = serving.device.request(Method::PUT, "cameras/1/events/2").body(object.clone());
    assert_eq!(problem(no_id.send().await.unwrap()).await, (404, "not-found".into()));
    let anonymous = call(&serving.device.client, &serving.device.base, Method::PUT, &path).body(object);
    assert_eq!(problem(anonymous.send().await.unwrap()).await, (401, "device-unknown".into()));
}

/// The refusal arrives although the body is still on its way.
#[tokio::test]
async fn a_large_body_is_refused_early_and_the_answer_arrives() {
    let (_system, _home, serving) = scene().await;
    let event = EventId::generate();
    let object = vec![0; 30 << 20];
    for _ in 0..5 {
        let refused = serving.put(event, object.clone()).send().await.unwrap();
        assert_eq!(refused.headers()["connection"], "close");
        assert_eq!(problem(refused).await, (422, "malformed".into()));
    }
    let larger = serving.put(event, vec![0; (64 << 20) + 1]).send().await.unwrap();
    assert_eq!(problem(larger).await, (413, "too-large".into()));
    let object = serving.seal(event, 20 << 20);
    assert_eq!(serving.put(event, object.clone()).send().await.unwrap().status(), 201);
    // A retry is answered without its 20 MiB being waited for.
    assert_eq!(serving.put(event, object).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn another_homes_device_cannot_deliver_here() {
    let (system, _home, serving) = scene().await;
    let other_home = system.home("berta").await;
    let other = Serving::start(&system, &other_home).await;
    let event = EventId::generate();
    let object = serving.seal(event, 100);
    let path = format!("cameras/{}/events/{event}", serving.camera);
    let foreign = other
        .device
        .request(Method::PUT, &path)
        .header("Content-Type", EVENT_TYPE)
        .header("Content-Digest", content_digest(&object))
        .body(object.clone());
    assert_eq!(problem(foreign.send().await.unwrap()).await, (422, "not-yours".into()));
    let stored = system.registry.stored_event(serving.camera, event).await.unwrap();
    assert_eq!(stored, None);
    // Under its own camera's path, the neighbour's object.
    let path = format!("cameras/{}/events/{event}", other.camera);
    let foreign = other
        .device
        .request(Method::PUT, &path)
        .header("Content-Type", EVENT_TYPE)
        .header("Content-Digest", content_digest(&object))
        .body(object);
    assert_eq!(problem(foreign.send().await.unwrap()).await, (422, "not-yours".into()));
}

#[tokio::test]
async fn too_many_events_are_told_when_to_come_back() {
    let limits =
        IngestConfig { device_events_burst: 1, device_events_per_second: 1, ..IngestConfig::default() };
    let system = System::with(ServerConfig::at(loopback()), limits).await;
    let home = system.home("anna").await;
    let serving = Serving::start(&system, &home).await;
    let event = EventId::generate();
    assert_eq!(serving.put(event, serving.seal(event, 10)).send().await.unwrap().status(), 201);
    let refused = serving.put(event, serving.seal(event, 10)).send().await.unwrap();
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(problem(refused).await, (429, "too-many".into()));
}
