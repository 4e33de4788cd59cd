//! Pictures and videos: whole, in ranges, and what of both is refused.

use std::time::Duration;

use ownsight_model::{EventId, Label, LabelSource, SectionKind, Timestamp};
use reqwest::Method;

use crate::support::person::Answered;
use crate::support::scene::Side;
use crate::support::system::System;

async fn ranged(side: &Side, path: &str, range: &str) -> Answered {
    let request = side.browser.request(Method::GET, path).header("Range", range);
    Answered::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_thumbnail_and_a_video_arrive_as_they_were_sealed() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let event = format!("events/{}", anna.event);
    for person in [&anna.browser, &anna.program] {
        let thumbnail = person.get(&format!("{event}/thumbnail")).await;
        assert_eq!((thumbnail.status, thumbnail.header("content-type")), (200, Some("image/jpeg")));
        assert_eq!(thumbnail.body, anna.footage.thumbnail);
        assert_eq!(thumbnail.header("accept-ranges"), None);
        let video = person.get(&format!("{event}/video")).await;
        assert_eq!((video.status, video.header("content-type")), (200, Some("video/mp4")));
        assert_eq!(video.header("accept-ranges"), Some("bytes"));
        assert_eq!(video.header("content-disposition"), None);
        assert_eq!(video.header("cache-control"), Some("no-store"));
        assert!(video.body == anna.footage.clip, "the video's bytes");
        let length = anna.footage.clip.len().to_string();
        assert_eq!(video.header("content-length"), Some(length.as_str()));
        let head = person.send(Method::HEAD, &format!("{event}/video"), None).await;
        assert_eq!(
            (head.status, head.header("content-length"), head.body.len()),
            (200, Some(length.as_str()), 0)
        );
    }
    let listed = anna.browser.see("events").await["events"][0].clone();
    for (field, expected) in [("thumbnail_url", &anna.footage.thumbnail), ("video_url", &anna.footage.clip)] {
        let media = anna.browser.get(listed[field].as_str().unwrap()).await;
        assert!(media.body == *expected, "{field}");
    }
    let still = anna.browser.get(&format!("cameras/{}/still", anna.camera())).await;
    assert_eq!(still.body, b"anna still");
    let test = anna.browser.get(&format!("camera-tests/{}/still", anna.test)).await;
    assert_eq!(test.body, b"a first picture");
}

#[tokio::test]
async fn a_head_says_what_a_get_would_and_opens_nothing() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let event = format!("events/{}", anna.event);
    for path in [
        format!("{event}/thumbnail"),
        format!("{event}/video"),
        format!("{event}/video?download=1"),
        format!("cameras/{}/still", anna.camera()),
        format!("camera-tests/{}/still", anna.test),
    ] {
        let get = anna.browser.get(&path).await;
        let recorded = system.ledger.counts().entries;
        let head = anna.browser.send(Method::HEAD, &path, None).await;
        assert_eq!((head.status, &head.headers, head.body.len()), (200, &get.headers, 0), "{path}");
        assert_eq!(system.ledger.counts().entries, recorded, "{path}");
        assert_eq!(berta.browser.send(Method::HEAD, &path, None).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_download_has_a_name_that_says_what_it_is() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let path = format!("events/{}/video?download=1", anna.event);
    let file = anna.browser.get(&path).await;
    assert_eq!(file.status, 200);
    let disposition = file.header("content-disposition").unwrap();
    let name = disposition.strip_prefix("attachment; filename=\"").and_then(|rest| rest.strip_suffix('"'));
    let name = name.unwrap();
    assert!(name.starts_with("20") && name.ends_with("_a-camera.mp4"), "{name}");
    // A name from outside stays a name.
    let camera = format!("cameras/{}", anna.camera());
    let evil = serde_json::json!({"name": "../a\"; filename=\"x.exe\r\nSet-Cookie: a=b"});
    assert_eq!(anna.browser.patch(&camera, &evil).await.problem(), (422, "invalid".into()));
    let odd = serde_json::json!({"name": "Höf \"1\"; /../ <b>"});
    assert_eq!(anna.browser.patch(&camera, &odd).await.status, 200);
    let file = anna.browser.get(&path).await;
    let disposition = file.header("content-disposition").unwrap();
    let name = disposition.strip_prefix("attachment; filename=\"").unwrap().strip_suffix('"').unwrap();
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{name}");
    assert_eq!(file.header("set-cookie"), None);
    for query in ["download=2", "download=yes", "down=1"] {
        let answer = anna.browser.get(&format!("events/{}/video?{query}", anna.event)).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{query}");
    }
}

#[tokio::test]
async fn each_range_is_that_range() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let clip = &anna.footage.clip;
    let length = clip.len();
    let path = format!("events/{}/video", anna.event);
    // Around the borders of segments, of which the first holds 65,480 bytes and each other 65,520.
    let first = 65_536 - 56;
    let second = first + 65_536 - 16;
    let mut ranges = vec![(0, 0), (0, 1), (length - 1, length - 1), (0, length - 1), (1, length - 2)];
    for border in [first, second] {
        ranges.extend([
            (border - 1, border),
            (border, border),
            (border - 1, border - 1),
            (border - 100, border + 100),
        ]);
    }
    for (from, to) in ranges {
        let answer = ranged(&anna, &path, &format!("bytes={from}-{to}")).await;
        assert_eq!(answer.status, 206, "{from}-{to}");
        assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-{to}/{length}").as_str()));
        assert!(answer.body == clip[from..=to], "{from}-{to}");
    }
    let open = ranged(&anna, &path, "bytes=150000-").await;
    assert!(open.status == 206 && open.body == clip[150_000..]);
    let last = ranged(&anna, &path, "bytes=-500").await;
    assert!(last.status == 206 && last.body == clip[length - 500..]);
    let beyond = ranged(&anna, &path, &format!("bytes=5-{}", u64::MAX)).await;
    assert!(beyond.status == 206 && beyond.body == clip[5..]);
    for range in [format!("bytes={length}-"), "bytes=-0".to_owned(), format!("bytes={}-", u64::MAX)] {
        let answer = ranged(&anna, &path, &range).await;
        assert_eq!(answer.problem(), (416, "range".into()), "{range}");
        assert_eq!(answer.header("content-range"), Some(format!("bytes */{length}").as_str()));
    }
    for range in ["bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes", "bytes=a-b"] {
        let answer = ranged(&anna, &path, range).await;
        assert_eq!(answer.status, 200, "{range} is passed over");
        assert!(answer.body == *clip);
    }
    // No part of what is small.
    let thumbnail = ranged(&anna, &format!("events/{}/thumbnail", anna.event), "bytes=0-3").await;
    assert_eq!((thumbnail.status, thumbnail.body.len()), (200, anna.footage.thumbnail.len()));
}

/// Larger than what the sockets between server and reader hold.
pub(super) const LONG_BYTES: usize = 60 << 20;

/// Begins to read a long video, does something, and reads on: how many bytes came, and whether they were all.
pub(super) async fn interrupted(side: &Side, what: impl AsyncFnOnce(&Side, EventId)) -> (usize, bool) {
    let event = EventId::generate();
    let object = side.serving.seal(event, LONG_BYTES);
    assert_eq!(side.serving.put(event, object).send().await.unwrap().status(), 201);
    let path = format!("events/{event}/video");
    let mut response = side.browser.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut bytes = response.chunk().await.unwrap().unwrap().len();
    // The server stands still now, its sockets full; what it believed grows old.
    tokio::time::sleep(Duration::from_millis(300)).await;
    what(side, event).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes += chunk.len(),
            Ok(None) => return (bytes, bytes == LONG_BYTES),
            Err(_) => return (bytes, false),
        }
    }
}

#[tokio::test]
async fn a_video_on_its_way_stops_when_its_session_or_event_ends() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    // Without an interruption a reader that pauses gets all of it.
    assert_eq!(interrupted(&anna, async |_, _| ()).await, (LONG_BYTES, true));
    let (bytes, whole) = interrupted(&anna, async |side, event| {
        assert_eq!(side.program.delete(&format!("events/{event}")).await.status, 204);
    })
    .await;
    assert!(!whole && bytes < LONG_BYTES, "{bytes} bytes of an erased event");
    let (bytes, whole) = interrupted(&anna, async |side, _| {
        assert_eq!(side.program.delete("sessions").await.status, 204);
    })
    .await;
    assert!(!whole && bytes < LONG_BYTES, "{bytes} bytes of a session that has ended");
}

#[tokio::test]
async fn a_reader_that_goes_away_leaves_nothing_behind() {
    // With a cache, who reads what another one has just read opens no file.
    let system = System::cached_by(ownsight_cache::Caches::off()).await;
    let anna = Side::build(&system, "anna").await;
    let event = EventId::generate();
    let object = anna.serving.seal(event, LONG_BYTES);
    assert_eq!(anna.serving.put(event, object).send().await.unwrap().status(), 201);
    let path = format!("events/{event}/video");
    let mut readers = Vec::new();
    for _ in 0..5 {
        // A connection of its own each, which ends with its reader.
        let reader = anna.browser.with(anna.browser.proof.clone());
        let mut response = reader.request(Method::GET, &path).send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        readers.push((reader, response));
    }
    assert_eq!(system.open_objects(), 5, "one file for each reader");
    drop(readers);
    let mut left = system.open_objects();
    for _ in 0..100 {
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        left = system.open_objects();
    }
    assert_eq!(left, 0);
}

/// What is longer than its kind may be is not read into memory.
#[tokio::test]
async fn a_section_that_is_too_long_for_its_kind_is_not_opened() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let (event, began) = (EventId::generate(), Timestamp::now().minus(Duration::from_secs(30)));
    let mut sealing = anna.serving.sealer.begin(event, began, Vec::new()).unwrap();
    sealing.section(SectionKind::Clip, &mut anna.footage.clip.as_slice()).unwrap();
    sealing.section(SectionKind::Motion, &mut vec![7; 1_200_000].as_slice()).unwrap();
    let ended = began.plus(Duration::from_secs(12));
    let object = sealing.finish(ended, Label::Motion, LabelSource::Agent).unwrap().0;
    assert_eq!(anna.serving.put(event, object).send().await.unwrap().status(), 201);
    let refused = anna.program.get(&format!("events/{event}")).await;
    assert_eq!(refused.problem(), (500, "not-verified".into()));
    let video = anna.program.get(&format!("events/{event}/video")).await;
    assert_eq!((video.status, video.body == anna.footage.clip), (200, true));
}

#[tokio::test]
async fn what_is_open_is_not_shown_in_logs() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let password = ownsight_gate::Password::new(anna.password.clone());
    let (client, peer) = (ownsight_gate::Client::Api { client_half: None }, "127.0.0.1".parse().unwrap());
    let signed_in = system.gate.sign_in(&anna.email, &password, client, None, peer).await.unwrap();
    let exported = system.gate.open_export(signed_in.credentials(), anna.event).await.unwrap();
    for (shown, begins) in [
        (format!("{:?}", system.gate), "Gate"),
        (format!("{signed_in:?}"), "SignedIn"),
        (format!("{:?}", exported.video), "MediaStream"),
    ] {
        assert!(shown.starts_with(begins), "{shown}");
        assert!(!shown.contains(&anna.email) && !shown.contains(&anna.password), "{shown}");
    }
}
