//! A camera that is not the one that was added: who is told what, and how the home says that it is the same.

use ownsight_model::{
    AnotherCamera, CameraFault, CameraReport, CameraState, FingerprintDifference, FingerprintId,
    FingerprintPart, Timestamp,
};
use ownsight_seal::CameraReportKind;
use serde_json::{Value, json};

use super::reports::{new_keys, report, send};
use crate::support::device::Serving;
use crate::support::member::Member;
use crate::support::scene::Side;
use crate::support::system::System;

fn stranger() -> AnotherCamera {
    let part = FingerprintPart::Realm;
    AnotherCamera {
        fingerprint: FingerprintId::from_bytes([0xab; 32]),
        differs: vec![FingerprintDifference::new(part, Some("Login to 4K04B2"), Some("<b>RTSP</b>"))],
    }
}

fn says(serving: &Serving, state: CameraState) -> Value {
    let at = Timestamp::now();
    let another = Some(stranger());
    let body = CameraReport {
        camera: serving.camera,
        at,
        state,
        since: at,
        video: None,
        another,
        quieted_since: None,
    };
    report("camera", Some(serving.camera), &body, |body| {
        serving.sealer.tag_report(CameraReportKind::State, body)
    })
}

#[tokio::test]
async fn owners_and_adults_are_told_what_differs_and_viewers_that_it_does() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    anna.serving.device.ask(0).await;
    let people = [
        (Member::join(&anna, &system.url, "ada", "adult").await.person, true),
        (Member::join(&anna, &system.url, "vic", "viewer").await.person, false),
    ];
    let path = format!("cameras/{}", anna.camera());
    send(&anna.serving, vec![says(&anna.serving, CameraState::Offline(CameraFault::AnotherCamera))]).await;
    let expected = json!({
        "fingerprint": "ab".repeat(32),
        "differs": [{"part": "realm", "known": "Login to 4K04B2", "seen": "<b>RTSP</b>"}],
    });
    assert_eq!(anna.program.see(&path).await["status"]["another"], expected);
    for (person, told) in &people {
        let status = person.see(&path).await["status"].clone();
        assert_eq!((&status["state"], &status["fault"]), (&json!("offline"), &json!("another-camera")));
        assert_eq!(status["another"], if *told { expected.clone() } else { Value::Null });
    }
    // Of a camera that has another fault, or none, a device says nothing about strangers.
    for state in [CameraState::Records, CameraState::Offline(CameraFault::NoAnswer)] {
        send(&anna.serving, vec![says(&anna.serving, state)]).await;
        assert_eq!(anna.program.see(&path).await["status"]["another"], Value::Null);
    }
    let refused = people[1].0.patch(&path, &json!({"accept_fingerprint": "ab".repeat(32)})).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}

#[tokio::test]
async fn what_a_home_says_to_be_its_camera_is_told_to_its_device() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let path = format!("cameras/{}", anna.camera());
    let id = FingerprintId::from_bytes([0xab; 32]);
    let told = async |anna: &mut Side| {
        let configuration = anna.serving.device.newest().await;
        configuration.cameras[0].source.as_ref().unwrap().accepted
    };
    for malformed in ["", "ab", &"AB".repeat(32), &"xy".repeat(32)] {
        let refused = anna.program.patch(&path, &json!({"accept_fingerprint": malformed})).await;
        assert_eq!(refused.problem(), (422, "invalid".into()), "{malformed}");
        assert_eq!(refused.json()["field"], "accept_fingerprint");
    }
    let address = anna.program.see(&path).await["address"].clone();
    let accept = json!({"accept_fingerprint": id.to_string()});
    assert_eq!(anna.program.patch(&path, &accept).await.status, 200);
    assert_eq!(told(&mut anna).await, Some(id));
    // It is sealed anew under the keys that a home gets when somebody is removed.
    new_keys(&system, &anna).await;
    assert_eq!(told(&mut anna).await, Some(id));
    for (change, kept) in [
        (json!({"password": "another word"}), Some(id)),
        (json!({"name": "Yard", "address": address}), Some(id)),
        (json!({"accept_fingerprint": "cd".repeat(32)}), Some(FingerprintId::from_bytes([0xcd; 32]))),
        // At another address another camera is learnt.
        (json!({"address": "rtsp://192.168.1.77/stream"}), None),
    ] {
        assert_eq!(anna.program.patch(&path, &change).await.status, 200, "{change}");
        assert_eq!(told(&mut anna).await, kept, "{change}");
    }
}
