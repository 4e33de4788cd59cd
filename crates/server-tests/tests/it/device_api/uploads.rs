//! Plain uploads over HTTP: what is taken, each answer of the table in `docs/device-api.md`, and what stays on the disk.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use ownsight_ingest::IngestConfig;
use ownsight_model::{CameraId, EventId};
use ownsight_server::ServerConfig;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::support::alarms::alarms;
use crate::support::device::{call, problem};
use crate::support::scene::Side;
use crate::support::system::{System, loopback};
use crate::support::upload::{Uploader, jpeg, metadata, mp4, mp4_head};

async fn scene() -> (System, Side, Uploader) {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let uploader = Uploader::add(&anna, &system.url, "Gate").await;
    (system, anna, uploader)
}

/// A problem's status, code and detail.
async fn told(answer: reqwest::Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    (status, text("code"), text("detail"))
}

#[tokio::test]
async fn what_is_uploaded_is_seen_as_it_was_by_its_home_and_by_nobody_else() {
    let (system, anna, uploader) = scene().await;
    let other = Side::build(&system, "ben").await;
    let (event, thumbnail, clip) = (EventId::generate(), jpeg("seen"), mp4("seen", 300_000));
    let body = uploader.upload(&metadata(event), &thumbnail, &clip);
    let first = uploader.send(body.clone()).await;
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    assert_eq!(first["event"], event.to_string());
    assert!(first["bytes"].as_u64().unwrap() > 300_000);

    let seen = anna.browser.see(&format!("events/{event}")).await;
    let said = (&seen["label"], &seen["label_source"], &seen["camera_id"], &seen["found_by"]);
    assert_eq!(said, (&json!("person"), &json!("camera"), &json!(uploader.camera), &json!("Gate")));
    assert_eq!(seen["ended_at"].as_i64().unwrap() - seen["started_at"].as_i64().unwrap(), 12_000_000);
    for (what, sent) in [("thumbnail", &thumbnail), ("video", &clip)] {
        let path = format!("events/{event}/{what}");
        assert_eq!(&anna.browser.get(&path).await.body, sent, "{what}");
        assert_eq!(other.browser.get(&path).await.status, 404);
    }
    let listed = anna.browser.see("events").await;
    assert_eq!(listed["unverified"], 0);
    let device = anna.program.see(&format!("devices/{}", uploader.device)).await;
    assert_eq!((&device["kind"], &device["state"]), (&json!("upload"), &json!("uploads")));
    let camera = anna.program.see(&format!("cameras/{}", uploader.camera)).await;
    assert_eq!((&camera["status"]["state"], &camera["address"]), (&json!("uploads"), &Value::Null));

    // Once more, in pieces and by the other method, without a length.
    let pieces: Vec<_> = body.chunks(7_001).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let authorization = format!("Upload {}", uploader.upload_key);
    let pieces = Body::wrap_stream(futures_util::stream::iter(pieces));
    let again = uploader.request_as(Method::PUT, &authorization, pieces).send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.json::<Value>().await.unwrap()), (200, first));
    let another = uploader.upload(&metadata(event), &thumbnail, &mp4("another", 100));
    let before = alarms("event-digest-differs");
    assert_eq!(problem(uploader.send(another).await).await, (409, "digest-differs".into()));
    assert!(alarms("event-digest-differs") > before);
    anna.home.erase(event).await;
    assert_eq!(problem(uploader.send(body).await).await, (410, "erased".into()));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (system, anna, uploader) = scene().await;
    let event = EventId::generate;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut said = metadata(event());
        change(&mut said);
        uploader.upload(&said, &jpeg("a picture"), &mp4("a video", 5_000))
    };
    let media = |thumbnail: &[u8], clip: &[u8]| uploader.upload(&metadata(event()), thumbnail, clip);
    let (picture, video) = (jpeg("a picture"), mp4("a video", 5_000));
    let half = &video[..video.len() / 2];
    let whole = uploader.event("whole").1;
    let mut longer = whole.clone();
    longer.push(b'\n');
    let hour_ago = 31 * 24 * 3_600_000_000_i64 + 60_000_000;
    let answers: Vec<(Vec<u8>, u16, &str, &str)> = vec![
        (b"hello\n".to_vec(), 422, "malformed", "The first line is not the JSON that is expected"),
        (vec![b'{'; 2_000], 422, "malformed", "The first line has more than 1,024 bytes"),
        (with(&|said| said["seconds"] = 12.into()), 422, "malformed", "unknown field `seconds`"),
        (with(&|said| said["event"] = "7".into()), 422, "malformed", "event"),
        (with(&|said| said["duration_ms"] = 3_600_001.into()), 422, "malformed", "more than an hour"),
        (with(&|said| said["started_at"] = 0.into()), 422, "malformed", "more than 31 days ago"),
        (
            with(&|said| {
                said["started_at"] = (said["started_at"].as_i64().unwrap() + 2 * 3_600_000_000).into();
            }),
            422,
            "malformed",
            "more than an hour from now",
        ),
        (
            with(&|said| said["started_at"] = (said["started_at"].as_i64().unwrap() - hour_ago).into()),
            422,
            "malformed",
            "more than 31 days ago",
        ),
        (
            with(&|said| said["thumbnail_bytes"] = 3_000_000.into()),
            413,
            "too-large",
            "The thumbnail has 3000000",
        ),
        (with(&|said| said["camera"] = json!(anna.camera())), 422, "not-yours", "none of this device's"),
        (with(&|said| said["clip_bytes"] = 9.into()), 422, "malformed", "by its first line must have"),
        (longer, 422, "malformed", "by its first line must have"),
        (media(b"\x89PNG\r\n\x1a\n", &video), 415, "wrong-media", "It does not begin with FF D8"),
        (media(&picture[..picture.len() - 2], &video), 415, "wrong-media", "it ends before its picture does"),
        (media(&video, &picture), 415, "wrong-media", "The thumbnail is no JPEG"),
        (media(&picture, &picture), 415, "wrong-media", "The clip is no MP4"),
        (media(&picture, half), 415, "wrong-media", "reaches beyond what it lies in"),
        (media(&picture, &mp4_head()), 415, "wrong-media", "it has no media data"),
    ];
    for (body, status, code, detail) in answers {
        let answer = told(uploader.send(body).await).await;
        assert_eq!((answer.0, answer.1.as_str()), (status, code), "{detail}: {answer:?}");
        assert!(answer.2.to_lowercase().contains(&detail.to_lowercase()), "{detail}: {answer:?}");
    }
    let large = json!({"thumbnail_bytes": 100, "clip_bytes": 64 << 20});
    let mut said = metadata(event());
    said.as_object_mut().unwrap().extend(large.as_object().unwrap().clone());
    let line = format!("{said}\n").into_bytes();
    let begun = Body::wrap_stream(
        futures_util::stream::iter([Ok::<_, std::io::Error>(line)]).chain(futures_util::stream::pending()),
    );
    assert_eq!(problem(uploader.request(begun).send().await.unwrap()).await, (413, "too-large".into()));

    for wrong in ["", "Upload", "Device a:b", "Bearer x", &format!("Upload {}A", uploader.upload_key)] {
        let answer = uploader.request_as(Method::POST, wrong, whole.clone()).send().await.unwrap();
        assert_eq!(problem(answer).await, (401, "device-unknown".into()), "{wrong}");
    }
    let wrong_method = uploader.client.get(format!("{}/device/v1/uploads", system.url)).send().await.unwrap();
    assert_eq!(problem(wrong_method).await.0, 405);
    assert_eq!(uploader.send(whole).await.status(), 201, "and this is how it is right");
}

#[tokio::test]
async fn what_is_not_signed_or_not_whole_leaves_nothing() {
    let (system, anna, uploader) = scene().await;
    let files = || objects(&system.events_folder());
    let had = files();
    let (event, right) = uploader.event("never");
    let another = Uploader::add(&anna, &system.url, "Yard").await;
    let body = right[..right.len() - 32].to_vec();
    let mut changed = right.clone();
    let last = changed.len() - 100;
    changed[last] ^= 1;
    let other_body = uploader.event("never").1;
    let swapped = [body.as_slice(), &other_body[other_body.len() - 32..]].concat();
    for (what, wrong) in [
        ("nothing but zeros", [body.as_slice(), &[0; 32]].concat()),
        ("another device's signature", another.sign(&body)),
        ("a changed byte", changed),
        ("the signature of another body", swapped),
    ] {
        let before = alarms("upload-not-signed");
        assert_eq!(problem(uploader.send(wrong).await).await, (422, "not-signed".into()), "{what}");
        assert!(alarms("upload-not-signed") > before, "{what}");
        assert_eq!(files(), had, "{what}");
    }
    assert_eq!(problem(uploader.send(body).await).await, (422, "malformed".into()));
    assert_eq!(anna.browser.get(&format!("events/{event}")).await.status, 404);
    assert_eq!(files(), had);
    assert_eq!(uploader.send(right).await.status(), 201, "the event is still to be had");
    assert_eq!(files().len(), had.len() + 1);
}

#[tokio::test]
async fn nothing_in_the_clear_is_on_the_disk_and_a_connection_that_breaks_leaves_nothing() {
    let (system, _anna, uploader) = scene().await;
    let data = system.events_folder().parent().unwrap().to_owned();
    let had = objects(&system.events_folder());
    let mark = "a mark that nobody else writes ";
    let (event, thumbnail, clip) = (EventId::generate(), jpeg(mark), mp4(mark, 3_000_000));
    let body = Bytes::from(uploader.upload(&metadata(event), &thumbnail, &clip));
    let marked = |what: &str| {
        let found: Vec<_> =
            all_files(&data).into_iter().filter(|file| contains(file, mark.as_bytes())).collect();
        assert!(found.is_empty(), "{what}: {found:?}");
    };

    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let sending = uploader.request(Body::wrap_stream(receiver_stream(receiver))).send();
    let sending = tokio::spawn(sending);
    let mut pieces = body.chunks(50_000);
    for piece in pieces.by_ref().take(50) {
        sender.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
    }
    let temporaries = || {
        let files = all_files(&system.events_folder());
        files
            .iter()
            .filter(|file| file.extension().is_none_or(|kind| kind != "own"))
            .map(|file| file.metadata().unwrap().len())
            .sum::<u64>()
    };
    until("sealed bytes are on their way to the disk", || temporaries() > 1_000_000).await;
    marked("while it streams");
    assert_eq!(objects(&system.events_folder()), had, "nothing is linked yet");
    sender.send(Err(std::io::Error::other("broken"))).await.unwrap();
    drop(sender);
    let _ = sending.await.unwrap();
    until("what was begun is gone", || temporaries() == 0).await;
    assert_eq!(objects(&system.events_folder()), had);

    assert_eq!(uploader.send(body.to_vec()).await.status(), 201);
    marked("after it was taken");
    let taken = objects(&system.events_folder());
    assert_eq!(taken.len(), had.len() + 1);
    // The search finds what is there.
    let planted = data.join("planted");
    std::fs::write(&planted, &body).unwrap();
    assert!(all_files(&data).iter().any(|file| contains(file, mark.as_bytes())));
    std::fs::remove_file(planted).unwrap();
}

#[tokio::test]
async fn an_upload_key_does_nothing_but_upload_and_other_credentials_do_not_upload() {
    let (system, anna, uploader) = scene().await;
    let client = crate::support::device::client();
    let (device, key) = uploader.upload_key.split_once(':').unwrap();
    let upload_key: [u8; 32] =
        data_encoding::BASE64URL_NOPAD.decode(key.as_bytes()).unwrap().try_into().unwrap();
    let installation = system.registry.installation().await.unwrap().unwrap().id;
    let derived =
        ownsight_seal::UploadKey::from_bytes(upload_key).credential(installation, device.parse().unwrap());
    let derived = data_encoding::BASE64URL_NOPAD.encode(&*derived);
    for credential in [key, &derived] {
        let authorization = format!("Device {device}:{credential}");
        for (method, path) in [
            (Method::GET, "configuration?after=0&wait=0".to_owned()),
            (Method::GET, "configuration?after=1&wait=0".to_owned()),
            (Method::POST, "reports".to_owned()),
            (Method::POST, "leave".to_owned()),
            (Method::PUT, format!("cameras/{}/events/{}", uploader.camera, EventId::generate())),
        ] {
            let asked = call(&client, &system.url, method, &path).header("Authorization", &authorization);
            let answer = asked.json(&json!({"reports": [], "alarms": []})).send().await.unwrap();
            assert_eq!(problem(answer).await, (401, "device-unknown".into()), "{path}");
        }
    }
    let (_, body) = uploader.event("still works");
    assert_eq!(uploader.send(body.clone()).await.status(), 201, "its configuration is still there");
    let own = anna.serving.device.authorization.replace("Device", "Upload");
    let mut stranger = uploader.clone();
    own["Upload ".len()..].clone_into(&mut stranger.upload_key);
    assert_eq!(problem(stranger.send(body).await).await, (401, "device-unknown".into()));
}

#[tokio::test]
async fn it_ends_with_its_device_and_goes_on_under_new_keys() {
    let (system, anna, uploader) = scene().await;
    let seen = async |event: EventId| anna.browser.get(&format!("events/{event}/video")).await.status;
    let upload = async |uploader: &Uploader| {
        let (event, body) = uploader.event("an epoch");
        (event, uploader.send(body).await)
    };
    let (first, taken) = upload(&uploader).await;
    assert_eq!((taken.status().as_u16(), seen(first).await), (201, 200));
    // A removed member: a new home epoch, and a configuration for each device.
    let member = crate::support::member::Member::join(&anna, &system.url, "viv", "viewer").await;
    let path = format!("homes/{}/members/{}", anna.home.id, member.id);
    assert_eq!(anna.program.delete(&path).await.status, 200);
    let epochs = |device: &str| -> (u32, u32, u32, u32) {
        let sql = "SELECT (SELECT max(home_epoch) FROM events), latest_serial, acknowledged_serial,
            (SELECT count(*) FROM configurations c WHERE c.device = d.id) FROM devices d WHERE id = ?1";
        let id: ownsight_model::DeviceId = device.parse().unwrap();
        system
            .raw()
            .query_row(sql, [id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap()
    };
    assert_eq!(epochs(&uploader.device), (1, 2, 2, 1));
    let (second, taken) = upload(&uploader).await;
    assert_eq!((taken.status().as_u16(), seen(first).await, seen(second).await), (201, 200, 200));
    assert_eq!(epochs(&uploader.device).0, 2, "it was sealed under the keys of the new epoch");
    let renamed =
        anna.program.patch(&format!("cameras/{}", uploader.camera), &json!({"name": "Back gate"})).await;
    assert_eq!(renamed.status, 200);
    assert_eq!(upload(&uploader).await.1.status(), 201);

    // It has this one camera for ever: what it signed for that does not follow it to another.
    let body = json!({"name": "Second", "device_id": uploader.device});
    let second = anna.program.post(&format!("homes/{}/cameras", anna.home.id), &body).await;
    assert_eq!((second.status, second.json()["code"].as_str()), (409, Some("no-device")), "{second:?}");
    let mut said = metadata(EventId::generate());
    said["camera"] = json!(CameraId::generate().to_string());
    let to_another = uploader.upload(&said, &jpeg("x"), &mp4("x", 10));
    assert_eq!(problem(uploader.send(to_another).await).await, (422, "not-yours".into()));

    // One that has begun, and waits for its end until its device is removed.
    let (half, body) = uploader.event("half of it");
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let slow = tokio::spawn(uploader.request(Body::wrap_stream(receiver_stream(receiver))).send());
    let (most, end) = body.split_at(body.len() - 16);
    sender.send(Ok(Bytes::copy_from_slice(most))).await.unwrap();
    let (last, kept) = uploader.event("too late");
    assert_eq!(
        anna.program.delete(&format!("devices/{}?undelivered=take", uploader.device)).await.status,
        204
    );
    assert_eq!(problem(uploader.send(kept).await).await, (403, "device-removed".into()));
    sender.send(Ok(Bytes::copy_from_slice(end))).await.unwrap();
    drop(sender);
    assert_eq!(problem(slow.await.unwrap().unwrap()).await, (403, "device-removed".into()));
    assert_eq!((seen(last).await, seen(half).await), (404, 404));
    assert_eq!(seen(first).await, 200, "what was taken stays");
}

#[tokio::test]
async fn a_device_uploads_so_many_at_once() {
    let limits = IngestConfig { device_uploads_max: 1, ..IngestConfig::default() };
    let system = System::with(ServerConfig::at(loopback()), limits).await;
    let anna = Side::build(&system, "anna").await;
    let uploader = Uploader::add(&anna, &system.url, "Gate").await;
    let body = uploader.upload(&metadata(EventId::generate()), &jpeg("slow"), &mp4("slow", 3_000_000));
    let (most, end) = body.split_at(body.len() - 16);
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let slow = tokio::spawn(uploader.request(Body::wrap_stream(receiver_stream(receiver))).send());
    for piece in most.chunks(50_000) {
        sender.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
    }
    // What is written is written in pieces of its own size: of so much, some are on the disk.
    let written = || all_files(&system.events_folder()).len();
    until("the slow one has begun", || written() > 0).await;
    let (_, other) = uploader.event("beside it");
    let refused = uploader.send(other.clone()).await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused).await, (429, "too-many".into()));
    sender.send(Ok(Bytes::copy_from_slice(end))).await.unwrap();
    drop(sender);
    assert_eq!(slow.await.unwrap().unwrap().status(), 201);
    assert!(uploader.send(other).await.status().is_success());
}

/// How many deliveries came to this.
fn deliveries(outcome: &str) -> u64 {
    let line = format!("ownsight_deliveries_total{{outcome=\"{outcome}\"}} ");
    let rendered = ownsight_server::metrics::render();
    rendered.lines().find_map(|text| text.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn each_upload_is_counted_by_what_came_of_it() {
    let (_system, _anna, uploader) = scene().await;
    let (_, right) = uploader.event("counted");
    let media = uploader.upload(&metadata(EventId::generate()), &mp4("no picture", 10), &mp4("x", 10));
    let mut forged = uploader.event("forged").1;
    let last = forged.len() - 1;
    forged[last] ^= 1;
    for (outcome, body) in [
        ("stored", right.clone()),
        ("known", right.clone()),
        ("not-signed", forged),
        ("wrong-media", media),
        ("malformed", b"no line\n".to_vec()),
    ] {
        let before = deliveries(outcome);
        uploader.send(body).await;
        assert!(deliveries(outcome) > before, "{outcome}");
    }
    let before = deliveries("interrupted");
    let broken = [Ok(Bytes::copy_from_slice(&right[..50])), Err(std::io::Error::other("broken"))];
    let _ = uploader.request(Body::wrap_stream(futures_util::stream::iter(broken))).send().await;
    for _ in 0..100 {
        if deliveries("interrupted") > before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a connection that broke was not counted");
}

#[tokio::test]
async fn who_sends_too_little_holds_no_place() {
    let limits = IngestConfig {
        device_uploads_max: 1,
        plain_line_max: Duration::from_secs(1),
        plain_grace: Duration::from_secs(2),
        bytes_per_second_min: 1 << 20,
        ..IngestConfig::default()
    };
    let system = System::with(ServerConfig::at(loopback()), limits).await;
    let anna = Side::build(&system, "anna").await;
    let uploader = Uploader::add(&anna, &system.url, "Gate").await;
    let told_after = async |pieces: Vec<Vec<u8>>| {
        let pieces = futures_util::stream::iter(pieces).then(async |piece| {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok::<_, std::io::Error>(piece)
        });
        let body = Body::wrap_stream(pieces.chain(futures_util::stream::pending()));
        let begun = std::time::Instant::now();
        let answer = told(uploader.request(body).send().await.unwrap()).await;
        (answer, begun.elapsed())
    };
    let (nothing, waited) = told_after(Vec::new()).await;
    assert_eq!((nothing.0, nothing.1.as_str()), (408, "interrupted"), "{nothing:?}");
    assert!(
        nothing.2.contains("it took too long") && waited < Duration::from_secs(20),
        "{nothing:?} {waited:?}"
    );

    // It says at once what it is, and goes on a byte at a time: by its length alone it might take three seconds more.
    let body = uploader.upload(&metadata(EventId::generate()), &jpeg("slow"), &mp4("slow", 3_000_000));
    let line = body.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut pieces = vec![body[..line].to_vec()];
    pieces.extend(body[line..line + 300].iter().map(|byte| vec![*byte]));
    let (trickle, waited) = told_after(pieces).await;
    assert_eq!((trickle.0, trickle.1.as_str()), (408, "interrupted"), "{trickle:?}");
    assert!(trickle.2.contains("it came too slowly"), "{trickle:?} {waited:?}");

    // Its place is free, and one that sends as it should is not hurried.
    assert_eq!(uploader.send(body).await.status(), 201);
}

fn receiver_stream(
    receiver: tokio::sync::mpsc::Receiver<Result<Bytes, std::io::Error>>,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)))
}

/// All files of a folder, however deep.
fn all_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(all_files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn objects(events: &Path) -> Vec<std::path::PathBuf> {
    all_files(events).into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "own")).collect()
}

fn contains(file: &Path, text: &[u8]) -> bool {
    let content = std::fs::read(file).unwrap_or_default();
    content.windows(text.len()).any(|window| window == text)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not in time: {what}");
}
