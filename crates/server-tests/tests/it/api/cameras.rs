//! Cameras and their tests.

use ownsight_model::{CameraFault, CameraId, StepOutcome};
use serde_json::{Value, json};

use crate::support::device::Device;
use crate::support::scene::Side;
use crate::support::system::System;

#[tokio::test]
async fn a_camera_is_added_changed_and_told_to_its_device() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let cameras = format!("homes/{}/cameras", anna.home.id);
    let new = json!({
        "name": "Yard", "address": "rtsp://192.168.1.40:8554/stream1", "user": "view", "password": "a secret word",
    });
    let added = anna.browser.post(&cameras, &new).await;
    assert_eq!(added.status, 201, "{added:?}");
    let camera = added.json();
    assert_eq!(
        (&camera["name"], &camera["user"], &camera["has_password"]),
        (&json!("Yard"), &json!("view"), &json!(true))
    );
    assert!(!String::from_utf8(added.body).unwrap().contains("a secret word"), "a password goes one way");
    let configuration = anna.serving.device.configure().await;
    assert_eq!(configuration.cameras.len(), 2);

    let path = format!("cameras/{}", camera["id"].as_str().unwrap());
    let changed = anna.browser.patch(&path, &json!({"name": "Yard, north", "sensitivity": 8})).await.json();
    assert_eq!((&changed["name"], &changed["sensitivity"]), (&json!("Yard, north"), &json!(8)));
    assert_eq!(changed["has_password"], true, "what is left out stays");
    // Sound is recorded from when somebody says so until somebody says otherwise, and only of this camera.
    let mut told = async || {
        let configuration = anna.serving.device.newest().await;
        let loud = configuration.cameras.iter().filter(|told| told.sound);
        loud.map(|told| told.camera.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((&camera["sound"], &changed["sound"]), (&json!(false), &json!(false)));
    assert!(told().await.is_empty());
    let loud = anna.browser.patch(&path, &json!({"sound": true})).await.json();
    assert_eq!((&loud["sound"], &loud["sensitivity"]), (&json!(true), &json!(8)));
    assert_eq!(told().await, [camera["id"].as_str().unwrap()]);
    let renamed = anna.browser.patch(&path, &json!({"name": "Yard"})).await.json();
    assert_eq!(renamed["sound"], true, "what is left out stays");
    let quiet = anna.browser.patch(&path, &json!({"sound": false, "name": "Yard, north"})).await.json();
    assert_eq!(quiet["sound"], false);
    assert!(told().await.is_empty());
    // What counts as motion goes the same way, part by part.
    let unsaid = json!({"zones": changed["zones"], "size_min": changed["size_min"], "lasts_min_ms": changed["lasts_min_ms"]});
    assert_eq!(unsaid, json!({"zones": [], "size_min": 0, "lasts_min_ms": 300}));
    let path_zone =
        json!({"kind": "include", "corners": [[0, 500], [1_000, 500], [1_000, 1_000], [0, 1_000]]});
    let tree = json!({"kind": "exclude", "corners": [[700, 400], [1_000, 400], [850, 900]]});
    let drawn = anna.browser.patch(&path, &json!({"zones": [path_zone, tree]})).await.json();
    assert_eq!(drawn["zones"], json!([path_zone, tree]));
    let larger = anna.browser.patch(&path, &json!({"size_min": 10, "lasts_min_ms": 2_000})).await.json();
    assert_eq!((&larger["zones"], &larger["size_min"]), (&drawn["zones"], &json!(10)));
    let configuration = anna.serving.device.newest().await;
    let told: Vec<_> = configuration.cameras.iter().filter(|told| !told.motion.is_default()).collect();
    assert_eq!((told.len(), told[0].camera.to_string()), (1, camera["id"].as_str().unwrap().to_owned()));
    assert_eq!((told[0].motion.size_min, told[0].motion.lasts_min_ms), (10, 2_000));
    assert_eq!(serde_json::to_value(&told[0].motion.zones).unwrap(), drawn["zones"]);
    assert_eq!(larger["quieting"], true);
    let always = anna.browser.patch(&path, &json!({"quieting": false})).await.json();
    assert_eq!((&always["quieting"], &always["zones"]), (&json!(false), &drawn["zones"]));
    assert!(anna.serving.device.newest().await.cameras.iter().any(|told| !told.motion.quieting));
    let everywhere = anna.browser.patch(&path, &json!({"zones": []})).await.json();
    assert_eq!((&everywhere["zones"], &everywhere["lasts_min_ms"]), (&json!([]), &json!(2_000)));
    // Each part of the access alone.
    for (change, user, password) in [
        (json!({"user": "another"}), json!("another"), "a secret word"),
        (json!({"password": "another word"}), json!("another"), "another word"),
        (json!({"address": "rtsp://192.168.1.40:8554/stream2"}), json!("another"), "another word"),
    ] {
        let changed = anna.browser.patch(&path, &change).await.json();
        assert_eq!((&changed["user"], &changed["has_password"]), (&user, &json!(true)), "{change}");
        let configuration = anna.serving.device.newest().await;
        let mut told = configuration.cameras.iter().filter_map(|told| told.source.as_ref());
        let told = told.find(|source| source.user == "another").unwrap();
        assert_eq!((told.password.as_str(), configuration.cameras.len()), (password, 2));
    }
    let listed = anna.browser.see(&format!("cameras?home={}", anna.home.id)).await;
    assert_eq!((listed["cameras"].as_array().unwrap().len(), &listed["unverified"]), (2, &json!(0)));
    let device = anna.serving.device.scope.device;
    for camera in listed["cameras"].as_array().unwrap() {
        assert_eq!((&camera["device_id"], &camera["device_name"]), (&json!(device), &json!("an agent")));
    }
    let again = json!({"name": "Yard", "address": "rtsp://192.168.1.40:8554/stream2"});
    assert_eq!(anna.browser.post(&cameras, &again).await.problem(), (409, "already-added".into()));
}

#[tokio::test]
async fn what_is_no_camera_is_refused_by_its_field() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let cameras = format!("homes/{}/cameras", anna.home.id);
    let with = |field: &str, value: Value| {
        let mut body = json!({"name": "Yard", "address": "rtsp://camera.example/yard"});
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("name", json!("")), "name"),
        (with("name", json!("x".repeat(500))), "name"),
        (with("address", json!("")), "address"),
        (with("address", json!("http://camera.example/")), "address"),
        (with("address", json!("ftp://camera.example/1")), "address"),
        (with("address", json!("rtsp://user:xyzzy@camera.example/")), "address"),
        (with("address", json!(format!("rtsp://{}/", "x".repeat(5_000)))), "address"),
        (with("user", json!("u".repeat(257))), "user"),
        (with("user", json!("a\nb")), "user"),
        (with("password", json!("p".repeat(257))), "password"),
        (with("password", json!("a\u{0}b")), "password"),
    ] {
        let answer = anna.browser.post(&cameras, &body).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{body}");
        assert_eq!(answer.json()["field"], field, "{body}");
        // What was typed may be a password in the wrong place: it is not repeated.
        assert!(!answer.json()["detail"].as_str().unwrap().contains("xyzzy"));
    }
    let path = format!("cameras/{}", anna.camera());
    for sensitivity in [0, 11] {
        let answer = anna.browser.patch(&path, &json!({"sensitivity": sensitivity})).await;
        assert_eq!(answer.json()["field"], "sensitivity");
    }
    let zone = |corners: Value| json!({"kind": "exclude", "corners": corners});
    let all = zone(json!([[0, 0], [1_000, 0], [1_000, 1_000], [0, 1_000]]));
    for (zones, why) in [
        (json!(vec![zone(json!([[0, 0], [90, 0], [0, 90]])); 9]), "9 zones"),
        (json!([zone(json!([[0, 0], [1_000, 0]]))]), "zone 1 has 2 corners"),
        (json!([zone(json!([[0, 0], [90, 0], [0, 1_001]]))]), "zone 1 has a corner outside"),
        (
            json!([zone(json!([[0, 0], [90, 0], [0, 90]])), zone(json!([[0, 0], [9, 9], [90, 90]]))]),
            "zone 2 covers",
        ),
        (json!([all]), "leave next to nothing"),
    ] {
        let answer = anna.browser.patch(&path, &json!({"zones": zones})).await;
        assert_eq!((answer.status, &answer.json()["field"]), (422, &json!("zones")), "{zones}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(why), "{answer:?}");
    }
    for (field, value) in [("size_min", 501), ("lasts_min_ms", 299), ("lasts_min_ms", 10_001)] {
        let answer = anna.browser.patch(&path, &json!({field: value})).await;
        assert_eq!((answer.status, &answer.json()["field"]), (422, &json!(field)));
    }
    let unknown = json!({"zones": [{"kind": "sometimes", "corners": [[0, 0], [90, 0], [0, 90]]}]});
    assert_eq!(anna.browser.patch(&path, &unknown).await.problem(), (422, "malformed".into()));
    let answer = anna.browser.patch(&path, &json!({"password": "p".repeat(257)})).await;
    assert_eq!(answer.json()["field"], "password");
    let longest = json!({"user": "u".repeat(256), "password": "p".repeat(256)});
    assert_eq!(anna.browser.patch(&path, &longest).await.status, 200);
    let answer = anna.browser.patch(&path, &json!({"sensitivity": 300})).await;
    assert_eq!(answer.problem(), (422, "malformed".into()));
    let text = anna.browser.request(reqwest::Method::PATCH, &path).body("name=x").send().await.unwrap();
    assert_eq!(text.status(), 415);
    let large = anna.browser.patch(&path, &json!({"name": "x".repeat(70_000)})).await;
    assert_eq!(large.problem(), (413, "too-large".into()));
}

#[tokio::test]
async fn a_camera_that_pushes_by_itself_has_its_own_device_and_no_address() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let (cameras, devices) =
        (format!("homes/{}/cameras", anna.home.id), format!("homes/{}/devices", anna.home.id));
    let add = async |body: Value| anna.browser.post(&cameras, &body).await;
    assert_eq!(
        add(json!({"name": "Shed"})).await.problem(),
        (409, "no-device".into()),
        "an agent does not push"
    );
    let with_user = add(json!({"name": "Shed", "user": "view"})).await;
    assert_eq!((with_user.status, &with_user.json()["field"]), (422, &json!("address")));

    let pair = async |kind: &str| {
        let pairing = anna.browser.post(&devices, &json!({"name": kind})).await.json();
        let device = Device::answer_as(kind, &system.url, pairing["code"].as_str().unwrap()).await;
        anna.browser.see(&devices).await;
        device
    };
    let mut shed = pair("camera").await;
    let added = add(json!({"name": "Shed"})).await;
    assert_eq!(added.status, 201, "{added:?}");
    let camera = added.json();
    assert_eq!((&camera["address"], &camera["device_id"]), (&Value::Null, &json!(shed.scope.device)));
    let told = shed.newest().await;
    assert_eq!(told.cameras.len(), 1);
    assert!(told.cameras[0].source.is_none());

    // Of several the one that is meant must be named, and an agent may be. Who pulls must be an agent.
    let mut garage = pair("camera").await;
    assert_eq!(add(json!({"name": "Garage"})).await.problem(), (409, "no-device".into()));
    for device in [garage.scope.device, anna.serving.device.scope.device] {
        let added = add(json!({"name": "Garage", "device_id": device})).await;
        assert_eq!((added.status, &added.json()["device_id"]), (201, &json!(device)));
    }
    let pulled =
        json!({"name": "Yard", "address": "rtsp://camera.example/yard", "device_id": garage.scope.device});
    assert_eq!(add(pulled).await.problem(), (409, "no-device".into()));

    let path = format!("cameras/{}", camera["id"].as_str().unwrap());
    let moved = anna.browser.patch(&path, &json!({"device_id": garage.scope.device})).await.json();
    assert_eq!((&moved["device_id"], &moved["address"]), (&json!(garage.scope.device), &Value::Null));
    assert_eq!((garage.newest().await.cameras.len(), shed.newest().await.cameras.len()), (2, 0));
    let refused = anna.browser.patch(&path, &json!({"address": "rtsp://camera.example/yard"})).await;
    assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("address")));
}

#[tokio::test]
async fn erasing_a_camera_says_how_much_went_with_it() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    anna.deliver().await;
    let other = json!({"name": "Lawn", "address": "rtsp://camera.example/lawn"});
    let other = anna.browser.post(&format!("homes/{}/cameras", anna.home.id), &other).await.json();
    let path = format!("cameras/{}", anna.camera());
    assert_eq!(anna.browser.see(&path).await["events"], 2);
    let erased = anna.browser.delete(&path).await;
    assert_eq!(erased.status, 200);
    assert_eq!(erased.json()["events"], 2);
    assert!(erased.json()["bytes"].as_u64().unwrap() > 2 * anna.footage.clip.len() as u64);
    assert_eq!(anna.browser.see("events").await["events"], json!([]));
    let unknown = anna.browser.get(&format!("cameras/{}", CameraId::generate())).await;
    assert_eq!(anna.browser.get(&path).await, unknown);
    assert_eq!(anna.browser.delete(&path).await.status, 404);
    let left: Vec<Value> = told(&mut anna).await.0.iter().map(|camera| json!(camera)).collect();
    assert_eq!(left, [other["id"].clone()], "its device is told what is left");
}

#[tokio::test]
async fn a_passed_test_becomes_a_camera_once() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let path = format!("camera-tests/{}", anna.test);
    let test = anna.browser.see(&path).await;
    assert_eq!(test["state"], "passed");
    assert_eq!(test["steps"].as_array().unwrap().len(), 6);
    assert!(test["still_url"].is_string());
    let named = anna.browser.post(&format!("{path}/confirm"), &json!({})).await;
    assert_eq!(named.json()["field"], "name", "{named:?}");
    let confirmed = anna.browser.post(&format!("{path}/confirm"), &json!({"name": "Gate"})).await;
    assert_eq!((confirmed.status, &confirmed.json()["name"]), (201, &json!("Gate")));
    assert_eq!(anna.browser.post(&format!("{path}/confirm"), &json!({"name": "Gate"})).await.status, 404);
    assert_eq!(anna.browser.see("cameras").await["cameras"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_test_that_has_not_passed_is_no_camera_and_can_be_given_up() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tests = format!("homes/{}/camera-tests", anna.home.id);
    let begun = anna.browser.post(&tests, &json!({"address": "rtsp://camera.example/other"})).await;
    let path = format!("camera-tests/{}", begun.json()["id"].as_str().unwrap());
    assert_eq!(anna.browser.see(&path).await["state"], "waiting");
    let early = anna.browser.post(&format!("{path}/confirm"), &json!({"name": "Gate"})).await;
    assert_eq!(early.problem(), (409, "not-passed".into()));
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    assert_eq!(anna.browser.get(&path).await.status, 404);
    let nothing = anna.browser.post(&tests, &json!({})).await;
    assert_eq!((nothing.problem(), &nothing.json()["field"]), ((422, "invalid".into()), &json!("address")));
    // A home without a device has nobody who could test.
    let empty = system.home("clara").await;
    let clara =
        crate::support::person::Person::by_token(&system.url, "clara@example.org", "clara password").await;
    let tests = format!("homes/{}/camera-tests", empty.id);
    for _ in 0..2 {
        let refused = clara.post(&tests, &json!({"address": "rtsp://camera.example/yard"})).await;
        assert_eq!(refused.problem(), (409, "no-device".into()));
        // One that waits is none yet.
        empty.pairing_code().await;
    }
    // Nor is one that is no agent.
    Device::answer(&system.url, &empty.pairing_code().await).await;
    empty.look().await;
    let raw = system.raw();
    raw.execute("UPDATE devices SET agent = 0", []).unwrap();
    let refused = clara.post(&tests, &json!({"address": "rtsp://camera.example/yard"})).await;
    assert_eq!(refused.problem(), (409, "no-device".into()));
    raw.execute("UPDATE devices SET agent = 1", []).unwrap();
    assert_eq!(clara.post(&tests, &json!({"address": "rtsp://camera.example/1"})).await.status, 202);
}

/// Names of what each of the device's cameras and tests are, as its newest configuration has them.
async fn told(side: &mut Side) -> (Vec<CameraId>, Vec<String>) {
    let configuration = side.serving.device.newest().await;
    let cameras = configuration.cameras.iter().map(|told| told.camera).collect();
    (cameras, configuration.tests.iter().map(|told| told.test.to_string()).collect())
}

#[tokio::test]
async fn a_test_shows_who_tests_and_what_came_of_each_step() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let path = format!("camera-tests/{}", anna.test);
    let test = anna.browser.see(&path).await;
    let device = anna.serving.device.scope.device;
    assert_eq!((&test["device_id"], &test["device_name"]), (&json!(device), &json!("an agent")));
    let outcomes = |test: &Value| -> Vec<Value> {
        test["steps"].as_array().unwrap().iter().map(|step| step["outcome"].clone()).collect()
    };
    assert_eq!(outcomes(&test), vec![json!("passed"); 6]);
    assert!(test["steps"].as_array().unwrap().iter().all(|step| step["detail"] == "a fact"));
    let still = test["still_url"].as_str().unwrap();
    assert!(still.starts_with(&format!("/api/v1/camera-tests/{}/still?at=", anna.test)), "{still}");

    // One whose second step failed: those that came after it were not tried.
    let (tests, broken) =
        (format!("homes/{}/camera-tests", anna.home.id), json!({"address": "rtsp://camera.example/broken"}));
    let begun = anna.browser.post(&tests, &broken).await.json();
    let path = format!("camera-tests/{}", begun["id"].as_str().unwrap());
    assert_eq!(outcomes(&anna.browser.see(&path).await), vec![json!("waiting"); 6]);
    let outcomes_of = [StepOutcome::Passed, StepOutcome::Failed(CameraFault::Unauthorized)];
    anna.report_a_test(begun["id"].as_str().unwrap().parse().unwrap(), &outcomes_of).await;
    let failed = anna.browser.see(&path).await;
    assert_eq!(failed["state"], "failed");
    let expected = ["passed", "failed", "not-tried", "not-tried", "not-tried", "not-tried"];
    assert_eq!(outcomes(&failed), expected.map(|word| json!(word)).to_vec());
    let confirmed = anna.browser.post(&format!("{path}/confirm"), &json!({"name": "Gate"})).await;
    assert_eq!(confirmed.problem(), (409, "not-passed".into()));
    // Passed, and its picture has not come: what it shows is not known yet.
    let begun = anna.browser.post(&tests, &json!({"address": "rtsp://camera.example/blind"})).await.json();
    let blind = format!("camera-tests/{}", begun["id"].as_str().unwrap());
    anna.report_a_test(begun["id"].as_str().unwrap().parse().unwrap(), &[StepOutcome::Passed; 6]).await;
    let seen = anna.browser.see(&blind).await;
    assert_eq!((&seen["state"], &seen["still_url"]), (&json!("passed"), &Value::Null));
    let confirmed = anna.browser.post(&format!("{blind}/confirm"), &json!({"name": "Gate"})).await;
    assert_eq!(confirmed.problem(), (409, "not-passed".into()));
    // Removed meanwhile: its name is nobody's.
    assert_eq!(anna.browser.delete(&format!("devices/{device}")).await.status, 204);
    let test = anna.browser.see(&path).await;
    assert_eq!((&test["device_id"], &test["device_name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_a_test_becomes_is_told_to_its_device_and_other_tests_go_on() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let (test, spare) = (anna.test.to_string(), anna.spare_test.to_string());
    let confirmed =
        anna.browser.post(&format!("camera-tests/{test}/confirm"), &json!({"name": "Gate"})).await;
    assert_eq!(confirmed.status, 201, "{confirmed:?}");
    let camera: CameraId = confirmed.json()["id"].as_str().unwrap().parse().unwrap();
    let (cameras, tests) = told(&mut anna).await;
    assert!(cameras.len() == 2 && cameras.contains(&camera), "{cameras:?}");
    assert_eq!(tests, [spare.as_str()]);
    let again = anna.test_again().await.to_string();
    assert_eq!(anna.browser.delete(&format!("camera-tests/{spare}")).await.status, 204);
    assert_eq!(told(&mut anna).await.1, [again]);
    // One whose time is over is told to nobody.
    let raw = system.raw();
    raw.execute("UPDATE tests SET expires_at = created_at", []).unwrap();
    let more = json!({"name": "Lawn", "address": "rtsp://camera.example/lawn"});
    assert_eq!(anna.browser.post(&format!("homes/{}/cameras", anna.home.id), &more).await.status, 201);
    assert_eq!(told(&mut anna).await.1, Vec::<String>::new());
}

/// A camera that moves to another address and device keeps its name, and both devices are told.
#[tokio::test]
async fn a_passed_test_changes_a_camera() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let mut second = Device::answer(&system.url, &anna.home.pairing_code().await).await;
    anna.home.look().await;
    second.configure().await;
    let renamed =
        anna.browser.patch(&format!("devices/{}", second.scope.device), &json!({"name": "attic"})).await;
    assert_eq!(renamed.status, 200);
    let (first, camera) = (anna.serving.device.lent(), anna.camera());
    anna.serving.device = second;
    let of = json!({
        "camera_id": camera, "address": "rtsp://camera.example/moved", "device_id": anna.serving.device.scope.device,
    });
    let test = anna.test_of(&of).await;
    let confirmed = anna.browser.post(&format!("camera-tests/{test}/confirm"), &json!({})).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let shown = confirmed.json();
    assert_eq!(
        (&shown["id"], &shown["name"], &shown["address"], &shown["device_id"]),
        (&json!(camera), &json!("a camera"), &json!("rtsp://camera.example/moved"), &of["device_id"])
    );
    assert_eq!(anna.browser.see("cameras").await["cameras"][0]["device_name"], "attic");
    let configuration = anna.serving.device.newest().await;
    let source = configuration.cameras[0].source.as_ref().unwrap();
    assert_eq!((configuration.cameras.len(), source.address.as_str()), (1, "rtsp://camera.example/moved"));
    assert!(configuration.tests.is_empty(), "those of the other device are its own");
    anna.serving.device = first;
    assert_eq!(told(&mut anna).await.0, [], "it does not serve it any more");
    assert_eq!(anna.browser.see("cameras").await["cameras"].as_array().unwrap().len(), 1);
}
