//! Weather is no motion, and people in it are. Each step that tells them apart is shown to be what does it: without it the false
//! events come back.

use ownsight_camera::{Detector, MotionChange, MotionConfig, Steps, TICKS_PER_SECOND};

use crate::support::walks::{Appearance, HEIGHT, RATE, Stage, WIDTH, Weather};

/// From when to when there was motion, in frames.
fn motion(scene: impl Iterator<Item = Vec<u8>>, steps: Steps) -> Vec<(usize, usize)> {
    let mut detector = Detector::with_steps(MotionConfig::default(), steps);
    let frame = |pts: i64| (pts * RATE as i64 / TICKS_PER_SECOND) as usize;
    let mut spans = Vec::new();
    for (number, luma) in scene.enumerate() {
        let pts = number as i64 * TICKS_PER_SECOND / RATE as i64;
        match detector.luma(&luma, WIDTH, WIDTH, HEIGHT, pts, number.is_multiple_of(30)).change {
            Some(MotionChange::Started(since)) => spans.push((frame(since), usize::MAX)),
            Some(MotionChange::Ended(last)) => spans.last_mut().expect("began").1 = frame(last),
            None => {}
        }
    }
    spans
}

const FAR: Appearance = Appearance { walk: 0, from: 110, stretch: 1 };
const RIGHT: Appearance = Appearance { walk: 1, from: 300, stretch: 1 };

/// One motion for each of the two, that begins within half a second of when they come.
fn assert_found(weather: Weather, spans: &[(usize, usize)]) {
    assert_eq!(spans.len(), 2, "{weather:?}: {spans:?}");
    for ((from, _), person) in spans.iter().zip([FAR, RIGHT]) {
        let (seen, _) = person.seen();
        assert!(from.abs_diff(seen) <= RATE / 2, "{weather:?}: at {seen}: {spans:?}");
    }
}

#[test]
fn rain_and_shaking_are_no_motion_and_people_in_them_are() {
    let stage = Stage::new();
    let without_clutter = Steps { clutter: false, ..Steps::default() };
    let without_shift = Steps { shift: false, ..Steps::default() };
    for (weather, without) in [(Weather::Rain, without_clutter), (Weather::Shake, without_shift)] {
        let nobody = |steps| motion(stage.scene(weather, &[]).take(700), steps);
        assert_eq!(nobody(Steps::default()), [], "{weather:?}");
        assert!(!nobody(without).is_empty(), "{weather:?} is none even so: the step is worth nothing");
        let people = [FAR, RIGHT];
        assert_found(weather, &motion(stage.scene(weather, &people).take(400), Steps::default()));
    }
}
