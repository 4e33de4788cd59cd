//! Real footage through decoder, detector, cutter and muxer.

use std::time::Duration;

use ownsight_camera::{AccessUnit, Event, EventConfig, EventEnd, MotionConfig, Recorded, Recorder, Still};

use crate::support::footage::{self, FRAME_TICKS, FRAMES};
use crate::support::mp4::Mp4;
use crate::support::tools;

fn recorder() -> Recorder {
    Recorder::new(MotionConfig::default(), EventConfig::default(), Duration::from_mins(1))
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
    assert!(mp4.samples.iter().all(|sample| sample.duration > 0));
    let total: i64 = mp4.samples.iter().map(|sample| sample.duration).sum();
    assert_eq!(total as u64, mp4.media_duration);
    // The edit lies within the media, and what is not shown takes no time: Firefox plays all there is.
    assert!(mp4.edit.0 as u64 + mp4.edit.1 <= mp4.media_duration);
    assert!((mp4.media_duration - mp4.edit.1) < 900, "{} ticks too much", mp4.media_duration - mp4.edit.1);
    let mut order: Vec<i64> = mp4.samples.iter().map(|sample| sample.pts).collect();
    order.sort_unstable();
    order.dedup();
    assert_eq!(order.len(), mp4.samples.len(), "no two frames are shown at once");

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
        keep(event);
        check_clip(event, FRAME_TICKS);
        check_jpeg(&event.thumbnail);
    }
    // Somebody walks nearly all the time: the first event is as long as it may be, the second takes the rest.
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].end, EventEnd::LengthMax);
    assert!(events[0].motion_started_at.since(footage::BEGINNING) < Duration::from_secs(3));
    assert_eq!(events[1].started_at.since(events[0].ended_at), Duration::from_secs(2));
    assert_eq!(events[1].end, EventEnd::Interrupted);
    assert_eq!(stills.len(), 2);
    check_jpeg(&stills[0].jpeg);
}

#[test]
fn clips_last_exactly_twelve_seconds() {
    let limit = Duration::from_secs(12);
    let config = EventConfig { length_max: limit, ..EventConfig::default() };
    let recorder = Recorder::new(MotionConfig::default(), config, Duration::from_mins(1));
    let (mut events, _) = record(recorder, footage::endless().take(FRAMES * 3));
    // The end of the footage may fall into an event.
    events.retain(|event| event.end != EventEnd::Interrupted);
    assert!((14..=17).contains(&events.len()), "{} events in four minutes", events.len());
    for event in &events {
        keep(event);
        assert_eq!(event.ended_at.since(event.started_at), limit);
        assert_eq!(event.frames, 120);
        assert_eq!(event.motion.len(), 120);
        let strongest = event.motion.iter().map(|sample| sample.strength).max();
        assert!(strongest > Some(20), "{strongest:?}");
        let pre_roll = event.motion_started_at.since(event.started_at);
        assert!(pre_roll == Duration::from_secs(3) || event.started_at == footage::BEGINNING);
        assert!(event.motion_ended_at <= event.ended_at);
        check_clip(event, FRAME_TICKS);
        check_jpeg(&event.thumbnail);
    }
    for pair in events.windows(2) {
        assert!(pair[1].started_at.since(pair[0].ended_at) >= Duration::from_secs(2));
    }
}

#[test]
fn a_hole_in_the_stream_ends_an_event_and_the_next_begins_behind_it() {
    let mut recorder = recorder();
    let mut events = Vec::new();
    let mut sort = |found: Vec<Recorded>| {
        events.extend(found.into_iter().filter_map(|recorded| match recorded {
            Recorded::Event(event) => Some(*event),
            Recorded::Still(_) => None,
        }));
    };
    let units = footage::units();
    let key = units.iter().enumerate().skip(320).find(|(_, unit)| unit.key).expect("a key frame").0;
    for (index, unit) in units.iter().enumerate() {
        match index {
            300 => sort(recorder.interrupt()),
            301..700 if index < key => {}
            _ => sort(recorder.frame(unit)),
        }
    }
    sort(recorder.interrupt());
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].end, EventEnd::Interrupted);
    assert!(events[1].started_at >= units[key].at);
    for event in &events {
        check_clip(event, FRAME_TICKS);
    }
}

#[test]
fn another_picture_size_ends_an_event_and_the_next_has_it() {
    if !tools::have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.mp4");
    tools::make_smaller_movie(&file);
    let small = footage::read(&std::fs::read(&file).unwrap());
    // The same people, from one frame to the next in half the size; the time goes on.
    let units = footage::units();
    let switch = small.iter().enumerate().skip(300).find(|(_, unit)| unit.key).expect("a key frame").0;
    let (events, _) =
        record(recorder(), units[..switch].iter().cloned().chain(small[switch..].iter().cloned()));
    let at = small[switch].at;
    let before: Vec<_> = events.iter().filter(|event| event.width == 768).collect();
    let after: Vec<_> = events.iter().filter(|event| event.width == 384).collect();
    assert_eq!(before.len() + after.len(), events.len());
    assert_eq!(before.last().unwrap().end, EventEnd::Interrupted);
    assert!(
        before.iter().all(|event| event.ended_at <= at) && after.iter().all(|event| event.started_at >= at)
    );
    assert!(!after.is_empty());
    for event in &events {
        check_clip(event, FRAME_TICKS);
    }
}

#[test]
fn damaged_frames_cost_pictures_and_nothing_else() {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut recorder = recorder();
    let mut sent = 0;
    for mut unit in footage::endless().take(FRAMES * 2) {
        let mut data = unit.data.to_vec();
        match rng.u32(..30) {
            0 => (0..20).for_each(|_| data[rng.usize(..unit.data.len())] ^= rng.u8(1..)),
            1 => data.truncate(rng.usize(..unit.data.len())),
            2 => data.clear(),
            3 => continue,
            4 => unit.key = !unit.key,
            _ => {}
        }
        unit.data = data.into();
        sent += 1;
        for recorded in recorder.frame(&unit) {
            if let Recorded::Event(event) = recorded {
                assert_eq!(Mp4::parse(&event.clip.to_bytes()).shown().len(), event.frames as usize);
            }
        }
    }
    let stats = recorder.stats();
    assert_eq!(stats.frames, sent);
    assert!(stats.undecoded > 0 && stats.pictures > 100, "{stats:?}");
    // Whole footage is found in again at once.
    recorder.interrupt();
    let (events, _) = record(recorder, footage::units());
    assert_eq!(events.len(), 2);
}

/// Puts what was found into the folder `OWNSIGHT_KEEP`, to be looked at.
fn keep(event: &Event) {
    if let Some(folder) = std::env::var_os("OWNSIGHT_KEEP").map(std::path::PathBuf::from) {
        let name = event.started_at.since(footage::BEGINNING).as_millis();
        std::fs::write(folder.join(format!("{name}.jpg")), &event.thumbnail).unwrap();
        std::fs::write(folder.join(format!("{name}.mp4")), event.clip.to_bytes()).unwrap();
    }
}

/// Found by fuzzing: sums of such times overflowed.
#[test]
fn a_time_that_is_none_interrupts() {
    let mut recorder = recorder();
    let unit = footage::units().remove(0);
    for pts in [i64::MAX, i64::MIN, i64::MAX / 4 + 1] {
        recorder.frame(&unit);
        recorder.frame(&AccessUnit { pts, ..unit.clone() });
    }
    let stats = recorder.stats();
    assert_eq!((stats.frames, stats.undecoded), (6, 3), "{stats:?}");
}
