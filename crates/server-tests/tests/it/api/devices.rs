//! Devices, as their people see them.

use serde_json::json;

use crate::support::device::Device;
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::system::System;

#[tokio::test]
async fn a_pairing_is_shown_once_and_becomes_a_device() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let devices = format!("homes/{}/devices", anna.home.id);
    let shown = anna.browser.post(&devices, &json!({"name": "garage-pi"})).await;
    assert_eq!(shown.status, 201);
    let pairing = shown.json();
    let code = pairing["code"].as_str().unwrap();
    assert_eq!(code.len(), 19, "four groups of four: {code}");
    assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
    assert!(pairing["qr_svg"].as_str().unwrap().contains("<svg"));
    assert_eq!(pairing["address"], system.url.as_str());
    assert_eq!(pairing["home_name"], "anna home");
    let path = format!("devices/{}", pairing["device_id"].as_str().unwrap());
    let waiting = anna.browser.get(&path).await;
    assert_eq!(waiting.json()["state"], "waiting");
    let everything = anna.browser.get(&devices).await;
    for answer in [waiting, everything] {
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains(code) && !text.contains(&code.replace('-', "")), "the code is shown once");
    }
    // Typed as people type: in lower case, without hyphens.
    let mut device = Device::answer(&system.url, &code.to_lowercase().replace('-', "")).await;
    assert_eq!(anna.browser.see(&path).await["state"], "paired");
    device.configure().await;
    device.ask(0).await;
    assert_eq!(anna.browser.see(&path).await["state"], "connected");
}

#[tokio::test]
async fn a_removed_device_leaves_its_cameras() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let path = format!("devices/{}", anna.serving.device.scope.device);
    let renamed = anna.browser.patch(&path, &json!({"name": "attic"})).await.json();
    assert_eq!(renamed["name"], "attic");
    assert_eq!(renamed["cameras"], json!([anna.camera()]));
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    let unknown = anna.browser.get("devices/00000000-0000-7000-8000-000000000000").await;
    assert_eq!(anna.browser.get(&path).await, unknown);
    let camera = anna.browser.see(&format!("cameras/{}", anna.camera())).await;
    assert!(camera["device_id"].is_null());
    assert_eq!(camera["events"], 1, "what it recorded stays");
    assert_eq!(
        anna.browser.get(&format!("events/{}/thumbnail", anna.event)).await.body,
        anna.footage.thumbnail
    );
}

#[tokio::test]
async fn a_pairing_can_be_cancelled() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let devices = format!("homes/{}/devices", anna.home.id);
    let pairing = anna.browser.post(&devices, &json!({"name": "garage-pi"})).await.json();
    let path = format!("devices/{}", pairing["device_id"].as_str().unwrap());
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    assert_eq!(anna.browser.get(&path).await.status, 404);
    let code: ownsight_seal::PairingCode = pairing["code"].as_str().unwrap().parse().unwrap();
    let find = data_encoding::BASE64URL_NOPAD.encode(&code.find());
    let client = crate::support::device::client();
    let asked = crate::support::device::call(&client, &system.url, reqwest::Method::POST, "pairings/find");
    assert_eq!(asked.json(&json!({"find": find})).send().await.unwrap().status(), 404);
}

/// What a removed device holds of its cameras is of a former camera epoch: the next one seals to another key.
#[tokio::test]
async fn cameras_of_a_removed_device_get_new_keys_and_keep_their_past() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let removed = anna.serving.device.scope.device;
    let before = anna.event.to_string();
    assert_eq!(anna.program.delete(&format!("devices/{removed}")).await.status, 204);
    let mut device = Device::answer(&system.url, &anna.home.pairing_code().await).await;
    anna.home.look().await;
    device.configure().await;
    let path = format!("cameras/{}", anna.camera());
    let assign = json!({"device_id": device.scope.device});
    assert_eq!(anna.program.patch(&path, &assign).await.status, 200);
    let configuration = device.configure().await;
    let assigned = &configuration.cameras[0];
    assert_eq!((assigned.home_epoch.number(), assigned.camera_epoch.number()), (1, 2));

    let sealer = configuration.sealer(assigned);
    anna.serving.device = device;
    anna.serving.sealer = sealer;
    let after = anna.deliver().await.to_string();
    let list = anna.program.see("events").await;
    let seen: Vec<_> = list["events"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect();
    assert_eq!((list["unverified"].clone(), seen.len()), (json!(0), 2));
    assert!(seen.contains(&json!(before)) && seen.contains(&json!(after)));
    for event in [before, after] {
        assert_eq!(anna.program.get(&format!("events/{event}/video")).await.body, anna.footage.clip);
    }
    let camera = anna.program.see(&path).await;
    assert_eq!((&camera["name"], camera["still_at"].is_number()), (&json!("a camera"), true));
}

/// The server runs an agent for a home: it gets a code at its owner's request, and another one if nobody used that.
#[tokio::test]
async fn an_agent_of_this_server_is_paired_at_its_owners_request() {
    let mut system = System::start().await;
    let home = system.home_with("anna", true).await;
    let anna = Person::by_token(&system.url, "anna@example.org", "anna password").await;
    let code = async |system: &mut System| {
        anna.see("me").await;
        system.local_pairings.try_recv().ok().map(|pairing| {
            assert_eq!(pairing.home, home.id);
            assert_eq!(format!("{:?}", pairing.code), "LocalCode(…)");
            pairing.code.reveal().to_string()
        })
    };
    let first = code(&mut system).await.expect("a code");
    assert_eq!(code(&mut system).await, None, "it lasts");
    let raw = system.raw();
    raw.execute("UPDATE pairings SET expires_at = created_at FROM devices WHERE devices.id = device", [])
        .unwrap();
    let second = code(&mut system).await.expect("another one");
    assert_ne!(first, second);
    let devices = format!("homes/{}/devices", home.id);
    let listed = async || anna.see(&devices).await["devices"].clone();
    assert_eq!((listed().await.as_array().unwrap().len(), &listed().await[0]["local"]), (1, &json!(true)));
    // Answered and not taken in yet: no other code.
    let mut device = Device::answer(&system.url, &second).await;
    raw.execute("UPDATE pairings SET expires_at = created_at FROM devices WHERE devices.id = device", [])
        .unwrap();
    assert_eq!(code(&mut system).await, None);
    assert_eq!(listed().await[0]["state"], "paired");
    device.configure().await;
    assert_eq!((code(&mut system).await, listed().await.as_array().unwrap().len()), (None, 1));

    // What nobody chose a device for is for the server's own.
    let mut other = Device::answer(&system.url, &home.pairing_code().await).await;
    home.look().await;
    other.configure().await;
    let camera = json!({"name": "Yard", "address": "rtsp://camera.example/yard"});
    let added = anna.post(&format!("homes/{}/cameras", home.id), &camera).await.json();
    assert_eq!(added["device_id"], json!(device.scope.device));

    // A home that has none gets none.
    let berta = system.home("berta").await;
    Person::by_token(&system.url, "berta@example.org", "berta password").await.see("me").await;
    assert!(system.local_pairings.try_recv().is_err());
    assert_ne!(berta.id, home.id);
}
