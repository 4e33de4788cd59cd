//! A device that moves from one home to another, and one that people remove: whose its footage is, and what is still taken.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use ownsight_device::{
    Device as Client, DeviceHandle, DeviceKind, DeviceOptions, EventToSeal, PairingRequest,
};
use ownsight_device::{DeviceRunner, SectionToSeal};
use ownsight_model::{EventId, Label, LabelSource, SectionKind, Timestamp};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::alarms::alarms;
use crate::support::device::{Device, problem};
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::system::{Home, System};

const AFTER_LEAVING: &str = "event-after-leaving";

fn start(device: Client) -> (DeviceHandle, DeviceRunner) {
    let options = DeviceOptions { version: "test 1".to_owned(), queue_bytes_max: Some(256 << 20) };
    device.start(options).unwrap()
}

async fn pair(system: &System, home: &Home, folder: &Path) -> Client {
    let request = PairingRequest {
        server: system.url.parse().unwrap(),
        code: home.pairing_code().await.parse().unwrap(),
        kind: DeviceKind::Agent,
        version: "test 1".to_owned(),
    };
    let device = Client::pair(folder, request, |_| true).await.unwrap();
    assert_eq!(device.scope().home, home.id);
    device
}

/// Runs a device while something is done, and stops it then.
async fn while_running<T>(runner: DeviceRunner, work: impl Future<Output = T>) -> T {
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(runner.run(shutdown.clone()));
    let done = work.await;
    shutdown.cancel();
    running.await.unwrap().unwrap();
    done
}

/// Waits until the home has given the device a camera.
async fn assigned(home: &Home, handle: &DeviceHandle) {
    let mut configurations = handle.configuration();
    while configurations.borrow_and_update().is_none() {
        home.look().await;
        let _ = tokio::time::timeout(Duration::from_millis(200), configurations.changed()).await;
    }
    home.add_camera().await;
    while configurations.borrow_and_update().as_ref().is_none_or(|newest| newest.cameras.is_empty()) {
        configurations.changed().await.unwrap();
    }
}

async fn seal(handle: &DeviceHandle, clip: &'static [u8]) -> EventId {
    let newest = handle.configuration().borrow().clone().unwrap();
    let sealer = newest.sealer(&newest.cameras[0]);
    let (event, now) = (EventId::generate(), handle.now());
    let sealed = EventToSeal {
        event,
        started_at: now,
        ended_at: now.plus(Duration::from_secs(1)),
        sections: vec![SectionToSeal::bytes(SectionKind::Clip, Bytes::from_static(clip))],
        label: Label::Motion,
        label_source: LabelSource::Agent,
    };
    handle.seal_event(&sealer, sealed).await.unwrap();
    event
}

async fn list(person: &Person) -> Vec<String> {
    let list = person.see("events").await;
    assert_eq!(list["unverified"], 0);
    let mut ids: Vec<_> = list["events"].as_array().unwrap().iter().map(id_of).collect();
    ids.sort_unstable();
    ids
}

fn id_of(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn footage_goes_to_the_home_that_had_the_camera_when_it_was_recorded() {
    let system = System::start().await;
    let (anna, ben) = (system.home("anna").await, system.home("ben").await);
    let person = async |name: &str| {
        Person::by_token(&system.url, &format!("{name}@example.org"), &format!("{name} password")).await
    };
    let (annas_page, bens_page) = (person("anna").await, person("ben").await);
    let folder = tempfile::tempdir().unwrap();
    let (handle, runner) = start(pair(&system, &anna, folder.path()).await);
    while_running(runner, assigned(&anna, &handle)).await;
    drop(handle);
    // Anna's connection is down: what her camera sees stays on the device.
    let (handle, runner) = start(Client::load(folder.path()).unwrap());
    let mut annas = [seal(&handle, b"annas first").await, seal(&handle, b"annas second").await];
    let annas_device = handle.scope().device;
    drop((handle, runner));

    // She sells it, and Ben pairs it.
    let (handle, runner) = start(pair(&system, &ben, folder.path()).await);
    let bens = while_running(runner, async {
        assigned(&ben, &handle).await;
        let bens = seal(&handle, b"bens").await;
        while list(&annas_page).await.len() < 2 || list(&bens_page).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bens
    })
    .await;
    annas.sort_unstable();
    assert_eq!(list(&annas_page).await, annas.map(|event| event.to_string()));
    assert_eq!(list(&bens_page).await, [bens.to_string()]);
    assert_eq!(annas_page.get(&format!("events/{}/video", annas[0])).await.status, 200);
    assert_eq!(bens_page.get(&format!("events/{bens}/video")).await.body, b"bens");
    let nothing = bens_page.get(&format!("events/{}/video", EventId::generate())).await.without_reference();
    for event in annas {
        let asked = bens_page.get(&format!("events/{event}/video")).await.without_reference();
        assert_eq!(asked, nothing);
    }
    assert_eq!(annas_page.get(&format!("events/{bens}/video")).await.without_reference(), nothing);

    // Anna sees that it went: her camera is without it, and her home under new keys.
    assert_eq!(annas_page.get(&format!("devices/{annas_device}")).await.status, 404);
    let cameras = annas_page.see("cameras").await;
    assert!(cameras["cameras"][0]["device_id"].is_null(), "{cameras}");
    let registry = system.raw();
    let epoch = |home: &Home| -> (u32, bool) {
        let sql = "SELECT epoch, epoch_due FROM homes WHERE id = ?1";
        registry.query_row(sql, [home.id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    assert_eq!((epoch(&anna), epoch(&ben)), ((2, false), (1, false)));
    assert_eq!(std::fs::read_to_string(folder.path().join("former.json")).unwrap().trim(), "[]");
}

/// The device says that it left a minute ago.
async fn leave(device: &Device) -> Response {
    let left_at = Timestamp::now().minus(Duration::from_mins(1));
    device.request(Method::POST, "leave").json(&json!({"left_at": left_at})).send().await.unwrap()
}

/// Delivers an event that began so long ago.
async fn deliver(side: &Side, ago: Duration) -> (EventId, Response) {
    let event = EventId::generate();
    let object = side.sealed(event, Timestamp::now().minus(ago));
    (event, side.serving.put(event, object).send().await.unwrap())
}

#[tokio::test]
async fn a_device_that_has_left_delivers_what_it_recorded_until_then_and_nothing_else() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let device = &anna.serving.device;
    let ever = Duration::from_mins(5);
    let future = json!({"left_at": "tomorrow"});
    let wrong = device.request(Method::POST, "leave").json(&future).send().await.unwrap();
    assert_eq!(wrong.status().as_u16() / 100, 4);
    assert_eq!(leave(device).await.status(), 204);

    let left = (403, "device-left".to_owned());
    assert_eq!(problem(leave(device).await).await, left);
    assert_eq!(problem(device.ask(0).await).await, left);
    let reports = device.request(Method::POST, "reports").json(&json!({"reports": []})).send().await.unwrap();
    assert_eq!(problem(reports).await, left);
    let (before, delivered) = deliver(&anna, ever).await;
    assert_eq!(delivered.status(), 201);
    assert_eq!(anna.browser.get(&format!("events/{before}/video")).await.body, anna.footage.clip);

    // One that people removed may not know of it yet, which is no alarm; one that left knows.
    let ben = Side::build(&system, "ben").await;
    assert_eq!(ben.program.delete(&format!("devices/{}", ben.serving.device.scope.device)).await.status, 204);
    let raised = alarms(AFTER_LEAVING);
    let (_, refused) = deliver(&ben, Duration::ZERO).await;
    assert_eq!(problem(refused).await, (410, "after-leaving".into()));
    assert_eq!(alarms(AFTER_LEAVING), raised);
    let (after, refused) = deliver(&anna, Duration::from_secs(30)).await;
    assert_eq!(problem(refused).await, (410, "after-leaving".into()));
    assert!(alarms(AFTER_LEAVING) > raised, "it was another home's then");
    assert_eq!(anna.browser.get(&format!("events/{after}/video")).await.status, 404);

    // What it holds of Anna's cameras makes nothing that counts under her new keys, and its time is over one day.
    let registry = system.raw();
    registry.execute("UPDATE devices SET left_at = left_at - 2592000000000", []).unwrap();
    let (_, refused) = deliver(&anna, ever).await;
    assert_eq!(problem(refused).await, (403, "device-removed".into()));
}

#[tokio::test]
async fn people_choose_what_is_taken_from_a_device_that_they_remove() {
    let system = System::start().await;
    let (anna, ben) = (Side::build(&system, "anna").await, Side::build(&system, "ben").await);
    let ever = Duration::from_mins(5);
    let path = |side: &Side| format!("devices/{}", side.serving.device.scope.device);
    let misspelt = format!("{}?undelivered=no", path(&anna));
    assert_eq!(anna.program.delete(&misspelt).await.status, 422);
    assert_eq!(anna.program.delete(&path(&anna)).await.status, 204);
    let (event, delivered) = deliver(&anna, ever).await;
    assert_eq!(delivered.status(), 201);
    assert_eq!(anna.browser.get(&format!("events/{event}/video")).await.body, anna.footage.clip);
    let (_, refused) = deliver(&anna, Duration::ZERO).await;
    assert_eq!(problem(refused).await, (410, "after-leaving".into()));

    let refuse = format!("{}?undelivered=refuse", path(&ben));
    assert_eq!(ben.program.delete(&refuse).await.status, 204);
    for ago in [ever, Duration::ZERO] {
        let (_, refused) = deliver(&ben, ago).await;
        assert_eq!(problem(refused).await, (403, "device-removed".into()));
    }
}
