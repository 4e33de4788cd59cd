//! What motion finds and misses in labelled scenes, and what it costs: `cargo run -p ownsight-camera --example motion_report`
//! prints the tables of docs/motion.md. Needs `ffmpeg`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]
#![allow(unreachable_pub, missing_docs)]

use std::time::Duration;

use ownsight_camera::{AccessUnit, Event, EventConfig, MotionConfig, Recorded, Recorder, Savings};

use support::footage::{self, BEGINNING};
use support::walks::{Appearance, RATE, Stage, WALKS, WEATHERS, Weather};

#[path = "../tests/it/support"]
mod support {
    pub(crate) mod footage;
    pub(crate) mod mp4;
    pub(crate) mod walks;
}

const MINUTE: usize = 60 * RATE;

fn main() {
    let stage = Stage::new();
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
