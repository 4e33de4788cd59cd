//! Exports: what is in an archive is what its asker may keep, byte for byte, and nothing else.

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use ownsight_ledger::{Action, EventRef};
use ownsight_model::EventId;
use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipArchive;

use super::media::LONG_BYTES;
use crate::support::alarms::alarms;
use crate::support::member::Member;
use crate::support::person::{Answered, Person};
use crate::support::scene::Side;
use crate::support::share::holder;
use crate::support::system::System;

type Archive = ZipArchive<Cursor<Vec<u8>>>;

fn open(answer: Answered) -> Archive {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let disposition = answer.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"ownsight-20"), "{disposition}");
    ZipArchive::new(Cursor::new(answer.body)).unwrap()
}

/// A file, whose checksum is compared as it is read.
fn file(archive: &mut Archive, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    archive.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}")).read_to_end(&mut bytes).unwrap();
    bytes
}

fn json_of(archive: &mut Archive, name: &str) -> Value {
    serde_json::from_slice(&file(archive, name)).unwrap()
}

/// The events that are in an archive, with the files of each.
fn events(archive: &mut Archive) -> Vec<(String, Option<(String, String)>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = json_of(archive, "events.json");
    let all = all.as_array().unwrap().iter();
    all.map(|event| (text(&event["id"]).unwrap(), text(&event["video"]).zip(text(&event["thumbnail"]))))
        .collect()
}

fn object(system: &System, side: &Side, event: EventId) -> std::path::PathBuf {
    let camera = system.events_folder().join(side.home.id.to_string()).join(side.camera().to_string());
    find(&camera, &format!("{event}.own")).unwrap()
}

fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            find(&entry.path(), name)
        } else {
            (entry.file_name().to_str() == Some(name)).then(|| entry.path())
        }
    })
}

#[tokio::test]
async fn an_archive_holds_what_the_api_gives_one_by_one() {
    let system = System::start().await;
    let (anna, ben) = (Side::build(&system, "anna").await, Side::build(&system, "ben").await);
    let mut expected = vec![anna.event.to_string()];
    for _ in 0..3 {
        expected.push(anna.deliver_now().await.to_string());
    }
    let mut archive = open(anna.browser.get(&format!("export?home={}", anna.home.id)).await);
    let found = events(&mut archive);
    assert_eq!(found.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), expected, "oldest first");
    let mut files = vec!["README.txt".to_owned(), "home.json".to_owned()];
    for (id, paths) in found {
        let (video, thumbnail) = paths.unwrap();
        assert!(
            video.starts_with("a camera/20") && Path::new(&video).extension() == Some("mp4".as_ref()),
            "{video}"
        );
        let of = async |what: &str| anna.browser.get(&format!("events/{id}/{what}")).await.body;
        assert_eq!(file(&mut archive, &video), of("video").await);
        assert_eq!(file(&mut archive, &thumbnail), of("thumbnail").await);
        files.extend([video, thumbnail]);
    }
    files.extend(["events.json".to_owned(), "not-exported.json".to_owned()]);
    let names: Vec<_> =
        (0..archive.len()).map(|at| archive.by_index(at).unwrap().name().unwrap().into_owned()).collect();
    assert_eq!(names, files, "each is there once");
    let left_out = json_of(&mut archive, "not-exported.json");
    assert_eq!(left_out, json!({"events": [], "not_verified_in_the_list": 0, "locked_down_in_the_list": 0}));
    let home = json_of(&mut archive, "home.json");
    assert_eq!(
        (&home["home"]["name"], &home["people"]["members"][0]["email"]),
        (&json!("anna home"), &json!("anna@example.org"))
    );
    let text = home.to_string();
    for secret in [
        "rtsp://",
        "camera.example",
        "\"user\"",
        "password",
        "\"address\"",
        &ben.home.id.to_string(),
        "ben@example.org",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    // Narrowed, by camera and time.
    for (query, count) in [
        (format!("camera={}", anna.camera()), 4),
        (format!("camera={}", ben.camera()), 0),
        ("before=1".to_owned(), 0),
        ("after=1".to_owned(), 4),
        (String::new(), 4),
    ] {
        let mut archive = open(anna.browser.get(&format!("export?{query}")).await);
        assert_eq!(events(&mut archive).len(), count, "{query}");
        assert!(archive.by_name("home.json").is_err());
    }
    // Somebody else's home is none.
    let none = anna.browser.get(&format!("export?home={}", ownsight_model::HomeId::generate())).await;
    let bens = anna.browser.get(&format!("export?home={}", ben.home.id)).await;
    assert_eq!((bens.status, bens.without_reference()), (404, none.without_reference()));
}

#[tokio::test]
async fn who_may_keep_footage_has_an_archive_of_it_and_others_have_none() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let viewer = Member::join(&anna, &system.url, "vera", "viewer").await;
    let mut archive = open(viewer.person.get(&format!("export?home={}", anna.home.id)).await);
    assert_eq!(events(&mut archive).len(), 1);
    let home = json_of(&mut archive, "home.json");
    assert!(!home.to_string().contains("camera.example"), "{home}");

    let sees = holder(&anna, &system.url, "sam", &json!({})).await;
    assert_eq!(sees.person.get("export?shared=1").await.problem(), (403, "not-allowed".into()));
    let keeps = holder(&anna, &system.url, "kim", &json!({"rights": ["footage", "export"]})).await;
    for query in ["shared=1".to_owned(), format!("home={}", anna.home.id)] {
        let mut archive = open(keeps.person.get(&format!("export?{query}")).await);
        assert_eq!(events(&mut archive).len(), 1);
        assert!(archive.by_name("home.json").is_err(), "a share is no home");
    }

    // Each event is one line of the record; its list is another.
    let event = EventRef { camera: anna.camera(), event: anna.event };
    let kept = system.ledger.entries_for_event(event, None, 100).await.unwrap();
    let exports = kept.iter().filter(|kept| matches!(kept.entry.opening.action, Action::Export(_)));
    assert_eq!(exports.count(), 3, "the viewer's and the holder's two");
}

#[tokio::test]
async fn what_does_not_authenticate_is_left_out_and_named() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let whole = anna.deliver().await;
    let path = object(&system, &anna, anna.event);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let raised = alarms("not-authentic");
    let mut archive = open(anna.browser.get("export").await);
    assert!(alarms("not-authentic") > raised);
    let found = events(&mut archive);
    assert_eq!(found.iter().filter(|(_, files)| files.is_some()).count(), 1);
    let left_out = json_of(&mut archive, "not-exported.json");
    let named = &left_out["events"][0];
    assert_eq!((&named["id"], &named["reason"]), (&json!(anna.event), &json!("not-authentic")));
    assert!(found.iter().any(|(id, files)| *id == whole.to_string() && files.is_some()));
}

/// Reads an archive until some of its bytes have come.
async fn begun(
    person: &Person,
    bytes: usize,
) -> (Vec<u8>, impl futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Unpin) {
    let response = person.request(Method::GET, "export").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut stream = Box::pin(response.bytes_stream());
    let mut read = Vec::new();
    while read.len() < bytes {
        read.extend(stream.next().await.unwrap().unwrap());
    }
    (read, stream)
}

#[tokio::test]
async fn an_archive_breaks_off_when_its_asker_is_out() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    anna.deliver_long(LONG_BYTES).await;
    let (mut read, mut stream) = begun(&anna.browser, 300_000).await;
    assert_eq!(anna.program.delete("sessions").await.status, 204);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut broke_off = false;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => read.extend(piece),
            Err(_) => broke_off = true,
        }
    }
    assert!(broke_off && read.len() < LONG_BYTES, "{}", read.len());
    assert!(ZipArchive::new(Cursor::new(read)).is_err(), "it does not look whole");
}

#[tokio::test]
async fn what_is_erased_meanwhile_is_not_in_the_archive() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let long = anna.deliver_long(LONG_BYTES).await;
    let newest = anna.deliver_now().await;
    // The second event is on its way, the third is not.
    let (mut read, mut stream) = begun(&anna.browser, 300_000).await;
    for event in [long, newest] {
        assert_eq!(anna.program.delete(&format!("events/{event}")).await.status, 204);
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    while let Some(piece) = stream.next().await {
        read.extend(piece.unwrap());
    }
    assert!(read.len() > LONG_BYTES, "the rest of its bytes are zeros");
    let mut archive = ZipArchive::new(Cursor::new(read)).unwrap();
    let left_out = json_of(&mut archive, "not-exported.json");
    for (at, event) in [long, newest].into_iter().enumerate() {
        let named = &left_out["events"][at];
        assert_eq!((&named["id"], &named["reason"]), (&json!(event), &json!("erased")));
    }
    let there = events(&mut archive).into_iter().filter(|(_, files)| files.is_some());
    assert_eq!(there.map(|(id, _)| id).collect::<Vec<_>>(), [anna.event.to_string()]);
    assert_eq!(archive.len(), 2 + 3);
}

#[tokio::test]
async fn two_at_once_and_no_more() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    anna.deliver_long(LONG_BYTES).await;
    let one = begun(&anna.browser, 1000).await;
    let two = begun(&anna.browser, 1000).await;
    let refused = anna.browser.get("export?before=1").await;
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.problem(), (429, "too-many-exports".into()));
    drop((one, two));
    let mut tries = 0;
    while anna.browser.get("export?before=1").await.status == 429 {
        tries += 1;
        assert!(tries < 100, "their places are given back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
