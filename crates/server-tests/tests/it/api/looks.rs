//! Looks for cameras: told to the device, shown as what it found comes in, and to its home alone.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{
    AskedCamera, CameraAddress, FoundCamera, FoundStream, LookReport, OnvifAddress, OnvifFault, TestId,
    TestReport, Timestamp,
};
use ownsight_seal::{AssignedLook, CameraReportKind, Configuration, LookOf};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::device::Device;
use crate::support::member::Member;
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::system::System;

const SERVICE: &str = "http://192.168.1.40/onvif/device_service";

/// Begins a look; what the device is told of it.
async fn begin(side: &mut Side, body: &Value) -> (String, Configuration, AssignedLook) {
    let begun = side.browser.post(&format!("homes/{}/camera-tests", side.home.id), body).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let begun = begun.json();
    assert_eq!((&begun["state"], &begun["look"]), (&json!("waiting"), &Value::Null));
    let look: TestId = begun["id"].as_str().unwrap().parse().unwrap();
    let configuration = side.serving.device.configure().await;
    assert!(configuration.tests.iter().all(|test| test.test != look), "it is no test");
    let assigned = configuration.looks.iter().find(|one| one.look == look).unwrap().clone();
    (format!("camera-tests/{look}"), configuration, assigned)
}

async fn report(
    device: &Device,
    configuration: &Configuration,
    told: &AssignedLook,
    found: LookReport,
    done: bool,
) {
    let sealer = configuration.sealer(&told.camera);
    let sealed = BASE64URL_NOPAD.encode(&sealer.seal_look(&serde_json::to_vec(&found).unwrap()));
    let report =
        TestReport { test: told.look, at: Timestamp::now(), steps: Vec::new(), done, look: Some(sealed) };
    let body = serde_json::to_vec(&report).unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("Porch"), "the server reads nothing of it");
    let reports = json!({"reports": [{
        "kind": "test",
        "test_id": told.look,
        "body": BASE64URL_NOPAD.encode(&body),
        "tag": BASE64URL_NOPAD.encode(&sealer.tag_report(CameraReportKind::Test, &body)),
    }]});
    let taken = device.request(Method::POST, "reports").json(&reports).send().await.unwrap();
    assert_eq!(taken.status(), 204);
}

fn nothing(look: TestId) -> LookReport {
    LookReport { look, at: Timestamp::now(), found: Vec::new(), asked: None, fault: None }
}

#[tokio::test]
async fn what_is_around_is_shown_as_it_comes() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let bela = Side::build(&system, "bela").await;
    let viewer = Member::join(&anna, &system.url, "vera", "viewer").await;
    let device = anna.serving.device.scope.device;
    let (path, configuration, told) = begin(&mut anna, &json!({"around": true, "device_id": device})).await;
    assert_eq!(told.of, LookOf::Around);
    assert!(told.camera.source.is_none());

    let camera = FoundCamera {
        name: "Porch".into(),
        hardware: "M3106".into(),
        host: "192.168.1.40".into(),
        service: OnvifAddress::parse(SERVICE).unwrap(),
    };
    let some = LookReport { found: vec![camera], ..nothing(told.look) };
    for (done, state) in [(false, "running"), (true, "passed")] {
        report(&anna.serving.device, &configuration, &told, some.clone(), done).await;
        let seen = anna.browser.see(&path).await;
        assert_eq!((&seen["state"], &seen["steps"]), (&json!(state), &json!([])));
        let found = json!([{"name": "Porch", "hardware": "M3106", "host": "192.168.1.40", "onvif": SERVICE}]);
        assert_eq!(seen["look"], json!({"found": found, "asked": null, "fault": null}));
    }
    assert_eq!(bela.browser.get(&path).await.status, 404);
    assert_eq!(viewer.person.get(&path).await.status, 403);
    let confirmed = anna.browser.post(&format!("{path}/confirm"), &json!({"name": "Porch"})).await;
    assert_eq!(confirmed.status, 409, "a look is no camera");
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    assert_eq!(anna.browser.get(&path).await.status, 404);
    assert!(anna.serving.device.configure().await.looks.is_empty());
}

#[tokio::test]
async fn a_camera_is_asked_for_its_streams() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let body = json!({"onvif": SERVICE, "user": "view", "password": "a secret word"});
    let (path, configuration, told) = begin(&mut anna, &body).await;
    let LookOf::Camera(source) = &told.of else { panic!("{told:?}") };
    assert_eq!((source.service.as_str(), source.user.as_str()), (SERVICE, "view"));
    assert_eq!(source.password, "a secret word");
    assert!(!format!("{told:?}").contains("a secret word"));

    let stream = FoundStream {
        address: CameraAddress::parse("rtsp://192.168.1.40:554/main").unwrap(),
        name: "main".into(),
        codec: "H264".into(),
        width: 1920,
        height: 1080,
    };
    let asked = AskedCamera {
        maker: "Maker".into(),
        model: "M1".into(),
        firmware: "1.0".into(),
        clock_offset_ms: Some(-5),
        streams: vec![stream],
    };
    let some = LookReport { asked: Some(asked), ..nothing(told.look) };
    report(&anna.serving.device, &configuration, &told, some, true).await;
    let seen = anna.browser.see(&path).await;
    assert_eq!(seen["look"]["asked"]["streams"][0]["address"], "rtsp://192.168.1.40:554/main");
    assert_eq!((&seen["state"], &seen["look"]["asked"]["clock_offset_ms"]), (&json!("passed"), &json!(-5)));
    assert!(!seen.to_string().contains("a secret word"), "a password goes one way");

    let (path, configuration, told) = begin(&mut anna, &body).await;
    let none = LookReport { fault: Some(OnvifFault::ClearTextOnly), ..nothing(told.look) };
    report(&anna.serving.device, &configuration, &told, none, true).await;
    let seen = anna.browser.see(&path).await;
    assert_eq!((&seen["state"], &seen["look"]["fault"]), (&json!("failed"), &json!("clear-text-only")));
}

#[tokio::test]
async fn an_address_that_a_look_gave_is_tested_by_digest_only() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let tests = format!("homes/{}/camera-tests", anna.home.id);
    let address = "rtsp://192.168.1.40:554/main";
    for digest_only in [true, false] {
        let body =
            json!({"address": address, "user": "view", "password": "a word", "digest_only": digest_only});
        let begun = anna.browser.post(&tests, &body).await;
        assert_eq!(begun.status, 202, "{begun:?}");
        let test: TestId = begun.json()["id"].as_str().unwrap().parse().unwrap();
        let configuration = anna.serving.device.configure().await;
        let told = configuration.tests.iter().find(|one| one.test == test).unwrap();
        let source = told.camera.source.as_ref().unwrap();
        assert_eq!((source.address.as_str(), source.digest_only), (address, digest_only));
        assert_eq!(serde_json::to_string(source).unwrap().contains("digest_only"), digest_only);
    }
}

#[tokio::test]
async fn a_report_of_another_look_is_not_shown() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let (path, configuration, told) = begin(&mut anna, &json!({"around": true})).await;
    report(&anna.serving.device, &configuration, &told, nothing(TestId::generate()), true).await;
    assert_eq!(anna.browser.get(&path).await.status, 500);
}

#[tokio::test]
async fn this_server_looks_around_for_one_home_only() {
    let mut system = System::start().await;
    let home = system.home_with("anna", true).await;
    let anna = Person::by_token(&system.url, "anna@example.org", "anna password").await;
    anna.see("me").await;
    let code = system.local_pairings.try_recv().unwrap().code.reveal().to_string();
    let mut device = Device::answer(&system.url, &code).await;
    home.look().await;
    device.configure().await;
    let tests = format!("homes/{}/camera-tests", home.id);
    let around = json!({"around": true, "device_id": device.scope.device});
    assert_eq!(anna.post(&tests, &around).await.status, 202);
    system.home_with("bela", true).await;
    let refused = anna.post(&tests, &around).await;
    assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("around")), "{refused:?}");
    // A camera that somebody names is asked, as one is tested; and another device looks in its own networks.
    assert_eq!(anna.post(&tests, &json!({"onvif": SERVICE})).await.status, 202);
    let mut other = Device::answer(&system.url, &home.pairing_code().await).await;
    home.look().await;
    other.configure().await;
    let elsewhere = json!({"around": true, "device_id": other.scope.device});
    assert_eq!(anna.post(&tests, &elsewhere).await.status, 202);
}

#[tokio::test]
async fn what_is_no_look_is_refused_by_its_field() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tests = format!("homes/{}/camera-tests", anna.home.id);
    for (body, field) in [
        (json!({"around": true, "user": "view"}), "around"),
        (json!({"around": true, "onvif": SERVICE}), "around"),
        (json!({"around": true, "address": "rtsp://192.168.1.40/"}), "address"),
        (json!({"onvif": SERVICE, "camera_id": anna.camera()}), "address"),
        (json!({"camera_id": anna.camera(), "digest_only": true}), "digest_only"),
        (json!({"onvif": "https://192.168.1.40/"}), "onvif"),
        (json!({"onvif": "http://view:word@192.168.1.40/"}), "onvif"),
        (json!({"onvif": SERVICE, "password": "x".repeat(257)}), "password"),
    ] {
        let refused = anna.browser.post(&tests, &body).await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(refused.json()["field"], field, "{body}");
    }
}
