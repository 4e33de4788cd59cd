//! What motion finds and misses in labelled scenes and in the footage, and what it costs:
//! `cargo run -p ownsight-camera --example motion_report` prints the tables of docs/motion.md, or those that are named:
//! `footage`, `scenes`, `hours`, `steps`. Needs `ffmpeg` for `scenes`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]
#![allow(unreachable_pub, missing_docs)]

use std::time::Duration;

use ownsight_camera::{
    AccessUnit, Area, Detector, Event, EventConfig, MotionChange, MotionConfig, Recorded, Recorder, Savings,
    Steps, TICKS_PER_SECOND,
};

use support::appearances::{Sight, appearances};
use support::footage::{self, BEGINNING};
use support::walks::{Appearance, HEIGHT, RATE, Stage, WALKS, WEATHERS, WIDTH, Weather};

#[path = "../tests/it/support"]
mod support {
    pub(crate) mod appearances;
    pub(crate) mod footage;
    pub(crate) mod mp4;
    pub(crate) mod walks;
}

const MINUTE: usize = 60 * RATE;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |table: &str| named.is_empty() || named.iter().any(|name| name == table);
    if wanted("footage") {
        people_of_the_footage();
    }
    let stage = Stage::new();
    if wanted("scenes") {
        scenes(&stage);
    }
    if wanted("hours") {
        hours(&stage);
    }
    if wanted("steps") {
        steps(&stage);
    }
}

/// Whether a sight is of this kind.
type Kind = fn(&Sight) -> bool;

/// Whom of the footage motion touches, at each whole second that is labelled.
fn people_of_the_footage() {
    let mut detector = Detector::new(MotionConfig::default());
    let (pictures, _) = footage::decode(&footage::units());
    let seen = pictures.iter().enumerate().map(|(number, luma)| {
        let height = luma.pixels.len() / luma.width;
        detector.luma(&luma.pixels, luma.width, luma.width, height, luma.pts, number % 20 == 0);
        detector.moving().collect()
    });
    let seen: Vec<Vec<Area>> = seen.collect();
    // A blob counts for who is touched by it within a fifth of a second, and by a quarter of his box at least.
    let touched = |sight: &Sight| {
        let frame = sight.second * RATE;
        let mut areas = seen[frame - 2..seen.len().min(frame + 3)].iter().flatten();
        areas.any(|area| sight.part_in(area) >= 0.25)
    };
    let mirrored = |sight: &Sight| {
        let [left, top, right, bottom] = sight.place;
        Sight { place: [1.0 - right, top, 1.0 - left, bottom], ..sight.clone() }
    };
    // The scene is learnt in the first one and a half seconds.
    let sights: Vec<Sight> = appearances().into_iter().filter(|sight| sight.second >= 2).collect();
    println!("| who | person-seconds | found | the same boxes, mirrored |");
    println!("| --- | --- | --- | --- |");
    let kinds: [(&str, Kind); 5] = [
        ("walks, in full sight", |sight| !sight.stands && !sight.hidden && !sight.at_border),
        ("of these, less than 4 cells high", |sight| {
            !sight.stands && !sight.hidden && !sight.at_border && sight.height() < 4.0
        }),
        ("stands or hardly moves", |sight| sight.stands),
        ("partly hidden", |sight| sight.hidden),
        ("partly out of the picture", |sight| sight.at_border),
    ];
    for (name, is) in kinds {
        let of_kind: Vec<&Sight> = sights.iter().filter(|sight| is(sight)).collect();
        let found = of_kind.iter().filter(|sight| touched(sight)).count();
        let chance = of_kind.iter().filter(|sight| touched(&mirrored(sight))).count();
        let part = |count: usize| 100 * count / of_kind.len().max(1);
        println!("| {name} | {} | {found} ({} %) | {} % |", of_kind.len(), part(found), part(chance));
    }
    println!();
}

fn scenes(stage: &Stage) {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "| scene | savings | found | begins late by, s | false events | an hour | pictures | CPU, ms a frame |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let report = |name: &str, weather: Weather, frames: usize, people: &[Appearance]| {
        let file = folder.path().join("scene.mp4");
        stage.film(&file, weather, frames, people);
        let units = footage::read(&std::fs::read(&file).unwrap());
        let sizes = Savings { size_factor: f32::INFINITY, ..Savings::default() };
        for (saved, savings) in
            [("none", Savings::NONE), ("key frames", sizes), ("key frames and sizes", Savings::default())]
        {
            line(name, saved, savings, &units, people);
        }
    };
    let people: Vec<Appearance> =
        (0..6).map(|index| Appearance { walk: index % 3, from: 317 + index * 407, stretch: 1 }).collect();
    for weather in WEATHERS {
        report(&format!("{weather:?}, people"), weather, 5 * MINUTE, &people);
    }
    let slow: Vec<Appearance> =
        (0..3).map(|walk| Appearance { walk, from: 317 + walk * 703, stretch: 3 }).collect();
    report("Day, slow people", Weather::Day, 5 * MINUTE, &slow);
    for weather in WEATHERS {
        report(&format!("{weather:?}, nobody"), weather, 10 * MINUTE, &[]);
    }
    println!();
}

/// False motion in an hour of each weather, straight from the scene's luma, without an encoder.
fn hours(stage: &Stage) {
    println!("| scene, nobody, not encoded | false events in an hour |");
    println!("| --- | --- |");
    for weather in WEATHERS {
        println!("| {weather:?} | {} |", begun(stage, weather, 60 * MINUTE, Steps::default()));
    }
    println!();
}

/// What each step is worth: false motion in ten minutes with it and without.
fn steps(stage: &Stage) {
    println!("| scene, nobody, not encoded, ten minutes | step | false events with it | without |");
    println!("| --- | --- | --- | --- |");
    let clutter = Steps { clutter: false, ..Steps::default() };
    let shift = Steps { shift: false, ..Steps::default() };
    for (weather, step, without) in [
        (Weather::Rain, "clutter", clutter),
        (Weather::Downpour, "clutter", clutter),
        (Weather::Snow, "clutter", clutter),
        (Weather::Shake, "shift", shift),
    ] {
        let count = |steps| begun(stage, weather, 10 * MINUTE, steps);
        println!("| {weather:?} | {step} | {} | {} |", count(Steps::default()), count(without));
    }
}

/// How many events there would be: motion that goes on for longer than one may be counts again.
fn begun(stage: &Stage, weather: Weather, frames: usize, steps: Steps) -> usize {
    let mut detector = Detector::with_steps(MotionConfig::default(), steps);
    let longest = MINUTE;
    let (mut count, mut since) = (0, None);
    for (number, luma) in stage.scene(weather, &[]).take(frames).enumerate() {
        let pts = number as i64 * TICKS_PER_SECOND / RATE as i64;
        match detector.luma(&luma, WIDTH, WIDTH, HEIGHT, pts, number.is_multiple_of(30)).change {
            Some(MotionChange::Started(_)) => since = Some(number),
            Some(MotionChange::Ended(_)) => since = None,
            None => {}
        }
        if since.is_some_and(|since| (number - since) % longest == 0) {
            count += 1;
        }
    }
    count
}

fn line(name: &str, saved: &str, savings: Savings, units: &[AccessUnit], people: &[Appearance]) {
    let motion = MotionConfig { savings, ..MotionConfig::default() };
    let mut recorder = Recorder::new(motion, EventConfig::default(), Duration::from_hours(1));
    let begun = cpu_seconds();
    let mut found: Vec<Recorded> = units.iter().flat_map(|unit| recorder.frame(unit)).collect();
    found.extend(recorder.interrupt());
    let cpu = cpu_seconds() - begun;
    let events: Vec<Event> = found
        .into_iter()
        .filter_map(|found| match found {
            Recorded::Event(event) => Some(*event),
            Recorded::Still(_) => None,
        })
        .collect();
    let span = |event: &Event| {
        let at = |time: ownsight_model::Timestamp| (time.as_micros() - BEGINNING.as_micros()) as f64 / 1e6;
        (at(event.motion_started_at), at(event.motion_ended_at))
    };
    let seconds = |person: &Appearance| {
        let (first, last) = person.seen();
        (first as f64 / RATE as f64, last as f64 / RATE as f64)
    };
    let meets = |a: (f64, f64), b: (f64, f64)| a.0 <= b.1 + 2.0 && b.0 - 2.0 <= a.1;
    let starts: Vec<String> = people
        .iter()
        .map(|person| {
            let begin = events.iter().map(span).find(|event| meets(*event, seconds(person)));
            let name = WALKS[person.walk].name;
            begin.map_or(format!("{name} missed"), |begin| format!("{:.1}", begin.0 - seconds(person).0))
        })
        .collect();
    let missed = starts.iter().filter(|start| start.ends_with("missed")).count();
    let of_none = |event: &&Event| !people.iter().any(|person| meets(span(event), seconds(person)));
    let wrong = events.iter().filter(of_none).count();
    println!(
        "| {name} | {saved} | {} of {} | {} | {wrong} | {:.0} | {} of {} | {:.2} |",
        people.len() - missed,
        people.len(),
        starts.join(", "),
        wrong as f64 * 3600.0 * RATE as f64 / units.len() as f64,
        recorder.stats().pictures,
        units.len(),
        cpu * 1000.0 / units.len() as f64,
    );
}

/// CPU time of this thread where the system tells it (Linux), else nothing.
fn cpu_seconds() -> f64 {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    nanos.and_then(|text| text.split(' ').next()?.parse::<f64>().ok()).map_or(0.0, |nanos| nanos / 1e9)
}
