//! What devices say of themselves and of their cameras, as people see it: only what verifies.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{
    CameraFault, CameraId, CameraReport, CameraState, DeviceReport, GapReason, GapReport, Timestamp,
    VideoReport,
};
use ownsight_seal::{CameraReportKind, Configuration, tag_device_report};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::homes::date;
use crate::support::alarms::alarms;
use crate::support::device::Serving;
use crate::support::member::Member;
use crate::support::scene::Side;
use crate::support::system::System;

const SECOND: i64 = 1_000_000;

pub(super) fn report(
    kind: &str,
    camera: Option<CameraId>,
    body: &impl Serialize,
    tag: impl FnOnce(&[u8]) -> [u8; 32],
) -> Value {
    let body = serde_json::to_vec(body).unwrap();
    let mut report = json!({
        "kind": kind, "body": BASE64URL_NOPAD.encode(&body), "tag": BASE64URL_NOPAD.encode(&tag(&body)),
    });
    if let Some(camera) = camera {
        report["camera_id"] = json!(camera);
    }
    report
}

pub(super) async fn send(serving: &Serving, reports: Vec<Value>) {
    let body = json!({"reports": reports});
    let taken = serving.device.request(Method::POST, "reports").json(&body).send().await.unwrap();
    assert_eq!(taken.status(), 204);
}

/// A report on the side's camera, tagged by its device.
fn of_camera(serving: &Serving, state: CameraState, since: Timestamp) -> Value {
    let video = VideoReport {
        width: 1_280,
        height: 720,
        fps: 15.0,
        bits_per_second: 900_000,
        lost_frames: 3,
        lost_packets: Some(8),
        sound: Some(false),
    };
    let video = (state == CameraState::Records).then_some(video);
    let body = CameraReport {
        camera: serving.camera,
        at: Timestamp::now(),
        state,
        since,
        video,
        another: None,
        quieted_since: Some(since),
    };
    report("camera", Some(serving.camera), &body, |body| {
        serving.sealer.tag_report(CameraReportKind::State, body)
    })
}

fn gap(serving: &Serving, from: Timestamp, to: Option<Timestamp>, reason: GapReason) -> Value {
    let body = GapReport { camera: serving.camera, from, to, reason };
    report("gap", Some(serving.camera), &body, |body| serving.sealer.tag_report(CameraReportKind::Gap, body))
}

fn of_device(serving: &Serving, configuration: &Configuration) -> Value {
    let body = DeviceReport {
        device: serving.device.scope.device,
        at: Timestamp::now(),
        version: "test agent 2.0".into(),
        queued_events: 4,
        dropped_events: 5,
        clock_offset_ms: -6,
        configuration: serving.device.serial,
    };
    report("device", None, &body, |body| tag_device_report(&configuration.report_key, body))
}

/// With another tag, as somebody without the keys makes it.
fn forged(mut report: Value) -> Value {
    report["tag"] = json!(BASE64URL_NOPAD.encode(&[1; 32]));
    report
}

/// Gives the home new keys: somebody who had them is removed.
pub(super) async fn new_keys(system: &System, side: &Side) {
    let tom = Member::join(side, &system.url, "tom", "viewer").await;
    let removed = side.program.delete(&format!("homes/{}/members/{}", side.home.id, tom.id)).await;
    assert_eq!((removed.status, &removed.json()["devices"]), (200, &json!(1)));
}

#[tokio::test]
async fn a_camera_shows_what_its_device_last_said() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let path = format!("cameras/{}", anna.camera());
    let status = async || {
        let camera = anna.program.see(&path).await;
        (camera["status"].clone(), camera["video"].clone())
    };
    let device = anna.serving.device.scope.device;
    let camera = anna.program.see(&path).await;
    assert_eq!((&camera["device_id"], &camera["device_name"]), (&json!(device), &json!("an agent")));
    assert_eq!((&camera["user"], &camera["has_password"]), (&Value::Null, &json!(false)));
    anna.serving.device.ask(0).await;
    assert_eq!(status().await.0["state"], "connecting", "nothing was said yet");

    let since = Timestamp::now().shifted(-60 * SECOND);
    for (state, word, fault) in [
        (CameraState::Connecting, "connecting", Value::Null),
        (CameraState::Offline(CameraFault::NoAnswer), "offline", json!("no-answer")),
        (CameraState::Records, "records", Value::Null),
    ] {
        send(&anna.serving, vec![of_camera(&anna.serving, state, since)]).await;
        let (status, video) = status().await;
        assert_eq!((&status["state"], &status["fault"]), (&json!(word), &fault));
        assert_eq!((&status["since"], &status["verified"]), (&json!(since.as_micros()), &json!(true)));
        assert_eq!(video.is_object(), word == "records");
        // Whatever a device says: one that does not record is not quieted.
        assert_eq!(status["quieted_since"].is_i64(), word == "records");
    }
    let video = status().await.1;
    assert_eq!((&video["bits_per_second"], &video["lost_packets"]), (&json!(900_000), &json!(8)));
    assert_eq!(video["sound"], false, "switched on, and none can be recorded");
    assert!(video["at"].as_i64().unwrap() > since.as_micros());
    // A device of before, which counts no packets.
    let mut older = of_camera(&anna.serving, CameraState::Records, since);
    let body = BASE64URL_NOPAD.decode(older["body"].as_str().unwrap().as_bytes()).unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body["video"].as_object_mut().unwrap().remove("lost_packets").unwrap();
    let body = serde_json::to_vec(&body).unwrap();
    older["tag"] =
        json!(BASE64URL_NOPAD.encode(&anna.serving.sealer.tag_report(CameraReportKind::State, &body)));
    older["body"] = json!(BASE64URL_NOPAD.encode(&body));
    send(&anna.serving, vec![older]).await;
    let video = status().await.1;
    assert_eq!((&video["lost_frames"], &video["lost_packets"]), (&json!(3), &Value::Null));

    // Its device is away: what it said last is not what is.
    let raw = system.raw();
    raw.execute("UPDATE devices SET seen_at = seen_at - 91000000", []).unwrap();
    assert_eq!(status().await.0["state"], "unknown");
    raw.execute("UPDATE devices SET seen_at = seen_at + 60000000", []).unwrap();
    assert_eq!(status().await.0["state"], "records", "not away yet");

    let before = alarms("not-authentic");
    let said = of_camera(&anna.serving, CameraState::Offline(CameraFault::Busy), since);
    send(&anna.serving, vec![forged(said)]).await;
    let (status, video) = status().await;
    assert_eq!((&status["state"], &status["verified"]), (&json!("unknown"), &json!(false)));
    assert!(status["fault"].is_null() && video.is_null());
    assert!(alarms("not-authentic") > before);
}

#[tokio::test]
async fn a_report_verifies_under_a_former_key_until_the_device_has_its_next() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let since = Timestamp::now();
    send(&anna.serving, vec![of_camera(&anna.serving, CameraState::Records, since)]).await;
    new_keys(&system, &anna).await;
    let raw = system.raw();
    let sql = "SELECT count(*), sum(a.created_at < b.created_at) FROM camera_epochs a
               JOIN camera_epochs b ON b.camera = a.camera AND b.home_epoch > a.home_epoch";
    let later: (i64, i64) = raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(later, (3, 3), "each epoch has its own time");
    let path = format!("cameras/{}", anna.camera());
    let shown = async |side: &Side| side.program.see(&path).await["status"].clone();
    assert_eq!(shown(&anna).await["state"], "records", "said before the home had new keys");
    send(&anna.serving, vec![of_camera(&anna.serving, CameraState::Connecting, since)]).await;
    assert_eq!(shown(&anna).await["state"], "connecting", "the device does not have them yet");
    anna.serving.renew().await;
    send(&anna.serving, vec![of_camera(&anna.serving, CameraState::Records, since)]).await;
    assert_eq!(
        (&shown(&anna).await["state"], &shown(&anna).await["verified"]),
        (&json!("records"), &json!(true))
    );
}

#[tokio::test]
async fn a_day_shows_when_a_camera_did_not_record_and_why() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let home = format!("homes/{}", anna.home.id);
    let event = anna.program.see(&format!("events/{}", anna.event)).await;
    let noon =
        Timestamp::from_micros(event["started_at"].as_i64().unwrap() / 86_400_000_000 * 86_400_000_000)
            .shifted(43_200 * SECOND);
    let date = date(noon.as_micros());
    let day = async || anna.program.see(&format!("{home}/days/{date}")).await;
    assert_eq!(day().await["gaps"], json!([]));
    let at = |seconds: i64| noon.shifted(seconds * SECOND);
    let said = [
        (at(0), Some(at(60)), GapReason::Camera(CameraFault::NoAnswer), "no-answer"),
        (at(120), Some(at(180)), GapReason::AgentAway, "agent-away"),
        (at(200), Some(at(220)), GapReason::Quieted, "quieted"),
        (at(240), None, GapReason::QueueFull, "queue-full"),
    ];
    for (from, to, reason, _) in said {
        send(&anna.serving, vec![gap(&anna.serving, from, to, reason)]).await;
    }
    let seen = day().await;
    assert_eq!(seen["unverified"], 0);
    let expected: Vec<Value> = said
        .iter()
        .map(|(from, to, _, word)| {
            json!({
                "camera_id": anna.camera(), "from": from.as_micros(), "to": to.map(Timestamp::as_micros), "reason": word,
            })
        })
        .collect();
    assert_eq!(seen["gaps"], json!(expected));

    // What does not verify is counted, and costs nothing else.
    let before = alarms("not-authentic");
    let strange = gap(&anna.serving, at(300), None, GapReason::AgentAway);
    send(&anna.serving, vec![forged(strange)]).await;
    let seen = day().await;
    assert_eq!((&seen["unverified"], seen["gaps"].as_array().unwrap().len()), (&json!(1), 4));
    assert!(alarms("not-authentic") > before);
    let raw = system.raw();
    raw.execute("UPDATE events SET ended_at = ended_at + 1 WHERE still = 0", []).unwrap();
    let seen = day().await;
    assert_eq!(seen["unverified"], 2);
    assert!(seen["events"].as_array().unwrap().iter().all(|shown| shown["id"] != json!(anna.event)));
}

#[tokio::test]
async fn a_device_shows_what_it_last_said_and_since_when_it_is_away() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let devices = format!("homes/{}/devices", anna.home.id);
    let shown = async |side: &Side| {
        let list = side.program.see(&devices).await;
        assert_eq!(list["unverified"], 0, "{list}");
        list["devices"][0].clone()
    };
    let added = json!({"name": "Lawn", "address": "rtsp://camera.example/lawn"});
    assert_eq!(anna.program.post(&format!("homes/{}/cameras", anna.home.id), &added).await.status, 201);
    // It is behind, and nobody was ever shut out by new keys.
    let people = anna.program.see(&format!("homes/{}/people", anna.home.id)).await;
    assert_eq!(people["waiting_devices"], json!([]));
    let configuration = anna.serving.device.configure().await;
    anna.serving.device.ask(0).await;
    let device = shown(&anna).await;
    assert_eq!((&device["state"], &device["since"]), (&json!("connected"), &device["paired_at"]));
    assert_eq!((&device["version"], &device["queued_events"]), (&json!("test agent 1.0"), &Value::Null));
    send(&anna.serving, vec![of_device(&anna.serving, &configuration)]).await;
    let device = shown(&anna).await;
    assert_eq!(
        (&device["version"], &device["queued_events"], &device["dropped_events"], &device["clock_offset_ms"]),
        (&json!("test agent 2.0"), &json!(4), &json!(5), &json!(-6))
    );

    let raw = system.raw();
    let seen_at = || raw.query_row("SELECT seen_at FROM devices", [], |row| row.get::<_, i64>(0)).unwrap();
    raw.execute("UPDATE devices SET seen_at = seen_at - 60000000", []).unwrap();
    assert_eq!(shown(&anna).await["state"], "connected", "not away yet");
    let acknowledged =
        |serial: i64| raw.execute("UPDATE devices SET acknowledged_serial = ?1", [serial]).unwrap();
    acknowledged(0);
    assert_eq!(shown(&anna).await["state"], "paired", "it calls, and never had a configuration");
    acknowledged(2);
    raw.execute("UPDATE devices SET seen_at = seen_at - 31000000", []).unwrap();
    let device = shown(&anna).await;
    assert_eq!((&device["state"], &device["since"]), (&json!("away"), &json!(seen_at())));
    // It called, and never had a configuration.
    acknowledged(0);
    let device = shown(&anna).await;
    assert_eq!((&device["state"], &device["since"]), (&json!("paired"), &device["paired_at"]));
    raw.execute("UPDATE devices SET seen_at = NULL", []).unwrap();
    assert_eq!(shown(&anna).await["state"], "paired");

    // Under new keys of the home what it said before is shown still, and what is forged is not.
    new_keys(&system, &anna).await;
    assert_eq!(shown(&anna).await["queued_events"], 4);
    let before = alarms("not-authentic");
    send(&anna.serving, vec![forged(of_device(&anna.serving, &configuration))]).await;
    let list = anna.program.see(&devices).await;
    assert_eq!((&list["unverified"], &list["devices"]), (&json!(1), &json!([])));
    assert!(alarms("not-authentic") > before);
}

#[tokio::test]
async fn a_code_that_nobody_used_has_expired() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let devices = format!("homes/{}/devices", anna.home.id);
    let pairing = anna.program.post(&devices, &json!({"name": "garage-pi"})).await.json();
    let path = format!("devices/{}", pairing["device_id"].as_str().unwrap());
    let waiting = anna.program.see(&path).await;
    assert_eq!(waiting["state"], "waiting");
    let raw = system.raw();
    raw.execute("UPDATE pairings SET expires_at = ?1", [Timestamp::now().as_micros()]).unwrap();
    let expired = anna.program.see(&path).await;
    assert_eq!(expired["state"], "expired");
    assert_eq!(expired["since"].as_i64().unwrap(), waiting["since"].as_i64().unwrap() + 600 * SECOND);
}
