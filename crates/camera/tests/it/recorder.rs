//! Real footage through decoder, detector, cutter and muxer.

use std::time::Duration;

use ownsight_camera::{AccessUnit, Event, EventConfig, EventEnd, MotionConfig, Recorded, Recorder, Still};

use crate::support::footage::{self, FRAME_TICKS, FRAMES};
use crate::support::mp4::Mp4;
use crate::support::tools;

fn recorder() -> Recorder {
    Recorder::new(MotionConfig::default(), EventConfig::default(), Duration::from_secs(60))
}

fn record(mut recorder: Recorder, units: impl IntoIterator<Item = AccessUnit>) -> (Vec<Event>, Vec<Still>) {
    let (mut events, mut stills) = (Vec::new(), Vec::new());
    let mut sort = |found: Vec<Recorded>| {
        for recorded in found {
            match recorded {
                Recorded::Event(event) => events.push(*event),
                Recorded::Still(still) => stills.push(still),
            }
        }
    };
    for unit in units {
        sort(recorder.frame(&unit));
    }
    sort(recorder.interrupt());
    (events, stills)
}

/// Checks a clip against its event with a parser of its own, and with `ffmpeg` if it is here.
pub(crate) fn check_clip(event: &Event, frame_ticks: i64) {
    let file = event.clip.to_bytes();
    assert_eq!(file.len(), event.clip.len());
    let mp4 = Mp4::parse(&file);
    assert_eq!(mp4.top, ["ftyp", "moov", "mdat"]);
    let seconds = event.ended_at.since(event.started_at).as_secs_f64();
    assert!((mp4.movie_seconds - seconds).abs() < 1e-5, "{} for {seconds} s", mp4.movie_seconds);
    assert!((mp4.track_seconds - seconds).abs() < 1e-5);
    assert_eq!((u32::from(mp4.size.0), u32::from(mp4.size.1)), (event.width, event.height));

    let first = mp4.samples.first().expect("a frame");
    assert!(first.key && first.pts <= mp4.edit.0, "the first frame shown can be decoded");
    assert!(mp4.samples.iter().all(|sample| sample.dts <= sample.pts && sample.duration > 0));
    let total: i64 = mp4.samples.iter().map(|sample| sample.duration).sum();
    assert_eq!(total as u64, mp4.media_duration);
    assert!(mp4.edit.0 as u64 + mp4.edit.1 <= mp4.media_duration);

    let shown = mp4.shown();
    assert_eq!(shown.len(), event.frames as usize);
    assert!(shown[0] < 90, "the first frame shown begins with the clip: {}", shown[0]);
    for pair in shown.windows(2) {
        assert!((pair[1] - pair[0] - frame_ticks).abs() < 90, "a frame is missing or doubled: {pair:?}");
    }
    let last = mp4.edit.1 as i64 - shown[shown.len() - 1];
    assert!((last - frame_ticks).abs() < 90, "the last frame lasts {last} ticks");

    if tools::have_ffmpeg() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        std::fs::write(&path, &file).unwrap();
        assert_eq!(tools::complaints(&path), "");
        let (duration, frames) = tools::duration_and_frames(&path);
        assert!((duration - seconds).abs() < 1e-5, "ffprobe says {duration} s for {seconds} s");
        assert_eq!(frames, event.frames);
    }
}

fn check_jpeg(jpeg: &[u8]) {
    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
    assert!((10_000..200_000).contains(&jpeg.len()), "{} bytes", jpeg.len());
}

#[test]
fn every_frame_of_the_footage_becomes_a_picture() {
    let (pictures, undecoded) = footage::decode(&footage::units());
    assert_eq!((pictures.len(), undecoded), (FRAMES, 0));
    let times: Vec<i64> = pictures.iter().map(|picture| picture.pts).collect();
    let expected: Vec<i64> = (0..FRAMES as i64).map(|frame| frame * FRAME_TICKS).collect();
    assert_eq!(times, expected);
}

#[test]
fn people_in_the_footage_are_events() {
    let (events, stills) = record(recorder(), footage::units());
    for event in &events {
        eprintln!(
            "event from {:.1} to {:.1}, motion {:.1} to {:.1}, {} frames, {} kB, thumbnail {} kB, {:?}",
            event.started_at.since(footage::BEGINNING).as_secs_f32(),
            event.ended_at.since(footage::BEGINNING).as_secs_f32(),
            event.motion_started_at.since(footage::BEGINNING).as_secs_f32(),
            event.motion_ended_at.since(footage::BEGINNING).as_secs_f32(),
            event.frames,
            event.clip.len() / 1000,
            event.thumbnail.len() / 1000,
            event.end,
        );
        if let Some(folder) = std::env::var_os("OWNSIGHT_KEEP") {
            let name = format!("{}", event.started_at.since(footage::BEGINNING).as_millis());
            let folder = std::path::PathBuf::from(folder);
            std::fs::write(folder.join(format!("{name}.jpg")), &event.thumbnail).unwrap();
            std::fs::write(folder.join(format!("{name}.mp4")), event.clip.to_bytes()).unwrap();
        }
        check_clip(event, FRAME_TICKS);
        check_jpeg(&event.thumbnail);
    }
    // Somebody walks nearly all the time: the first event is as long as it may be, the second takes the rest.
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].end, EventEnd::LengthMax);
    assert_eq!(stills.len(), 2);
    check_jpeg(&stills[0].jpeg);
}
