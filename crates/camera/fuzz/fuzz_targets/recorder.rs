//! Frames of a small movie in which something moves (made by ffmpeg: `seeds/small.mp4`), changed, cut off, left out,
//! doubled and moved in time, through decoder, detector, cutter and muxer.

#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use ownsight_camera::{AccessUnit, EventConfig, MotionConfig, Recorded, Recorder, VideoFormat};
use ownsight_model::Timestamp;

#[path = "../../tests/it/support/mp4.rs"]
#[allow(dead_code)]
mod mp4;

/// Frames that an input has at most: more make it slow and find nothing else.
const FRAMES_MAX: usize = 120;
const FRAME_TICKS: i64 = 9_000;

static MOVIE: LazyLock<(Arc<VideoFormat>, Vec<(Bytes, bool)>)> = LazyLock::new(|| {
    let file = include_bytes!("../seeds/small.mp4");
    let movie = mp4::Mp4::parse(file);
    let format = VideoFormat::from_avc_config(Bytes::from(movie.config)).expect("the movie is H.264");
    let frames =
        movie.samples.iter().map(|sample| (Bytes::from_static(&file[sample.range.clone()]), sample.key));
    (Arc::new(format), frames.collect())
});

/// Five bytes say what becomes of a frame: which change, and where.
fn change(data: &Bytes, kind: u8, place: u16, value: u8) -> Bytes {
    let mut changed = data.to_vec();
    let place = usize::from(place) % changed.len().max(1);
    match kind % 6 {
        0 => return data.clone(),
        1 => changed[place] ^= value | 1,
        2 => changed.truncate(place),
        3 => changed.extend(std::iter::repeat_n(value, usize::from(value))),
        4 => drop(changed.drain(place..(place + usize::from(value)).min(data.len()))),
        // Lengths and headers of NAL units lie at the front.
        _ => changed[place % 12 % data.len()] = value,
    }
    Bytes::from(changed)
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (format, frames) = &*MOVIE;
    let mut recorder = Recorder::new(MotionConfig::default(), EventConfig::default(), Duration::from_secs(5));
    let (mut next, mut pts, mut at) = (0_usize, 0_i64, Timestamp::from_micros(1_700_000_000_000_000));
    let mut found = Vec::new();
    for step in bytes.chunks_exact(5).take(FRAMES_MAX) {
        let [kind, high, low, value, times] = *step else { return };
        let (data, key) = &frames[next % frames.len()];
        // A frame is mostly followed by its next one; now and then by the same or by one far from it.
        next = match kind >> 4 {
            0 => next,
            1 => next + usize::from(value),
            _ => next + 1,
        };
        let jump = match times {
            0 => i64::from(value) << 20,
            1 => -(i64::from(value) << 16),
            2 => i64::MAX / 4,
            _ => FRAME_TICKS,
        };
        pts = pts.saturating_add(jump);
        at = at.plus(Duration::from_millis(if times == 3 { u64::from(value) * 1_000 } else { 100 }));
        if times == 4 {
            found.extend(recorder.interrupt());
        }
        let data = change(data, kind, u16::from_be_bytes([high, low]), value);
        let unit = AccessUnit { data, pts, at, key: *key != (times == 5), format: Arc::clone(format) };
        found.extend(recorder.frame(&unit));
    }
    found.extend(recorder.interrupt());
    for recorded in found {
        if let Recorded::Event(event) = recorded {
            assert!(event.started_at <= event.ended_at, "{event:?}");
            assert!(event.frames > 0 && !event.clip.is_empty(), "{event:?}");
            assert_eq!(event.clip.len(), event.clip.to_bytes().len(), "{event:?}");
            let movie = mp4::Mp4::parse(&event.clip.to_bytes());
            // The frames before the first that is shown are there to decode it.
            assert!(event.frames as usize <= movie.samples.len(), "{event:?}");
        }
    }
});
