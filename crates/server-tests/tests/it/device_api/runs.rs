//! Two devices that present one identity: refused, alarmed, and settled by their home.

use ownsight_model::EventId;
use reqwest::{Method, Response};

use crate::support::device::{Device, problem};
use crate::support::scene::Side;
use crate::support::system::System;

/// 16 bytes in the form of a run.
fn run(byte: u8) -> String {
    data_encoding::BASE64URL_NOPAD.encode(&[byte; 16])
}

/// Asks for a configuration that is not there, as this start of the device.
async fn calls(device: &Device, id: u8, before: Option<u8>) -> Response {
    let path = format!("configuration?after={}&wait=0", device.serial);
    let request = device.request(Method::GET, &path).header("Ownsight-Run", run(id));
    let request = match before {
        Some(before) => request.header("Ownsight-Run-Before", run(before)),
        None => request,
    };
    request.send().await.unwrap()
}

/// Makes it so long ago that the device was started last that nothing is on its way any more.
fn an_hour_later(system: &System) {
    let registry = system.raw();
    registry.execute("UPDATE devices SET run_since = run_since - 3600000000", []).unwrap();
}

#[tokio::test]
async fn a_copy_is_found_and_neither_is_served_until_the_home_has_settled_it() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let device = &anna.serving.device;
    let shown = format!("devices/{}", device.scope.device);
    // Before it says a run it is served without; started anew, again and again, it is served.
    assert_eq!(calls(device, 1, None).await.status(), 204);
    assert_eq!(calls(device, 1, None).await.status(), 204);
    assert_eq!(calls(device, 2, Some(1)).await.status(), 204);
    assert_eq!(calls(device, 3, Some(2)).await.status(), 204);
    // What was on its way at the last start is not served, and no alarm.
    assert_eq!(problem(calls(device, 2, Some(1)).await).await, (503, "busy".into()));
    assert_eq!(anna.browser.see(&shown).await["state"], "connected");

    // A copy of the folder, taken in the second start.
    an_hour_later(&system);
    let contested = (403, "device-contested".to_owned());
    let refused = calls(device, 9, Some(2)).await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused).await, contested);
    assert_eq!(problem(calls(device, 3, Some(2)).await).await, contested, "the first one neither");
    let event = EventId::generate();
    let object = anna.serving.seal(event, 1000);
    let delivery = anna.serving.put(event, object.clone()).header("Ownsight-Run", run(3));
    assert_eq!(problem(delivery.send().await.unwrap()).await, contested);
    let seen = anna.browser.see(&shown).await;
    assert_eq!(seen["state"], "contested");
    assert!(seen["since"].as_i64().is_some());

    // The copy is switched off; the home says so, and the device goes on with what it kept.
    assert_eq!(anna.browser.post(&format!("{shown}/settle"), &serde_json::json!({})).await.status, 204);
    assert_eq!(calls(device, 3, Some(2)).await.status(), 204);
    let delivery = anna.serving.put(event, object).header("Ownsight-Run", run(3));
    assert_eq!(delivery.send().await.unwrap().status(), 201);
    assert_eq!(anna.browser.see(&shown).await["state"], "connected");
    // If it is not switched off after all, it is found again.
    an_hour_later(&system);
    assert_eq!(problem(calls(device, 9, Some(2)).await).await, contested);
}

#[tokio::test]
async fn many_calls_of_one_start_at_once_are_one_device() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let device = &anna.serving.device;
    for id in 1..4 {
        an_hour_later(&system);
        let before = (id > 1).then(|| id - 1);
        let answers = futures_util::future::join_all((0..20).map(|_| calls(device, id, before))).await;
        assert!(answers.iter().all(|answer| answer.status() == 204), "{answers:?}");
    }
}

#[tokio::test]
async fn a_run_that_cannot_be_read_or_is_missing_is_told() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let device = &anna.serving.device;
    let path = format!("configuration?after={}&wait=0", device.serial);
    for wrong in ["", "AAAA", "not base64!"] {
        let answer = device.request(Method::GET, &path).header("Ownsight-Run", wrong).send().await.unwrap();
        assert_eq!(problem(answer).await, (400, "malformed".into()), "{wrong}");
    }
    assert_eq!(device.ask(0).await.status(), 204);
    assert_eq!(calls(device, 1, None).await.status(), 204);
    assert_eq!(problem(device.ask(0).await).await, (403, "device-run-missing".into()));
}
