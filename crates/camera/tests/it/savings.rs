//! What is not decoded while nothing moves loses nothing.

use std::time::Duration;

use ownsight_camera::{
    AccessUnit, Event, EventConfig, MotionConfig, Recorded, Recorder, RecorderStats, Savings,
};

use crate::recorder::check_clip;
use crate::support::footage;
use crate::support::tools;
use crate::support::walks::{Appearance, Stage, Weather};

fn record(savings: Savings, units: &[AccessUnit]) -> (Vec<Event>, RecorderStats) {
    let motion = MotionConfig { savings, ..MotionConfig::default() };
    let mut recorder = Recorder::new(motion, EventConfig::default(), Duration::from_hours(1));
    let mut found: Vec<Recorded> = units.iter().flat_map(|unit| recorder.frame(unit)).collect();
    found.extend(recorder.interrupt());
    let events = found.into_iter().filter_map(|found| match found {
        Recorded::Event(event) => Some(*event),
        Recorded::Still(_) => None,
    });
    (events.collect(), recorder.stats())
}

/// When motion began, in frames.
fn starts(events: &[Event]) -> Vec<i64> {
    let frame = |event: &Event| {
        (event.motion_started_at.as_micros() - footage::BEGINNING.as_micros() + 50_000) / 100_000
    };
    events.iter().map(frame).collect()
}

#[test]
fn savings_lose_no_event_and_skip_most_of_a_still_scene() {
    if !tools::have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scene.mp4");
    for weather in [Weather::Day, Weather::Night, Weather::Pulses] {
        let people = [(0, 233), (1, 512)].map(|(walk, from)| Appearance { walk, from, stretch: 1 });
        stage.film(&file, weather, 750, &people);
        let units = footage::read(&std::fs::read(&file).unwrap());
        let (all, none_skipped) = record(Savings::NONE, &units);
        let (saved, stats) = record(Savings::default(), &units);
        assert_eq!((none_skipped.skipped, none_skipped.pictures), (0, 750), "{weather:?}");
        // No frame of an event that was woken for is missing or doubled.
        for event in &saved {
            check_clip(event, footage::FRAME_TICKS);
        }
        let (all, saved) = (starts(&all), starts(&saved));
        assert_eq!(all.len(), saved.len(), "{weather:?}: {all:?} {saved:?}");
        let off = all.iter().zip(&saved).map(|(all, saved)| (all - saved).abs()).max();
        assert!(off <= Some(3), "{weather:?}: {all:?} {saved:?}");
        assert_eq!(stats.frames, 750);
        if weather == Weather::Day {
            assert_eq!(all.len(), 2, "{all:?}");
            assert!(stats.skipped > 150, "{stats:?}");
        }
        assert_eq!(stats.undecoded, 0);
    }
}
