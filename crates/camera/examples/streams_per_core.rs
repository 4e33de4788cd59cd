//! How many cameras one core can watch: `cargo run --release -p ownsight-camera --example streams_per_core [MP4]`.
//!
//! Decodes a movie (the bundled footage by default), looks for motion in every frame and cuts events, on one
//! thread, and compares CPU time with the movie's duration. Pulling over RTSP is not part of it; that is some
//! 0.1 % of a core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]
#![allow(unreachable_pub, missing_docs)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ownsight_camera::{
    AccessUnit, EventConfig, MotionConfig, PictureDecoder, Recorded, Recorder, TICKS_PER_SECOND, VideoFormat,
};
use ownsight_model::Timestamp;

#[path = "../tests/it/support/mp4.rs"]
mod mp4;

/// Rounds, of which the median counts.
const ROUNDS: usize = 5;

fn main() {
    let bundled = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../footage/pedestrians.mp4");
    let path = std::env::args_os().nth(1).map_or(bundled, PathBuf::from);
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let units = units(&file);
    let format = Arc::clone(&units[0].format);
    let seconds = movie_seconds(&units);
    let mut rounds: Vec<(f64, usize)> = (0..ROUNDS).map(|_| watch(&units)).collect();
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (cpu, events) = rounds[ROUNDS / 2];
    println!(
        "{}x{} {}, {:.1} frames/s, {:.0} kbit/s, {seconds:.1} s, {events} events",
        format.width(),
        format.height(),
        format.profile(),
        units.len() as f64 / seconds,
        units.iter().map(|unit| unit.data.len()).sum::<usize>() as f64 * 8.0 / 1000.0 / seconds,
    );
    let milliseconds = |cpu: f64| cpu * 1000.0 / units.len() as f64;
    println!(
        "{:.2} ms of CPU a frame, of which {:.2} ms decoding; {:.1} streams per core with motion on",
        milliseconds(cpu),
        milliseconds(decode(&units)),
        seconds / cpu
    );
}

/// Seconds of CPU for the whole movie, and events found.
fn watch(units: &[AccessUnit]) -> (f64, usize) {
    let begun = cpu_seconds();
    let mut recorder = Recorder::new(MotionConfig::default(), EventConfig::default(), Duration::from_mins(1));
    let mut found: Vec<Recorded> = units.iter().flat_map(|unit| recorder.frame(unit)).collect();
    found.extend(recorder.interrupt());
    let events = found.iter().filter(|found| matches!(found, Recorded::Event(_))).count();
    (cpu_seconds() - begun, events)
}

/// Seconds of CPU for decoding alone.
fn decode(units: &[AccessUnit]) -> f64 {
    let begun = cpu_seconds();
    let mut decoder = PictureDecoder::new();
    for unit in units {
        decoder.decode(unit, |_| {}).unwrap();
    }
    cpu_seconds() - begun
}

/// CPU time of this thread where the system tells it (Linux), else wall time.
fn cpu_seconds() -> f64 {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    match nanos {
        Some(nanos) => nanos / 1e9,
        None => Timestamp::now().as_micros() as f64 / 1e6,
    }
}

fn units(file: &[u8]) -> Vec<AccessUnit> {
    let movie = mp4::Mp4::parse(file);
    let format = Arc::new(VideoFormat::from_avc_config(movie.config.clone().into()).unwrap());
    movie
        .samples
        .iter()
        .map(|sample| {
            let pts = (sample.pts - movie.edit.0) * TICKS_PER_SECOND / movie.scale as i64;
            AccessUnit {
                data: Bytes::copy_from_slice(&file[sample.range.clone()]),
                pts,
                at: Timestamp::from_micros(pts * 100 / 9),
                key: sample.key,
                format: Arc::clone(&format),
            }
        })
        .collect()
}

fn movie_seconds(units: &[AccessUnit]) -> f64 {
    let times = || units.iter().map(|unit| unit.pts);
    let span = times().max().unwrap() - times().min().unwrap();
    span as f64 / TICKS_PER_SECOND as f64 * units.len() as f64 / (units.len() - 1) as f64
}
